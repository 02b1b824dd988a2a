"""Work that would hold up the window, in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, QThread, Signal, Slot

Watch = Callable[[float], None]
"""Tells how much is done, 0…1. Raises `GivenUp` where nobody wants the rest any more."""


class GivenUp(Exception):  # noqa: N818
    """Nobody waits for the result any more."""


class _Thread(QThread):
    told = Signal(float)

    def __init__(self, work: Callable[[Watch], Any], parent: QObject) -> None:
        super().__init__(parent)
        self._work = work
        self.given_up = False
        self.result: Any = None
        self.error: Exception | None = None
        self._last = 0.0

    def run(self) -> None:
        """Do the work; what it raises is kept for the window."""
        try:
            self.result = self._work(self._watch)
        except Exception as error:
            self.error = error

    def _watch(self, share: float) -> None:
        if self.given_up:
            raise GivenUp
        if share - self._last >= 0.01:
            self._last = share
            self.told.emit(share)


class Background(QObject):
    """Does one thing at a time; a newer one takes an older one's place, whose result nobody gets."""

    told = Signal(float)
    """How much is done, 0…1."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread: _Thread | None = None
        self._left: list[_Thread] = []
        """Given up, and not at their end yet."""
        self._then: Callable[[Any, Exception | None], None] | None = None
        application = QCoreApplication.instance()
        if application is not None:  # Qt aborts the process where a thread is destroyed that still runs
            application.aboutToQuit.connect(self.close)

    @property
    def running(self) -> bool:
        """True while somebody waits for a result."""
        return self._thread is not None

    def start(self, work: Callable[[Watch], Any], then: Callable[[Any, Exception | None], None]) -> None:
        """Call `work` in a thread and then, in the window's, `then` with its result or the exception that it raised."""
        self.give_up()
        self._then = then
        self._thread = thread = _Thread(work, self)
        thread.told.connect(self._on_told)
        thread.finished.connect(self._on_finished)
        thread.start()

    def give_up(self) -> None:
        """Nobody wants the result any more. Idempotent; does not wait."""
        thread, self._thread, self._then = self._thread, None, None
        if thread is not None:
            thread.given_up = True
            self._left.append(thread)

    @Slot()
    def close(self) -> None:
        """Give up, and wait for what still goes on."""
        self.give_up()
        for thread in self._left:
            thread.wait()
        self._sweep()

    @Slot(float)
    def _on_told(self, share: float) -> None:
        if self.sender() is self._thread:
            self.told.emit(share)

    @Slot()
    def _on_finished(self) -> None:
        thread = self._thread
        if thread is not None and thread.isFinished():
            then, self._thread, self._then = self._then, None, None
            thread.deleteLater()
            assert then is not None
            then(thread.result, thread.error)
        self._sweep()

    def _sweep(self) -> None:
        for thread in [thread for thread in self._left if thread.isFinished()]:
            self._left.remove(thread)
            thread.deleteLater()

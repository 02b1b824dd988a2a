"""Runs that somebody else computes on their way to the screen: connected to away from the window's thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from lrgui.gui.background import Background, Watch
from lrgui.gui.loading import SHOWN
from lrgui.gui.notice import Notice

if TYPE_CHECKING:
    from lrgui.runs.remote.address import Address
    from lrgui.runs.remote.following import Following


class RunFollowing(QObject):
    """Connects to one run at a time."""

    opened = Signal(object)
    """The Following, whose header is known."""
    noticed = Signal(object)
    """A Notice: that it is being connected to, or why it cannot be followed; None once there is nothing to say."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = Background(self)
        self._connecting: Following | None = None

    def follow(self, address: Address, python: str = "") -> None:
        """Connect to the run at `address`; `python` is the interpreter there, where one is known."""
        from lrgui.runs.remote.following import Following

        self.give_up()
        source = self._connecting = Following(address, python=python)

        def connect(_watch: Watch) -> Following:
            job = source.open().job
            if job.kind not in SHOWN:
                raise ValueError(f"{address.name} cannot be opened: a {job.kind} is not displayed.")
            return source

        act: Callable[[], None] = self.give_up
        where = address.host.name or address.name
        self.noticed.emit(Notice("info", f"Connecting to {where}", action="Cancel", act=act, passing=True))
        self._background.start(connect, self._on_connected)

    @Slot()
    def give_up(self) -> None:
        """Forget about the run that is being connected to, if there is one."""
        if self._background.running:
            if self._connecting is not None:
                self._connecting.leave()
            self._background.give_up()
            self.noticed.emit(None)

    def close(self) -> None:
        """Give up, and wait for what still goes on."""
        self.give_up()
        self._background.close()

    def _on_connected(self, source: Following | None, error: Exception | None) -> None:
        self.noticed.emit(None)
        if source is not None:
            self.opened.emit(source)
        elif isinstance(error, ValueError):
            self.noticed.emit(Notice("error", str(error)))
        elif error is not None:
            raise error

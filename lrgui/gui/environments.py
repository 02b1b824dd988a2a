"""Which Pythons there are, and what the chosen one has: found out away from the window's thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from lrgui.runs.targets import ON, choices
from lrgui.tasks.user.target import Target

if TYPE_CHECKING:
    from lrgui.runs.environment import Description, Environment
    from lrgui.runs.fork_server import ForkServer
    from lrgui.runs.interpreters import Interpreter

#: Seconds for which an answer is taken as true: free memory changes, and packages are installed.
FRESH = 60.0
#: The same for an answer with a problem, which somebody may be mending just now.
FRESH_PROBLEM = 5.0
#: Milliseconds from a wish to its question, so that a person who turns a list's wheel starts one Python, not ten.
SOON = 200


class Environments(QObject):
    """The Pythons that a run could use, and what the chosen one has.

    The choice is the person's, on this machine: `PythonChoice` keeps it in the settings, no run file has it.
    """

    known = Signal(object)
    """The Environment of the chosen Python."""
    interpreters_changed = Signal(object)
    """All that were found, as a list of Interpreter with the chosen one in it; or another of them was chosen."""
    chosen = Signal(str)
    """Another Python was chosen: its path, "" for the program's own."""

    _found = Signal(object)
    _described = Signal(object)

    def __init__(
        self,
        python: str = "",
        parent: QObject | None = None,
        *,
        quiet: bool = False,
        server: Callable[[str], ForkServer | None] = lambda _python: None,
    ) -> None:
        """`quiet` ones start no Python before the first `refresh`, whatever is chosen until then. `server` knows the
        process that has imported torch in a Python and forks others, which answer at once."""
        super().__init__(parent)
        self._quiet, self._server = quiet, server
        self.python = python
        """The chosen one's path, "" for the program's own."""
        self.current: Environment | None = None
        """What the chosen one has, None while nobody knows."""
        self.interpreters: list[Interpreter] = []
        """As they were found last."""
        self._near: Path | None = None
        self._proven: set[str] = set()
        """Those that are known to have what a run needs."""
        self._answers: dict[str, tuple[float, Environment]] = {}  # when, on the clock that never jumps
        self._questions: SimpleQueue[str | None] = SimpleQueue()
        self._asked: Description | None = None
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._find, self._describe = _timer(self, self._ask_where), _timer(self, self._ask_what)
        # From the thread that finds out to the window's.
        self._found.connect(self._on_found, Qt.ConnectionType.QueuedConnection)
        self._described.connect(self._on_described, Qt.ConnectionType.QueuedConnection)

    # -- wishes

    def choose(self, python: str) -> None:
        """Take another Python ("" is the program's own), and find out what it has."""
        if python == self.python or self._closed:
            return
        self.python = python
        _, self.current = self._answers.get(python, (0.0, None))
        with self._lock:
            if self._asked is not None:
                self._asked.stop()  # it may hang, and nobody waits for it any more
        if self.interpreters:
            from lrgui.runs.interpreters import with_chosen

            self.interpreters = with_chosen(self.interpreters, python)
        self.chosen.emit(python)
        self.interpreters_changed.emit(self.interpreters)
        if self.current is not None:
            self.known.emit(self.current)
        if not self._quiet:
            self.refresh()

    def refresh(self) -> None:
        """Find out anew what the chosen one has, unless that was done within the last minute, and which there are."""
        if self._closed:
            return
        self._quiet = False
        self._find.start()
        if not self._is_fresh():
            self._describe.start()

    def note_ready(self) -> None:
        """A run has begun in the chosen one, or could: that it did not answer in time holds nobody up."""
        if self.proven:
            return
        self._proven.add(self.python)
        if self.current is None:
            self.interpreters_changed.emit(self.interpreters)  # it works, whatever else it has
        elif self.current.late:
            self._on_described(self.current)

    @property
    def proven(self) -> bool:
        """True once a run has begun in the chosen one, or a process waits there that has imported PyTorch."""
        return self.python in self._proven

    def look_near(self, path: str) -> None:
        """Look for virtual environments near this task too (what a `TaskSpec.path` can be, "" for none)."""
        near = Target.parse(path).file if path else None
        if near != self._near and not self._closed:
            self._near = near
            self._find.start()

    def close(self) -> None:
        """End what goes on and wait for it. Nothing is found out after this. Idempotent."""
        self._closed = True
        self._find.stop()
        self._describe.stop()
        with self._lock:
            if self._asked is not None:
                self._asked.stop()
        thread, self._thread = self._thread, None
        if thread is not None:
            self._questions.put(None)
            thread.join(5)

    # -- the window's thread

    def _is_fresh(self) -> bool:
        when, answer = self._answers.get(self.python, (0.0, None))
        if answer is None:
            return False
        return time.monotonic() - when < (FRESH_PROBLEM if answer.problem else FRESH)

    @Slot()
    def _ask_where(self) -> None:
        self._ask("where")

    @Slot()
    def _ask_what(self) -> None:
        self._ask("what")

    def _ask(self, question: str) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="lrgui asks Pythons", daemon=True)
            self._thread.start()
        self._questions.put(question)

    @Slot(object)
    def _on_found(self, found: list[Interpreter]) -> None:
        from lrgui.runs.interpreters import with_chosen

        shown = with_chosen(found, self.python)
        if shown != self.interpreters:
            self.interpreters = shown
            self.interpreters_changed.emit(shown)

    @Slot(object)
    def _on_described(self, answer: Environment) -> None:
        from lrgui.runs.environment import Environment

        if answer.late and answer.python in self._proven:
            answer = Environment(answer.python)
        self._answers[answer.python] = (time.monotonic(), answer)
        if answer.python == self.python and not self._closed:
            self.current = answer
            self.known.emit(answer)

    # -- the other thread

    def _work(self) -> None:
        from lrgui.runs.interpreters import find_interpreters

        try:
            while (question := self._questions.get()) is not None:
                if self._closed:
                    return
                if question == "where":
                    self._found.emit([*find_interpreters(self._near), *choices()])
                else:
                    self._answer(self.python)
        except RuntimeError:
            pass  # the window is gone, and this object with it

    def _answer(self, python: str) -> None:
        from lrgui.runs.environment import Description, Environment

        if python.startswith(ON):  # what another machine has is told when a run begins there
            self._described.emit(Environment(python))
            return
        description = Description(python, self._server(python))
        with self._lock:
            if self._closed:
                return
            self._asked = description
        told: list[Environment] = []

        def early(found: Environment) -> None:
            told.append(found)
            self._described.emit(found)

        answer = description.run(early=early)
        with self._lock:
            self._asked = None
        if not description.stopped and told[-1:] != [answer]:
            self._described.emit(answer)


def _timer(parent: Environments, slot: object) -> QTimer:
    timer = QTimer(parent, singleShot=True, interval=SOON)
    timer.timeout.connect(slot)
    return timer

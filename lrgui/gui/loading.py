"""Runs that are opened or resumed: read, and a sweep analysed, away from the window's thread where that takes long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from lrgui.core.events import RunKind
from lrgui.core.formats import format_percent
from lrgui.gui.background import Background, GivenUp, Watch
from lrgui.gui.notice import Notice
from lrgui.gui.shown_sweep import ShownSweep
from lrgui.runs.job import Job

if TYPE_CHECKING:
    from lrgui.runs.event_source import EventSource
    from lrgui.runs.opened import OpenedRun

#: Larger files are read in the background: this one takes about as long as the window may stand still.
MOST_BYTES = 1_000_000
#: Kinds of runs that the window shows.
SHOWN = (RunKind.SWEEP, RunKind.TRAIN, RunKind.RACE)


@dataclass(frozen=True, eq=False)
class LoadedRun:
    """A run with all that is read from it."""

    path: Path
    opened: OpenedRun
    shown: ShownSweep | None
    """What is shown of a sweep, read; None for other kinds."""

    @classmethod
    def of(cls, path: Path, watch: Watch | None = None) -> LoadedRun:
        """Read it. Raises as `open_run` does, and ValueError for a kind of run that is not shown."""
        from lrgui.runs.opened import open_run

        opened = open_run(path, watch)
        if opened.job.kind not in SHOWN:
            raise ValueError(f"{path.name} cannot be opened: a {opened.job.kind} is not displayed.")
        if opened.job.kind != RunKind.SWEEP:
            return cls(path, opened, None)
        return cls(path, opened, ShownSweep(opened.job, opened.sweeps, started=opened.created).as_run().read_ahead())


@dataclass(frozen=True, eq=False)
class ResumedRun:
    """A training that is to go on."""

    path: Path
    opened: OpenedRun
    job: Job
    """What is to run."""
    more_epochs: int
    """So many more than were planned before."""
    place: str = ""
    """Where it was to go on, as `resumption` takes it."""
    source: EventSource | None = None
    """Where it comes from, of one that goes on on a target; None for what is computed here."""
    attached: bool = False
    """True for one that was still going on there."""
    over: bool = False
    """True for one that has come to its end there meanwhile."""

    @classmethod
    def of(cls, path: Path, watch: Watch | None = None, *, more_epochs: int = 0, place: str = "") -> ResumedRun:
        """Read it, and on a target look for it. Raises as `open_run` and `resumption` do, but for RemoteError, which
        becomes a ValueError."""
        from lrgui.runs.opened import open_run
        from lrgui.runs.remote.connection import RemoteError, patient
        from lrgui.runs.remote.resuming import resumption

        opened = open_run(path, watch)
        try:
            waiting = patient if watch is None else partial(watch, 0.0)  # the window's end waits for this
            found = resumption(path, opened, place, more_epochs, waiting=waiting)
        except RemoteError as error:
            raise ValueError(str(error)) from None
        run = cls(path, found.opened, found.job, more_epochs, place, found.source, found.attached, found.over)
        try:
            if watch is not None:
                watch(1.0)
        except GivenUp:
            run.let_go()
            raise
        return run

    def let_go(self) -> None:
        """End the connection to a run that nobody looks at after all."""
        from lrgui.runs.remote.following import Following

        if isinstance(self.source, Following):
            self.source.close()


class RunLoading(QObject):
    """Loads one run at a time."""

    loaded = Signal(object)
    """The LoadedRun."""
    resumable = Signal(object)
    """The ResumedRun."""
    noticed = Signal(object)
    """A Notice: how far it is, or why the file cannot be opened; None once there is nothing to say."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = Background(self)
        self._background.told.connect(self._on_told)
        self._path, self._verb = Path(), ""
        self._tell: Callable[[Any], None] = self.loaded.emit
        self.close = self._background.close

    def load(self, path: Path) -> bool:
        """Load `path`. A small one is there when this returns, a large one later; False where it cannot be opened."""
        return self._read(path, "Opening", LoadedRun.of, self.loaded.emit)

    def resume(self, path: Path, more_epochs: int = 0, place: str = "") -> bool:
        """Read the training at `path` that is to go on, in the same way; False where it cannot. One on a target is
        looked for there, which takes its time."""
        from lrgui.runs.remote.whereabouts import whereabouts

        read, where = partial(ResumedRun.of, more_epochs=more_epochs, place=place), whereabouts(path)
        if where is None:
            return self._read(path, "Resuming", read, self.resumable.emit)
        self._path, self._verb, self._tell = path, "Resuming", self.resumable.emit
        act: Callable[[], None] = self.give_up
        words = f"Looking for {path.name} on {where.machine}"
        self.noticed.emit(Notice("info", words, action="Cancel", act=act, passing=True))
        self._background.start(partial(read, path), self._on_loaded)
        return True

    def _read(self, path: Path, verb: str, read: Callable[..., Any], tell: Callable[[Any], None]) -> bool:
        self._background.give_up()
        self._path, self._verb, self._tell = path, verb, tell
        if _size(path) > MOST_BYTES:
            self._on_told(0.0)
            self._background.start(partial(read, path), self._on_loaded)
            return True
        try:
            run = read(path)
        except (OSError, ValueError) as error:
            self.noticed.emit(cannot_open(path, error))
            return False
        tell(run)
        return True

    @Slot()
    def give_up(self) -> None:
        """Forget about the run that is being read, if there is one."""
        if self._background.running:
            self._background.give_up()
            self.noticed.emit(None)

    @Slot(float)
    def _on_told(self, share: float) -> None:
        act: Callable[[], None] = self.give_up
        words = f"{self._verb} {self._path.name}: {format_percent(share)}"
        self.noticed.emit(Notice("info", words, action="Cancel", act=act, passing=True))

    def _on_loaded(self, run: LoadedRun | ResumedRun | None, error: Exception | None) -> None:
        if run is not None:
            self._tell(run)
        elif isinstance(error, OSError | ValueError):
            self.noticed.emit(cannot_open(self._path, error))
        elif error is not None and not isinstance(error, GivenUp):
            self.noticed.emit(None)
            raise error


def cannot_open(path: Path, error: OSError | ValueError) -> Notice:
    """Why a run cannot be shown, or go on."""
    from lrgui.runs.opened import why_not_opened
    from lrgui.runs.resuming import NotResumableError

    kind = "warning" if isinstance(error, NotResumableError) else "error"
    return Notice(kind, why_not_opened(path.name, error))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except (OSError, ValueError):
        return 0  # reading it says what is wrong

"""What is on screen at a moment, and the step from one such moment to another, which can be undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtGui import QUndoCommand, QUndoStack

from lrgui.core.events import RunKind, TaskEvent
from lrgui.gui.selection import Choices
from lrgui.gui.shown_sweep import ShownSweep
from lrgui.runs.job import Job
from lrgui.runs.record import Record

if TYPE_CHECKING:
    from lrgui.runs.race_record import RaceRecord

#: Steps that can be undone: each run among them keeps its curve in memory.
MOST_STEPS = 100


@dataclass(frozen=True, eq=False)
class Visit:
    """A saved run or a synthetic curve, shown in the place of the person's own: one way leads back."""

    kind: str
    """A `RunKind`."""
    words: str
    """What it is: "Digits · small CNN · SGD, momentum 0.9 · batch 64 · 15:46 (saved run)"."""
    home: Screen
    """What was on screen before the first of them."""
    job: Job | None = None
    """Its settings; None for a synthetic curve, which has none."""
    form: Job | None = None
    """The person's own settings while those of the run are in the form; None where the form was left alone."""

    @property
    def synthetic(self) -> bool:
        """True where nothing was trained."""
        return self.job is None

    @property
    def settings_wait(self) -> bool:
        """True where its settings can be put into the form, and are not there yet."""
        return self.job is not None and self.form is None

    @property
    def back(self) -> str:
        """Where the way back leads: "the sweep of 15:40"."""
        shown = self.home.shown
        if shown is None:
            return "my task"
        return shown.called


@dataclass(frozen=True, eq=False)
class Screen:
    """The last run of each kind, what is chosen on the sweep, and the visit that they belong to."""

    shown: ShownSweep | None
    choices: Choices
    training: tuple[Job, Record] | None
    race: tuple[Job, RaceRecord] | None
    visit: Visit | None

    @property
    def empty(self) -> bool:
        """True where there is nothing to come back to."""
        return self.shown is None and self.training is None and self.race is None and self.visit is None

    @property
    def looking_at(self) -> Visit | None:
        """The visit whose sweep it is, while that is only looked at; None where the sweep is the person's own."""
        visit = self.visit
        return visit if visit is not None and visit.kind == RunKind.SWEEP and visit.form is None else None

    @property
    def own_sweep(self) -> ShownSweep | None:
        """The person's own sweep: this one, or that behind a visit."""
        return self.shown if self.looking_at is None else self.looking_at.home.shown

    def without_form(self) -> Screen:
        """The same for a form that does not hold the settings of the visit."""
        return self if self.visit is None else replace(self, visit=replace(self.visit, form=None))


def visit_of(
    kind: str,
    job: Job,
    started: datetime | None,
    home: Screen,
    what: str = "saved run",
    told: TaskEvent | None = None,
) -> Visit:
    """The visit of a saved run, or of what else it is; `told` is what the run said of its task."""
    from lrgui.runs.headline import headline

    return Visit(kind, f"{headline(job, started, told=told)} ({what})", home, job)


def visit_of_synthetic(name: str, home: Screen) -> Visit:
    """The visit of a made-up curve."""
    return Visit(RunKind.SWEEP, f"{name} (synthetic example: nothing was trained)", home)


class Exchange(QUndoCommand):
    """Something took the place of something else: undo brings back what was there, redo what came."""

    def __init__(self, text: str, now: Callable[[], Any], show: Callable[[Any], object], before: Any) -> None:
        """It has come already; `now` is what is there, `show` puts it there again."""
        super().__init__(text)
        self._now, self._show, self._other = now, show, before
        self._done = False

    def redo(self) -> None:
        """Show what came again; nothing the first time."""
        if self._done:
            self._swap()
        self._done = True

    def undo(self) -> None:
        """Show what was there before."""
        self._swap()

    def _swap(self) -> None:
        # As it is now: it may have been edited, read again, or measured by a race, since it came.
        other, self._other = self._other, self._now()
        self._show(other)


class RunStep(Exchange):
    """Another run came on screen, and what was chosen on it."""


class Steps(QUndoStack):
    """The steps of choosing and those between runs, in one row; none of the latter while a run goes on."""

    def __init__(self, parent: QObject, going: Callable[[], bool]) -> None:
        super().__init__(parent)
        self.setUndoLimit(MOST_STEPS)
        self._going = going

    def _allowed(self, index: int) -> bool:
        return not (self._going() and isinstance(self.command(index), RunStep))

    def canUndo(self) -> bool:
        """As Qt's."""
        return super().canUndo() and self._allowed(self.index() - 1)

    def canRedo(self) -> bool:
        """As Qt's."""
        return super().canRedo() and self._allowed(self.index())

    def undo(self) -> None:
        """As Qt's, where it can be."""
        if self.canUndo():
            super().undo()

    def redo(self) -> None:
        """As Qt's, where it can be."""
        if self.canRedo():
            super().redo()

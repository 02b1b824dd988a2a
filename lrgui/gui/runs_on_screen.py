"""The runs on screen: what was measured last of each kind, from beginning to end, and visits to other runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from lrgui.core.curve.zones import Zones
from lrgui.core.events import EndEvent, Event, RunKind, SweepEndEvent, TaskEvent
from lrgui.gui.screen import RunStep, Screen, Visit, visit_of, visit_of_synthetic
from lrgui.gui.selection import Choices
from lrgui.gui.shown_sweep import ShownSweep
from lrgui.gui.sweep_on_screen import SweepOnScreen
from lrgui.runs.job import Job
from lrgui.runs.record import Record
from lrgui.runs.records import Records

if TYPE_CHECKING:
    from lrgui.core.curve.comparison import Compared
    from lrgui.core.curve.curve import Curve
    from lrgui.gui.loading import LoadedRun
    from lrgui.runs.race_record import RaceRecord

#: What is to be done with a sweep that was read: it, or why it could not be.
Done = Callable[[ShownSweep | None, Exception | None], None]


class RunsOnScreen(SweepOnScreen):
    """Collects what runs measure, by their kind (`RunKind`); starts none, and knows no widget.

    Tabs and panels read the properties, connect to the signals and call the verbs of choosing. The session begins
    runs here, hands over their events and ends them.
    """

    sweep_started = Signal()
    training_started = Signal()
    race_started = Signal()
    compare_started = Signal()
    comparison_changed = Signal()
    """One more optimizer of a comparison was swept, or the comparison ended."""
    epoch_ended = Signal()
    came_back = Signal(object)
    """What was on screen before is shown again: the kinds of runs (`RunKind`) that have changed. The Visit that was
    left, if one was, is `left`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.came_from = ""
        """The study that a visit was begun from, and that the way back leads to; empty where it is none."""
        self.left: Visit | None = None
        """The visit that was left last."""
        self.aside: Record | None = None
        """A sweep of the digits that is laid over other curves."""
        self.training_job: Job | None = None
        self.training: Record | None = None
        self.race_job: Job | None = None
        self.race: RaceRecord | None = None
        self.compare_jobs: tuple[Job, ...] = ()
        self.compared: Records | None = None
        """The sweeps of the comparison on screen, one per optimizer."""
        self.comparison: tuple[Compared, ...] = ()
        """What those say that have ended."""

    # ---------------------------------------------------------------- a run, from its begin to its end
    def begin(self, kind: str, job: Job, record: Record | None = None) -> None:
        """A run of `job` begins, or a training goes on whose `record` there is. One that sweeps several jobs does with
        `begin_comparison`."""
        from lrgui.runs.race_record import RaceRecord

        self._going = True
        if kind == RunKind.ASIDE:
            self.aside = Record()
        elif kind == RunKind.SWEEP:
            self._before = self._now()
            if self._looking_at is not None:
                self._chosen.now = self._looking_at.home.choices
            self._set_visit(None)
            self._shown = ShownSweep(job, Records(), started=datetime.now().astimezone())
            self._chosen.forget_drag()
            self.sweep_started.emit()
        elif kind == RunKind.RACE:
            self.race_job, self.race = job, RaceRecord(job.race)
            self.race.started = datetime.now().astimezone()
            self._own_run(kind)
            self.race_started.emit()
        else:
            self.training_job, self.training = job, record or Record()
            self.training.started = self.training.started or datetime.now().astimezone()
            self._own_run(kind)
            self.training_started.emit()

    def begin_visit(self, job: Job, started: datetime | None, what: str) -> None:
        """A run of `job` is shown that somebody else computes, from its beginning on: a visit, as of a saved run."""
        home = self._home
        self.begin(job.kind, job)
        if job.kind == RunKind.SWEEP:
            self._shown = ShownSweep(job, Records(), started=started)
            self._chosen.now = Choices(None, None)
        self._set_visit(visit_of(job.kind, job, started, home, what))

    def _own_run(self, kind: str) -> None:
        """A training or race of the person's own begins during a visit: the way back leads to it as well."""
        visit = self.visit
        if visit is None:
            return
        now = self._now()
        home = (
            replace(visit.home, training=now.training) if kind == RunKind.TRAIN else replace(visit.home, race=now.race)
        )
        self._set_visit(None if visit.kind == kind else replace(visit, home=home))

    def begin_comparison(self, jobs: Sequence[Job]) -> None:
        """Sweeps of these jobs begin, one after the other."""
        self._going = True
        self.compare_jobs = tuple(jobs)
        self.compared, self.comparison = Records(), ()
        self.compare_started.emit()

    def job(self, kind: str) -> Job | None:
        """What the last run of a kind ran; None where there was none, or its task was that of the form."""
        jobs = {RunKind.SWEEP: self.sweep_job, RunKind.TRAIN: self.training_job, RunKind.RACE: self.race_job}
        return Job() if kind == RunKind.ASIDE else jobs.get(RunKind(kind))

    def record(self, kind: str) -> Record | None:
        """What the last run of a kind has measured so far; of repeats the first."""
        compared = None if self.compared is None else self.compared.first
        records: dict[str, Record | None] = {
            RunKind.SWEEP: self.sweep,
            RunKind.TRAIN: self.training,
            RunKind.RACE: self.race,
            RunKind.ASIDE: self.aside,
            RunKind.COMPARE: compared,
        }
        return records[kind]

    def several(self, kind: str) -> tuple[Records | None, int]:
        """The sweeps of the last run of a kind, and how many there are to be; None for what is no sweep."""
        if kind == RunKind.COMPARE:
            return self.compared, len(self.compare_jobs)
        job = self.sweep_job
        return (self.sweeps, job.sweep.repeats) if kind == RunKind.SWEEP and job is not None else (None, 1)

    def add(self, kind: str, events: list[Event]) -> None:
        """Take in what a run of a kind says."""
        record, (sweeps, _) = self.record(kind), self.several(kind)
        assert record is not None
        epochs = len(record.epochs)
        (record if sweeps is None else sweeps).add(events)
        if kind == RunKind.SWEEP and self._shown is not None and any(isinstance(event, TaskEvent) for event in events):
            self._shown = self._shown.as_run()
        if kind == RunKind.COMPARE and any(isinstance(event, SweepEndEvent) for event in events):
            self._read_comparison()
        if len(record.epochs) != epochs:
            self.epoch_ended.emit()

    def read_ahead(self, done: Done) -> None:
        """Before a sweep ends: read it in the background, then call `done` with it; with None where there is nothing
        to read."""
        shown = self._shown
        if shown is None or not len(shown.sweeps.first):
            done(None, None)
            return

        def read(found: ShownSweep | None, error: Exception | None) -> None:
            self.finishing = False
            done(found, error)

        self.finishing = True
        self._background.start(lambda _watch: shown.read_ahead(), read)

    def end(self, kind: str, read: ShownSweep | None = None, error: Exception | None = None) -> None:
        """A run is over, however: show what it says. `read` and `error` are what `read_ahead` told of a sweep."""
        self._going = False
        before, self._before = self._before, None
        if before is not None and before.looking_at is None and self.visit is None:
            before = replace(before, choices=self._chosen.now)  # what was chosen while it ran belongs to what was there
        if error is not None:
            self.reading_changed.emit(None)
        elif kind == RunKind.COMPARE:
            self._read_comparison()
        elif kind == RunKind.SWEEP:
            assert self._shown is not None
            if before is not None and before.shown is not None and not len(self._shown.sweeps.first):
                # It has measured nothing: what was on screen before it is still the best there is.
                self._come_back(before, tell=False)
            else:
                self._take_reading(read if read is not None else self._shown.read())
                self._step(before if self.reading is not None else None)
        self.undo_stack.indexChanged.emit(self.undo_stack.index())  # steps between runs are possible again

    def prove(self, end: EndEvent) -> None:
        """The race that has ended measured what the sweep on screen recommends."""
        from lrgui.core.curve.measured import Race

        if self._shown is None or self.race is None or self.race_job is None:
            return
        standings = self.race.standings
        race = Race(self.race_job.race, standings.ranking(), standings.done, end)
        self._take_read(self._shown.with_race(race), None)

    def show(self, run: LoadedRun) -> None:
        """Visit a run from disk: what was on screen comes back with `leave`, or by undo."""
        job, opened, before = run.opened.job, run.opened, self._now()
        self._set_visit(visit_of(job.kind, job, opened.created, self._home, told=opened.record.task))
        if job.kind == RunKind.SWEEP:
            assert run.shown is not None
            self._show_visited(run.shown)
        elif job.kind == RunKind.RACE:
            self.race_job, self.race = job, opened.race
            self.race_started.emit()
        else:
            self.training_job, self.training = job, opened.record
            self.training.started = opened.created
            self.training_started.emit()
            self.epoch_ended.emit()
        self._step(before)

    def show_synthetic(self, name: str, curve: Curve, zones: Zones, job: Job) -> EndEvent:
        """Visit a made-up curve, as a sweep of `job` would look; returns how that ended."""
        before = self._now()
        self._set_visit(visit_of_synthetic(name, self._home))
        shown = ShownSweep.made_up(name, curve, zones, job)
        self._show_visited(shown.read(zones))
        end = shown.sweeps.first.end
        assert end is not None
        self._step(before)
        return end

    def _show_visited(self, shown: ShownSweep) -> None:
        """Show a sweep that is read already, with its recommendation selected: what is chosen elsewhere stays there."""
        self._shown = replace(shown, reading=None)  # for those who begin to show it
        self.sweep_started.emit()
        self._shown = shown
        self._chosen.now = Choices(None, None)
        if shown.reading is None:
            self.reading_changed.emit(None)
        else:
            self._take_reading(shown)

    # ---------------------------------------------------------------- from one run to another, and back
    @property
    def _looking_at(self) -> Visit | None:
        """The visit whose sweep is on screen, with a selection that is not the person's own; None for their own."""
        return self._now().looking_at

    @property
    def _home(self) -> Screen:
        """What the way back from a visit leads to."""
        return self._now() if self.visit is None else self.visit.home

    def use_visited(self, form: Job) -> None:
        """The settings of the run that is visited are in the form now, in the place of `form`."""
        if self.visit is not None and self.visit.form is None:
            self._set_visit(replace(self.visit, form=form))

    def leave_for_sweep(self) -> None:
        """A sweep is about to begin: a training or race that is visited makes room for the person's own. Its settings
        stay where they were put into the form, since the sweep runs with them."""
        if self.visit is not None and self.visit.kind != RunKind.SWEEP:
            self._set_visit(replace(self.visit, form=None))
            self.leave()

    def leave(self) -> None:
        """Show what was on screen before the visit; a step that can be undone."""
        if self.visit is None or self._going:
            return
        before = self._now()
        self._come_back(self.visit.home)
        self._step(before, "Back")

    def _now(self) -> Screen:
        training = None if self.training is None or self.training_job is None else (self.training_job, self.training)
        race = None if self.race is None or self.race_job is None else (self.race_job, self.race)
        return Screen(self._shown, self._chosen.now, training, race, self.visit)

    def _step(self, before: Screen | None, text: str = "") -> None:
        """What is on screen has come in the place of `before`: a step that can be undone, where there was something."""
        if before is None or (before.empty and not self.undo_stack.count()):
            return
        if not text:
            what = "run" if self._shown is None else self._shown.called if self.visit is None else "opening a run"
            text = what if before.shown is None else f"{what}, back to {before.shown.called}"
        # What was chosen while it ran belongs to what was on screen then.
        self.undo_stack.push(RunStep(text, self._now, self._come_back, before))

    def _come_back(self, screen: Screen, tell: bool = True) -> None:
        """Show what was on screen at another time, with what was chosen then."""
        now, self.left = self._now(), self.visit
        kinds = [
            kind
            for kind, same in (
                (RunKind.TRAIN, _same_run(now.training, screen.training)),
                (RunKind.RACE, _same_run(now.race, screen.race)),
                (RunKind.SWEEP, now.shown is screen.shown),
            )
            if not same
        ]
        screen = screen.without_form()
        self.training_job, self.training = screen.training or (None, None)
        self.race_job, self.race = screen.race or (None, None)
        self._chosen.now = (
            screen.choices
        )  # whoever is told first must not take the rate that was selected on another run
        self._set_visit(screen.visit)
        if RunKind.TRAIN in kinds:
            self.training_started.emit()
            self.epoch_ended.emit()
        if RunKind.RACE in kinds:
            self.race_started.emit()
        if RunKind.SWEEP in kinds:
            self._shown = screen.shown
            if screen.shown is not None:
                self._shown = replace(screen.shown, reading=None)
                self.sweep_started.emit()
                self._shown = screen.shown
            self.reading_changed.emit(self.reading)
        self._chosen.take(screen.choices)
        if tell:
            self.came_back.emit(kinds)

    def _set_visit(self, visit: Visit | None) -> None:
        if visit is not self.visit:
            self.visit = visit
            self.visit_changed.emit()

    def _read_comparison(self) -> None:
        """Read those sweeps of the comparison that have ended."""
        from lrgui.runs.sequential import compared_so_far

        assert self.compared is not None
        self.comparison = tuple(compared_so_far(self.compared, self.compare_jobs))
        self.comparison_changed.emit()


def _same_run(one: tuple[Job, Record] | None, other: tuple[Job, Record] | None) -> bool:
    return one is other is None or (one is not None and other is not None and one[1] is other[1])

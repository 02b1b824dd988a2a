"""The runs on screen: what was measured last of each kind, what is read from the sweep, and what is chosen on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from lrgui.core.curve.comparison import Compared
from lrgui.core.curve.curve import Curve
from lrgui.core.curve.lr_scaling import Transfer
from lrgui.core.curve.measured import Race
from lrgui.core.curve.plan import USUAL, Plan
from lrgui.core.curve.sweep_reading import SweepReading
from lrgui.core.curve.zones import Zones
from lrgui.core.events import EndEvent, Event, RunKind, SweepEndEvent, TaskEvent
from lrgui.core.learning_rate import format_lr
from lrgui.core.run_settings import SweepSettings
from lrgui.export.report import Report
from lrgui.gui.background import Background
from lrgui.gui.loading import LoadedRun
from lrgui.gui.selection import Choices, Selection
from lrgui.gui.shown_sweep import ShownSweep
from lrgui.runs.job import Job
from lrgui.runs.race_record import RaceRecord
from lrgui.runs.record import Record
from lrgui.runs.records import Records
from lrgui.runs.sequential import compared_so_far

if TYPE_CHECKING:
    from lrgui.export.snippets import Facts

#: What is to be done with a sweep that was read: it, or why it could not be.
Done = Callable[[ShownSweep | None, Exception | None], None]


class RunsOnScreen(QObject):
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
    reading_changed = Signal(object)
    """The SweepReading of the sweep on screen, or None."""
    choice_changed = Signal()
    """Selection or zones changed."""
    selected = Signal(float)
    """A rate is selected, live; before `choice_changed`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = Background(self)
        """Reads sweeps that are so long that the window would stand still."""
        self.finishing = False
        """True while the sweep that has just ended is read there."""
        self.undo_stack = QUndoStack(self)
        self._shown: ShownSweep | None = None
        """The sweep on screen."""
        self._last: tuple[ShownSweep, Zones | None] | None = None
        """The sweep that was on screen before, and its zones, while the present one has not measured anything yet."""
        self._chosen = Selection(self._show_choice, self.undo_stack, Choices(None, None))
        self.planned = USUAL
        """The training to come, as far as the settings say."""
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

    def close(self) -> None:
        """Give up what is being read; returns when that has ended."""
        self._background.close()

    # ---------------------------------------------------------------- the sweep on screen
    @property
    def sweep_job(self) -> Job | None:
        """What was swept."""
        return None if self._shown is None else self._shown.job

    @property
    def sweeps(self) -> Records | None:
        """The sweep, or its repeats."""
        return None if self._shown is None else self._shown.sweeps

    @property
    def sweep(self) -> Record | None:
        """The sweep; of repeats the first."""
        return None if self._shown is None else self._shown.sweeps.first

    @property
    def synthetic(self) -> str:
        """Name of the synthetic curve that is shown in the place of a sweep, empty for a measured one."""
        return "" if self._shown is None else self._shown.synthetic

    @property
    def reading(self) -> SweepReading | None:
        """What the sweep says, with the selection and the zones as they are; None before it is over."""
        return None if self._shown is None else self._shown.reading

    def report(self) -> Report | None:
        """The sweep on screen, as it is to be exported; None where there is none."""
        return None if self._shown is None else self._shown.report()

    def facts(self, job: Job) -> Facts:
        """What is known of the selected rate, for code that uses it: `job` is what a run would run.

        A recommended rate belongs to the settings of its sweep, one that the person chose to those of `job`. Raises
        SnippetError, with a sentence, where there is no rate to use.
        """
        from lrgui.export.snippets import SnippetError, facts_of_job, facts_of_sweep  # not when the window opens

        lr, shown = self.selection, self._shown
        if lr is None:
            raise SnippetError("No learning rate is selected: find one first (F5), or type one.")
        if shown is None or shown.reading is None:
            return facts_of_job(lr, job, None, plan=self.plan, trains=True)
        if shown.synthetic:
            raise SnippetError("This curve is synthetic: nothing was trained. Find a learning rate first (F5).")
        swept, record = replace(shown.job, train=job.train), shown.sweeps.first
        facts = facts_of_sweep(shown.reading, swept, record, selection=lr, trains=True)
        if facts.chosen and job.task != swept.task:
            return facts_of_job(lr, job, None, plan=self.plan, trains=True)
        return facts

    def carried_over(self, job: Job) -> Transfer | None:
        """What becomes of the pick with the settings of `job`; None where they are those of the sweep."""
        return None if self._shown is None else self._shown.carried_over(job)

    def read_as(self, settings: SweepSettings) -> None:
        """Read the curve with these settings: β and the planned training belong to reading it, not to measuring it."""
        shown = self._shown
        if shown is None or self.finishing:
            return
        if shown.is_long:
            self._background.start(lambda _watch: shown.read_as(settings), self._take_read)
        else:
            self._take_read(shown.read_as(settings), None)

    def prove(self, end: EndEvent) -> None:
        """The race that has ended measured what the sweep on screen recommends."""
        if self._shown is None or self.race is None or self.race_job is None:
            return
        standings = self.race.standings
        race = Race(self.race_job.race, standings.ranking(), standings.done, end)
        self._take_read(self._shown.with_race(race), None)

    def _take_read(self, shown: ShownSweep | None, error: Exception | None) -> None:
        if error is not None:
            raise error
        if shown is not None and self._shown is not None and shown.sweeps is self._shown.sweeps:
            before, chosen = self._chosen.now, shown.choice_after(self._shown, self._chosen.now)
            self._shown = shown.with_choice(chosen)
            if self.reading is not None:
                self.reading_changed.emit(self.reading)
            if chosen != before:
                self._chosen.take(chosen)

    # ---------------------------------------------------------------- selection and zones
    @property
    def plan(self) -> Plan:
        """The training that a selected rate is meant for."""
        return self.planned if self.reading is None else self.reading.plan

    def select_maximum(self, lr: float) -> None:
        """Select the rate that corresponds to `lr`, the maximum of a OneCycle: what trainings and races run."""
        self.select(self.plan.from_one_cycle(lr))

    @property
    def selection(self) -> float | None:
        """The learning rate that the person holds."""
        return self._chosen.now.selection

    @property
    def zones(self) -> Zones | None:
        """The zones as measured, or as the person dragged them."""
        return self._chosen.now.zones

    def select(self, lr: float, nudge: bool = False) -> None:
        """Select `lr`, as one step that can be undone."""
        self._chosen.change(_selected(lr), nudge, selection=lr)

    def preview_selection(self, lr: float) -> None:
        """Follow a drag: everything shows `lr`, nothing to undo yet."""
        self._chosen.preview(selection=lr)

    def commit_selection(self, old: float | None, new: float) -> None:
        """A drag ended that began at `old`: make it one step that can be undone."""
        self._chosen.commit(_selected(new), "selection", old, new)

    def preview_zones(self, zones: Zones) -> None:
        """Follow a drag of a border or of the whole optimal zone."""
        self._chosen.preview(zones=zones)

    def commit_zones(self, old: Zones, new: Zones) -> None:
        """A drag of a border ended; like `commit_selection`."""
        self._chosen.commit("zones", "zones", old, new)

    def set_zones(self, zones: Zones) -> None:
        """Set the zones, as one step that can be undone."""
        self._chosen.change("zones", zones=zones)

    def _show_choice(self, choices: Choices) -> None:
        if choices.selection is not None:
            self.selected.emit(choices.selection)
        if self._shown is not None:
            self._shown = self._shown.with_choice(choices)
        self.choice_changed.emit()

    # ---------------------------------------------------------------- a run, from its begin to its end
    def begin(self, kind: str, job: Job) -> None:
        """A run of `job` begins. One that sweeps several jobs does with `begin_comparison`."""
        if kind == RunKind.ASIDE:
            self.aside = Record()
        elif kind == RunKind.SWEEP:
            last = self._shown
            self._last = (last, self.zones) if last is not None and last.reading is not None else None
            self._shown = ShownSweep(job, Records())
            self._chosen.begin(Choices(self.selection, None))
            self.sweep_started.emit()
        elif kind == RunKind.RACE:
            self.race_job, self.race = job, RaceRecord(job.race)
            self.race_started.emit()
        else:
            self.training_job, self.training = job, Record()
            self.training_started.emit()

    def begin_comparison(self, jobs: Sequence[Job]) -> None:
        """Sweeps of these jobs begin, one after the other."""
        self.compare_jobs = tuple(jobs)
        self.compared, self.comparison = Records(), ()
        self.compare_started.emit()

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
        """Before a sweep ends: read it in the background if it is long, then call `done` with it, else with None."""
        shown = self._shown
        if shown is None or not shown.is_long:
            done(None, None)
            return

        def read(found: ShownSweep | None, error: Exception | None) -> None:
            self.finishing = False
            done(found, error)

        self.finishing = True
        self._background.start(lambda _watch: shown.read(), read)

    def end(self, kind: str, read: ShownSweep | None = None, error: Exception | None = None) -> None:
        """A run is over, however: show what it says. `read` and `error` are what `read_ahead` told of a sweep."""
        if error is not None:
            self.reading_changed.emit(None)
        elif kind == RunKind.COMPARE:
            self._read_comparison()
        elif kind == RunKind.SWEEP:
            last, self._last = self._last, None
            assert self._shown is not None
            if last is not None and not len(self._shown.sweeps.first):
                self._put_back(*last)
            else:
                self._take_reading(read if read is not None else self._shown.read())

    def show(self, run: LoadedRun) -> None:
        """Show a run from disk, and select the rate of a training or race (a step that can be undone)."""
        job, opened = run.opened.job, run.opened
        if job.kind == RunKind.SWEEP:
            assert run.shown is not None
            self._shown = replace(run.shown, reading=None)  # for those who begin to show it
            self.sweep_started.emit()
            self._take_reading(run.shown)
        elif job.kind == RunKind.RACE:
            self.race_job, self.race = job, opened.race
            self.race_started.emit()
            self._select_again(job.race.around)
        else:
            self.training_job, self.training = job, opened.record
            self.training_started.emit()
            self.epoch_ended.emit()
            self._select_again(job.train.max_lr)

    def _select_again(self, maximum: float) -> None:
        """Select the rate of a run that is opened; where none was selected there is nothing to go back to."""
        lr = self.plan.from_one_cycle(maximum)
        if self.selection is None:
            self._chosen.take(Choices(lr, self.zones))
        else:
            self.select(lr)

    def show_synthetic(self, name: str, curve: Curve, zones: Zones, job: Job) -> EndEvent:
        """Show a made-up curve as a sweep of `job` would look; returns how that ended."""
        self._shown = ShownSweep.made_up(name, curve, zones, job)
        self.sweep_started.emit()
        self._take_reading(self._shown.read(zones))
        end = self._shown.sweeps.first.end
        assert end is not None
        return end

    def _read_comparison(self) -> None:
        """Read those sweeps of the comparison that have ended."""
        assert self.compared is not None
        self.comparison = tuple(compared_so_far(self.compared, self.compare_jobs))
        self.comparison_changed.emit()

    def _put_back(self, last: ShownSweep, zones: Zones | None) -> None:
        """The sweep has measured nothing: what was on screen before it is still the best there is."""
        self._shown = last
        self.sweep_started.emit()
        self.reading_changed.emit(self.reading)
        self._chosen.take(Choices(self.selection, zones))

    def _take_reading(self, shown: ShownSweep) -> None:
        """Show what a sweep says."""
        self._shown = shown
        reading = self.reading
        if reading is None:
            self.reading_changed.emit(None)
            return
        self.undo_stack.clear()
        self.reading_changed.emit(reading)
        lr = reading.selection if reading.selection is not None else self.selection
        self._chosen.take(Choices(lr, reading.zones))


def _selected(lr: float) -> str:
    """What the step is called that selects `lr`."""
    return f"selection {format_lr(lr)}"

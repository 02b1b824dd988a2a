"""The window's state: the job, the runs on screen, the selection and the zones, and what can be undone."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QUndoStack

from lrgui.core.curve.comparison import Compared
from lrgui.core.curve.curve import Curve
from lrgui.core.curve.lr_scaling import Transfer
from lrgui.core.curve.sweep_reading import SweepReading
from lrgui.core.curve.zones import Zones
from lrgui.core.events import (
    CheckEvent,
    EndEvent,
    EndReason,
    Event,
    OutputEvent,
    RunKind,
    RunState,
    StateEvent,
    Stream,
    SweepEndEvent,
)
from lrgui.core.learning_rate import format_lr
from lrgui.export.report import Report
from lrgui.gui.background import Background
from lrgui.gui.fixes import Repair
from lrgui.gui.loading import LoadedRun, RunLoading
from lrgui.gui.notice import Notice as Notice
from lrgui.gui.run_jobs import Unread, job_of
from lrgui.gui.run_notices import how_it_ended
from lrgui.gui.run_worker import RunWorker
from lrgui.gui.selection import Choices, Selection
from lrgui.gui.shown_sweep import ShownSweep
from lrgui.gui.task_choice import TaskChoice, without_unknown
from lrgui.runs.event_source import EventSource
from lrgui.runs.job import Job
from lrgui.runs.library import SUFFIX, start_log
from lrgui.runs.log_writer import LogWriter
from lrgui.runs.race_record import RaceRecord
from lrgui.runs.record import Record
from lrgui.runs.records import Records
from lrgui.runs.sequential import InTurn, compared_so_far, jobs_to_compare
from lrgui.runs.trust import Question, Trust, trust_file
from lrgui.tasks.recognise import recognise
from lrgui.tasks.user.task_outline import Outline

if TYPE_CHECKING:
    from lrgui.gui.environments import Environments


class Workspace(QObject):
    """Everything that panels show and change; knows no widget.

    Panels read the properties, connect to the signals and call the verbs. They never know each other.
    """

    job_changed = Signal(object)
    """The new Job."""
    job_replaced = Signal()
    """Another job is about to be shown: what was being typed is given up."""
    about_to_run = Signal()
    """A run is about to start: what was typed and not yet confirmed is to be read now."""
    state_changed = Signal(str)
    """`idle`, `starting`, `running`, `paused` or `stopping`."""
    sweep_started = Signal()
    training_started = Signal()
    race_started = Signal()
    compare_started = Signal()
    comparison_changed = Signal()
    """One more optimizer of a comparison was swept, or the comparison ended."""
    task_known = Signal(object)
    """The run's TaskEvent."""
    epoch_ended = Signal()
    run_ended = Signal(object)
    """The EndEvent."""
    reading_changed = Signal(object)
    """The SweepReading of the sweep on screen, or None."""
    choice_changed = Signal()
    """Selection or zones changed."""
    noticed = Signal(object)
    """A Notice, or None to take the last one away."""
    problems_found = Signal(object)
    """What is wrong with the settings: for each part of the job (`task`, `sweep`, `train`) its list of Problems."""
    outline_changed = Signal(object)
    """The Outline of the task's code, or None."""
    code_changed_on_disk = Signal()
    """The task's code was saved with other contents: the next run uses them."""
    trust_wanted = Signal(object)
    """A Question: a run waits for `grant` or `refuse`."""
    check_started = Signal()
    checked = Signal(object)
    """A CheckEvent."""
    check_ended = Signal(object)
    """The EndEvent of a check."""
    recent_changed = Signal()
    wanted = Signal(str)
    """Key of one of the window's actions, which a panel has a button for."""

    def __init__(
        self,
        job: Job,
        open_source: Callable[[Job], EventSource],
        parent: QObject | None = None,
        trust: Trust | None = None,
    ) -> None:
        """`trust` knows which code may run; None is what the person trusts on this computer."""
        super().__init__(parent)
        self._open_source = open_source
        self.job = job
        self.environments: Environments | None = None
        """The Pythons that can compute, None where nobody looks for them."""
        self.tasks = TaskChoice(trust or Trust(trust_file()), self)
        self.tasks.noticed.connect(self.noticed)
        self.tasks.trust_wanted.connect(self.trust_wanted)
        self.tasks.recent_changed.connect(self.recent_changed)
        self.tasks.code.outline_changed.connect(self._on_outline)
        self.tasks.code.saved.connect(self._on_saved)
        self.worker = RunWorker(self)
        self.worker.chunk.connect(self._on_chunk)
        self.worker.ended.connect(self._on_ended)
        self.loading = RunLoading(self)
        """Runs from disk on their way to the screen."""
        self.loading.loaded.connect(self._show_run)
        self.loading.noticed.connect(self.noticed)
        self._reading = Background(self)
        """Reads sweeps that are so long that the window would stand still."""
        self._finishing = False
        """True while the sweep that has just ended is read there."""
        self.undo_stack = QUndoStack(self)
        self._unread = Unread()
        self.state: str = RunState.IDLE
        self.kind: str = RunKind.SWEEP
        """What goes on, or went on last: `sweep`, `train`, `race`, `compare`, `check` or `aside`."""
        self._shown: ShownSweep | None = None
        """The sweep on screen."""
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
        self._chosen = Selection(self._show_choice, self.undo_stack, Choices(None, None))
        self._running = job
        """The job of the present or last run."""
        self._last: tuple[ShownSweep, Zones | None] | None = None
        """The sweep that was on screen before, and its zones, while the present one has not measured anything yet."""
        self._journal: LogWriter | None = None
        self._turn: InTurn | None = None
        self._check: Record | None = None
        self.tasks.follow(self.job.task)

    # ---------------------------------------------------------------- settings of the job
    def edit(self, **changes: Any) -> None:
        """Change the job's parts: `task`, `sweep`, `train` or `race`, each a whole frozen config."""
        before = self.job
        self.job = replace(before, **changes)
        if self.job == before:
            return
        self.tasks.follow(self.job.task)
        self.job_changed.emit(self.job)
        self.look_again()
        if self.job.sweep.beta != before.sweep.beta and not self.job.sweep.validate():
            self._smooth_again()

    def look_again(self) -> None:
        """Say anew what is wrong with the settings; whether a file is there may have changed."""
        self.problems_found.emit({part: getattr(self.job, part).validate() for part in ("task", "sweep", "train")})

    def set_unreadable(self, part: str, name: str, text: str) -> None:
        """Remember that a field's text cannot be read, so that no run starts on an older value of it."""
        self._unread.set(part, name, text)

    def set_job(self, job: Job) -> None:
        """Take over all settings of `job`."""
        self.job_replaced.emit()
        self.edit(task=job.task, sweep=job.sweep, train=job.train, race=job.race)
        self.job_changed.emit(self.job)

    def _smooth_again(self) -> None:
        """β belongs to reading the curve, not to measuring it: everything follows from the raw losses."""
        shown = self._shown
        if shown is None or self._finishing:
            return
        beta, chosen = self.job.sweep.beta, self._chosen.now
        if shown.is_long:
            self._reading.start(lambda _watch: shown.with_beta(beta, chosen), self._take_smoothed)
        else:
            self._take_smoothed(shown.with_beta(beta, chosen), None)

    def _take_smoothed(self, shown: ShownSweep | None, error: Exception | None) -> None:
        if error is not None:
            raise error
        if shown is not None and self._shown is not None and shown.sweeps is self._shown.sweeps:
            self._shown = shown.with_choice(self._chosen.now)
            if self.reading is not None:
                self.reading_changed.emit(self.reading)

    # ---------------------------------------------------------------- the task
    @property
    def outline(self) -> Outline | None:
        """What the task's code says of itself; None where the task is no code."""
        return self.tasks.code.outline

    @property
    def code_changed(self) -> bool:
        """True where the task's code was saved since it last ran or, before a run, since it was opened."""
        return self.tasks.code.changed

    @property
    def recent(self) -> list[str]:
        """Paths of the tasks that were used last, the last one first."""
        return self.tasks.recent

    def use(self, text: str) -> bool:
        """Take what `text` names (a file, a folder, `package.module`, a run) as the task; runs nothing of it.

        Returns False, and a notice says why, where that can't be.
        """
        if self.busy:
            self.noticed.emit(Notice("info", "A run is in progress: stop it before opening something else."))
            return False
        if text.strip().endswith(SUFFIX):
            return self.open_run(Path(os.path.expanduser(text.strip())))
        found = recognise(text)
        if found.problem:
            self.noticed.emit(Notice("warning", found.problem))
            return False
        self._switch(found.source, found.path, found.model)
        self.tasks.remember(found.path)
        return True

    def choose_source(self, key: str) -> None:
        """Train on another data source, with its usual settings."""
        if key != self.job.task.source:
            self._switch(key)

    def _switch(self, source: str, path: str = "", model: str | None = None) -> None:
        self.noticed.emit(None)  # it was about the other one
        job, notes = self.tasks.switched(self.job, source, path, model)
        self.set_job(job)
        if self.tasks.code.problem:
            self.noticed.emit(Notice("warning", self.tasks.code.problem, until_saved=True))
        elif notes:
            self.noticed.emit(Notice("info", " ".join(notes)))
        if self.environments is not None and path:
            self.environments.look_near(path)

    @Slot()
    def _on_saved(self) -> None:
        """What was wrong with the code may be mended now."""
        self.look_again()
        self.code_changed_on_disk.emit()

    @Slot(object)
    def _on_outline(self, found: Outline | None) -> None:
        if found is not None:
            self.edit(task=without_unknown(self.job.task, found))
        self.outline_changed.emit(found)

    def new_task(self, template_key: str, path: str) -> str:
        """Write a template to a new file, which is trusted: its text is ours. Returns what went wrong, else ""."""
        return self.tasks.new_task(template_key, path)

    def grant(self, question: Question, folder: bool) -> None:
        """The person trusts the code (or with `folder` all of its folder): what waited for it runs."""
        self.tasks.grant(question, folder)

    def refuse(self, question: Question) -> None:
        """The person does not trust the code: nothing runs."""
        self.tasks.refuse(question)

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

    # ---------------------------------------------------------------- selection and zones
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
        if choices.selection is not None and choices.selection != self.job.train.max_lr:
            self.job = replace(self.job, train=replace(self.job.train, max_lr=choices.selection))
            self.job_changed.emit(self.job)
        if self._shown is not None:
            self._shown = self._shown.with_choice(choices)
        self.choice_changed.emit()

    # ---------------------------------------------------------------- runs
    @property
    def busy(self) -> bool:
        """True while a run goes on, or is read at its end."""
        return self.worker.running or self._finishing

    @Slot()
    def find(self) -> None:
        """Start a sweep."""
        self._start(RunKind.SWEEP)

    @Slot()
    def train(self) -> None:
        """Train with the selected learning rate."""
        self._start(RunKind.TRAIN)

    @Slot()
    def verify(self) -> None:
        """Race short trainings around the selected learning rate."""
        self._start(RunKind.RACE)

    def race_to_come(self) -> Job:
        """What `verify` would run now."""
        return self.job.verification()

    @Slot()
    def check(self) -> None:
        """Try one batch of the task, step by step."""
        self._start(RunKind.CHECK)

    @Slot()
    def compare(self) -> None:
        """Sweep the built-in digits beside everything else: what is on screen stays."""
        self._start(RunKind.ASIDE)

    def compare_optimizers(self, optimizers: Sequence[str]) -> None:
        """Sweep the task with each of the optimizers (keys), one after the other; the sweep on screen stays."""
        self.loading.give_up()
        job = None if self.busy or not optimizers else self._job_to_run(RunKind.COMPARE)
        if job is None or not self.tasks.may_run(job, lambda: self.compare_optimizers(optimizers)):
            return
        self.kind, self._running = RunKind.COMPARE, job
        self.compare_jobs = jobs_to_compare(job, optimizers)
        self.compared, self.comparison = Records(), ()
        self.compare_started.emit()
        self._set_state(RunState.STARTING)
        self._turn = InTurn(self.compare_jobs, self._open_source, origin="window")
        self.worker.start(self._turn)

    def show_synthetic(self, name: str, curve: Curve, zones: Zones) -> None:
        """Show a made-up curve in the place of a sweep; rules, checklist and export treat it like one."""
        if self.busy:
            self.noticed.emit(Notice("info", "A run is in progress: stop it before showing another curve."))
            return
        self.noticed.emit(None)
        self.kind = RunKind.SWEEP
        self._shown = ShownSweep.made_up(name, curve, zones, self.job)
        self.sweep_started.emit()
        self._read_sweep(zones)
        self.run_ended.emit(self._shown.sweeps.first.end)

    def _start(self, kind: str) -> None:
        self.loading.give_up()
        job = None if self.busy else self._job_to_run(kind)
        if job is None or not self.tasks.may_run(job, lambda: self._start(kind)):
            return
        self.kind, self._running = kind, job
        record = Record()
        if kind == RunKind.ASIDE:
            self.aside = record
        elif kind == RunKind.CHECK:
            self._check = record
            self.check_started.emit()
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
            self.training_job, self.training = job, record
            self.training_started.emit()
        self._set_state(RunState.STARTING)
        self._journal = None if kind == RunKind.CHECK else start_log(job, origin="window")
        self.worker.start(self._open_source(job), self._journal)

    def _job_to_run(self, kind: str) -> Job | None:
        """What a run of `kind` would run, with all that was typed; None, and a notice says why, where it can't."""
        self.about_to_run.emit()
        unread = self._unread.that_matter(kind)
        if unread:
            self.noticed.emit(Notice("warning", " ".join(unread)))
            return None
        job = job_of(kind, self.job)
        problems = job.validate()
        self.look_again()
        if problems:
            missing = job.task.is_code and all(problem.field == "path" for problem in problems)
            text = " ".join(str(problem) for problem in problems)
            self.noticed.emit(Notice("warning", text, until_saved=missing))
            return None
        self.noticed.emit(None)
        return job

    @Slot()
    def toggle_pause(self) -> None:
        """Pause a running run, resume a paused one."""
        if self.state == RunState.RUNNING:
            self.worker.pause()
        elif self.state == RunState.PAUSED:
            self.worker.resume()

    @Slot()
    def stop(self) -> None:
        """Ask the run to end; everything measured so far is kept."""
        if self.busy and self.state != RunState.STOPPING:
            self._set_state(RunState.STOPPING)
            self.worker.stop()

    def close(self) -> None:
        """End whatever goes on; returns when it has ended."""
        self.loading.close()
        self._reading.close()
        self.worker.close()
        self.tasks.close()

    @property
    def several(self) -> tuple[Records | None, int]:
        """The sweeps of the present (or last) run, and how many there are to be; none for other runs."""
        if self.kind == RunKind.COMPARE:
            return self.compared, len(self.compare_jobs)
        job = self.sweep_job
        return (self.sweeps, job.sweep.repeats) if self.kind == RunKind.SWEEP and job is not None else (None, 1)

    @property
    def record(self) -> Record | None:
        """What the present (or last) run has measured so far; of repeats the first."""
        compared = None if self.compared is None else self.compared.first
        records: dict[str, Record | None] = {
            RunKind.SWEEP: self.sweep,
            RunKind.TRAIN: self.training,
            RunKind.RACE: self.race,
            RunKind.ASIDE: self.aside,
        }
        return {**records, RunKind.COMPARE: compared, RunKind.CHECK: self._check}[self.kind]

    @Slot(object)
    def _on_chunk(self, events: list[Event]) -> None:
        record = self.record
        assert record is not None
        had_task, epochs = record.task is not None, len(record.epochs)
        swept: dict[str, Records | None] = {RunKind.SWEEP: self.sweeps, RunKind.COMPARE: self.compared}
        several = swept.get(self.kind)
        (record if several is None else several).add(events)
        if self.kind == RunKind.COMPARE and any(isinstance(event, SweepEndEvent) for event in events):
            self._read_comparison()
        if not had_task and record.task is not None:
            self.task_known.emit(record.task)
        if len(record.epochs) != epochs:
            self.epoch_ended.emit()
        notes = [
            event.text.strip() for event in events if isinstance(event, OutputEvent) and event.stream == Stream.NOTE
        ]
        if notes and self.kind != RunKind.CHECK:
            self.noticed.emit(Notice("info", " ".join(notes)))
        for event in events:
            if isinstance(event, StateEvent) and self.state != RunState.STOPPING and event.state != self.state:
                self._set_state(event.state)
            elif isinstance(event, CheckEvent):
                self.checked.emit(event)

    @Slot(object)
    def _on_ended(self, end: EndEvent) -> None:
        shown = self._shown if self.kind == RunKind.SWEEP else None
        if shown is not None and shown.is_long:
            self._finishing = True
            self._reading.start(lambda _watch: shown.read(), lambda read, error: self._finish(end, read, error))
        else:
            self._finish(end)

    def _finish(self, end: EndEvent, read: ShownSweep | None = None, error: Exception | None = None) -> None:
        """The run is over; `read` is its sweep where that was read already, and `error` why it could not be."""
        self._finishing = False
        asked = self.state == RunState.STOPPING
        record = self.record
        assert record is not None
        self._set_state(RunState.IDLE)
        if error is not None:
            self.reading_changed.emit(None)
        elif self.kind == RunKind.SWEEP:
            last, self._last = self._last, None
            if last is not None and not len(record):
                self._put_back(*last)
            elif read is not None:
                self._take_reading(read)
            else:
                self._read_sweep()
        elif self.kind == RunKind.COMPARE:
            self._read_comparison()
        journal = self._turn if self.kind == RunKind.COMPARE else self._journal
        problem = journal.problem if journal is not None else None
        self._journal = self._turn = None
        # Somebody who pressed Stop knows why it ended, even if it took force.
        shown = asked or self.kind == RunKind.CHECK  # a check has a dialog of its own
        notice = None if shown else self._ending(end, record)
        if problem:
            notice = Notice("warning", problem) if notice is None else notice.after(problem)
        if notice is not None:
            self.noticed.emit(notice)
        if self.kind == RunKind.CHECK:
            self.check_ended.emit(end)
        self.run_ended.emit(end)
        if error is not None:
            raise error

    def _ending(self, end: EndEvent, record: Record) -> Notice | None:
        """What to say about the run that has ended, with a button where one click mends something."""
        reading = self.reading if self.kind == RunKind.SWEEP and record is self.sweep else None
        pick = None if reading is None else reading.recommendation
        notice, repair = how_it_ended(self.kind, self._running, end, record.output, pick)
        if notice is None or repair is None:
            return notice
        return replace(notice, action=repair.label, tip=repair.tip, act=lambda: self._mend(repair))

    def _mend(self, repair: Repair) -> None:
        """Change the settings as a button offers it."""
        if repair.task or repair.sweep:  # whatever is being typed there is given up: other values come
            job = self.job
            task, sweep = replace(job.task, **repair.task), replace(job.sweep, **repair.sweep)
            self.set_job(replace(job, task=task, sweep=sweep))
        if repair.select is not None:
            self.select(repair.select)
        if repair.done:
            self.noticed.emit(Notice("info", repair.done))
        if repair.sweeps:
            self.find()

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
        if self.job.sweep.beta != last.job.sweep.beta and not self.job.sweep.validate():
            self._smooth_again()

    def _read_sweep(self, zones: Zones | None = None) -> None:
        """A sweep is over, however: read what was measured. `zones` are those known beforehand."""
        assert self._shown is not None
        self._take_reading(self._shown.read(zones))

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
        if self.job.sweep.beta != shown.job.sweep.beta and not shown.synthetic and not self.job.sweep.validate():
            self._smooth_again()

    # ---------------------------------------------------------------- a pick for another setting
    def carried_over(self) -> Transfer | None:
        """What becomes of the pick where the settings are no longer those of the sweep; None where they are."""
        return None if self._shown is None else self._shown.carried_over(self.job)

    # ---------------------------------------------------------------- runs on disk
    def open_run(self, path: Path) -> bool:
        """Show a run from its log, sweep, training or race, with the settings it had; runs none of its code.

        A large one is shown later. Returns False, and a notice says why, where it can't be shown.
        """
        if self.busy:
            self.noticed.emit(Notice("info", "A run is in progress: stop it before opening another one."))
            return False
        return self.loading.load(path)

    @Slot(object)
    def _show_run(self, run: LoadedRun) -> None:
        path, opened = run.path, run.opened
        job, record = opened.job, opened.record
        self.noticed.emit(None)
        self.kind = job.kind
        self.set_job(job)
        if job.kind == RunKind.SWEEP:
            assert run.shown is not None
            self._shown = ShownSweep(job, opened.sweeps)
            self.sweep_started.emit()
            self._take_reading(run.shown)
        elif job.kind == RunKind.RACE:
            self.race_job, self.race = job, opened.race
            self.race_started.emit()
        else:
            self.training_job, self.training = job, record
            self.training_started.emit()
            self.epoch_ended.emit()
        if record.task is not None:
            self.task_known.emit(record.task)
        if opened.warnings:
            self.noticed.emit(Notice("info", " ".join(opened.warnings)))
        end = record.end or EndEvent(EndReason.KILLED, f"{path.name} is incomplete: the program ended during the run.")
        self.run_ended.emit(end)

    def report(self) -> Report | None:
        """The sweep on screen, as it is to be exported; None where there is none."""
        return None if self._shown is None else self._shown.report()

    def _set_state(self, state: str) -> None:
        self.state = state
        self.state_changed.emit(state)


def _selected(lr: float) -> str:
    """What the step is called that selects `lr`."""
    return f"selection {format_lr(lr)}"

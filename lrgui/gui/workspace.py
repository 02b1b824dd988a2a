"""The window's state: the job, the runs on screen, the selection and the zones, and what can be undone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QUndoStack

from lrgui.core.analysis import Analysis
from lrgui.core.comparison import Compared
from lrgui.core.config import SweepConfig
from lrgui.core.curve import Curve
from lrgui.core.events import BatchEvent, CheckEvent, EndEvent, Event, OutputEvent, StateEvent, SweepEndEvent
from lrgui.core.learning_rate import format_lr
from lrgui.core.several import Reading, read_curves
from lrgui.core.transfer import Transfer
from lrgui.core.zones import Zones
from lrgui.export.report import Report
from lrgui.gui.choices import Choices, ChoiceStep
from lrgui.gui.endings import how_it_ended
from lrgui.gui.notice import Notice as Notice
from lrgui.gui.run_worker import RunWorker
from lrgui.gui.task_choice import TaskChoice
from lrgui.runs.carry_over import carry_over
from lrgui.runs.in_turn import InTurn, compared_so_far, jobs_to_compare
from lrgui.runs.job import Job
from lrgui.runs.library import start_log
from lrgui.runs.log import LogWriter, read_log
from lrgui.runs.race_record import RaceRecord
from lrgui.runs.record import Record
from lrgui.runs.records import Records
from lrgui.runs.source import Source
from lrgui.runs.trust import Question, Trust, trust_file
from lrgui.tasks.user.outline import Outline

if TYPE_CHECKING:
    from lrgui.gui.environments import Environments


@dataclass(frozen=True, eq=False)
class Shown:
    """A finished sweep on screen, kept while the next one has not measured anything yet."""

    job: Job
    sweeps: Records
    reading: Reading
    analysis: Analysis
    zones: Zones | None
    synthetic: str


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
    analysis_changed = Signal(object)
    """The Analysis of the sweep on screen, or None."""
    choice_changed = Signal()
    """Selection or zones changed."""
    noticed = Signal(object)
    """A Notice, or None to take the last one away."""
    problems_found = Signal(object)
    """List of Problems that keep a run from starting; empty once they are gone."""
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
        open_source: Callable[[Job], Source],
        parent: QObject | None = None,
        trust: Trust | None = None,
    ) -> None:
        """`trust` knows which code may run; None is what the person trusts on this computer."""
        super().__init__(parent)
        self._open_source = open_source
        self.job = job
        self.environments: Environments | None = None
        """The Pythons that can compute, None where nobody looks for them."""
        self.tasks = TaskChoice(self, trust or Trust(trust_file()))
        self.worker = RunWorker(self)
        self.worker.chunk.connect(self._on_chunk)
        self.worker.ended.connect(self._on_ended)
        self.undo_stack = QUndoStack(self)
        self._unreadable: dict[tuple[str, str], str] = {}
        self.state = "idle"
        self.kind = "sweep"
        """What goes on, or went on last: `sweep`, `train`, `race`, `compare`, `check` or `aside`."""
        self.sweep_job: Job | None = None
        self.sweeps: Records | None = None
        """The sweep on screen, or its repeats."""
        self.reading: Reading | None = None
        """What the sweeps on screen said when they were read; the analysis follows the selection."""
        self.synthetic = ""
        """Name of the synthetic curve that is shown in the place of a sweep, empty for a measured one."""
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
        self.analysis: Analysis | None = None
        self._choices = Choices(None, None)
        self._before_drag: Choices | None = None
        """What was chosen when the drag began that is going on."""
        self._running = job
        """The job of the present or last run."""
        self._last: Shown | None = None
        self._journal: LogWriter | None = None
        self._turn: InTurn | None = None
        self._check: Record | None = None
        self.tasks.follow()

    # ---------------------------------------------------------------- settings of the job
    def edit(self, **changes: Any) -> None:
        """Change the job's parts: `task`, `sweep`, `train` or `race`, each a whole frozen config."""
        before = self.job
        self.job = replace(before, **changes)
        if self.job == before:
            return
        self.tasks.follow()
        self.job_changed.emit(self.job)
        self.look_again()
        if self.job.sweep.beta != before.sweep.beta and not self.job.sweep.validate():
            self._smooth_again()

    def look_again(self) -> None:
        """Say anew what is wrong with the settings; whether a file is there may have changed."""
        job = self.job
        self.problems_found.emit([*job.task.validate(), *job.sweep.validate(), *job.train.validate()])

    def set_unreadable(self, part: str, name: str, text: str) -> None:
        """Remember that a field's text cannot be read, so that no run starts on an older value of it."""
        self._unreadable.pop((part, name), None)
        if text:
            self._unreadable[part, name] = text

    @staticmethod
    def _matters(part: str, kind: str) -> bool:
        """True where a run of `kind` uses that part of the job."""
        training = ("task", "train")
        sweep = ("task", "sweep")
        parts = {"sweep": sweep, "compare": sweep, "train": training, "race": training, "check": ("task",)}
        return part in parts.get(kind, ())

    def set_job(self, job: Job) -> None:
        """Take over all settings of `job`."""
        self.job_replaced.emit()
        self.edit(task=job.task, sweep=job.sweep, train=job.train, race=job.race)
        self.job_changed.emit(self.job)

    def _smooth_again(self) -> None:
        """β belongs to reading the curve, not to measuring it: everything follows from the raw losses."""
        if self.sweep_job is None:
            return
        self.sweep_job = replace(self.sweep_job, sweep=replace(self.sweep_job.sweep, beta=self.job.sweep.beta))
        if self.analysis is None:
            return
        assert self.reading is not None
        curves = [curve.with_beta(self.job.sweep.beta) for curve in self.reading.curves]
        self.reading = read_curves(curves, self.selection, self.zones, self._planned_range())
        self.analysis = self.reading.analysis
        self.analysis_changed.emit(self.analysis)

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
        return self.tasks.use(text)

    def choose_source(self, key: str) -> None:
        """Train on another data source, with its usual settings."""
        self.tasks.choose_source(key)

    def new_task(self, template_key: str, path: str) -> str:
        """Write a template to a new file, which is trusted: its text is ours. Returns what went wrong, else ""."""
        return self.tasks.new_task(template_key, path)

    def grant(self, question: Question, folder: bool) -> None:
        """The person trusts the code (or with `folder` all of its folder): what waited for it runs."""
        self.tasks.grant(question, folder)

    def refuse(self, question: Question) -> None:
        """The person does not trust the code: nothing runs."""
        self.tasks.refuse(question)

    # ---------------------------------------------------------------- selection and zones
    @property
    def selection(self) -> float | None:
        """The learning rate that the person holds."""
        return self._choices.selection

    @property
    def zones(self) -> Zones | None:
        """The zones as measured, or as the person dragged them."""
        return self._choices.zones

    def select(self, lr: float, nudge: bool = False) -> None:
        """Select `lr`, as one step that can be undone."""
        self._change(f"selection {format_lr(lr)}", replace(self._choices, selection=lr), nudge=nudge)

    def preview_selection(self, lr: float) -> None:
        """Follow a drag: everything shows `lr`, nothing to undo yet."""
        self._preview(replace(self._choices, selection=lr))

    def commit_selection(self, old: float | None, new: float) -> None:
        """A drag ended: make it one step that can be undone.

        Undo goes back to what was chosen before the drag. That is not always `old`, where the plot began: a rate
        that its axis does not reach stands at the edge there.
        """
        before = self._take_before_drag()
        self._choices = replace(self._choices, selection=old if before is None else before.selection)
        self.select(new)

    def preview_zones(self, zones: Zones) -> None:
        """Follow a drag of a border or of the whole optimal zone."""
        self._preview(replace(self._choices, zones=zones))

    def commit_zones(self, old: Zones, new: Zones) -> None:
        """A drag of a border ended; like `commit_selection`."""
        before = self._take_before_drag()
        self._choices = replace(self._choices, zones=old if before is None else before.zones)
        self.set_zones(new)

    def _preview(self, choices: Choices) -> None:
        before = self._before_drag or self._choices
        self._show(choices)
        self._before_drag = before

    def _take_before_drag(self) -> Choices | None:
        before, self._before_drag = self._before_drag, None
        return before

    def set_zones(self, zones: Zones) -> None:
        """Set the zones, as one step that can be undone."""
        self._change("zones", replace(self._choices, zones=zones))

    def _change(self, text: str, after: Choices, nudge: bool = False) -> None:
        if after != self._choices:
            self.undo_stack.push(ChoiceStep(self._show, text, self._choices, after, nudge))

    def _show(self, choices: Choices) -> None:
        self._choices, self._before_drag = choices, None
        if choices.selection is not None and choices.selection != self.job.train.max_lr:
            self.job = replace(self.job, train=replace(self.job.train, max_lr=choices.selection))
            self.job_changed.emit(self.job)
        if self.analysis is not None:
            self.analysis = self.analysis.with_selection(choices.selection, choices.zones)
        self.choice_changed.emit()

    # ---------------------------------------------------------------- runs
    @property
    def busy(self) -> bool:
        """True while a run goes on."""
        return self.worker.running

    @Slot()
    def find(self) -> None:
        """Start a sweep."""
        self._start("sweep")

    @Slot()
    def train(self) -> None:
        """Train with the selected learning rate."""
        self._start("train")

    @Slot()
    def verify(self) -> None:
        """Race short trainings around the selected learning rate."""
        self._start("race")

    def race_to_come(self) -> Job:
        """What `verify` would run now: the race around the selection, trained as a training would be."""
        job = self.job
        train, sweep = job.train, job.sweep
        race = replace(
            job.race,
            around=train.max_lr,
            pct_start=train.pct_start,
            div_factor=train.div_factor,
            final_div_factor=train.final_div_factor,
            accumulation=sweep.accumulation,
            clip_grad_norm=sweep.clip_grad_norm,
            amp=sweep.amp,
        )
        return replace(job, kind="race", race=race)

    @Slot()
    def check(self) -> None:
        """Try one batch of the task, step by step."""
        self._start("check")

    @Slot()
    def compare(self) -> None:
        """Sweep the built-in digits beside everything else: what is on screen stays."""
        self._start("aside")

    def compare_optimizers(self, optimizers: Sequence[str]) -> None:
        """Sweep the task with each of the optimizers (keys), one after the other; the sweep on screen stays."""
        job = None if self.busy or not optimizers else self._job_to_run("compare")
        if job is None or not self.tasks.may_run(job, lambda: self.compare_optimizers(optimizers)):
            return
        self.kind, self._running = "compare", job
        self.compare_jobs = jobs_to_compare(job, optimizers)
        self.compared, self.comparison = Records(), ()
        self.compare_started.emit()
        self._set_state("starting")
        self._turn = InTurn(self.compare_jobs, self._open_source, origin="window")
        self.worker.start(self._turn)

    def show_synthetic(self, name: str, curve: Curve, zones: Zones) -> None:
        """Show a made-up curve in the place of a sweep; rules, checklist and export treat it like one."""
        if self.busy:
            self.noticed.emit(Notice("info", "A run is going on: stop it before you show another curve."))
            return
        self.noticed.emit(None)
        self.kind = "sweep"
        ends = SweepConfig(zones.start, zones.end, len(curve), self.job.sweep.beta, self.job.sweep.stop_factor)
        self.sweep_job, self.synthetic = replace(self.job, kind="sweep", sweep=ends), name
        end = EndEvent("completed", f"A synthetic curve: {name}. Nothing was trained.")
        points = zip(curve.lr.tolist(), curve.loss.tolist(), strict=True)
        self.sweeps = Records.of([*(BatchEvent(0, i, lr, loss, 0.0) for i, (lr, loss) in enumerate(points)), end])
        self.sweep_started.emit()
        self._read_sweep(zones)
        self.run_ended.emit(end)

    def _start(self, kind: str) -> None:
        job = None if self.busy else self._job_to_run(kind)
        if job is None or not self.tasks.may_run(job, lambda: self._start(kind)):
            return
        self.kind, self._running = kind, job
        record = Record()
        if kind == "aside":
            self.aside = record
        elif kind == "check":
            self._check = record
            self.check_started.emit()
        elif kind == "sweep":
            self._last = self._shown()
            self.sweep_job, self.sweeps, self.analysis, self.synthetic = job, Records(), None, ""
            self._choices, self._before_drag = replace(self._choices, zones=None), None
            self.undo_stack.clear()
            self.sweep_started.emit()
        elif kind == "race":
            self.race_job, self.race = job, RaceRecord(job.race)
            self.race_started.emit()
        else:
            self.training_job, self.training = job, record
            self.training_started.emit()
        self._set_state("starting")
        self._journal = None if kind == "check" else start_log(job, origin="window")
        self.worker.start(self._open_source(job), self._journal)

    def _job_to_run(self, kind: str) -> Job | None:
        """What a run of `kind` would run, with all that was typed; None, and a notice says why, where it can't."""
        self.about_to_run.emit()
        unread = [text for (part, _), text in self._unreadable.items() if self._matters(part, kind)]
        if unread:
            self.noticed.emit(Notice("warning", " ".join(unread)))
            return None
        own = {"aside": Job(), "race": self.race_to_come(), "compare": replace(self.job, kind="sweep")}
        job = own.get(kind) or replace(self.job, kind=kind)
        problems = job.validate()
        self.problems_found.emit(problems)
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
        if self.state == "running":
            self.worker.pause()
        elif self.state == "paused":
            self.worker.resume()

    @Slot()
    def stop(self) -> None:
        """Ask the run to end; what was measured stays."""
        if self.busy and self.state != "stopping":
            self._set_state("stopping")
            self.worker.stop()

    def close(self) -> None:
        """End whatever goes on; returns when it has ended."""
        self.worker.close()
        self.tasks.close()

    @property
    def sweep(self) -> Record | None:
        """The sweep on screen; of repeats the first."""
        return None if self.sweeps is None else self.sweeps.first

    @property
    def several(self) -> tuple[Records | None, int]:
        """The sweeps of the present (or last) run, and how many there are to be; none for other runs."""
        if self.kind == "compare":
            return self.compared, len(self.compare_jobs)
        job = self.sweep_job
        return (self.sweeps, job.sweep.repeats) if self.kind == "sweep" and job is not None else (None, 1)

    @property
    def record(self) -> Record | None:
        """What the present (or last) run has measured so far; of repeats the first."""
        compared = None if self.compared is None else self.compared.first
        records = {"sweep": self.sweep, "train": self.training, "race": self.race, "aside": self.aside}
        return {**records, "compare": compared, "check": self._check}[self.kind]

    @Slot(object)
    def _on_chunk(self, events: list[Event]) -> None:
        record = self.record
        assert record is not None
        had_task, epochs = record.task is not None, len(record.epochs)
        several = {"sweep": self.sweeps, "compare": self.compared}.get(self.kind)
        (record if several is None else several).add(events)
        if self.kind == "compare" and any(isinstance(event, SweepEndEvent) for event in events):
            self._read_comparison()
        if not had_task and record.task is not None:
            self.task_known.emit(record.task)
        if len(record.epochs) != epochs:
            self.epoch_ended.emit()
        notes = [event.text.strip() for event in events if isinstance(event, OutputEvent) and event.stream == "note"]
        if notes and self.kind != "check":
            self.noticed.emit(Notice("info", " ".join(notes)))
        for event in events:
            if isinstance(event, StateEvent) and self.state != "stopping" and event.state != self.state:
                self._set_state(event.state)
            elif isinstance(event, CheckEvent):
                self.checked.emit(event)

    @Slot(object)
    def _on_ended(self, end: EndEvent) -> None:
        asked = self.state == "stopping"
        record = self.record
        assert record is not None
        self._set_state("idle")
        if self.kind == "sweep":
            last, self._last = self._last, None
            if last is not None and not len(record):
                self._put_back(last)
            else:
                self._read_sweep()
        elif self.kind == "compare":
            self._read_comparison()
        journal = self._turn if self.kind == "compare" else self._journal
        problem = journal.problem if journal is not None else None
        self._journal = self._turn = None
        # Somebody who pressed Stop knows why it ended, even if it took force.
        shown = asked or self.kind == "check"  # a check has a dialog of its own
        notice = None if shown else how_it_ended(self, end, record, self._running)
        if problem:
            notice = Notice("warning", problem) if notice is None else notice.after(problem)
        if notice is not None:
            self.noticed.emit(notice)
        if self.kind == "check":
            self.check_ended.emit(end)
        self.run_ended.emit(end)

    def _read_comparison(self) -> None:
        """Read those sweeps of the comparison that have ended."""
        assert self.compared is not None
        self.comparison = tuple(compared_so_far(self.compared, self.compare_jobs))
        self.comparison_changed.emit()

    def _shown(self) -> Shown | None:
        if self.analysis is None or self.sweep_job is None or self.sweeps is None or self.reading is None:
            return None
        return Shown(self.sweep_job, self.sweeps, self.reading, self.analysis, self.zones, self.synthetic)

    def _put_back(self, last: Shown) -> None:
        """The sweep has measured nothing: what was on screen before it is still the best there is."""
        self.sweep_job, self.sweeps, self.synthetic = last.job, last.sweeps, last.synthetic
        self.sweep_started.emit()
        self.reading, self.analysis = last.reading, last.analysis
        self.analysis_changed.emit(self.analysis)
        self._show(Choices(self.selection, last.zones))
        if self.job.sweep.beta != last.job.sweep.beta and not self.job.sweep.validate():
            self._smooth_again()

    def _read_sweep(self, zones: Zones | None = None) -> None:
        """A sweep is over, however: read what was measured. `zones` are those known beforehand."""
        assert self.sweeps is not None
        assert self.sweep_job is not None
        if not len(self.sweeps.first):
            self.analysis = None
            self.analysis_changed.emit(None)
            return
        curves = self.sweeps.curves(self.sweep_job.sweep.beta)
        self.reading = read_curves(curves, zones=zones, planned_range=self._planned_range())
        self.analysis = self.reading.analysis
        selection = self.analysis.selection if self.analysis.selection is not None else self.selection
        self.undo_stack.clear()
        self.analysis_changed.emit(self.analysis)
        self._show(Choices(selection, self.analysis.zones))

    def _planned_range(self) -> tuple[float, float]:
        assert self.sweep_job is not None
        return self.sweep_job.sweep.start_lr, self.sweep_job.sweep.end_lr

    # ---------------------------------------------------------------- a pick for another setting
    def carried_over(self) -> Transfer | None:
        """What becomes of the pick where the settings are no longer those of the sweep; None where they are."""
        if self.analysis is None or self.sweep_job is None or self.synthetic:
            return None
        pick = self.analysis.recommendation
        lr = pick.lr if pick.lr is not None else pick.best_guess
        return None if lr is None else carry_over(lr, self.sweep_job, self.job)

    # ---------------------------------------------------------------- runs on disk
    def open_run(self, path: Path) -> bool:
        """Show a run from its log, sweep, training or race, with the settings it had; runs none of its code.

        Returns False, and a notice says why, where it can't be shown.
        """
        if self.busy:
            self.noticed.emit(Notice("info", "A run is going on: stop it before you open another one."))
            return False
        try:
            logged = read_log(path)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            self.noticed.emit(Notice("error", f"{path.name} could not be opened: {why}"))
            return False
        job, sweeps = logged.job, Records.of(logged.events)
        if job.kind not in ("sweep", "train", "race"):
            self.noticed.emit(Notice("error", f"{path.name} holds a {job.kind}, and there is nothing of it to show."))
            return False
        record = sweeps.first
        self.synthetic = "" if job.kind == "sweep" else self.synthetic
        self.noticed.emit(None)
        self.kind = job.kind
        self.set_job(job)
        if job.kind == "sweep":
            self.sweep_job, self.sweeps = job, sweeps
            self.sweep_started.emit()
            self._read_sweep()
        elif job.kind == "race":
            self.race_job, self.race = job, RaceRecord(job.race)
            record = self.race
            record.add(logged.events)
            self.race_started.emit()
        else:
            self.training_job, self.training = job, record
            self.training_started.emit()
            self.epoch_ended.emit()
        if record.task is not None:
            self.task_known.emit(record.task)
        if logged.warnings:
            self.noticed.emit(Notice("info", " ".join(logged.warnings)))
        end = record.end or EndEvent("killed", f"{path.name} was cut off: the program ended in the middle of the run.")
        self.run_ended.emit(end)
        return True

    def report(self) -> Report | None:
        """The sweep on screen, as it is to be exported; None where there is none."""
        if self.analysis is None or self.sweep_job is None or self.sweep is None or self.reading is None:
            return None
        return Report.of_sweeps(self.sweep_job, self.reading, self.analysis, self.sweep.end, self.synthetic)

    def _set_state(self, state: str) -> None:
        self.state = state
        self.state_changed.emit(state)

"""The window's state: the job, the runs on screen, the selection and the zones, and what can be undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QUndoStack

from lrgui.core.analysis import Analysis, analyse
from lrgui.core.curve import Curve
from lrgui.core.events import ERRORS, BatchEvent, EndEvent, Event, StateEvent
from lrgui.core.learning_rate import format_lr
from lrgui.core.zones import Zones
from lrgui.export.report import Report
from lrgui.gui.choices import Choices, ChoiceStep
from lrgui.gui.run_worker import RunWorker
from lrgui.runs.job import Job
from lrgui.runs.library import start_log
from lrgui.runs.log import LogWriter, read_log
from lrgui.runs.record import Record
from lrgui.runs.source import Source


@dataclass(frozen=True)
class Notice:
    """Something the person should know, shown above the plot until it is closed."""

    kind: str
    """`info`, `warning` or `error`."""
    text: str
    details: str = ""
    action: str = ""
    """Label of the button that mends it, empty where there is none."""
    act: Callable[[], None] | None = None

    def after(self, text: str) -> Notice:
        """This notice with another sentence before its own: there is one place for notices only."""
        kind = "warning" if self.kind == "info" else self.kind
        return replace(self, kind=kind, text=f"{text} {self.text}")


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

    def __init__(
        self,
        job: Job,
        open_source: Callable[[Job], Source],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._open_source = open_source
        self.job = job
        self.worker = RunWorker(self)
        self.worker.chunk.connect(self._on_chunk)
        self.worker.ended.connect(self._on_ended)
        self.undo_stack = QUndoStack(self)
        self._unreadable: dict[tuple[str, str], str] = {}
        self.state = "idle"
        self.kind = "sweep"
        """What goes on, or went on last: `sweep`, `train` or `aside`."""
        self.sweep_job: Job | None = None
        self.sweep: Record | None = None
        self.synthetic = ""
        """Name of the synthetic curve that is shown in the place of a sweep, empty for a measured one."""
        self.aside: Record | None = None
        """A sweep of the digits that is laid over other curves."""
        self.training_job: Job | None = None
        self.training: Record | None = None
        self.analysis: Analysis | None = None
        self._choices = Choices(None, None)
        self._journal: LogWriter | None = None

    # ---------------------------------------------------------------- settings of the job
    def edit(self, **changes: Any) -> None:
        """Change the job's parts: `task`, `sweep` or `train`, each a whole frozen config."""
        before = self.job
        self.job = replace(before, **changes)
        if self.job == before:
            return
        self.job_changed.emit(self.job)
        job = self.job
        self.problems_found.emit([*job.task.validate(), *job.sweep.validate(), *job.train.validate()])
        if self.job.sweep.beta != before.sweep.beta and not self.job.sweep.validate():
            self._smooth_again()

    def set_unreadable(self, part: str, name: str, text: str) -> None:
        """Remember that a field's text cannot be read, so that no run starts on an older value of it."""
        self._unreadable.pop((part, name), None)
        if text:
            self._unreadable[part, name] = text

    @staticmethod
    def _matters(part: str, kind: str) -> bool:
        """True where a run of `kind` uses that part of the job."""
        return part in {"sweep": ("task", "sweep"), "train": ("task", "train"), "aside": ()}[kind]

    def set_job(self, job: Job) -> None:
        """Take over all settings of `job`."""
        self.job_replaced.emit()
        self.edit(task=job.task, sweep=job.sweep, train=job.train)
        self.job_changed.emit(self.job)

    def _smooth_again(self) -> None:
        """β belongs to reading the curve, not to measuring it: everything follows from the raw losses."""
        if self.sweep_job is None:
            return
        self.sweep_job = replace(self.sweep_job, sweep=replace(self.sweep_job.sweep, beta=self.job.sweep.beta))
        if self.analysis is None:
            return
        curve = self.analysis.curve.with_beta(self.job.sweep.beta)
        self.analysis = analyse(curve, self.selection, self.zones, self._planned_range())
        self.analysis_changed.emit(self.analysis)

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
        self._show(replace(self._choices, selection=lr))

    def commit_selection(self, old: float | None, new: float) -> None:
        """A drag ended: make the way from `old` to `new` one step that can be undone."""
        self._choices = replace(self._choices, selection=old)
        self.select(new)

    def preview_zones(self, zones: Zones) -> None:
        """Follow a drag of a border or of the whole optimal zone."""
        self._show(replace(self._choices, zones=zones))

    def commit_zones(self, old: Zones, new: Zones) -> None:
        """A drag of a border ended."""
        self._choices = replace(self._choices, zones=old)
        self.set_zones(new)

    def set_zones(self, zones: Zones) -> None:
        """Set the zones, as one step that can be undone."""
        self._change("zones", replace(self._choices, zones=zones))

    def _change(self, text: str, after: Choices, nudge: bool = False) -> None:
        if after != self._choices:
            self.undo_stack.push(ChoiceStep(self._show, text, self._choices, after, nudge))

    def _show(self, choices: Choices) -> None:
        self._choices = choices
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
    def compare(self) -> None:
        """Sweep the built-in digits beside everything else: what is on screen stays."""
        self._start("aside")

    def show_synthetic(self, name: str, curve: Curve, zones: Zones) -> None:
        """Show a made-up curve in the place of a sweep; rules, checklist and export treat it like one."""
        if self.busy:
            self.noticed.emit(Notice("info", "A run is going on: stop it before you show another curve."))
            return
        self.noticed.emit(None)
        self.kind = "sweep"
        ends = replace(self.job.sweep, start_lr=zones.start, end_lr=zones.end, steps=len(curve))
        self.sweep_job, self.synthetic = replace(self.job, kind="sweep", sweep=ends), name
        end = EndEvent("completed", f"A synthetic curve: {name}. Nothing was trained.")
        points = zip(curve.lr.tolist(), curve.loss.tolist(), strict=True)
        self.sweep = Record.of([*(BatchEvent(0, i, lr, loss, 0.0) for i, (lr, loss) in enumerate(points)), end])
        self.sweep_started.emit()
        self._read_sweep(zones)
        self.run_ended.emit(end)

    def _start(self, kind: str) -> None:
        if self.busy:
            return
        self.about_to_run.emit()
        unread = [text for (part, _), text in self._unreadable.items() if self._matters(part, kind)]
        if unread:
            self.noticed.emit(Notice("warning", " ".join(unread)))
            return
        job = Job() if kind == "aside" else replace(self.job, kind=kind)
        problems = job.validate()
        self.problems_found.emit(problems)
        if problems:
            self.noticed.emit(Notice("warning", " ".join(str(problem) for problem in problems)))
            return
        self.noticed.emit(None)
        self.kind = kind
        record = Record()
        if kind == "aside":
            self.aside = record
        elif kind == "sweep":
            self.sweep_job, self.sweep, self.analysis, self.synthetic = job, record, None, ""
            self._choices = replace(self._choices, zones=None)
            self.undo_stack.clear()
            self.sweep_started.emit()
        else:
            self.training_job, self.training = job, record
            self.training_started.emit()
        self._set_state("starting")
        self._journal = start_log(job, origin="window")
        self.worker.start(self._open_source(job), self._journal)

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

    @property
    def record(self) -> Record | None:
        """What the present (or last) run has measured so far."""
        return {"sweep": self.sweep, "train": self.training, "aside": self.aside}[self.kind]

    @Slot(object)
    def _on_chunk(self, events: list[Event]) -> None:
        record = self.record
        assert record is not None
        had_task, epochs = record.task is not None, len(record.epochs)
        record.add(events)
        if not had_task and record.task is not None:
            self.task_known.emit(record.task)
        if len(record.epochs) != epochs:
            self.epoch_ended.emit()
        for event in events:
            if isinstance(event, StateEvent) and self.state != "stopping" and event.state != self.state:
                self._set_state(event.state)

    @Slot(object)
    def _on_ended(self, end: EndEvent) -> None:
        asked = self.state == "stopping"
        self._set_state("idle")
        if self.kind == "sweep":
            self._read_sweep()
        problem = self._journal.problem if self._journal is not None else None
        self._journal = None
        # Somebody who pressed Stop knows why it ended, even if it took force.
        notice = None if asked else self._how_it_ended(end)
        if problem:
            notice = Notice("warning", problem) if notice is None else notice.after(problem)
        if notice is not None:
            self.noticed.emit(notice)
        self.run_ended.emit(end)

    def _read_sweep(self, zones: Zones | None = None) -> None:
        """A sweep is over, however: read what was measured. `zones` are those known beforehand."""
        assert self.sweep is not None
        assert self.sweep_job is not None
        if not len(self.sweep.lr):
            self.analysis = None
            self.analysis_changed.emit(None)
            return
        curve = self.sweep.curve(self.sweep_job.sweep.beta)
        self.analysis = analyse(curve, zones=zones, planned_range=self._planned_range())
        selection = self.analysis.selection if self.analysis.selection is not None else self.selection
        self.undo_stack.clear()
        self.analysis_changed.emit(self.analysis)
        self._show(Choices(selection, self.analysis.zones))

    def _planned_range(self) -> tuple[float, float]:
        assert self.sweep_job is not None
        return self.sweep_job.sweep.start_lr, self.sweep_job.sweep.end_lr

    def _how_it_ended(self, end: EndEvent) -> Notice | None:
        record = self.record
        details = "".join(event.text for event in record.output).strip() if record is not None else ""
        if end.reason in ERRORS:
            return Notice("error", end.detail, details)
        if end.reason == "data_ended":
            return Notice("info", end.detail)
        if end.reason in ("diverged", "not_finite") and self.kind == "train":
            lower = self.job.train.max_lr / 10
            return Notice("warning", end.detail, action=f"Select {format_lr(lower)}", act=lambda: self.select(lower))
        if self.kind == "sweep" and self.analysis is not None and self.analysis.recommendation.lr is None:
            return Notice("warning", self.analysis.recommendation.reason)
        return None

    # ---------------------------------------------------------------- runs on disk
    def open_run(self, path: Path) -> None:
        """Show a run from its log, sweep or training, with the settings it had."""
        if self.busy:
            self.noticed.emit(Notice("info", "A run is going on: stop it before you open another one."))
            return
        try:
            logged = read_log(path)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            self.noticed.emit(Notice("error", f"{path.name} could not be opened: {why}"))
            return
        job, record = logged.job, Record.of(logged.events)
        self.synthetic = "" if job.kind == "sweep" else self.synthetic
        self.noticed.emit(None)
        self.kind = job.kind
        self.set_job(job)
        if job.kind == "sweep":
            self.sweep_job, self.sweep = job, record
            self.sweep_started.emit()
            self._read_sweep()
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

    def report(self) -> Report | None:
        """The sweep on screen, as it is to be exported; None where there is none."""
        if self.analysis is None or self.sweep_job is None or self.sweep is None:
            return None
        return Report(self.sweep_job, self.analysis, self.sweep.end, self.synthetic)

    def _set_state(self, state: str) -> None:
        self.state = state
        self.state_changed.emit(state)

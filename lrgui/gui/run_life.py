"""A run that goes on: how it is steered, and what becomes of what it says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from lrgui.core.budget import Budget
from lrgui.core.control import FINISH, LOWER, rate_request
from lrgui.core.events import (
    CheckEvent,
    Event,
    OutputEvent,
    ResumeEvent,
    RunKind,
    RunState,
    StateEvent,
    Stream,
)
from lrgui.core.formats import format_factor
from lrgui.gui.curve_editor import CurveEditor
from lrgui.gui.loading import RunLoading
from lrgui.gui.notice import Notice
from lrgui.gui.queue import Queue
from lrgui.gui.run_worker import RunWorker
from lrgui.runs.event_source import EventSource
from lrgui.runs.job import Job
from lrgui.runs.record import Record
from lrgui.runs.records import plan_of
from lrgui.runs.trust import Trust

if TYPE_CHECKING:
    from lrgui.runs.log_writer import LogWriter
    from lrgui.runs.sequential import InTurn


class RunLife(CurveEditor):
    """Steers the run that goes on, and hands on what it says; knows no widget. What is measured goes to `runs`."""

    about_to_run = Signal()
    """A run is about to start: what was typed and not yet confirmed is to be read now."""
    refused = Signal(object)
    """No run started, because of these fields: pairs of the part of the job ("train") and the field's name."""
    state_changed = Signal(str)
    """`idle`, `starting`, `running`, `paused` or `stopping`."""
    task_known = Signal(object)
    """The run's TaskEvent."""
    finishing = Signal()
    """The training was asked to stop after its epoch."""
    run_over = Signal(object)
    """The EndEvent, before anything is said of it: what shows the run draws its last points."""
    run_ended = Signal(object)
    """The EndEvent, once it is said how the run ended."""
    check_started = Signal()
    checked = Signal(object)
    """A CheckEvent."""
    check_ended = Signal(object)
    """The EndEvent of a check."""

    queue: Queue
    """Trainings that wait for their turn; made by what starts them."""

    def __init__(
        self,
        job: Job,
        open_source: Callable[[Job], EventSource],
        parent: QObject | None = None,
        trust: Trust | None = None,
    ) -> None:
        """`trust` knows which code may run; None is what the person trusts on this computer."""
        super().__init__(job, parent, trust)
        self._open_source = open_source

    def _set_up(self) -> None:
        super()._set_up()
        self.ready: Callable[[], object] | None = None
        """Prepares a process for the run after the present one."""
        self.follow: Callable[[Path], object] | None = None
        """Is told the log of each run as it begins, or goes on."""
        self.worker = RunWorker(self)
        self.worker.chunk.connect(self._on_chunk)
        self.loading = RunLoading(self)
        """Runs from disk on their way to the screen."""
        self.loading.noticed.connect(self.noticed)
        self._others = False
        """True while the run that goes on is one that is followed."""
        self.state: str = RunState.IDLE
        self.kind: str = RunKind.SWEEP
        """What goes on, or went on last: `sweep`, `train`, `race`, `compare`, `check` or `aside`."""
        self.asked_to_finish = False
        """True from when the training was asked to stop after its epoch to the next run."""
        self._running = self.job
        """The job of the present or last run."""
        self._journal: LogWriter | None = None
        self._turn: InTurn | None = None
        self._check: Record | None = None
        self._repeats: Path | None = None
        """The log of the run that the present one repeats."""
        self.prove = ""
        """What a sweep, and the race that measures what it is not sure of, may take, as `core.budget` reads it; empty
        for only the sweep."""
        self._proving = False
        """True while such a race goes on."""
        self._quiet = False
        """True while a training of the queue goes on: its table says how it ends."""
        self._said_where = False
        """True while what the run said last was where it is."""
        self.end_told = False
        """True where the message over the plot says how the last run ended: elsewhere a word is enough."""
        self._readied = False
        """True once the process of the next training of the queue was readied."""
        self._followed: float | None = None
        """The last rate that the form shows because the optimizer asked for it."""
        self.tasks.follow(self.job.task)

    @property
    def budget(self) -> Budget | None:
        """What sweep and race together may take; None for only the sweep."""
        return Budget.read(self.prove) if self.prove else None

    @property
    def busy(self) -> bool:
        """True while a run goes on, or is read at its end."""
        return self.worker.running or self.runs.finishing

    @property
    def measuring(self) -> bool:
        """True while a run goes on that has not said how it ended: closing the window would cut it off."""
        return self.worker.running and not self.worker.end_read

    @property
    def others(self) -> bool:
        """True while the run that goes on is one that somebody else computes, and is only followed."""
        return self._others

    @property
    def leaving(self) -> bool:
        """True while a run goes on that does not need the window: closing it only ends the following."""
        return self.measuring and self.worker.can_leave

    @property
    def record(self) -> Record | None:
        """What the present (or last) run has measured so far; of repeats the first."""
        return self._check if self.kind == RunKind.CHECK else self.runs.record(self.kind)

    # ---------------------------------------------------------------- steering
    @Slot()
    def toggle_pause(self) -> None:
        """Pause a running run, resume a paused one."""
        if self.state == RunState.RUNNING:
            self.worker.pause()
        elif self.state == RunState.PAUSED:
            self.worker.resume()

    def multiply_rate(self, factor: float) -> None:
        """Multiply the rates of the training that runs. Raises ValueError for what is no factor."""
        if self.kind == RunKind.TRAIN and self.worker.running:
            self.worker.ask(rate_request(factor))

    @Slot()
    def finish_epoch(self) -> None:
        """Stop the training when its epoch is over."""
        if self.kind == RunKind.TRAIN and self.worker.running and self.worker.ask(FINISH):
            self.asked_to_finish = True
            self.finishing.emit()

    @Slot()
    def stop(self) -> None:
        """Ask the run to end; everything measured so far is kept."""
        if self.busy and self.state != RunState.STOPPING:
            self._set_state(RunState.STOPPING)
            self.worker.stop()

    def close(self) -> None:
        """End whatever goes on; returns when it has ended."""
        self.queue.close()
        self.loading.close()
        self.runs.close()
        self.worker.close()
        self.tasks.close()

    def _set_state(self, state: str) -> None:
        self.state = state
        self.state_changed.emit(state)

    # ---------------------------------------------------------------- what it says
    @Slot(object)
    def _on_chunk(self, events: list[Event]) -> None:
        record = self.record
        assert record is not None
        had_task = record.task is not None
        if record is self._check:
            record.add(events)
        else:
            self.runs.add(self.kind, events)
        if not had_task and record.task is not None:
            self.task_known.emit(record.task)
            self._show_followed()
        if self._quiet and not self._readied and self.queue.waiting and len(record) and self.ready is not None:
            self._readied = True
            self.ready()
        if had_task and any(isinstance(event, ResumeEvent) for event in events):
            self.task_known.emit(record.task)  # it may be longer now
        notes = [
            event.text.strip() for event in events if isinstance(event, OutputEvent) and event.stream == Stream.NOTE
        ]
        if notes and self.kind != RunKind.CHECK:
            from lrgui.runs.remote.whereabouts import says_where

            self._said_where = all(map(says_where, notes))
            self.noticed.emit(self._noted(notes))
        for event in events:
            if isinstance(event, StateEvent) and self.state != RunState.STOPPING and event.state != self.state:
                self._set_state(event.state)
            elif isinstance(event, CheckEvent):
                self.checked.emit(event)

    def _noted(self, notes: Sequence[str]) -> Notice:
        """What the run says, with a button where something can be done about it at once."""
        from lrgui.core.validation_watch import RISEN

        notice = Notice("info", " ".join(notes))
        if not notes[-1].startswith(RISEN) or not self.worker.hears:
            return notice
        tip = f"Multiply the learning rate by {LOWER} from the next step on"
        return replace(notice, action=f"LR {format_factor(LOWER)}", tip=tip, act=lambda: self.multiply_rate(LOWER))

    def _show_followed(self) -> None:
        """The last rate may follow the optimizer of the task, and an unchosen length of the training its schedule: the
        form shows them until another task comes."""
        job, sweeps = self.runs.sweep_job, self.runs.sweeps
        if self._others or self.kind != RunKind.SWEEP or job is None or sweeps is None:
            return
        if job.sweep.end_lr != self._running.sweep.end_lr:
            self._followed = job.sweep.end_lr
            self.edit(sweep=replace(self.job.sweep, end_lr=self._followed))
        plan = plan_of(job.sweep, sweeps.first.task, sweeps.first.script)
        if self.job.sweep.length_usual and plan.planned_epochs is None and plan.steps is not None:
            self.edit(sweep=replace(self.job.sweep, planned_steps=plan.steps, planned_epochs=None))

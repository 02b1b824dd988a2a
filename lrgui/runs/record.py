"""What a run has measured so far, as arrays that grow."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lrgui.core.events import (
    BatchEvent,
    EndEvent,
    EpochEvent,
    Event,
    GradientEvent,
    OutputEvent,
    RateEvent,
    ResumeEvent,
    RunState,
    ScriptEvent,
    StateEvent,
    SweepEndEvent,
    TaskEvent,
)
from lrgui.core.run_settings import MOST_EPOCHS, MOST_LOSS, counted
from lrgui.runs.event_arrays import EventArrays

if TYPE_CHECKING:
    from lrgui.core.curve.curve import Curve

#: Room for this many batches is made at first, more when it is needed or planned.
FIRST_ROOM = 256
#: More is not reserved on the strength of a plan alone.
MOST_PLANNED_ROOM = 1 << 16
#: Characters of printed text that are kept; older text goes first. The run log has it all.
MOST_OUTPUT = 1_000_000

#: What a batch may have beside its loss, in the order of the rows that hold it.
_BESIDE = ("train_loss", "metric", "momentum")


class Record:
    """Collects the events of one sweep (of a run that may have several) or of one training.

    The arrays are views of what there is at the moment, read-only and never changed later: a longer record
    has new ones.
    """

    def __init__(self, sweep: int = 0) -> None:
        self.sweep = sweep
        """Which repeat is collected; batches of others are passed over."""
        self.started: datetime | None = None
        """When the run began; None where nobody said."""
        self.task: TaskEvent | None = None
        self.script: ScriptEvent | None = None
        """What was seen of a training script; None for other runs."""
        self.state: str = RunState.STARTING
        self.state_detail = ""
        self.epochs: list[EpochEvent] = []
        self._epoch_steps: list[int] = []
        self.gradients: list[GradientEvent] = []
        self.rate_changes: list[RateEvent] = []
        self.output: deque[OutputEvent] = deque()
        self.end: EndEvent | None = None
        """How the run ended."""
        self.sweep_end: SweepEndEvent | None = None
        """How this sweep ended, where the run has several."""
        self.log: Path | None = None
        """Where it is kept; None where nobody knows."""
        self.begun = 0
        """The step with which a training's schedule began: not the first where it got more epochs."""
        self._count = 0
        self._numbers = np.empty((3, FIRST_ROOM))  # rows: lr, loss, seconds
        self._steps = np.empty(FIRST_ROOM, dtype=np.int64)
        self._beside: NDArray[np.float64] | None = None  # rows: `_BESIDE`; only where a run has them
        self._printed = 0

    @classmethod
    def of(cls, events: Iterable[Event | EventArrays], sweep: int = 0) -> Record:
        """A record of `events`, for example those of a log."""
        record = cls(sweep)
        record.add(events)
        return record

    def add(self, events: Iterable[Event | EventArrays]) -> None:
        """Take in more events."""
        for event in events:
            if isinstance(event, EventArrays):
                if event.kind is BatchEvent:
                    self._add_rows(event)
            elif isinstance(event, BatchEvent):
                if event.sweep == self.sweep:
                    self._add_batch(event)
            elif isinstance(event, SweepEndEvent):
                if event.sweep == self.sweep:
                    self.sweep_end = event
            elif isinstance(event, EpochEvent):
                if len(self.epochs) < MOST_EPOCHS:  # a file can say anything
                    self.epochs.append(event)
                    self._epoch_steps.append(self._count)
            elif isinstance(event, GradientEvent):
                self.gradients.append(event)
            elif isinstance(event, RateEvent):
                self.rate_changes.append(event)
            elif isinstance(event, StateEvent):
                self.state, self.state_detail = event.state, event.detail
            elif isinstance(event, TaskEvent):
                self.task = event
                self._make_room(min(event.steps, MOST_PLANNED_ROOM))
            elif isinstance(event, ScriptEvent):
                self.script = event
            elif isinstance(event, OutputEvent):
                self._add_output(event)
            elif isinstance(event, EndEvent):
                self.end = event
            elif isinstance(event, ResumeEvent):
                self._go_back(event)

    @property
    def all_steps(self) -> int:
        """Optimizer steps from beginning to end, as far as it is planned: those that were taken back count twice. 0
        before that is known."""
        from lrgui.core.changed_plan import taken_back

        planned = self.task.steps if self.task is not None else 0
        return planned + taken_back(self.rate_changes, self.begun)

    @property
    def rate_factor(self) -> float:
        """By what a training's rates are multiplied now."""
        return self.rate_changes[-1].total if self.rate_changes else 1.0

    def __len__(self) -> int:
        return self._count

    @property
    def lr(self) -> NDArray[np.float64]:
        """Learning rates. Shape (batches,)."""
        return _view(self._numbers[0], self._count)

    @property
    def loss(self) -> NDArray[np.float64]:
        """Raw losses, NaN and infinity included. Shape (batches,)."""
        return _view(self._numbers[1], self._count)

    @property
    def seconds(self) -> NDArray[np.float64]:
        """Seconds since the first batch, pauses left out. Shape (batches,)."""
        return _view(self._numbers[2], self._count)

    @property
    def train_loss(self) -> NDArray[np.float64] | None:
        """The batches' own losses where `loss` is a validation loss, else None. Shape (batches,)."""
        return self._row_beside(0)

    @property
    def metric(self) -> NDArray[np.float64] | None:
        """The metric at each batch, None where none was measured. Shape (batches,)."""
        return self._row_beside(1)

    @property
    def momentum(self) -> NDArray[np.float64] | None:
        """The momentum of each step, where the schedule changes it, else None. Shape (batches,)."""
        return self._row_beside(2)

    @property
    def steps(self) -> NDArray[np.int64]:
        """The batches' steps, from 0. Shape (batches,)."""
        return _view(self._steps, self._count)

    def curve(self, beta: float = 0.98, points: NDArray[np.int64] | None = None) -> Curve:
        """The curve as far as it was measured; its end reason is None while the run goes on.

        `points` are the indices of those to take; None is all, in the order of their steps.
        """
        from lrgui.core.curve.curve import Curve
        from lrgui.runs.alignment import in_order

        planned = self.task.steps if self.task else self._count
        each = self.task.steps_per_point if self.task else 1
        taken = in_order(self.steps, self.lr) if points is None else points
        lr, loss = (self.lr, self.loss) if taken is None else (self.lr[taken], self.loss[taken])
        others = self.script is not None and self.script.meanwhile > 0
        return Curve.measured(lr, loss, planned, beta, self.end_reason, each, *self.known_losses, others)

    @property
    def epoch_steps(self) -> list[int]:
        """How many steps were measured when each of the epochs ended."""
        return self._epoch_steps

    @property
    def end_reason(self) -> str | None:
        """Why this sweep or training ended, None while it goes on."""
        end = self.sweep_end or self.end
        return None if end is None else end.reason

    @property
    def known_losses(self) -> tuple[float | None, float | None]:
        """The loss of guessing, and where all classes are equally likely (`EndEvent`); None while the run goes on."""
        end = self.sweep_end or self.end
        both = (None, None) if end is None else (end.guessing, end.uniform)
        guessing, uniform = (None if value is None or not math.isfinite(value) else value for value in both)
        return guessing, uniform

    def _go_back(self, event: ResumeEvent) -> None:
        """The training goes on from an earlier state: what came after that is measured again."""
        from lrgui.core.changed_plan import taken_back

        self.end = None
        self.begun = event.begun
        over = [
            event.counts_epoch(epoch.epoch, int(self._steps[count - 1]) + 1 if count else 0)
            for epoch, count in zip(self.epochs, self._epoch_steps, strict=True)
        ]
        self.epochs = list(compress(self.epochs, over))
        self._epoch_steps = list(compress(self._epoch_steps, over))
        self.gradients = [one for one in self.gradients if one.step < event.step]
        self.rate_changes = [one for one in self.rate_changes if one.step <= event.step]
        while event.factor is not None and self._changed_after(event.step, event.factor):
            self.rate_changes.pop()
        if self.task is not None:
            # Of the plan, as it was before: what was taken back on this schedule is no part of it.
            planned = event.steps - taken_back(self.rate_changes, event.begun)
            self.task = replace(self.task, steps=max(0, planned))
        chosen = np.flatnonzero(self._steps[: self._count] < event.step)
        if len(chosen) == self._count:
            return
        room, kept = len(self._steps), len(chosen)
        numbers, steps = np.empty((3, room)), np.empty(room, dtype=np.int64)  # what was shown of the old ones stays
        numbers[:, :kept], steps[:kept] = self._numbers[:, chosen], self._steps[chosen]
        if self._beside is not None:
            beside = np.full((len(self._beside), room), np.nan)
            there = chosen[chosen < self._beside.shape[1]]
            beside[:, : len(there)] = self._beside[:, there]
            self._beside = beside
        self._numbers, self._steps, self._count = numbers, steps, kept

    def _changed_after(self, step: int, factor: float) -> bool:
        """True where the last change came when a state was kept whose next step is `step`, but before that was taken:
        the state's rates are multiplied by `factor`, and nothing before it made them so."""
        return bool(self.rate_changes) and self.rate_changes[-1].step == step and self.rate_factor != factor

    def _add_batch(self, event: BatchEvent) -> None:
        if self._count == len(self._steps):
            self._make_room(self._count + self._count // 2)
        at = self._count
        self._numbers[0, at] = event.lr
        self._numbers[1, at] = counted(event.loss)
        self._numbers[2, at] = event.seconds
        self._steps[at] = event.step
        if event.train_loss is not None or event.metric is not None or event.momentum is not None:
            self._add_beside(at, event)
        self._count = at + 1

    def _add_rows(self, rows: EventArrays) -> None:
        columns = rows.columns
        if (columns["sweep"] != self.sweep).any():
            rows = rows.where(columns["sweep"] == self.sweep)
            columns = rows.columns
        begin, end = self._count, self._count + len(rows)
        if end > len(self._steps):
            self._make_room(max(end, begin + begin // 2))
        self._numbers[0, begin:end] = columns["lr"]
        self._numbers[1, begin:end] = _counted(columns["loss"])
        self._numbers[2, begin:end] = columns["seconds"]
        self._steps[begin:end] = columns["step"]
        for row, name in enumerate(_BESIDE):
            if name in columns:
                self._room_beside(begin)[row, begin:end] = _counted(columns[name])
        self._count = end

    def _add_beside(self, at: int, event: BatchEvent) -> None:
        beside = self._room_beside(at)
        for row, value in enumerate((event.train_loss, event.metric, event.momentum)):
            beside[row, at] = math.nan if value is None else counted(value)

    def _room_beside(self, at: int) -> NDArray[np.float64]:
        """Room for what is beside the losses; `at` is where the next comes."""
        if self._beside is None or self._beside.shape[1] < len(self._steps):
            beside = np.full((len(_BESIDE), len(self._steps)), np.nan)
            if self._beside is not None:
                beside[:, :at] = self._beside[:, :at]
            self._beside = beside
        return self._beside

    def _row_beside(self, row: int) -> NDArray[np.float64] | None:
        if self._beside is None:
            return None
        values = np.full(self._count, np.nan)
        measured = min(self._count, self._beside.shape[1])
        values[:measured] = self._beside[row, :measured]
        values.flags.writeable = False
        return None if np.isnan(values).all() else values

    def _make_room(self, room: int) -> None:
        if room <= len(self._steps):
            return
        numbers, steps = np.empty((3, room)), np.empty(room, dtype=np.int64)
        numbers[:, : self._count] = self._numbers[:, : self._count]
        steps[: self._count] = self._steps[: self._count]
        self._numbers, self._steps = numbers, steps

    def _add_output(self, event: OutputEvent) -> None:
        self.output.append(event)
        self._printed += len(event.text)
        while self._printed > MOST_OUTPUT and len(self.output) > 1:
            self._printed -= len(self.output.popleft().text)


def _counted(losses: NDArray[np.float64]) -> NDArray[np.float64]:
    """`counted` of many losses."""
    return np.where(np.abs(losses) > MOST_LOSS, np.copysign(np.inf, losses), losses)


def _view(array: NDArray, count: int) -> NDArray:  # type: ignore[type-arg]
    view = array[:count]
    view.flags.writeable = False
    return view

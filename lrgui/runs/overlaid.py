"""One run among others that are laid over each other: its curves, and what it came to."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lrgui.core.curve.sweep_reading import SweepReading
from lrgui.core.events import ACCURACIES, RunKind, StrEnum
from lrgui.core.metrics import higher_is_better
from lrgui.runs.epochs import judged_loss, judged_metric, steps_per_epoch
from lrgui.runs.going_on import goes_on
from lrgui.runs.job import Job
from lrgui.runs.notes import read_notes
from lrgui.runs.opened import OpenedRun
from lrgui.runs.race_record import Leg, RaceRecord
from lrgui.runs.record import Record
from lrgui.runs.summary import averaged, optimizer_of
from lrgui.runs.words import end_words

Floats = NDArray[np.float64]
_NONE: Floats = np.empty(0)


class Align(StrEnum):
    """What runs are laid over each other by."""

    LR = "lr"
    STEP = "step"
    EPOCH = "epoch"
    TIME = "time"


class Quantity(StrEnum):
    """What is drawn of them."""

    LOSS = "loss"
    VALIDATION = "validation"
    METRIC = "metric"


@dataclass(frozen=True, eq=False)
class Trace:
    """A line, or points, of a run."""

    x: Floats
    """Rising: learning rates, steps, epochs or seconds. Shape (n,)."""
    y: Floats
    """Shape (n,)."""
    points: bool = False
    """True where each point was measured by itself: it is marked."""
    beside: bool = False
    """True for a training of a race that is not its best."""


@dataclass(frozen=True)
class Result:
    """What a run came to; None where it has none of it."""

    rate: float | None = None
    """The pick of a sweep or race, the highest rate of a training."""
    final: float | None = None
    """The loss at the end of a training: of validation where it was measured."""
    best: float | None = None
    """The lowest loss: smoothed of a sweep, of an epoch of a training, of the best training of a race."""
    validated: bool = False
    """True where these losses are those of validation."""
    metric_name: str = ""
    final_metric: float | None = None
    best_metric: float | None = None


@dataclass(frozen=True, eq=False)
class OverlaidRun:
    """A run of any kind; one that goes on has a record that grows."""

    job: Job
    record: Record
    optimizer: str
    """For people, as far as it is known."""
    reading: SweepReading | None = None
    """Of a sweep."""
    started: datetime | None = None
    path: Path | None = None
    """Where it is kept; None for one that is not on disk."""
    name: str = ""
    """What somebody called it; empty for nothing."""
    _drawn: dict[tuple[str, str], tuple[tuple[int, int], list[Trace]]] = field(default_factory=dict, repr=False)
    """What was drawn of it last, and how long it was then: one of many that is over is not averaged again."""

    @classmethod
    def of(cls, opened: OpenedRun, path: Path | None = None, reading: SweepReading | None = None) -> OverlaidRun:
        """A run from disk; `reading` is that of a sweep, where it was read already."""
        job = opened.job
        if reading is None and job.kind == RunKind.SWEEP and len(opened.record):
            reading = opened.sweeps.read(job.sweep)
        name = "" if path is None else read_notes(path).name
        return cls(job, opened.record, optimizer_of(job, opened.record), reading, opened.created, path, name)

    @property
    def kind(self) -> str:
        """A `RunKind`."""
        return self.job.kind

    @property
    def ended(self) -> str:
        """How it ended, in a few words, or that it goes on."""
        end = self.record.end
        return end_words(self.kind, "" if end is None else str(end.reason), self.going)

    @property
    def going(self) -> bool:
        """True while it goes on, or waits for its turn."""
        return self.record.end is None and (self.path is None or goes_on(self.path))

    @property
    def steps(self) -> int:
        """Optimizer steps that it made."""
        return len(self.record) * self._per_point

    @property
    def seconds(self) -> float:
        """From its first batch to its last."""
        return float(self.record.seconds[-1]) if len(self.record) else 0.0

    @property
    def steps_per_epoch(self) -> float | None:
        """Optimizer steps that see each example once; None where nobody knows."""
        task = self.record.task
        if task is None or task.batches_per_epoch <= 0:
            return None
        return task.batches_per_epoch / self.job.config.accumulation

    @property
    def metric_name(self) -> str:
        """What it measured beside the loss; empty for nothing."""
        if isinstance(self.record, RaceRecord):
            measured = any(row.metric is not None for row in self.record.standings.ranking().rows)
            return (self.record.standings.metric_name or "metric") if measured else ""
        for epoch in reversed(self.record.epochs):
            found = judged_metric(epoch)
            if found is not None:
                return found[0]
        expected = self.record.task.metric_name if self.record.task is not None else ""
        if self.record.metric is None:
            return expected if self.kind == RunKind.TRAIN and self.going else ""
        return expected or "metric"

    @property
    def has_validation(self) -> bool:
        """True where losses of validation can be drawn by themselves."""
        return any(epoch.val_loss is not None for epoch in self.record.epochs)

    @cached_property
    def _per_point(self) -> int:
        task = self.record.task
        return 1 if task is None or self.kind != RunKind.SWEEP else max(1, task.steps_per_point)

    # ---------------------------------------------------------------- what it came to
    @property
    def result(self) -> Result:
        """What it came to, so far."""
        if isinstance(self.record, RaceRecord):
            return self._of_race(self.record)
        if self.kind == RunKind.SWEEP:
            return self._of_sweep()
        return self._of_training()

    def _of_race(self, record: RaceRecord) -> Result:
        ranking = record.standings.ranking()
        leader = ranking.leader
        if leader is None:
            return Result(ranking.lr)
        best = _finite(leader.loss)
        return Result(ranking.lr, None, best, _validates(record), self.metric_name, None, leader.metric)

    def _of_sweep(self) -> Result:
        reading = self.reading
        if reading is None:
            return Result()
        marks = reading.landmarks
        return Result(reading.recommendation.best_guess, None, None if marks is None else _finite(marks.lowest))

    def _of_training(self) -> Result:
        record, job = self.record, self.job
        rate = job.train.max_lr if not job.task.is_script else float(record.lr.max()) if len(record) else None
        losses = [judged_loss(epoch) for epoch in record.epochs]
        finite = [loss for loss in losses if math.isfinite(loss)]
        if not losses and self.going and record.task is not None and record.task.val_size > 0:
            return Result(rate, validated=True)  # from its first epoch on; other losses would be taken for them
        if not losses:
            smooth = averaged(record.loss)
            smooth = smooth[np.isfinite(smooth)]
            return Result(rate, float(smooth[-1]), float(smooth.min())) if len(smooth) else Result(rate)
        found = [each for epoch in record.epochs if (each := judged_metric(epoch)) is not None]
        name = self.metric_name
        values = [value for called, value in found if called == name and math.isfinite(value)]
        higher = name in ACCURACIES or higher_is_better(name)
        best = None if not values or (higher is None) else max(values) if higher else min(values)
        return Result(
            rate=rate,
            final=_finite(losses[-1]),
            best=min(finite, default=None),
            validated=record.epochs[-1].val_loss is not None,
            metric_name=name,
            final_metric=values[-1] if values else None,
            best_metric=best,
        )

    # ---------------------------------------------------------------- its curves
    def traces(self, align: str, quantity: str) -> list[Trace]:
        """What is drawn of it; nothing where it has no such thing. What is not finite is left out."""
        length = len(self.record), len(self.record.epochs) if self.record.end is None else -1
        before, found = self._drawn.get((align, quantity), (None, []))
        if before == length:
            return found
        found = [each for each in map(_kept, self._measured(align, quantity)) if len(each.x)]
        self._drawn[align, quantity] = length, found
        return found

    def _measured(self, align: str, quantity: str) -> list[Trace]:
        if isinstance(self.record, RaceRecord):
            return self._traces_of_race(self.record, align, quantity)
        if self.kind == RunKind.SWEEP:
            return self._traces_of_sweep(align, quantity)
        return self._traces_of_training(align, quantity)

    def _traces_of_sweep(self, align: str, quantity: str) -> list[Trace]:
        record, reading = self.record, self.reading
        if reading is None or quantity == Quantity.VALIDATION:
            return []
        if quantity == Quantity.METRIC:
            values, rates = record.metric, record.lr
        else:
            values, rates = reading.curve.smoothed, reading.curve.lr
        if values is None:
            return []
        x = rates if align == Align.LR else self._across(np.arange(len(values)) * self._per_point, align)
        count = min(len(x), len(values))
        return [Trace(x[:count], values[:count])]

    def _traces_of_training(self, align: str, quantity: str) -> list[Trace]:
        record = self.record
        if align == Align.LR:
            result = self.result
            value = result.best_metric if quantity == Quantity.METRIC else result.best
            if quantity == Quantity.VALIDATION and not self.has_validation:
                value = None
            if value is None or result.rate is None:
                return []
            return [Trace(np.array([result.rate]), np.array([value]), points=True)]
        if quantity == Quantity.LOSS:
            planned = record.task.steps if record.task is not None else 0
            x = self._across(np.arange(len(record)), align)
            return [Trace(x, averaged(record.loss, planned)[: len(x)])]
        if quantity == Quantity.METRIC and not record.epochs and record.metric is not None:
            x = self._across(np.arange(len(record)), align)
            return [Trace(x, record.metric[: len(x)])]
        each = steps_per_epoch(self.job, record)
        steps, values = [], []
        for epoch in record.epochs:
            found = judged_metric(epoch)
            value = epoch.val_loss if quantity == Quantity.VALIDATION else None if found is None else found[1]
            if value is not None:
                steps.append(epoch.epoch * each)
                values.append(value)
        return [Trace(self._across(np.array(steps, dtype=np.int64), align), np.array(values), points=True)]

    def _traces_of_race(self, record: RaceRecord, align: str, quantity: str) -> list[Trace]:
        ranking = record.standings.ranking()
        if align == Align.LR:
            rows = sorted((row for row in ranking.rows if row.round >= 0), key=lambda row: row.lr)
            if quantity == Quantity.METRIC:
                values = [math.nan if row.metric is None else row.metric for row in rows]
            else:
                wanted = quantity == Quantity.LOSS or _validates(record)
                values = [row.loss if wanted else math.nan for row in rows]
            return [Trace(np.array([row.lr for row in rows]), np.array(values, dtype=np.float64), points=True)]
        if quantity != Quantity.LOSS:
            return []
        best = None if ranking.leader is None else record.latest(ranking.leader.candidate)
        return [self._trace_of_leg(record, leg, align, best) for leg in record.legs]

    def _trace_of_leg(self, record: RaceRecord, leg: Leg, align: str, best: Leg | None) -> Trace:
        if align == Align.TIME:
            seconds = record.seconds[leg.start : leg.start + leg.count]
            x = seconds - seconds[0] if len(seconds) else _NONE
        else:
            x = self._across(np.arange(leg.count), align)
        y = averaged(record.losses(leg), leg.steps)
        count = min(len(x), len(y))
        return Trace(x[:count], y[:count], beside=leg is not best)

    def _across(self, steps: NDArray[np.int64], align: str) -> Floats:
        """Where steps, counted from 0, lie. Shape (n,) of (n,), or none where nobody knows."""
        if align == Align.STEP:
            return steps.astype(np.float64)
        if align == Align.EPOCH:
            each = self.steps_per_epoch
            return _NONE if each is None else steps / each
        seconds = self.record.seconds
        if not len(seconds):
            return _NONE
        at: Floats = seconds[np.minimum(steps // self._per_point, len(seconds) - 1)]
        return at


def _validates(record: RaceRecord) -> bool:
    """True where a race's trainings are judged by losses of validation."""
    return record.task is not None and record.task.val_size > 0


def _kept(trace: Trace) -> Trace:
    """A trace without what is not finite, and with both arrays of one length."""
    count = min(len(trace.x), len(trace.y))
    x, y = trace.x[:count], trace.y[:count]
    good = np.isfinite(x) & np.isfinite(y)
    return Trace(x[good], y[good], trace.points, trace.beside)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None

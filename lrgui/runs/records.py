"""What a run of several sweeps has measured so far: a record for each."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from lrgui.core.curve.plan import FAMILIES, SCHEDULES, Plan
from lrgui.core.curve.zones import Zones
from lrgui.core.events import WHOLE, BatchEvent, Event, ScriptEvent, SweepEndEvent, TaskEvent
from lrgui.core.run_settings import HIGHEST_LR, MOST_PLANNED, SweepSettings
from lrgui.runs.event_arrays import EventArrays
from lrgui.runs.record import Record

if TYPE_CHECKING:
    from lrgui.core.curve.curve import Curve
    from lrgui.core.curve.own_rate import OwnRate
    from lrgui.core.curve.sweep_reading import SweepReading

Kind = TypeVar("Kind", bound=np.generic)


def whole(records: Sequence[Record]) -> list[Record]:
    """The records of all whole sweeps; the first one alone, as far as it goes, where none is whole."""
    return [record for record in records if record.end_reason in WHOLE and len(record)] or list(records[:1])


def as_run(config: SweepSettings, task: TaskEvent) -> SweepSettings:
    """The settings of a sweep as it ran: its range may have followed the optimizer of the task."""
    end = task.end_lr
    return config if end is None or not config.start_lr < end <= HIGHEST_LR else replace(config, end_lr=end)


def plan_of(config: SweepSettings, task: TaskEvent | None, script: ScriptEvent | None = None) -> Plan:
    """The training that a sweep is made for: as its settings say, otherwise as its optimizer's schedule shows, or a
    script's own rates."""
    if task is None:
        return Plan(config.planned_steps, config.planned_schedule, planned_epochs=config.planned_epochs)
    from lrgui.core.optimizer_traits import finds_own_steps

    # A file can say anything.
    shown = task.schedule or ("" if script is None else script.planned)
    found = shown if shown in SCHEDULES else None
    schedule, steps, epochs = config.planned_schedule or found, config.planned_steps, config.planned_epochs
    if task.schedule_steps is not None and schedule == found and (config.length_usual or not (steps or epochs)):
        steps, epochs = min(task.schedule_steps, MOST_PLANNED), None
    elif epochs is not None and task.batches_per_epoch > 0:
        steps = min(epochs * -(-task.batches_per_epoch // config.accumulation), MOST_PLANNED)
    family = task.optimizer_family if task.optimizer_family in FAMILIES else None
    memory = task.memory if task.memory is not None and math.isfinite(task.memory) else None
    epoch = task.batches_per_epoch / config.accumulation if task.batches_per_epoch > 0 else None
    return Plan(
        steps,
        schedule,
        family,
        memory,
        epoch,
        task.train_size or None,
        task.parameters,
        finds_own_steps(task.optimizer),
        epochs,
    )


def own_of(task: TaskEvent | None, script: ScriptEvent | None = None) -> OwnRate | None:
    """The rate that the optimizer has of its own; of a script's, the highest one of all that was seen of it."""
    from lrgui.core.curve.own_rate import OwnRate

    if task is None:
        return None
    if script is not None and math.isfinite(script.peak_lr) and script.peak_lr > 0:
        chosen = task.own_chosen or script.peak_lr != task.own_lr
        return OwnRate(script.peak_lr, chosen, task.optimizer, script.rising)
    return None if task.own_lr is None else OwnRate(task.own_lr, task.own_chosen, task.optimizer)


class Records:
    """Collects the events of a run, each sweep's batches in a record of their own."""

    def __init__(self) -> None:
        self.all = [Record()]
        """By number of the sweep; never empty."""
        self._task: TaskEvent | None = None

    @classmethod
    def of(cls, events: Iterable[Event | EventArrays]) -> Records:
        """Records of `events`, for example those of a log."""
        records = cls()
        records.add(events)
        return records

    @property
    def first(self) -> Record:
        """The first sweep's record; it also has what the run printed and how it ended."""
        return self.all[0]

    def read(self, config: SweepSettings, zones: Zones | None = None) -> SweepReading:
        """What the sweeps, planned as `config`, say together; `zones` are those known beforehand."""
        from lrgui.core.curve.sweep_reading import read_sweep

        task = self.first.task
        config = config if task is None else as_run(config, task)
        return read_sweep(
            self.curves(config.beta),
            zones=zones,
            planned_range=(config.start_lr, config.end_lr),
            plan=plan_of(config, task, self.first.script),
            end=self.first.end,
            own=own_of(task, self.first.script),
        )

    @property
    def last(self) -> Record:
        """That of the sweep which goes on, or went on last."""
        return self.all[-1]

    def __len__(self) -> int:
        """Points of all sweeps."""
        return sum(len(record) for record in self.all)

    @property
    def seconds(self) -> float:
        """Seconds from the first to the last batch, of all sweeps together."""
        return sum(float(record.seconds[-1]) for record in self.all if len(record))

    def add(self, events: Iterable[Event | EventArrays]) -> None:
        """Take in more events."""
        for number, group in groupby(_cut(events), key=_sweep_of):
            some = list(group)
            if number is not None:
                self._record(number).add(some)
                continue
            told = [event for event in some if isinstance(event, TaskEvent)]
            if told and self._task is not None:  # another sweep's, of a run that has several tasks: not the first's
                some = [event for event in some if not isinstance(event, TaskEvent)]
            self._task = told[-1] if told else self._task
            self.first.add(some)

    def curves(self, beta: float = 0.98) -> tuple[Curve, ...]:
        """The curves of all whole sweeps; that of the first one alone, as far as it goes, where none is whole."""
        return tuple(record.curve(beta, points) for record, points in self._aligned()[0])

    def left_out(self) -> list[str]:
        """What `curves` leaves out of a log that was damaged, in sentences."""
        return self._aligned()[1]

    def _aligned(self) -> tuple[list[tuple[Record, NDArray[np.int64] | None]], list[str]]:
        """The whole sweeps with the points that all share (None is all), and sentences about the others."""
        from lrgui.runs.alignment import align, in_order

        records = whole(self.all)
        if len(records) < 2:
            return [(record, None) for record in records], []
        orders = [in_order(record.steps, record.lr) for record in records]
        steps = [_taken(record.steps, order) for record, order in zip(records, orders, strict=True)]
        rates = [_taken(record.lr, order) for record, order in zip(records, orders, strict=True)]
        if all(order is None for order in orders) and _agree(steps) and _agree(rates):
            return [(record, None) for record in records], []
        found, lacking = align(steps, rates)
        kept, sentences = list[tuple[Record, NDArray[np.int64] | None]](), list[str]()
        for record, order, points in zip(records, orders, found, strict=True):
            if points is None:
                sentences.append(f"Ignored: sweep {record.sweep + 1}, whose learning rates differ from the others.")
            else:
                kept.append((record, points if order is None else order[points]))
        if not any(points is not None and 2 * len(points) > len(record) for record, points in kept):
            return [(records[0], orders[0])], ["Ignored: all sweeps but one, because they share no learning rates."]
        if lacking:
            words = "1 step that is" if lacking == 1 else f"{lacking:,} steps that are"
            sentences.append(f"Ignored: {words} not in every sweep.")
        return kept, sentences

    def _record(self, number: int) -> Record:
        while len(self.all) <= number:
            self.all.append(Record.of([self._task] if self._task is not None else [], len(self.all)))
        return self.all[number]


def _taken(values: NDArray[Kind], order: NDArray[np.int64] | None) -> NDArray[Kind]:
    return values if order is None else values[order]


def _agree(rows: Sequence[NDArray[Any]]) -> bool:
    """True where all begin alike, as far as each goes."""
    longest = max(rows, key=len)
    return all(np.array_equal(row, longest[: len(row)]) for row in rows)


def _cut(events: Iterable[Event | EventArrays]) -> Iterator[Event | EventArrays]:
    """`events` with rows of one sweep each."""
    for event in events:
        if isinstance(event, EventArrays) and event.kind is BatchEvent:
            yield from event.runs_of("sweep")
        else:
            yield event


def _sweep_of(event: Event | EventArrays) -> int | None:
    if isinstance(event, EventArrays):
        return int(event.columns["sweep"][0]) if event.kind is BatchEvent else None
    return event.sweep if isinstance(event, BatchEvent | SweepEndEvent) else None

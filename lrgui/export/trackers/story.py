"""From a run's events to what a tracker records of it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, fields, replace
from functools import cache
from itertools import groupby
from typing import Any

import numpy as np

from lrgui.core.events import (
    BatchEvent,
    CandidateEvent,
    EndEvent,
    EndReason,
    EpochEvent,
    Event,
    GradientEvent,
    RateEvent,
    RunKind,
    StandingEvent,
    SweepEndEvent,
    TaskEvent,
)
from lrgui.core.learning_rate import format_lr
from lrgui.core.options import Scalar
from lrgui.core.settings import settings_of
from lrgui.export.trackers.tracked_run import About, Ending, TrackedRun
from lrgui.runs.event_arrays import EventArrays
from lrgui.runs.job import Job

#: Events that wait at most before they are recorded.
MOST_WAITING = 10_000
#: What an event says of its place rather than of what was measured.
_PLACE = ("sweep", "step", "seconds", "epoch", "metric_name")
#: What the task says, and what that is called among the settings.
_OF_TASK = {
    "optimizer": "optimizer",
    "device": "device",
    "parameters": "trainable_parameters",
    "train_size": "train_size",
    "val_size": "val_size",
    "batches_per_epoch": "batches_per_epoch",
    "steps": "total_steps",
    "own_lr": "optimizer_lr",
}
#: Where the settings of data, model and optimizer stand among those of the task.
_PARTS = {"options": "data", "model_options": "model", "optimizer_options": "optimizer"}
#: A training of a race (round, candidate) or a repeat of a sweep (number, 0); None is the run itself.
Key = tuple[int, int] | None


def parameters_of(job: Job) -> dict[str, Scalar]:
    """The settings of a run by name: "optimizer", "batch_size", "max_lr"; those of its model as "model.depth"."""
    found: dict[str, Scalar] = {}
    for name, value in [*asdict(job.task).items(), *settings_values(job.config).items()]:
        more = {f"{_PARTS[name]}.{key}": each for key, each in value.items()} if name in _PARTS else {name: value}
        found |= {key: each for key, each in more.items() if each is not None and each != ""}
    return found


def settings_values(config: Any) -> dict[str, Any]:
    """The settings of a settings class by name, without what it keeps beside them."""
    cls: type = type(config)
    return {option.name: getattr(config, option.name) for option in settings_of(cls)}


class Story:
    """Tells one run to one tracker. It is begun there once its task is known."""

    def __init__(self, about: About, begin: Callable[[About], TrackedRun], most_points: int) -> None:
        self._about, self._begin, self._most = about, begin, most_points
        self._metric = ""
        self._judged = "train/final_loss"
        """What a race's training is judged by."""
        self._every = 1
        self._steps = 0
        self._parts: dict[Key, _Part] = {}

    def add(self, events: Iterable[Event | EventArrays]) -> None:
        """Take in more events; what is recorded may wait for `flush`."""
        for event in events:
            if isinstance(event, TaskEvent):
                self._known(event)
            elif isinstance(event, EventArrays):
                self._rows(event)
            elif isinstance(event, BatchEvent | CandidateEvent):
                self._one(event)
            elif isinstance(event, EpochEvent):
                self._epoch(event)
            elif isinstance(event, GradientEvent):
                norms = {f"_group_{number}": norm for number, norm in (event.groups or {}).items()}
                norms = {f"train/gradient_norm{name}": norm for name, norm in {"": event.norm, **norms}.items()}
                self._main.add(event.step, norms)
            elif isinstance(event, RateEvent):
                self._main.add(event.step, {"train/lr_factor": event.total})
            elif isinstance(event, StandingEvent):
                self._stands(event)
            elif isinstance(event, SweepEndEvent):
                self._close_part((event.sweep, 0), EndEvent(event.reason, event.detail))

    def flush(self) -> None:
        """Let everything so far be seen."""
        for part in self._parts.values():
            part.record()
            part.run.flush()

    def close(self, ending: Ending) -> None:
        """The run is over."""
        main = self._main
        for key in list(self._parts):
            self._close_part(key, ending.end)
        main.record()
        main.run.close(ending)

    @property
    def _main(self) -> _Part:
        """The run itself, which is begun where it was not."""
        if None not in self._parts:
            group = "train" if self._about.kind == RunKind.TRAIN else "sweep"
            self._parts[None] = _Part(self._begin(self._about), self._names(group))
        return self._parts[None]

    def _known(self, task: TaskEvent) -> None:
        if None in self._parts:
            return  # a repeat's
        self._metric = task.metric_name
        if task.val_size:
            self._judged = "val/loss"
        more = {_OF_TASK[name]: getattr(task, name) for name in _OF_TASK}
        more = {name: value for name, value in more.items() if value not in (None, "")}
        self._about = replace(self._about, parameters={**self._about.parameters, **more})
        repeats = self._about.parameters.get("repeats", 1) if self._about.kind == RunKind.SWEEP else 1
        self._plan(task.steps * int(repeats or 1))
        self._main.run.flush()

    def _plan(self, steps: int) -> None:
        self._every = max(1, math.ceil(steps / self._most))

    # ---------------------------------------------------------------- what was measured
    def _rows(self, rows: EventArrays) -> None:
        for some in rows.runs_of(*(("round", "candidate") if rows.kind is CandidateEvent else ("sweep",))):
            columns = some.columns
            part = self._part({name: columns[name][0] for name in columns}, rows.kind)
            wanted = some.where(columns["step"] % self._every == 0)
            if len(wanted):
                named = {part.names[name]: wanted.columns[name] for name in part.names if name in columns}
                part.record()
                part.run.points(wanted.columns["step"], named, wanted.columns["seconds"])
            self._steps, part.seconds = int(columns["step"][-1]), float(columns["seconds"][-1])

    def _one(self, event: BatchEvent | CandidateEvent) -> None:
        self._steps = event.step
        part = self._part(vars(event), type(event))
        part.seconds = event.seconds
        if event.step % self._every == 0:
            part.add(event.step, {name: getattr(event, name) for name in part.names})

    def _epoch(self, event: EpochEvent) -> None:
        values = {"epoch": float(event.epoch)}
        for item in fields(event):
            value = getattr(event, item.name)
            if isinstance(value, dict):  # all metrics of the training or the validation data, by name
                values |= {_epoch_name(item.name.partition("_")[0], _named(name)): value[name] for name in value}
            if item.name in (*_PLACE, "lr") or not isinstance(value, int | float):
                continue
            group, _, rest = item.name.partition("_")
            rest = _named(event.metric_name) if rest == "metric" and event.metric_name else rest
            values[_epoch_name(group, rest) if rest else item.name] = float(value)
        self._main.seconds = event.seconds
        self._main.add(self._steps, values)

    def _stands(self, event: StandingEvent) -> None:
        """A race's training is over, or where it stood is told again."""
        key = (event.round, event.candidate)
        part = self._parts.get(key)
        if part is not None:
            values = {self._judged: event.loss}
            if event.metric is not None:
                values[f"val/{_named(self._metric)}"] = event.metric
            part.add(self._steps, values)
            reason = EndReason.DIVERGED if math.isinf(event.loss) else EndReason.COMPLETED
            self._close_part(key, EndEvent(reason, ""))

    # ---------------------------------------------------------------- parts
    def _part(self, at: Mapping[str, Any], kind: type) -> _Part:
        """What an event with these fields belongs to."""
        raced = kind is CandidateEvent
        key = (int(at["round"]), int(at["candidate"])) if raced else (int(at["sweep"]), 0) if at["sweep"] else None
        if key is None:
            return self._main
        if key not in self._parts:
            self._parts[key] = self._raced(at) if raced else self._repeat(key[0] + 1)
        return self._parts[key]

    def _raced(self, at: Mapping[str, Any]) -> _Part:
        lr, turn = float(at["lr"]), int(at["round"]) + 1
        self._plan(int(at["steps"]))
        name = f"lr {format_lr(lr)}" + (f" round {turn}" if turn > 1 else "")
        return _Part(self._main.run.part(name, {"max_lr": lr, "round": turn}), {"loss": "train/loss"})

    def _repeat(self, number: int) -> _Part:
        return _Part(self._main.run.part(f"repeat {number}", {}), self._names("sweep"))

    def _names(self, group: str) -> dict[str, str]:
        """What a batch's numbers are called, by field."""
        return {name: f"{group}/{_named(self._metric) if name == 'metric' else name}" for name in _measured()}

    def _close_part(self, key: Key, end: EndEvent) -> None:
        part = self._parts.get(key)
        if part is not None and key is not None:
            part.record()
            del self._parts[key]
            part.run.close(Ending(end))


class _Part:
    """A row of steps, and what waits to be recorded of it."""

    def __init__(self, run: TrackedRun, names: dict[str, str]) -> None:
        self.run, self.names = run, names
        self.seconds = 0.0
        """When it was measured last."""
        self._waiting: list[tuple[int, float, dict[str, float]]] = []

    def add(self, step: int, values: Mapping[str, float | None]) -> None:
        """Numbers by field of an event, or by name."""
        known = {self.names.get(name, name): value for name, value in values.items() if value is not None}
        self._waiting.append((step, self.seconds, known))
        if len(self._waiting) >= MOST_WAITING:
            self.record()

    def record(self) -> None:
        """Record what waits: neighbours with the same numbers together."""
        waiting, self._waiting = self._waiting, []
        for names, group in groupby(waiting, key=lambda each: tuple(each[2])):
            some = list(group)
            if names:
                columns = {name: np.array([values[name] for *_, values in some], dtype=float) for name in names}
                steps, seconds = np.array([step for step, *_ in some]), np.array([second for _, second, _ in some])
                self.run.points(steps, columns, seconds)


@cache
def _measured() -> tuple[str, ...]:
    """What a batch measures, beside its place."""
    return tuple(item.name for item in fields(BatchEvent) if item.name not in _PLACE and "float" in str(item.type))


def _epoch_name(group: str, name: str) -> str:
    """A number of an epoch: the training's own loss has one for each step, too."""
    return f"train/epoch_{name}" if group == "train" else f"{group}/{name}"


def _named(metric: str) -> str:
    """A metric's name as all trackers take it."""
    return re.sub(r"[^\w.:-]+", "_", metric.strip()).strip("_") or "metric"

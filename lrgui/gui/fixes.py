"""What one click changes in the settings after a run, so that the next one goes better."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lrgui.core.curve.confidence import NoiseAdvice, RangeAdvice
from lrgui.core.curve.plan import ONE_CYCLE
from lrgui.core.events import EndEvent, EndReason, RunKind
from lrgui.core.learning_rate import format_lr
from lrgui.core.lower_rate import LowerRate
from lrgui.runs.job import Job

#: What starts which kind of job.
KEYS: dict[str, str] = {RunKind.SWEEP: "F5", RunKind.TRAIN: "F6", RunKind.RACE: "F7"}


@dataclass(frozen=True)
class Repair:
    """A change of settings that is offered after a run."""

    label: str
    """What the button says."""
    tip: str = ""
    """What exactly it changes."""
    done: str = ""
    """What to say afterwards: how to go on."""
    task: dict[str, Any] = field(default_factory=dict)
    """Settings of the task and of the sweep, by name."""
    sweep: dict[str, Any] = field(default_factory=dict)
    select: float | None = None
    """The highest rate of a training on `schedule` whose learning rate it selects."""
    schedule: str = ONE_CYCLE
    """One of `core.curve.plan.SCHEDULES`."""
    starts: str = ""
    """The kind of run that it starts with that; empty for none."""


def repair_for(end: EndEvent, job: Job) -> Repair | None:
    """What mends `job`, which ended so; None where no setting does."""
    if end.reason == EndReason.OUT_OF_MEMORY and job.task.batch_size > 1:
        return _half_batch(job)
    if end.reason == EndReason.LOADER_DIED and job.task.loader_workers > 0:
        tip = "Loads batches in the run itself: slower, but no worker can crash"
        return Repair(
            "Use 0 workers",
            tip,
            f"DataLoader workers set to 0. Start again with {KEYS[job.kind]}.",
            {"loader_workers": 0},
        )
    return None


def train_again(lower: LowerRate, schedule: str) -> Repair:
    """Train again on `schedule` at the rate that is advised."""
    rate = format_lr(lower.max_lr)
    tip = f"Select {rate}, {lower.why}, and train again"
    return Repair(f"Train at {rate}", tip, select=lower.max_lr, schedule=schedule, starts=RunKind.TRAIN)


def other_sweep(advice: RangeAdvice | NoiseAdvice) -> Repair:
    """The sweep that would have shown the curve, started at once."""
    tip = f"Change the settings and sweep {advice.words}"
    return Repair(
        f"Sweep {advice.words.removeprefix('from ')} instead", tip, sweep=advice.settings, starts=RunKind.SWEEP
    )


def race_around(guess: float) -> Repair:
    """Short trainings around a guess, the maximum of a OneCycle: it is measured, not used."""
    words = format_lr(guess)
    tip = f"Select {words}, which is only a guess, and measure the best rate around it by short trainings"
    return Repair(f"Verify around {words}", tip, select=guess, starts=RunKind.RACE)


def _half_batch(job: Job) -> Repair:
    size, batches = job.task.batch_size // 2, 2 * job.sweep.accumulation
    change = f"Batch size {size:,}, accumulation {batches:,}"
    tip = f"{change}: each step still learns from as many examples, in half the memory"
    done = f"{change}: same effective batch size. Start again with {KEYS[job.kind]}."
    return Repair("Use half the batch size", tip, done, {"batch_size": size}, {"accumulation": batches})

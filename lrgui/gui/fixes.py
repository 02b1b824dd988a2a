"""What one click changes in the settings after a run, so that the next one goes better."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lrgui.core.curve.confidence import RangeAdvice
from lrgui.core.events import EndEvent, EndReason, RunKind
from lrgui.core.learning_rate import format_lr
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
    """The maximum of a OneCycle whose learning rate it selects."""
    sweeps: bool = False
    """It starts a sweep with that."""


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


def lower_rate(job: Job) -> Repair:
    """A tenth of the rate of a training."""
    lower = job.train.max_lr / 10
    return Repair(f"Select {format_lr(lower)}", select=lower)


def other_range(advice: RangeAdvice) -> Repair:
    """The range that would have shown the curve, swept at once."""
    words = f"{format_lr(advice.start_lr)} to {format_lr(advice.end_lr)}"
    tip = f"Set the range of the sweep to {words} and start it"
    ends = {"start_lr": advice.start_lr, "end_lr": advice.end_lr}
    return Repair(f"Sweep {words} instead", tip, sweep=ends, sweeps=True)


def _half_batch(job: Job) -> Repair:
    size, batches = job.task.batch_size // 2, 2 * job.sweep.accumulation
    change = f"Batch size {size:,}, accumulation {batches:,}"
    tip = f"{change}: each step still learns from as many examples, in half the memory"
    done = f"{change}: same effective batch size. Start again with {KEYS[job.kind]}."
    return Repair("Use half the batch size", tip, done, {"batch_size": size}, {"accumulation": batches})

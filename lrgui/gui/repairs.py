"""What one click changes in the settings after a failure, so that the next run goes through."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lrgui.core.events import EndEvent
from lrgui.runs.job import Job

#: What starts which kind of job.
KEYS = {"sweep": "F5", "train": "F6", "race": "F7"}


@dataclass(frozen=True)
class Repair:
    """A change of settings that is offered after a run."""

    label: str
    """What the button says."""
    tip: str
    """What exactly it changes."""
    done: str
    """What to say afterwards: how to go on."""
    task: dict[str, Any] = field(default_factory=dict)
    """Settings of the task and of the sweep, by name."""
    sweep: dict[str, Any] = field(default_factory=dict)


def repair_for(end: EndEvent, job: Job) -> Repair | None:
    """What mends `job`, which ended so; None where no setting does."""
    if end.reason == "out_of_memory" and job.task.batch_size > 1:
        return _half_batch(job)
    if end.reason == "loader_died" and job.task.loader_workers > 0:
        tip = "Batches are then loaded in the run itself: slower, but nothing is left that could die"
        return Repair("Use 0 loaders", tip, f"0 loaders. Start again with {KEYS[job.kind]}.", {"loader_workers": 0})
    return None


def _half_batch(job: Job) -> Repair:
    size, batches = job.task.batch_size // 2, 2 * job.sweep.accumulation
    change = f"Batch size {size:,}, accumulation {batches:,}"
    tip = f"{change}: each step still learns from as many examples, in half the memory"
    done = f"{change}: each step still learns from as many examples. Start again with {KEYS[job.kind]}."
    return Repair("Use half the batch size", tip, done, {"batch_size": size}, {"accumulation": batches})

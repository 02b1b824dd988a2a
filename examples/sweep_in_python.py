"""Sweep, read and export in plain Python, without a window: `python examples/sweep_in_python.py [FOLDER]`.

Runs the built-in digits with two optimizers in this very process, prints what each curve says, writes picture,
points and the whole run of each to FOLDER (default: the current one), and trains shortly with SGD's pick.
"""

from __future__ import annotations

import sys
from pathlib import Path

from lrgui.core.analysis import analyse
from lrgui.core.config import SweepConfig, TrainConfig
from lrgui.core.events import BatchEvent, EpochEvent
from lrgui.export import export
from lrgui.export.report import Report
from lrgui.runs.in_process import run_job
from lrgui.runs.job import Job
from lrgui.runs.record import Record
from lrgui.tasks.spec import TaskSpec


def sweep(task: TaskSpec) -> Report:
    """Run one sweep and read its curve."""
    job = Job("sweep", task, SweepConfig(start_lr=1e-6, end_lr=1.0, steps=200))
    record = Record()
    for event in run_job(job):  # a run is a stream of events, and never raises
        record.add([event])
        if isinstance(event, BatchEvent) and event.step % 50 == 0:
            print(f"  step {event.step:3d}  lr {event.lr:.1e}  loss {event.loss:.3f}")
    assert record.end is not None
    print(f"  {record.end.reason}: {record.end.detail}")
    curve = record.curve(job.sweep.beta)
    return Report(job, analyse(curve, planned_range=(job.sweep.start_lr, job.sweep.end_lr)), record.end)


def train(task: TaskSpec, max_lr: float) -> None:
    """A short OneCycle training with the chosen rate."""
    for event in run_job(Job("train", task, train=TrainConfig(epochs=6, max_lr=max_lr))):
        if isinstance(event, EpochEvent):
            print(f"  epoch {event.epoch}  loss {event.train_loss:.3f}  validation accuracy {event.val_accuracy:.1%}")


def main() -> None:
    """Two optimizers, two picks, one training."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(".")
    for optimizer in ("adamw", "sgd"):
        task = TaskSpec(source="digits", model="cnn", optimizer=optimizer)
        print(task.title)
        report = sweep(task)
        analysis = report.analysis
        print(f"  {analysis.interpretation}")
        pick = analysis.recommendation
        print(f"  pick {pick.lr:.1e}: {pick.reason}" if pick.lr else f"  no pick: {pick.reason}")
        for suggestion in analysis.suggestions.values():
            number = "–" if suggestion.lr is None else f"{suggestion.lr:.1e}"
            print(f"    {suggestion.label:14s} {number}")
        for key in ("png", "csv", "json"):
            path = folder / f"digits-{optimizer}.{key}"
            export(report, path, key)
            print(f"  wrote {path}")
    if pick.lr:
        print(f"training with {task.title}, max LR {pick.lr:.1e}")
        train(task, pick.lr)


if __name__ == "__main__":
    main()

"""Logs of a sweep with a repeat, a training and a race, as runs write them; no torch."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from lrgui.core.events import (
    BatchEvent,
    CandidateEvent,
    EndEvent,
    EndReason,
    EpochEvent,
    Event,
    RunKind,
    StandingEvent,
    SweepEndEvent,
    TaskEvent,
)
from lrgui.core.run_settings import RaceSettings, SweepSettings, TrainSettings
from lrgui.runs.job import Job
from lrgui.runs.log_writer import LogWriter

STEPS = 120
CREATED = datetime(2026, 11, 30, 15, 47, tzinfo=timezone.utc)
RATES = (0.01, 0.1)


def task(steps: int) -> TaskEvent:
    """Digits, told by the worker."""
    return TaskEvent(
        name="digits · small CNN · SGD",
        detail="1,347 training images",
        train_size=1347,
        val_size=450,
        parameters=3818,
        classes=10,
        device="cpu",
        batches_per_epoch=20,
        steps=steps,
        metric_name="accuracy",
        optimizer="SGD",
    )


def sweep_job() -> Job:
    return Job(sweep=SweepSettings(steps=STEPS, repeats=2))


def sweep_events() -> list[Event]:
    """Two sweeps whose loss falls and rises."""
    events: list[Event] = [task(STEPS)]
    for sweep in range(2):
        for step in range(STEPS):
            x = 6 * step / (STEPS - 1)
            loss = 2.3 - 2 / (1 + math.exp(-3 * (x - 3.5))) + math.exp(6 * (x - 5.6)) + 0.01 * sweep
            events.append(BatchEvent(sweep, step, 10 ** (x - 6), loss, 0.01 * step))
        events.append(SweepEndEvent(sweep, EndReason.COMPLETED, "All steps were measured."))
    return [*events, EndEvent(EndReason.COMPLETED, "All steps were measured.")]


def train_job() -> Job:
    return replace(Job().training(), train=TrainSettings(epochs=2, max_lr=0.05))


def train_events() -> list[Event]:
    """Two epochs of 20 steps."""
    events: list[Event] = [task(40)]
    for step in range(40):
        events.append(BatchEvent(0, step, 0.05 - 0.001 * step, 2.0 / (1 + step), 0.01 * step))
        if step % 20 == 19:
            events.append(EpochEvent(step // 20 + 1, 1.0, 0.9, 0.5, 0.6 + step / 100, 0.03, 0.01 * step))
    return [*events, EndEvent(EndReason.COMPLETED, "All 2 epochs were trained.")]


def race_job() -> Job:
    return Job(kind=RunKind.RACE, race=RaceSettings(around=0.01, steps=10))


def race_events() -> list[Event]:
    """Two trainings of ten steps; the second one breaks."""
    events: list[Event] = [task(20)]
    for candidate, lr in enumerate(RATES):
        for step in range(10):
            events.append(CandidateEvent(0, candidate, lr, step, 10, 1.0 / (1 + step), 0.1 * candidate + 0.01 * step))
        loss = math.inf if candidate else 0.2
        events.append(StandingEvent(0, candidate, lr, loss, not candidate, 10, None if candidate else 0.9))
    return [*events, EndEvent(EndReason.COMPLETED, "Measured.")]


RUNS = {"sweep": (sweep_job, sweep_events), "train": (train_job, train_events), "race": (race_job, race_events)}


def write_logs(folder: Path) -> dict[str, Path]:
    """The three logs, by kind."""
    paths = {}
    for kind, (job, events) in RUNS.items():
        paths[kind] = folder / f"{kind}.lrrun"
        with LogWriter(paths[kind], job(), created=CREATED) as writer:
            writer.write(events())
    return paths

"""Studies whose runs are made up: what a driver does with them needs no torch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

import numpy as np
import pytest

from lrgui.core.events import (
    BatchEvent,
    CandidateEvent,
    EndEvent,
    EndReason,
    EpochEvent,
    Event,
    RunKind,
    StandingEvent,
    StateEvent,
)
from lrgui.runs.event_source import Told
from lrgui.runs.job import Job
from lrgui.studies.driver import Driver, Watch
from lrgui.studies.executor import LocalPool
from lrgui.studies.folder import StudyFolder
from lrgui.studies.plan import Plan, planned
from lrgui.studies.results import StudyResults
from lrgui.studies.spec import StudySpec

#: A study of four sweeps.
FOUR = StudySpec("digits", grid={"optimizer": ("sgd", "adamw"), "batch_size": (32, 64)})


def sweep_events(job: Job) -> list[Event]:
    """A sweep with a valley whose place follows the batch: its pick is proportional to it."""
    best = 3e-3 * job.task.batch_size / 32
    lr = np.geomspace(1e-6, 1.0, 200)
    fall = 2.3 - 1.8 / (1 + (best * 0.3 / lr) ** 1.5)
    loss = fall + np.where(lr > 5 * best, (lr / (5 * best)) ** 2 - 1, 0.0)
    loss += np.random.default_rng(job.task.seed).normal(0, 0.01, 200)
    kept = loss < 9
    batches = [
        BatchEvent(0, step, float(rate), float(value), 0.01 * step)
        for step, (rate, value) in enumerate(zip(lr[kept], loss[kept], strict=True))
    ]
    return [StateEvent("running"), *batches, EndEvent(EndReason.DIVERGED, "Done.")]


def events_of(job: Job) -> list[Event]:
    """What a run of any kind says."""
    if job.kind == RunKind.SWEEP:
        return sweep_events(job)
    if job.kind == RunKind.TRAIN:
        steps = [BatchEvent(0, step, job.train.max_lr, 2.0 / (1 + step), 0.01 * step) for step in range(5)]
        epoch = EpochEvent(1, 0.8, 0.4, None, None, job.train.max_lr, 0.05)
        return [*steps, epoch, EndEvent(EndReason.COMPLETED, "Trained.")]
    lrs, middle, steps = job.race.lrs(), job.race.middle, job.race.steps
    said: list[Event] = []
    for number, loss in ((middle - 1, 0.3), (middle, 0.1), (middle + 1, 0.2)):
        said += [CandidateEvent(0, number, lrs[number], step, steps, 1.0, 0.1 * step) for step in range(2)]
        said.append(StandingEvent(0, number, lrs[number], loss, True, steps))
    return [*said, EndEvent(EndReason.COMPLETED, "Raced.")]


class Scripted:
    """An `EventSource` that says what it was given, in two chunks."""

    def __init__(self, events: Sequence[Event], gate: threading.Event | None = None) -> None:
        self.events, self.gate, self.stop = list(events), gate, threading.Event()

    def chunks(self) -> Generator[list[Event], None, None]:
        half = len(self.events) // 2
        yield self.events[:half]
        if self.gate is not None:
            while not (self.gate.wait(0.01) or self.stop.is_set()):
                pass
        if self.stop.is_set():
            yield [EndEvent(EndReason.CANCELLED, "Stopped.")]
        else:
            yield self.events[half:]

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def cancel(self) -> None:
        self.stop.set()

    def kill(self) -> None:
        self.stop.set()


class Unreliable:
    """An `Executor` that loses what it is told to; the first letters of a lost run come all the same."""

    words = "a stand-in"

    def __init__(self, loses: Callable[[Job, int], bool]) -> None:
        self.loses, self.started = loses, list[Job]()
        self._waiting: list[tuple[str, Job]] = []
        self._stale: list[Told] = []
        self._times: dict[str, int] = {}

    def room(self) -> int:
        return 2 - len(self._waiting)

    def start(self, ticket: str, job: Job) -> None:
        self.started.append(job)
        self._waiting.append((ticket, job))

    def take(self, wait: float) -> list[Told]:
        found, self._stale = self._stale, []
        for ticket, job in self._waiting:
            events, key = events_of(job), ticket.split()[0]
            self._times[key] = self._times.get(key, 0) + 1
            if self.loses(job, self._times[key]):
                found += [Told(ticket, events[:7]), Told(ticket, (), "The worker's node died.")]
                self._stale.append(Told(ticket, events))  # a node that was only cut off sends the rest later
            else:
                found.append(Told(ticket, events))
        self._waiting = []
        return found

    def cancel(self) -> None: ...

    def kill(self) -> None: ...

    def close(self) -> None: ...


@pytest.fixture
def folder(tmp_path: Path) -> StudyFolder:
    """A study's folder that is not there yet."""
    return StudyFolder(tmp_path / "a.study")


@pytest.fixture
def drive(folder: StudyFolder) -> Callable[..., StudyResults]:
    """`drive(spec)`: run a study with made-up runs, in the same folder each time; the jobs that it ran are in
    `drive.jobs`."""

    def run(spec: StudySpec | Plan = FOUR, executor: object = None, watch: Watch | None = None, **more) -> StudyResults:
        plan = spec if isinstance(spec, Plan) else planned(spec)
        ran: list[Job] = []

        def open_source(job: Job) -> Scripted:
            ran.append(job)
            return Scripted(events_of(job))

        pool = executor or LocalPool(2, open_source)
        there = StudyFolder(folder.path)
        driver = Driver(plan, there, pool, watch=watch or Watch(), **more)
        there.path.mkdir(exist_ok=True)
        found = driver.run()
        run.jobs, run.driver = ran, driver
        return found

    return run

"""A source that says what a test wrote, so that the window can be tested without a run."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import numpy as np

from lrgui.core.events import (
    BatchEvent,
    CandidateEvent,
    EndEvent,
    EpochEvent,
    Event,
    StandingEvent,
    StateEvent,
    TaskEvent,
    UntrainedEvent,
)
from lrgui.core.run_settings import RaceSettings
from lrgui.core.standings import Standings


class Scripted:
    """A `EventSource` that says its chunks, then waits (if asked to) for cancel or kill."""

    def __init__(self, chunks: Sequence[list[Event]], hold: bool = False) -> None:
        self._chunks = list(chunks)
        self._hold = hold
        self._go = threading.Event()
        self.asked: list[str] = []

    def chunks(self) -> Iterator[list[Event]]:
        """What was written."""
        yield from self._chunks
        if self._hold:
            assert self._go.wait(120), "nobody ended the run"
            yield [EndEvent("cancelled", "Stopped; everything measured so far is kept.")]

    def pause(self) -> None:
        """Remember it."""
        self.asked.append("pause")

    def resume(self) -> None:
        """Remember it."""
        self.asked.append("resume")

    def cancel(self) -> None:
        """Go on to the end."""
        self.asked.append("cancel")
        self._go.set()

    def kill(self) -> None:
        """Go on to the end."""
        self.asked.append("kill")
        self._go.set()


def task(steps: int = 200) -> TaskEvent:
    """A task of so many steps."""
    return TaskEvent("digits · small CNN · SGD", "1,347 training images", 1347, 450, 3818, 10, "cpu", 21, steps)


def points(steps: int = 200, depth: float = 2.0) -> list[Event]:
    """A textbook curve from 1e-6 to 1: falls from 2.3 by `depth`, lowest near 3e-2, then explodes."""
    lr = np.logspace(-6, 0, steps)
    x = np.log10(lr)
    loss = 2.3 - depth / (1 + np.exp(-4 * (x + 2.5))) + 3 * np.maximum(x + 1.0, 0) ** 2
    loss += 0.005 * np.random.default_rng(1).standard_normal(steps)
    return [BatchEvent(0, i, float(a), float(b), 0.01 * i) for i, (a, b) in enumerate(zip(lr, loss, strict=True))]


def sweep(depth: float = 2.0) -> list[list[Event]]:
    """A whole sweep in three chunks."""
    events = points(depth=depth)
    head: list[Event] = [StateEvent("starting"), task(), StateEvent("running")]
    return [head + events[:100], events[100:], [EndEvent("completed", "All 200 steps were measured.")]]


def training(reason: str = "completed") -> list[list[Event]]:
    """A training of two epochs."""
    batches: list[Event] = [BatchEvent(0, i, 0.01, 2.3 - 0.04 * i, 0.01 * i) for i in range(42)]
    epochs = [EpochEvent(n, 2.0 / n, 1.5 / n, 0.4 * n, 0.45 * n, 0.01, 0.2 * n) for n in (1, 2)]
    end = EndEvent(reason, "Training diverged." if reason == "diverged" else "All 2 epochs were trained.")
    return [
        [StateEvent("starting"), task(42), StateEvent("running"), *batches[:21], epochs[0]],
        [*batches[21:], epochs[1], end],
    ]


def race(config: RaceSettings, trainings: int = 9, end: bool = True, untrained: float = 2.3) -> list[list[Event]]:
    """A race whose losses are lowest a bit above the middle, one chunk for each training."""
    standings = Standings(config)
    first = [StateEvent("starting"), task(config.total_steps()), StateEvent("running"), UntrainedEvent(untrained)]
    standings.add(first)
    chunks: list[list[Event]] = [first]
    seconds = 0.0
    for number in range(config.stages):
        while trainings and (c := standings.following(number)) is not None:
            trainings -= 1
            steps, lr = config.budget(number), standings.lrs[c]
            chunk: list[Event] = [
                CandidateEvent(number, c, lr, i, steps, 2.3 / (i + 1), seconds + i / 100) for i in range(steps)
            ]
            seconds += steps / 100
            score = StandingEvent(number, c, lr, 0.2 + 0.5 * (c - config.middle - 0.6) ** 2, True, steps, 0.9)
            standings.add([score])
            chunks.append([*chunk, score])
    if end:
        chunks.append([EndEvent("completed", standings.ranking().reason)])
    return chunks

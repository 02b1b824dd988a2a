"""Holding a run while it is paused, and a clock that leaves those times out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from lrgui.core.control import Control
from lrgui.core.events import RunState, StateEvent


class Stopwatch:
    """Seconds since `start()`, without the times inside `stopped()`."""

    def __init__(self) -> None:
        self._begin: float | None = None
        self._away = 0.0

    def start(self, seconds: float = 0.0) -> None:
        """Begin to count, from so many seconds on."""
        self._begin = time.perf_counter() - seconds
        self._away = 0.0

    @property
    def seconds(self) -> float:
        """Seconds so far, 0 before the start."""
        return 0.0 if self._begin is None else time.perf_counter() - self._begin - self._away

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Leave out the time spent inside."""
        left = time.perf_counter()
        try:
            yield
        finally:
            self._away += time.perf_counter() - left


def held(control: Control, clock: Stopwatch) -> Iterator[StateEvent]:
    """Hold the run while it is asked to: says so, waits, and says when it goes on (unless it was cancelled).

    Waits in short turns: an untimed wait in the main thread would keep Ctrl+C from getting through on Windows.
    """
    if not control.paused:
        return
    yield StateEvent(RunState.PAUSED)
    with clock.stopped():
        while control.paused and not control.cancelled:
            control.wait_while_paused(0.2)
    if not control.cancelled:
        yield StateEvent(RunState.RUNNING)

"""Holding a run while it is paused, and a clock that leaves those times out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from lrgui.core.control import Control


class Stopwatch:
    """Seconds since `start()`, without the times inside `stopped()`."""

    def __init__(self) -> None:
        self._begin: float | None = None
        self._away = 0.0

    def start(self) -> None:
        """Begin to count."""
        self._begin = time.perf_counter()
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


def hold_while_paused(control: Control) -> None:
    """Return once the run may go on or was cancelled.

    Waits in short turns: an untimed wait in the main thread would keep Ctrl+C from getting through on Windows.
    """
    while control.paused and not control.cancelled:
        control.wait_while_paused(0.2)

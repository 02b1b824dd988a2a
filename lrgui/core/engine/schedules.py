"""Learning rate against step: the schedules of sweeps, as arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def exponential(start: float, end: float, steps: int) -> Floats:
    """`start * (end / start) ** (i / (steps - 1))`: the first step uses `start`, the last `end`. Shape (steps,)."""
    if steps == 1:
        return np.array([start], dtype=np.float64)
    return start * (end / start) ** (np.arange(steps, dtype=np.float64) / (steps - 1))


def linear(start: float, end: float, steps: int) -> Floats:
    """A straight line: the first step uses `start`, the last `end`. Shape (steps,)."""
    return np.linspace(start, end, steps, dtype=np.float64)


def rising(schedule: str, start: float, end: float, steps: int) -> Floats:
    """The rates of a sweep by the schedule's name (`SweepSettings.schedule`). Shape (steps,)."""
    return {"exponential": exponential, "linear": linear}[schedule](start, end, steps)

"""Learning rate against step: the schedules of sweeps and trainings, as arrays."""

from __future__ import annotations

import math

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
    """The rates of a sweep by the schedule's name (`config.SCHEDULES`). Shape (steps,)."""
    return {"exponential": exponential, "linear": linear}[schedule](start, end, steps)


def one_cycle(
    max_lr: float,
    total_steps: int,
    pct_start: float = 0.3,
    div_factor: float = 10.0,
    final_div_factor: float = 100.0,
) -> Floats:
    """The learning rate of every step of a cosine OneCycle training. Shape (total_steps,).

    Rises from `max_lr / div_factor` over the first `pct_start` of the steps, then falls to
    `max_lr / div_factor / final_div_factor`. Equal to torch.optim.lr_scheduler.OneCycleLR with
    `anneal_strategy="cos"` and two phases (tested against it); kept here so that the plan can be drawn
    without torch.
    """
    initial = max_lr / div_factor
    last = initial / final_div_factor
    top = float(pct_start * total_steps) - 1
    end = total_steps - 1
    steps = np.arange(total_steps, dtype=np.float64)

    def cosine(a: float, b: float, fraction: Floats) -> Floats:
        return b + (a - b) / 2.0 * (1.0 + np.cos(math.pi * fraction))

    up = cosine(initial, max_lr, steps / top) if top != 0 else np.full(total_steps, max_lr)
    down = cosine(max_lr, last, (steps - top) / max(end - top, 1e-12))
    return np.where(steps <= top, up, down)

"""What a training's rate and momentum are planned to be at every step: the schedules, as arrays. No torch here.

The engine trains by the same shapes (`core.engine.schedules`), so that the line drawn beforehand is the one followed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lrgui.core.curve.plan import ONE_CYCLE
from lrgui.core.run_settings import CycleSettings, TrainSettings

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Phase:
    """From `begin` to `end`, in steps, a number goes from `low` to `high`; the names say nothing of which is larger."""

    begin: float
    end: float
    low: float
    high: float
    cosine: bool = False

    def at(self, steps: Floats) -> Floats:
        """The number at `steps`, shape (n,)."""
        length = self.end - self.begin
        part = (steps - self.begin) / length if length else np.ones_like(steps)
        if self.cosine:
            return self.high + (self.low - self.high) / 2.0 * (1.0 + np.cos(math.pi * part))
        return self.low + (self.high - self.low) * part


@dataclass(frozen=True)
class Shape:
    """A schedule over all steps of a training. What epochs decide (`drops`) comes on top."""

    lr: tuple[Phase, ...]
    """The rate as a share of the highest one, phase after phase; the last one goes on."""
    momentum: tuple[Phase, ...] = ()
    """The momentum where it is cycled; empty where it stays as it is."""

    def shares(self, first: int, count: int) -> Floats:
        """The rate at `count` steps from `first` on, as a share of the highest. Shape (count,)."""
        return _values(self.lr, first, count)

    def momenta(self, first: int, count: int) -> Floats:
        """The momentum there. Shape (count,)."""
        return _values(self.momentum, first, count)


def _values(phases: Sequence[Phase], first: int, count: int) -> Floats:
    steps = np.arange(first, first + count, dtype=np.float64)
    ends = np.array([phase.end for phase in phases[:-1]])
    which = np.searchsorted(ends, steps, side="left")  # a phase's last step is its own
    found = np.empty(count)
    for number, phase in enumerate(phases):
        here = which == number
        found[here] = phase.at(steps[here])
    return found


def shape_of(config: TrainSettings, total: int) -> Shape:
    """The schedule of a training of `total` optimizer steps."""
    return _SHAPES[config.schedule](config, total)


def cycle_of(config: CycleSettings, total: int) -> Shape:
    """torch's OneCycleLR of `total` steps: up, down, in three phases as slowly down as up, and far below the start."""
    last = float(total - 1)
    top = float(config.pct_start * total) - 1.0
    first = 1.0 / config.div_factor
    ends, shares = [top, last], [first, 1.0, first / config.final_div_factor]
    momenta = [config.max_momentum, config.base_momentum, config.max_momentum]
    if config.three_phase:
        ends, shares = [top, 2.0 * top, last], [first, 1.0, first, first / config.final_div_factor]
        momenta.append(config.max_momentum)
    cosine = config.anneal == "cos"

    def phases(values: Sequence[float]) -> tuple[Phase, ...]:
        begins = [0.0, *ends[:-1]]
        return tuple(
            Phase(begin, end, low, high, cosine)
            for begin, end, low, high in zip(begins, ends, values[:-1], values[1:], strict=True)
        )

    return Shape(phases(shares), phases(momenta) if config.cycle_momentum else ())


def _warmed(config: TrainSettings, total: int, *after: Phase) -> Shape:
    """A warm-up, if there is one, and what comes after it."""
    warm = config.warmup_of(total)
    rise = Phase(0.0, float(warm), 1.0 / config.div_factor, 1.0)
    return Shape((rise, *after) if warm else after)


def _cosine(config: TrainSettings, total: int) -> Shape:
    return _warmed(config, total, Phase(float(config.warmup_of(total)), float(total), 1.0, 0.0, cosine=True))


def _linear(config: TrainSettings, total: int) -> Shape:
    return _warmed(config, total, Phase(float(config.warmup_of(total)), float(total), 1.0, 0.0))


def _stable(config: TrainSettings, total: int) -> Shape:
    warm, fall = config.warmup_of(total), total - config.decay_of(total)
    return _warmed(config, total, Phase(float(warm), float(fall), 1.0, 1.0), Phase(float(fall), float(total), 1.0, 0.0))


def _constant(_config: TrainSettings, total: int) -> Shape:
    return Shape((Phase(0.0, float(total), 1.0, 1.0),))


_SHAPES: dict[str, Callable[[TrainSettings, int], Shape]] = {
    ONE_CYCLE: cycle_of,
    "constant": _constant,
    "cosine": _cosine,
    "linear": _linear,
    "wsd": _stable,
    "step": _constant,
    "plateau": _constant,
}


def drop(config: TrainSettings, epochs: int) -> float:
    """By what the rate is multiplied after so many epochs, where that is known beforehand."""
    return config.gamma ** (epochs // config.step_size) if config.schedule == "step" else 1.0


def planned_lr(config: TrainSettings, total: int, per_epoch: int) -> Floats:
    """The rate of every step of a training of `total` steps, `per_epoch` in an epoch. Shape (total,).

    On plateaus it drops by what is measured, which nobody knows beforehand: there it is what it begins with.
    """
    rates = config.max_lr * shape_of(config, total).shares(0, total)
    if config.schedule == "step":
        epochs = np.arange(total) // max(1, per_epoch)
        rates *= config.gamma ** (epochs // config.step_size).astype(np.float64)
    return rates


def planned_momentum(config: TrainSettings, total: int) -> Floats:
    """The momentum of every step, shape (total,), or (0,) where the schedule leaves it alone.

    It holds for an optimizer that has one in use.
    """
    shape = shape_of(config, total)
    return shape.momenta(0, total) if shape.momentum else np.empty(0)

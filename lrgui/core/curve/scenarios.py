"""Three synthetic curves that teach what a learning-rate curve says; numpy only, no training."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lrgui.core.curve.smoothing import Floats
from lrgui.core.curve.zones import Zones

#: Loss of every scenario at rates far too low.
START = 2.3
#: The axis of all scenarios: from 1e-6 to 1.
FIRST, LAST = 1e-6, 1.0
POINTS = 200


@dataclass(frozen=True)
class Scenario:
    """One synthetic curve: a smooth decay up to the optimum, a divergence past it, Gaussian noise on both."""

    key: str
    label: str
    words: str
    """One sentence: what it stands for."""
    optimum: float
    """Learning rate of the lowest loss."""
    depth: float
    """How far the loss falls, from `START`, at the optimum."""
    smoothness: float
    """Width of the valley in decades: larger is gentler, with a wider optimum."""
    divergence: float
    """Power of the divergence: how steeply the loss explodes past the optimum."""
    noise: float
    """Standard deviation of the added Gaussian noise."""

    @property
    def zones(self) -> Zones:
        """The optimal zone as documented: a third of the optimum to three times the optimum."""
        return Zones(FIRST, self.optimum / 3, min(self.optimum * 3, LAST), LAST)


#: The three scenarios of the classic picture.
SCENARIOS: dict[str, Scenario] = {
    s.key: s
    for s in (
        Scenario(
            "well_behaved",
            "Well-behaved model",
            "Smooth descent and a narrow optimum near 2e-3.",
            optimum=2e-3,
            depth=1.3,
            smoothness=0.75,
            divergence=2.0,
            noise=0.008,
        ),
        Scenario(
            "noisy",
            "Noisy batches",
            "The same shape with visible jitter: single points mislead, the smoothed line does not.",
            optimum=2e-3,
            depth=1.3,
            smoothness=0.75,
            divergence=2.0,
            noise=0.09,
        ),
        Scenario(
            "stable",
            "Stable / wider optimum",
            "A shallower descent and a broad optimum: many rates work.",
            optimum=1.2e-2,
            depth=0.85,
            smoothness=1.15,
            divergence=1.6,
            noise=0.012,
        ),
    )
}


def rates(points: int = POINTS) -> Floats:
    """`points` learning rates from 1e-6 to 1, evenly spaced on a log axis. Shape (points,)."""
    return np.logspace(math.log10(FIRST), math.log10(LAST), points)


def clean_loss(scenario: Scenario, lr: Floats) -> Floats:
    """The curve without noise. Shape of `lr`.

    With `u = log10(lr / optimum) / smoothness`, blends a decay, `START - depth · exp(-u² / 2)` up to the optimum
    and flat past it, with a divergence, `depth / 2 · ((1 + u²) ** divergence - 1)` past the optimum. Both have no
    slope at the optimum, so the blend is smooth and its lowest point is there; the descent is steepest one
    smoothness (in decades) before it.
    """
    u = np.log10(lr / scenario.optimum) / scenario.smoothness
    decay = START - scenario.depth * np.exp(-(np.minimum(u, 0.0) ** 2) / 2)
    past = np.maximum(u, 0.0)
    return decay + scenario.depth / 2 * ((1.0 + past**2) ** scenario.divergence - 1.0)


def laid_over(scenario: Scenario, loss: Floats) -> Floats:
    """A measured smoothed loss, shape (n,), moved and scaled to the scenario's start and depth.

    Its first tenth goes to `START`, its lowest point to the scenario's lowest.
    """
    level, lowest = float(np.median(loss[: max(3, len(loss) // 10)])), float(loss.min())
    return START + scenario.depth * (loss - level) / max(level - lowest, 1e-300)


def noisy_loss(scenario: Scenario, lr: Floats, seed: int = 0) -> Floats:
    """The curve with its noise. The same seed gives the same curve; each scenario has a stream of its own."""
    stream = np.random.default_rng([seed, *scenario.key.encode()])
    return clean_loss(scenario, lr) + scenario.noise * stream.standard_normal(len(lr))

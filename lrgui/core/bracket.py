"""A race that brackets the best rate: which rate is trained next, and the parabola through what was measured.

Places are numbers of neighbouring rates, rising; losses are the final losses of trainings by place, infinite where
one diverged. Needs no torch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def next_place(losses: Mapping[int, float], middle: int, most: int) -> int | None:
    """The place to train at next, None where the best one is bracketed or `most` trainings were run.

    The middle comes first: whoever stops early has what matters most. Then its neighbours, the lower one first, and
    then one beyond the best as long as that is at an end.
    """
    for place in (middle, middle - 1, middle + 1):
        if place not in losses:
            return place
    if len(losses) >= most:
        return None
    best = best_place(losses)
    if best == min(losses):
        return best - 1
    return best + 1 if best == max(losses) else None


def best_place(losses: Mapping[int, float]) -> int:
    """The place of the lowest loss; of equals the lowest, so that a race in which all diverge goes down."""
    return min(losses, key=lambda place: (losses[place], place))


def parabola(losses: Mapping[int, float], untrained: float | None) -> Floats | None:
    """The parabola through the best place and its two neighbours: three coefficients, highest first.

    A training that ended worse than it began, or diverged, counts as no training at all (`untrained`, the loss before;
    None is unknown). None where a neighbour is missing, or says nothing.
    """
    best = best_place(losses)
    heights = [losses.get(place, math.nan) for place in (best - 1, best, best + 1)]
    if untrained is not None:
        heights = [min(height, untrained) for height in heights]
    low, middle, high = heights
    bend, slope = (low - 2 * middle + high) / 2, (high - low) / 2
    if not math.isfinite(bend) or bend <= 0:
        return None
    return np.array([bend, slope - 2 * bend * best, middle - slope * best + bend * best**2])

"""A race of a fixed field by successive halving: who is left after a round, and the smooth through all of them.

`losses` are final losses by round and candidate, NaN where one has not finished, infinite where it diverged. Needs no
torch.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from lrgui.core.run_settings import RaceSettings

Floats = NDArray[np.float64]

#: Candidates this many places away from a finalist still shape the smooth.
REACH = 2


def contestants(config: RaceSettings, losses: Floats, number: int) -> list[int]:
    """The candidates of round `number`, by rising rate: all at first, then the better half of the last."""
    racing = list(range(config.places))
    for before in range(number):
        sound = [c for c in racing if math.isfinite(losses[before, c])]
        racing = sorted(sorted(sound, key=lambda c: losses[before, c])[: config.field(before + 1)])
    return racing


def following(config: RaceSettings, losses: Floats, number: int) -> int | None:
    """Who trains next in round `number`: the pick first, then ever farther from it. None where all have."""
    left = [c for c in contestants(config, losses, number) if math.isnan(losses[number, c])]
    return min(left, key=lambda c: (abs(c - config.middle), c), default=None)


def smooth(config: RaceSettings, losses: Floats, finalists: list[int], last: int) -> Floats | None:
    """A parabola over the candidates' numbers, at the level of round `last`: three coefficients, highest first.

    It goes through the finalists and their neighbours; all rounds share its shape, each at a level of its own,
    with the square of its steps as weight. None where there is too little to fit.
    """
    near = [c for c in range(config.places) if any(abs(c - f) <= REACH for f in finalists)]
    rows, heights, weights = [], [], []
    for number in range(last + 1):
        for candidate in near:
            if math.isfinite(losses[number, candidate]):
                level = [float(number == other) for other in range(last + 1)]
                rows.append([candidate**2, candidate, *level])
                heights.append(losses[number, candidate])
                weights.append(config.budget(number) / config.budget(last))
    if len({row[1] for row in rows}) < 3:
        return None
    weight = np.array(weights)
    found = np.linalg.lstsq(np.array(rows) * weight[:, None], np.array(heights) * weight, rcond=None)[0]
    return np.array([found[0], found[1], found[2 + last]])

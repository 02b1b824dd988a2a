"""Whether a script that stopped did so because of its rate, too high or too low. No torch here, which it may lack."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

#: Losses whose median is one's level.
_LEVEL = 5
#: A loss that has lost this share of its fall again has risen.
_LOST = 0.5


def looks_broken(losses: Sequence[float], planned: int) -> bool:
    """True where the last loss of a sweep of `planned` points is not finite, clearly above where they began, or has
    clearly risen from a level that it had fallen to."""
    if len(losses) < 4:
        return False
    last = losses[-1]
    if not math.isfinite(last):
        return True
    early = losses[: max(3, planned // 10)]
    start = median(early)
    noise = max(early) - min(early)
    if last > start + max(noise, 0.2 * (start - min(losses)), 1e-3 * abs(start)):
        return True
    lowest = _lowest(losses, start)
    fall = start - lowest
    return fall > noise and last > lowest + max(noise, _LOST * fall)


def hardly_began(losses: Sequence[float], planned: int, lr: float, own: float) -> bool:
    """True where a sweep of `planned` points ended at `lr`, before it came to the script's `own` rate and before the
    loss fell by more than its first losses lie apart: what stops a training that gets no better may have ended it."""
    if len(losses) < 2 or not lr < own:
        return False
    early = losses[: max(3, planned // 10)]
    start = median(early)
    return not start - _lowest(losses, start) > max(early) - min(early)


def _lowest(losses: Sequence[float], start: float) -> float:
    """The lowest level of some losses in a row; the `start` where there are too few."""
    return min((median(losses[i - _LEVEL : i]) for i in range(_LEVEL, len(losses))), default=start)

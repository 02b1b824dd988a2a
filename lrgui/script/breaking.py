"""Whether a script that stopped did so because of its rate: no torch here, which a script may never have imported."""

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
    lowest = min((median(losses[i - _LEVEL : i]) for i in range(_LEVEL, len(losses))), default=start)
    fall = start - lowest
    return fall > noise and last > lowest + max(noise, _LOST * fall)

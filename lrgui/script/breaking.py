"""Whether a script that stopped did so because of its rate: no torch here, which a script may never have imported."""

from __future__ import annotations

import math
from collections.abc import Sequence


def looks_broken(losses: Sequence[float], planned: int) -> bool:
    """True where the last loss of a sweep of `planned` points is not finite, or clearly above where they began."""
    if len(losses) < 4:
        return False
    if not math.isfinite(losses[-1]):
        return True
    early = losses[: max(3, planned // 10)]
    start = sorted(early)[len(early) // 2]
    noise = max(early) - min(early)
    return losses[-1] > start + max(noise, 0.2 * (start - min(losses)), 1e-3 * abs(start))

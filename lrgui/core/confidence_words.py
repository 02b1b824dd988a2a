"""How far a pick can be relied on, the way people read it."""

from __future__ import annotations

import math

from lrgui.core.confidence import WORST
from lrgui.core.recommend import Recommendation

#: What the factor means, for tooltips and help texts.
MEANING = "A rate nearly as good as the best lies within this factor of the pick, nine times in ten"


def confidence_words(pick: Recommendation) -> str:
    """ "confidence high · within ×1.4"; for no reliable pick "confidence none"."""
    if pick.factor is None or pick.lr is None or not math.isfinite(pick.factor):
        return f"confidence {pick.confidence}"
    if pick.factor >= WORST:
        return f"confidence {pick.confidence} · within more than ×{WORST:g}"
    return f"confidence {pick.confidence} · within ×{pick.factor:.2g}"

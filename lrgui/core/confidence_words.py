"""How far a pick can be relied on, the way people read it."""

from __future__ import annotations

import math

from lrgui.core.confidence import WORST
from lrgui.core.recommend import Recommendation

#: What the factor means, for tooltips and help texts.
MEANING = "In nine of ten cases a nearly optimal rate lies within this factor of the recommendation"


#: What a rate is called that is no reliable pick.
GUESS = "guess (no confidence)"


def pick_label(pick: Recommendation) -> str:
    """What stands before our rate in a table of rules."""
    return f"☆ {GUESS}" if pick.lr is None and pick.best_guess is not None else "★ recommended"


def confidence_words(pick: Recommendation) -> str:
    """ "confidence high · within ×1.4"; for no reliable pick "no confidence"."""
    if pick.lr is None:
        return "no confidence"
    if pick.factor is None or not math.isfinite(pick.factor):
        return f"confidence {pick.confidence}"
    if pick.factor >= WORST:
        return f"confidence {pick.confidence} · within more than ×{WORST:g}"
    return f"confidence {pick.confidence} · within ×{pick.factor:.2g}"

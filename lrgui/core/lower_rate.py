"""At which rate to train again where a training broke, in a sentence: said by its end, and done by its button."""

from __future__ import annotations

from dataclasses import dataclass

from lrgui.core.control import LOWER
from lrgui.core.formats import format_factor
from lrgui.core.learning_rate import format_lr


@dataclass(frozen=True)
class LowerRate:
    """A max LR to train again with."""

    max_lr: float
    why: str
    """What it is, for after its number: "a tenth of the rate that was too high"."""
    words: str
    """The advice, a sentence."""


def lower_rate(max_lr: float, factor: float = 1.0, recommended: float | None = None) -> LowerRate:
    """The rate for a training that broke with `max_lr`, where its schedule's rates were multiplied by `factor`.

    Above 1 that was done by hand, and is to blame: the planned rate stays. Else it is the `recommended` one, where that
    is lower, or a tenth.
    """
    if factor > 1:
        blamed = f"The learning rate was {format_factor(factor)} the planned one, by hand"
        why = "the planned rate"
        return LowerRate(max_lr, why, f"{blamed}: train again with the planned max LR {format_lr(max_lr)}.")
    used = max_lr * factor
    if recommended is not None and recommended < used * (1 - 1e-9):
        why = "which the sweep recommends"
        return LowerRate(recommended, why, f"Lower max LR to {format_lr(recommended)}, {why}, and train again.")
    lower, short = used * LOWER, "a tenth" if factor == 1 else f"a tenth of {format_lr(used)}"
    why = "a tenth of the rate that was too high"
    return LowerRate(lower, why, f"Lower max LR to {format_lr(lower)}, {short}, and train again.")

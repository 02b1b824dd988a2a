"""The rate that an optimizer had before anybody swept: how far a sweep must reach, and where it lies on the curve.

Needs no torch: `core.engine.own_rates` reads it off an optimizer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from lrgui.core.curve.curve import Curve
from lrgui.core.curve.recommend import Recommendation
from lrgui.core.curve.zones import Zones
from lrgui.core.formats import format_ratio
from lrgui.core.learning_rate import format_lr, same_lr, shown_ratio
from lrgui.core.run_settings import HIGHEST_SET, SweepSettings

#: A range that nobody chose ends at this many times the optimizer's own rate at least: where training breaks is to be
#: seen as well.
BEYOND = 10.0


@dataclass(frozen=True)
class OwnRate:
    """The highest rate that an optimizer would have trained at; of groups the largest, of a schedule its maximum."""

    lr: float
    chosen: bool = True
    """False where it is only the default of the optimizer's class."""
    optimizer: str = ""
    """The optimizer's class, for people."""
    so_far: bool = False
    """True where it still rose when last seen."""


def following(config: SweepSettings, own: OwnRate | None) -> SweepSettings:
    """`config`, in which a last rate that nobody chose lies far enough beyond the optimizer's own."""
    if own is None or config.end_chosen or config.end_lr != SweepSettings().end_lr:
        return config
    end = min(BEYOND * own.lr, HIGHEST_SET)
    return replace(config, end_lr=end) if end > config.end_lr else config


def following_note(before: SweepSettings, now: SweepSettings) -> str | None:
    """The sentence on what `following` changed; None where that is nothing."""
    if before.end_lr == now.end_lr:
        return None
    return f"The sweep goes up to {format_lr(now.end_lr)}: ten times the optimizer's own learning rate."


def where_it_lies(own: OwnRate | None, pick: Recommendation, curve: Curve, zones: Zones | None) -> str:
    """The sentence on where the optimizer's own rate lies on the curve, beside the pick; empty where none is known."""
    if own is None or not len(curve):
        return ""
    whose = "Your optimizer's" if own.chosen else f"{own.optimizer or 'The optimizer'}'s default,"
    place = _against_the_pick(own.lr, pick.lr)
    first, last = float(curve.lr[0]), float(curve.lr[-1])
    if own.lr > last and not same_lr(own.lr, last):
        unseen = f"beyond what the sweep saw (up to {format_lr(last)})"
    elif own.lr < first and not same_lr(own.lr, first):
        unseen = f"below what the sweep saw (from {format_lr(first)})"
    else:
        unseen = ""
    words = " and ".join(part for part in (place, f"lies {unseen}" if unseen else "") if part)
    if not words:
        words = f"lies {_among(own.lr, zones)}"
    seen = ", as far as it has risen by then," if own.so_far else "" if own.chosen else ","
    return f"{whose} {format_lr(own.lr)}{seen} {words}."


def _against_the_pick(lr: float, pick: float | None) -> str:
    if pick is None:
        return ""
    if same_lr(lr, pick):
        return "is the recommended rate"
    times = format_ratio(shown_ratio(max(lr, pick), min(lr, pick)))
    return f"is {times} times {'lower' if lr < pick else 'higher'} than recommended"


def _among(lr: float, zones: Zones | None) -> str:
    """Where it lies without a reliable pick: that training broke there was measured, what is good was not."""
    if zones is not None and zones.diverges and lr > zones.high_start:
        return "in the divergence zone"
    return "within the range of the sweep"

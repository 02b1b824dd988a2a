"""The curve read aloud: one sentence, from its landmarks."""

from __future__ import annotations

import math
from functools import partial

from lrgui.core.curve.curve import Curve, only_so_many
from lrgui.core.curve.landmarks import FEWEST_POINTS, Landmarks
from lrgui.core.learning_rate import format_lr

#: A place is read off the curve to about this factor, so 9.4e-5 is said as 1e-4.
ABOUT = 1.18


def interpret(curve: Curve, marks: Landmarks | None, recommended: bool = False) -> str:
    """Where the loss begins to fall, falls fastest, is lowest and explodes, and what the classic guide would
    pick: conservative a tenth of the rate of the lowest loss, aggressive half of it.

    Which of them to start with is not said where there is another rate that is `recommended`.
    """
    if curve.ended_early:
        return f"{curve.cut_short[:1].upper()}{curve.cut_short[1:]}: there is nothing to pick from."
    if marks is None:
        return f"{only_so_many(len(curve)).capitalize()}; at least {FEWEST_POINTS} are needed to read a curve."
    places = [marks.starts_falling_at, marks.fast_from, marks.fast_to, marks.lowest_at]
    end = marks.explodes_at if marks.explodes_at is not None else marks.stopped_at
    places += [end] if end is not None else []
    # One digit, as people say it, unless two different places would then sound the same.
    spoken = [_say(place) for place in places]
    digits = 1 if len(set(spoken)) == len(spoken) else 2
    say = partial(_say, digits=digits)
    first, last = format_lr(float(curve.lr[0])), format_lr(float(curve.lr[-1]))
    if not marks.falls:
        return f"Between {first} and {last} {marks.why_not}: there is nothing to pick from."
    conservative, aggressive = say(marks.lowest_at / 10), say(marks.lowest_at / 2)
    if end is not None:
        rise = "explodes after" if marks.explodes else "rises again from"
        ending = f"is lowest near {say(marks.lowest_at)} and {rise} {say(end)}"
    elif marks.still_falling:
        return (
            f"The loss begins to fall at {say(marks.starts_falling_at)}, falls fastest between {say(marks.fast_from)} "
            f"and {say(marks.fast_to)} and is still falling at {last}, where the sweep ended: extend the sweep first."
        )
    else:
        ending = f"is lowest near {say(marks.lowest_at)} and had not risen again at {last}"
    start = "" if recommended else f"; start with {conservative}"
    return (
        f"The loss begins to fall at {say(marks.starts_falling_at)}, falls fastest between "
        f"{say(marks.fast_from)} and {say(marks.fast_to)}, {ending}. "
        f"Conservative {conservative}, aggressive {aggressive}{start}."
    )


def _say(lr: float, digits: int = 1) -> str:
    """A place as people say it: with one digit, and as a power of ten where it is about one."""
    power = 10.0 ** round(math.log10(lr))
    if digits > 1:
        return format_lr(lr)
    return format_lr(power if 1 / ABOUT <= lr / power <= ABOUT else float(f"{lr:.0e}"))

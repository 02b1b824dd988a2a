"""How far a pick can be relied on, in a word and as a factor, and what to change where the sweep's range was wrong."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lrgui.core.curve import Curve
from lrgui.core.landmarks import Landmarks
from lrgui.core.learning_rate import short_lr
from lrgui.core.valley import Valley

#: How far a pick can be relied on, worst first.
CONFIDENCES = ("none", "low", "medium", "high")
#: Curves that are resampled to see how far the noise moves the pick.
RESAMPLES = 40

# Measured on the development tasks of benchmarks/suggestions and checked on the held-out ones (docs/suggestions.md).
#: Decades by which the pick may move under resampling to be called high, medium, or reliable at all.
STEADY, WAVERING, LOST = 0.06, 0.15, 0.5
#: A fall of this share of the start is plenty: the sweep has learned most of what a short training learns.
DEEP = 0.5
#: Trainings rarely want more than 1: a sweep that got about there is worth a pick even if the loss still falls.
USUAL = 0.9
#: A fall below this share is too little to be sure of a pick that looks steady.
SHALLOW = 0.3
#: Even without noise nine of ten picks lie only within this, in decades, of a rate that is nearly the best.
FLOOR = 0.15
#: Beyond this a factor says nothing more.
WORST = 1000.0
#: A sweep that sees nothing is extended up to this.
HIGHEST = 10.0
#: A valley whose middle is this near to the first rate, in decades, was not seen from its beginning.
BEFORE = 0.7
#: Standard deviations that hold nine of ten.
NINE_OF_TEN = 1.64


@dataclass(frozen=True)
class RangeAdvice:
    """The range of the next sweep where this one's was wrong."""

    start_lr: float
    end_lr: float
    why: str
    """One sentence."""


def advise(curve: Curve, marks: Landmarks, valley: Valley | None) -> RangeAdvice | None:
    """What to change about the range; None where the valley and its far edge lie inside."""
    first, last = float(curve.lr[0]), float(curve.lr[-1])
    broke = curve.end_reason in ("diverged", "not_finite") or curve.dropped > 0
    if valley is None or not marks.falls:
        flat = not broke and _flat_to_the_end(curve, marks)
        if not flat and (valley is None or marks.lowest_index <= len(curve) // 4):
            start = first / 1000
            why = f"It diverged at once: start the sweep lower, at {short_lr(start)}."
            return RangeAdvice(start, last * 10 if broke else last, why)
        if flat and last < HIGHEST:
            end = min(last * 100, HIGHEST)
            return RangeAdvice(first, end, f"Nothing happens up to {short_lr(last)}: sweep on to {short_lr(end)}.")
        return None
    if marks.still_falling:
        # A fall that has only begun is further from its end.
        end = last * 10 if _deep(valley) else max(last * 10, min(last * 100, HIGHEST))
        why = f"The loss is still falling at {short_lr(last)}: extend the sweep to {short_lr(end)} or more."
        return RangeAdvice(first, end, why)
    if valley.middle - math.log10(first) < BEFORE:
        start = first / 1000
        why = f"The loss falls from the first rate on: start the sweep lower, at {short_lr(start)}."
        return RangeAdvice(start, max(last, start * 1e4), why)
    return None


def judge(curve: Curve, marks: Landmarks, valley: Valley, spread: float) -> tuple[str, float]:
    """The word, and the factor within which nine of ten picks have a rate that is nearly as good as the best.

    `spread` is the standard deviation of the pick in decades, from resampled curves or from repeats.
    """
    factor = min(10 ** math.hypot(FLOOR, NINE_OF_TEN * spread), WORST)
    unseen = marks.still_falling and not _deep(valley) and float(curve.lr[-1]) < USUAL
    if spread > LOST or unseen:
        return "none", factor
    share = fall_share(valley)
    if marks.still_falling or spread > WAVERING:
        return "low", factor
    if spread <= STEADY and share >= SHALLOW and not valley.open:
        return "high", factor
    return ("medium" if share >= SHALLOW else "low"), factor


def fall_share(valley: Valley) -> float:
    """The fall as a share of the loss before it, or after it where that is larger in size."""
    return valley.fall / max(abs(valley.level), abs(valley.level - valley.fall), 1e-300)


def _deep(valley: Valley) -> bool:
    return fall_share(valley) >= DEEP


def _flat_to_the_end(curve: Curve, marks: Landmarks) -> bool:
    """True where the smoothed loss ends no higher than the noise allows above its level."""
    tail = curve.smoothed[-max(3, len(curve) // 20) :]
    return float(np.median(tail)) <= marks.level + 3 * max(marks.residual_noise, 1e-12)

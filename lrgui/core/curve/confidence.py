"""How far a pick can be relied on, in a word and as a factor, and what to change where the sweep's range was wrong."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from lrgui.core.curve.curve import Curve
from lrgui.core.curve.landmarks import AGAINST_NOISE, Landmarks, last_calm
from lrgui.core.curve.plan import FLOORS, ONE_CYCLE
from lrgui.core.curve.valley import BREAK, Valley
from lrgui.core.formats import format_percent
from lrgui.core.learning_rate import format_lr

#: How far a pick can be relied on, worst first.
CONFIDENCES = ("none", "low", "medium", "high")
#: Curves that are resampled to see how far the noise moves the pick.
RESAMPLES = 40

# Measured on the development tasks of benchmarks/suggestions, checked on the held-out ones
# (docs/explanation/suggestions.md).
#: Decades by which the pick may move under resampling to be called high, medium, or reliable at all.
STEADY, WAVERING, LOST = 0.06, 0.15, 0.5
#: A fall of so many times the batch noise is clear; a smaller one is too little to be sure of a pick that looks steady.
CLEAR = 4.0
#: A fall that goes on at the last rate has done most where it has been slow (`Landmarks.fast_to`) for this factor …
SLOWED = 2.0
#: … or has been visible for this one.
LASTED = 100.0
#: Trainings rarely want more than 1: a sweep that got about there is worth a pick even if the loss still falls.
USUAL = 0.9
#: Beyond this a factor says nothing more.
WORST = 1000.0
#: A sweep that sees nothing is extended up to this.
HIGHEST = 10.0
#: A valley whose middle is this near to the first rate, in decades, was not seen from its beginning.
BEFORE = 0.7
#: Training that breaks within this share of the planned steps, and so many decades, broke at once.
AT_ONCE, NEAR = 0.25, 1.5
#: The lowest of a smoothed curve of noise alone lies so many times the noise that is left below its level.
BY_CHANCE = 2.3
#: Against noise so many times the steps at each rate are proposed at most, and so many steps in all. More steps also
#: learn more: four to eight times as many gave a pick wherever one was to be had.
MOST_TIMES, MOST_PER_RATE = 8, 64
#: Standard deviations that hold nine of ten.
NINE_OF_TEN = 1.64


@dataclass(frozen=True)
class RangeAdvice:
    """The range of the next sweep where this one's was wrong."""

    start_lr: float
    end_lr: float
    why: str
    """One sentence."""

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of the next sweep, by name."""
        return {"start_lr": self.start_lr, "end_lr": self.end_lr}

    @property
    def words(self) -> str:
        """What the next sweep does, behind "sweep": "from 1e-6 to 100"."""
        return f"from {format_lr(self.start_lr)} to {format_lr(self.end_lr)}"


@dataclass(frozen=True)
class NoiseAdvice:
    """More steps at each rate for the next sweep, where the noise of the batches hides the fall."""

    batches_per_lr: int
    why: str
    """One sentence."""

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of the next sweep, by name."""
        return {"batches_per_lr": self.batches_per_lr}

    @property
    def words(self) -> str:
        """What the next sweep does, behind "sweep": "with 8 steps per rate"."""
        return f"with {self.batches_per_lr} steps per rate"


def against_noise(curve: Curve, marks: Landmarks, moved: float | None = None) -> NoiseAdvice | None:
    """How many steps at each rate would let the fall stand out; None where no number of them is worth trying.

    The mean of k losses has a noise of 1/√k of theirs. `moved` is how far the noise moves a pick, in decades; None
    where not even a fall is seen. Then its size is what the lowest smoothed loss lies below the level, less what noise
    alone would give, at least half of the noise that is left: what is smaller cannot be told from nothing.
    """
    if curve.noise <= curve.resolution:
        return None
    if moved is None:
        left = marks.residual_noise
        fall = max(marks.fall - BY_CHANCE * left, 0.5 * left)
        wanted = (AGAINST_NOISE * left / fall) ** 2
    else:
        wanted = (moved / WAVERING) ** 2
    times = min(2 ** math.ceil(math.log2(max(wanted, 2.0))), MOST_TIMES)
    steps = times * curve.steps_per_point
    if steps > MOST_PER_RATE:
        return None
    share = format_percent(1 / math.sqrt(times))
    what = "A fall may be hidden in the noise" if moved is None else "The noise hides where the fall ends"
    return NoiseAdvice(steps, f"{what}: sweep with {steps} steps per rate, which leaves {share} of it.")


def advise(curve: Curve, marks: Landmarks, valley: Valley | None) -> RangeAdvice | None:
    """What to change about the range; None where the valley and its far edge lie inside."""
    first, last = float(curve.lr[0]), float(curve.lr[-1])
    forgets = valley is None and marks.falls and curve.guessing is not None
    if forgets and not marks.still_falling:
        return None  # what it falls to is guessing: another range would not help
    if not marks.falls or (valley is None and not forgets):
        calm = last_calm(curve, marks)
        flat = not curve.broke and _flat_to_the_end(curve, marks)
        at_once = calm < AT_ONCE * curve.planned_steps and curve.log_lr[calm] - curve.log_lr[0] < NEAR
        if at_once and not flat:
            # A rise from the first rate on is not the rate's where other optimizers train against this one.
            return None if curve.others else start_lower(curve)
        if flat and last < HIGHEST:
            end = min(last * 100, HIGHEST)
            return RangeAdvice(
                first, end, f"Nothing happens up to {format_lr(last)}: extend the sweep to {format_lr(end)}."
            )
        return None
    if marks.still_falling:
        # A fall that has only begun is further from its end.
        end = last * 10 if _mostly_seen(curve, marks) else max(last * 10, min(last * 100, HIGHEST))
        why = f"The loss is still falling at {format_lr(last)}: extend the sweep to {format_lr(end)} or more."
        return RangeAdvice(first, end, why)
    if valley is not None and valley.middle - math.log10(first) < BEFORE:
        start = first / 1000
        why = f"The loss already falls at the first rate: start the sweep lower, at {format_lr(start)}."
        return RangeAdvice(start, max(last, start * 1e4), why)
    return None


def start_lower(curve: Curve) -> RangeAdvice:
    """The range after a sweep in which training broke before anything was seen. At least one point."""
    first, last = float(curve.lr[0]), float(curve.lr[-1])
    start = first / 1000
    why = f"Training diverged at once: start the sweep lower, at {format_lr(start)}."
    return RangeAdvice(start, last * 10 if curve.broke else last, why)


def judge(
    curve: Curve,
    marks: Landmarks,
    valley: Valley,
    spread: float,
    floor: float = FLOORS[ONE_CYCLE],
    raised: float = 0.0,
) -> tuple[str, float]:
    """The word, and the factor within which nine of ten picks have a rate that is nearly as good as the best.

    `spread` is the standard deviation of the pick in decades, from resampled curves or from repeats; `floor` is the
    plan's (`Plan.floor_read`); `raised` is by how many decades the middle was raised for what a long sweep learnt
    before it.
    """
    # How late the loss answers differs from task to task by as much: in a short sweep that is half a decade.
    late = valley.middle - float(curve.steps_back(np.array([valley.middle]), BREAK)[0])
    # So does what a long sweep learns on its way: one task wants no raise, another twice as much.
    factor = min(10 ** math.hypot(floor, NINE_OF_TEN * spread, late, raised), WORST)
    unseen = marks.still_falling and not _mostly_seen(curve, marks) and float(curve.lr[-1]) < USUAL
    if spread > LOST or unseen:
        return "none", factor
    clear = clear_fall(curve, valley.fall)
    if marks.still_falling or spread > WAVERING:
        return "low", factor
    if spread <= STEADY and clear and not valley.open:
        return "high", factor
    return ("medium" if clear else "low"), factor


def clear_fall(curve: Curve, fall: float) -> bool:
    """True where a fall stands out from the single batches. Not a share of the loss: that says nothing where a
    constant is part of it, or its sign may change."""
    return fall >= CLEAR * curve.noise


def _mostly_seen(curve: Curve, marks: Landmarks) -> bool:
    """True where a fall that goes on at the last rate has done most of what it will do."""
    last = float(curve.lr[-1])
    return last >= SLOWED * marks.fast_to or last >= LASTED * marks.begins_at


def _flat_to_the_end(curve: Curve, marks: Landmarks) -> bool:
    """True where the smoothed loss ends no higher than the noise allows above where it began."""
    head, tail = curve.smoothed[: max(3, len(curve) // 10)], curve.smoothed[-max(3, len(curve) // 20) :]
    return float(np.median(tail)) <= float(np.median(head)) + 3 * marks.residual_noise + curve.resolution

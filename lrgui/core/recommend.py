"""Our own recommendation, read off the centred smoothed loss."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lrgui.core.curve import Curve
from lrgui.core.landmarks import Landmarks
from lrgui.core.learning_rate import short_lr

#: Most of the fall: where the curve is nearly down, but has not yet begun to turn.
MOST = 0.9
#: A rise that is no longer noise: the edge of stability.
EDGE = 0.1
#: A fall below this share of the start is too little to trust a pick: the model hardly learned in the sweep.
TRUSTED_FALL = 0.2


@dataclass(frozen=True)
class Recommendation:
    """The rate that we would use, or honestly none; `best_guess` is given whenever a number can be computed."""

    lr: float | None
    best_guess: float | None
    reason: str
    """How it came about, or why there is none and what to try."""


def recommend(curve: Curve, marks: Landmarks | None) -> Recommendation:
    """The rate with 90 % of the fall made, meeting half of the rate at which the loss rises again.

    The best max LR of a OneCycle training lies close to, but safely below, the edge of divergence. The first
    rate is where learning is nearly as fast as it gets, the second keeps a factor of two from the edge; their
    geometric mean is taken, never above the second. Without an edge (the sweep ended too early) the first
    alone is the best guess.
    """
    if marks is None:
        why = f"No reliable pick: only {len(curve)} points were measured. Sweep more steps."
        return Recommendation(None, None, why)
    smoothed, m = curve.smoothed, len(curve)
    head = marks.level
    reached = np.flatnonzero(smoothed <= head - MOST * marks.fall)
    if marks.fall <= 0 or not len(reached):
        return _none(None, marks.why_not or "the loss never falls", curve, marks)
    most = float(curve.lr[reached[0]])
    above = np.flatnonzero(smoothed[marks.lowest_index :] > marks.lowest + EDGE * marks.fall)
    edge: float | None = None
    if len(above):
        edge = float(curve.lr[marks.lowest_index + above[0]])
    elif curve.end_reason in ("diverged", "not_finite") or curve.dropped:
        edge = float(curve.lr[m - 1])
    # Nothing is known of rates past the last one: a guess keeps the factor of two from it as well.
    guess = min(most, float(curve.lr[m - 1]) / 2) if edge is None else min(math.sqrt(most * edge / 2), edge / 2)
    # … but stays within what was measured.
    guess = max(guess, float(curve.lr[0]))
    share = marks.fall / max(abs(marks.level), 1e-12)
    if not marks.falls or share < TRUSTED_FALL:
        why = marks.why_not or f"the loss falls by only {share:.1%}"
        return _none(guess, why, curve, marks)
    if marks.still_falling:
        return _none(guess, f"the loss is still falling at {short_lr(float(curve.lr[-1]))}", curve, marks)
    if edge is None:
        reason = f"90 % of the fall is made at {short_lr(most, 2)}; the loss does not rise again in this range."
    elif most < edge / 2:
        reason = (
            f"Between {short_lr(most, 2)}, where 90 % of the fall is made, and {short_lr(edge / 2, 2)}, "
            f"half of the rate at which the loss rises again."
        )
    else:
        reason = f"Half of {short_lr(edge, 2)}, the rate at which the loss rises again."
    return Recommendation(guess, guess, reason)


def _none(guess: float | None, why: str, curve: Curve, marks: Landmarks) -> Recommendation:
    return Recommendation(None, guess, f"No reliable pick: {why}. {_advice(curve, marks)}")


def _advice(curve: Curve, marks: Landmarks) -> str:
    last = float(curve.lr[-1])
    if marks.still_falling:
        return f"Extend the sweep to {short_lr(last * 10)} or more."
    if curve.end_reason in ("diverged", "not_finite") and marks.lowest_index <= len(curve) // 10:
        return f"It diverged at once: start the sweep lower, at {short_lr(float(curve.lr[0]) / 1000)}."
    return "Try more steps, a wider range, or a model that learns faster on this data."

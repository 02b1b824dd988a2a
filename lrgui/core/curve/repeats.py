"""Several sweeps of the same task: their median curve, the band around it, and how far the rules agree."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from lrgui.core.curve.curve import Curve
from lrgui.core.curve.landmarks import find_landmarks
from lrgui.core.curve.plan import SCHEDULES, USUAL, Plan
from lrgui.core.curve.recommend import Recommendation, recommend
from lrgui.core.curve.rules import RULES, suggest
from lrgui.core.curve.smoothing import Floats
from lrgui.core.learning_rate import format_lr


@dataclass(frozen=True, eq=False)
class Repeats:
    """What several sweeps of one task say together. All arrays have the shape (m,) of `curve`."""

    curve: Curve
    """The median curve: per step the median of the raw losses of those repeats that got there."""
    lr: Floats
    low: Floats
    """Lowest of the centred smoothed losses of those repeats that got there."""
    high: Floats
    """Highest of them."""


def combine(curves: Sequence[Curve]) -> Repeats:
    """Repeats of one sweep (same rates, other seeds) as one curve and a band.

    The curve goes as far as at least half of the repeats got. ValueError without curves, or where their
    rates differ.
    """
    if not curves:
        raise ValueError("No sweep to combine; run at least one.")
    longest = max(curves, key=len)
    for curve in curves:
        if not np.allclose(curve.lr, longest.lr[: len(curve)], rtol=1e-6, atol=0.0):
            raise ValueError(
                "Repeats must have the same learning rates: combine sweeps with the same range and number of steps."
            )
    half = (len(curves) + 1) // 2
    lengths = sorted((len(curve) for curve in curves), reverse=True)
    m = lengths[half - 1]
    raw, smoothed = _stack([c.loss for c in curves], m), _stack([c.smoothed for c in curves], m)
    ended = next(c for c in curves if len(c) == m)
    together = Curve(
        longest.lr[:m].copy(),
        np.nanmedian(raw, axis=0) if m else np.zeros(0),
        longest.planned_steps,
        longest.beta,
        ended.end_reason,
        ended.dropped,
        longest.steps_per_point,
        _known_mean([c.guessing for c in curves]),
        _known_mean([c.uniform for c in curves]),
    )
    low = np.nanmin(smoothed, axis=0) if m else np.zeros(0)
    high = np.nanmax(smoothed, axis=0) if m else np.zeros(0)
    return Repeats(together, together.lr, low, high)


def recommend_repeats(curves: Sequence[Curve], plan: Plan = USUAL) -> Recommendation:
    """Our recommendation from several sweeps of one task: the geometric mean of their own picks.

    How sure it is, and whether the range was right, is read off their median curve; n picks that differ by a
    standard deviation s leave s / √n.
    """
    together = combine(curves).curve
    marks = find_landmarks(together)
    if len(curves) == 1:
        return recommend(together, marks, plan)
    alone = [recommend(curve, find_landmarks(curve), plan) for curve in curves]
    known = np.log10([each.best_guess for each in alone if each.best_guess is not None])
    if not len(known):
        return recommend(together, marks, plan)
    apart = float(np.std(known, ddof=1)) / math.sqrt(len(known)) if len(known) > 1 else 0.0
    found = recommend(together, marks, plan, spread=apart)
    mean, low, high = (float(10**x) for x in (known.mean(), known.min(), known.max()))
    rates = {key: _mean([each.by_schedule[key] for each in alone if each.by_schedule]) for key in SCHEDULES}
    found = replace(found, best_guess=mean, by_schedule=rates)
    if found.lr is None:
        return found
    least, most = format_lr(low), format_lr(high)
    between = f"between {least} and {most}" if least != most else f"of {least}"
    reason = f"The mean of {len(known)} recommendations {between}."
    if len(known) == 1:
        reason = f"The only recommendation of {len(curves)} repeats."
    # Their rates are those for the plan already.
    reason += plan.remarks(together.planned_steps * together.steps_per_point)
    if found.advice is not None:
        reason += f" {found.advice.why}"
    return replace(found, lr=mean, reason=reason)


def spread(curves: Sequence[Curve], plan: Plan = USUAL) -> dict[str, tuple[float | None, ...]]:
    """What every rule (by key) and our own ("ours": pick or best guess for the training `plan`) says about
    each repeat, in order."""
    found: dict[str, list[float | None]] = {rule.key: [] for rule in RULES}
    found["ours"] = []
    for curve in curves:
        marks = find_landmarks(curve)
        for key, suggestion in suggest(curve, marks, every=True).items():
            found[key].append(suggestion.lr)
        found["ours"].append(recommend(curve, marks, plan).best_guess)
    return {key: tuple(rates) for key, rates in found.items()}


def _mean(rates: Sequence[float]) -> float:
    """Their geometric mean."""
    return float(10 ** np.log10(rates).mean())


def _known_mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def _stack(rows: Sequence[Floats], m: int) -> Floats:
    """Rows of differing length as one array of shape (len(rows), m), NaN where a row has ended."""
    table = np.full((len(rows), m), np.nan)
    for row, values in zip(table, rows, strict=True):
        row[: min(len(values), m)] = values[:m]
    return table

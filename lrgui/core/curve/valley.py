"""The valley of a curve: its middle and its far edge, read from one curve or from many resampled ones at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lrgui.core.curve.curve import Curve
from lrgui.core.curve.smoothing import Floats, width_for

#: A rate counts for the middle with this power of the share of the fall that is made there: rates at which half
#: is made count a sixteenth of the lowest, so the middle hardly depends on where the fall begins.
POWER = 4
#: The far edge is the last rate at which at least this share of the fall is still made.
EDGE = 0.5
#: Nothing further before the edge than this, in decades, is part of the valley: a dip there is noise.
REACH = 3.0
#: The loss answers late: what is seen at a rate was made by the rates of the steps before. The middle of the
#: valley was made by the rate of so many steps before …
ANSWER = 2
#: … and the break at its far edge, up to which momentum carries a training, by that of so many.
BREAK = 4
#: Longer curves are averaged over neighbours first: no more than this many points are looked at.
MOST_POINTS = 256
#: Noise above this share of the fall asks for a wider smoother, at most twice as wide.
NOISY = 0.2


@dataclass(frozen=True, eq=False)
class Valley:
    """Where a curve is low. Learning rates are log10."""

    middle: float
    """Centre of the valley: the mean of log LR, each rate weighted with `POWER` of the share of the fall made."""
    edge: float
    """The last rate at which half of the fall is still made."""
    open: bool
    """True where the curve ends before it has risen again: the edge is only the end of the sweep."""
    level: float
    """The loss before it falls."""
    from_guessing: bool
    """True where that is the loss of guessing: the start was worse."""
    fall: float
    """From the level to the lowest smoothed loss; 0 where there is none."""
    middles: Floats
    """`middle` of each resampled curve. Shape (resamples,)."""
    edges: Floats
    """`edge` of each resampled curve. Shape (resamples,)."""


def find_valley(curve: Curve, resamples: int = 0) -> Valley | None:
    """Read the valley; None where the loss is nowhere below its level.

    `resamples` further curves are made by turning over the sign of each point's distance from the smoothed line
    at random (a wild bootstrap: the noise keeps its size at every rate). The signs are the same in every call.
    """
    m = len(curve)
    if m < 3:
        return None
    base = width_for(curve.planned_steps)
    level = _level(curve)
    fall = level - float(np.min(curve.smoothed))
    if fall <= 0:
        return None
    noise = curve.noise
    # An explosion says no more than a rise to the level and the fall above it.
    capped = np.minimum(curve.loss, level + fall + 3 * noise)
    wider = float(np.clip(noise / (NOISY * fall), 1.0, 8.0**0.5)) ** (2 / 3)
    group = -(-m // MOST_POINTS)
    x, raw = _grouped(curve.log_lr, group), _grouped(capped, group)
    smoother = _smoother(len(x), max(base * wider / group, 0.5))
    lines = (smoother @ raw)[None]
    if resamples:
        rest = (raw - lines[0]) / np.sqrt(np.clip(1 - np.diag(smoother), 0.1, 1.0))
        signs = np.random.default_rng(0).choice([-1.0, 1.0], size=(resamples, len(x)))
        lines = np.vstack([lines, (lines[0] + signs * rest) @ smoother.T])
    rises = _ends_high(curve, lines[0], level, fall)
    middles, edges, falls = _places(x, lines, level, rises)
    if falls[0] <= 0:
        return None
    return Valley(
        middle=float(middles[0]),
        edge=float(edges[0]),
        open=not rises and bool(edges[0] >= x[-1] - 1e-12),
        level=level,
        from_guessing=level == curve.guessing,
        fall=float(falls[0]),
        middles=middles[1:],
        edges=edges[1:],
    )


def _level(curve: Curve) -> float:
    """The loss before it falls: median of the first third, or of the first tenth where that is clearly higher.

    Where the start is worse than knowing nothing it is the loss of guessing: such a network knows something else, gets
    down to guessing by forgetting that, and stays there once it is dead.
    """
    m = len(curve)
    third = float(np.median(curve.loss[: max(3, m // 3)]))
    tenth = float(np.median(curve.loss[: max(3, m // 10)]))
    level = tenth if tenth > third + 2 * curve.noise else third
    # A loss that rises from the start has not fallen from a median further right.
    before = curve.smoothed[: int(np.argmin(curve.smoothed)) + 1]
    level = min(level, float(before.max()))
    if curve.guessing is None or curve.uniform is None or level - curve.uniform <= curve.uniform - curve.guessing:
        return level
    return curve.guessing


def _ends_high(curve: Curve, line: Floats, level: float, fall: float) -> bool:
    """True where the curve rose far above its level at the end, or broke there."""
    if curve.broke:
        return True
    below = np.flatnonzero(line <= level)
    return bool(len(below)) and below[-1] < len(line) - 1 and bool(line[below[-1] + 1 :].max() > level + 0.5 * fall)


def _places(x: Floats, lines: Floats, level: float, rises: bool) -> tuple[Floats, Floats, Floats]:
    """Middle, edge and fall of every line. `x` has the shape (k,), `lines` (n, k), each answer (n,)."""
    share = np.maximum(level - lines, 0.0)
    if rises:
        last = len(x) - 1 - np.argmax(share[:, ::-1] > 0, axis=1)
        share[x[None, :] < x[last][:, None] - REACH] = 0.0
    falls = share.max(axis=1)
    share /= np.where(falls > 0, falls, 1.0)[:, None]
    weights = share**POWER * np.gradient(x)
    total = weights.sum(axis=1)
    middles = (weights * x).sum(axis=1) / np.where(total > 0, total, 1.0)
    edges = x[len(x) - 1 - np.argmax(share[:, ::-1] > EDGE, axis=1)]
    return middles, edges, falls


def _grouped(values: Floats, group: int) -> Floats:
    """Means of `group` neighbours each; what is left over at the start is dropped."""
    count = len(values) // group
    means: Floats = values[len(values) - count * group :].reshape(count, group).mean(axis=1)
    return means


def _smoother(n: int, width: float) -> Floats:
    """The matrix that replaces each of n points by a Gaussian-weighted line through its neighbours. Shape (n, n)."""
    away = np.arange(n)[None, :] - np.arange(n)[:, None]
    weights = np.exp(-0.5 * (away / width) ** 2)
    s0, s1, s2 = (each.sum(axis=1) for each in (weights, weights * away, weights * (away * away)))
    # Neighbours so light that they only round to something: the point itself is its line.
    determinant = s0 * s2 - s1 * s1
    lines: Floats = weights * (s2[:, None] - s1[:, None] * away) / np.maximum(determinant, 1e-12)[:, None]
    return lines

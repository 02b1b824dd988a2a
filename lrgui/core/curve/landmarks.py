"""The places of a curve that everything else refers to: where the loss begins to fall, is lowest, rises again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lrgui.core.curve.curve import Curve
from lrgui.core.curve.kinks import fall_kinks
from lrgui.core.curve.smoothing import Floats, centred, width_for

#: A fall or a rise is visible when it makes this share of the whole fall.
VISIBLE = 0.05
#: The curve falls "fast" where its slope is at least this share of the steepest.
FAST = 0.5
#: The curve "begins to fall" where its slope first reaches this share of the steepest, for good.
BEGINS = 0.1
#: Where the noise is below this share of the fall, places are read with less smoothing, or none: smoothing
#: blurs a kink and pulls the foot of an explosion to the left.
FINE = 0.003
#: Kinks are looked for where the noise is below this share of the fall.
KINKS = 0.02
#: With fewer points nothing can be said about a curve.
FEWEST_POINTS = 10
#: A fall counts when it is this many times the noise that the smoother leaves. So does a rise above the start: a loss
#: that only comes back to it (a dead network, a bounded loss) is a little above it by chance.
AGAINST_NOISE = 6.0


@dataclass(frozen=True)
class Landmarks:
    """Learning rates read off the centred smoothed loss; None where the curve has no such place."""

    falls: bool
    """False where no fall stands out from the noise; the other places mean little then."""
    why_not: str
    """Why `falls` is False, a sentence."""
    level: float
    """The loss before anything happens: the median of the first part."""
    lowest: float
    """The lowest smoothed loss."""
    lowest_at: float
    """Its learning rate, read as finely as the noise allows."""
    lowest_index: int
    """Its index in the smoothed losses."""
    fall: float
    """`level - lowest`."""
    starts_falling_at: float
    """Where the loss leaves its level: the slope first becomes clearly negative."""
    begins_at: float
    """Where 5 % of the fall is made, above the noise: the end of the "too low" zone."""
    fast_from: float
    """The stretch that holds the steepest point and in which the slope is at least half of its."""
    fast_to: float
    rises_at: float | None
    """Where the loss has risen again by 5 % of the fall; None where it has not."""
    explodes_at: float | None
    """The foot of the rise: the last rate before `rises_at` at which the loss is still near its lowest."""
    explodes: bool
    """True where the loss passes its start after its lowest, or training broke; else it only rises again."""
    stopped_at: float | None
    """Last learning rate of a sweep that ended in an explosion or NaN."""
    still_falling: bool
    """True where the sweep ended while the loss was still falling."""
    residual_noise: float
    """Standard deviation of the noise that is left in the smoothed loss."""


def find_landmarks(curve: Curve) -> Landmarks | None:
    """Read the landmarks of a curve; None for fewer than ten points."""
    m = len(curve)
    if m < FEWEST_POINTS:
        return None
    x, y = curve.log_lr, curve.smoothed
    head = max(3, m // 10)
    level = float(np.median(curve.loss[:head]))
    i_low = _lowest(curve)
    lowest = float(y[i_low])
    if i_low < head:  # a loss that rises from the start has not fallen from the median of its first part
        level = min(level, float(np.max(y[: i_low + 1])))
    fall = level - lowest
    # A Gaussian over w steps leaves about 1 / sqrt(3.5 w) of white noise.
    width = width_for(curve.planned_steps)
    residual = curve.noise / float(np.sqrt(3.5 * width))
    falls = fall > max(AGAINST_NOISE * residual, curve.resolution)
    noisy = AGAINST_NOISE * residual > curve.resolution
    never = "the loss never falls" + (" by more than the noise of the batches" if noisy else "")

    begins = _first_below(y[: i_low + 1], level - max(VISIBLE * fall, 2 * residual))
    # A slope wavers more than its curve: the noisier the curve, the wider it is looked at.
    wider = float(np.clip(curve.noise / max(KINKS * fall, 1e-300), 1.0, 8.0)) ** (2 / 3)
    wide = y if wider == 1.0 else centred(curve.loss, wider * width)
    down = np.maximum(-np.gradient(wide, x)[: i_low + 1], 0.0)
    # Before the fall there is only noise, and at the very left a line through half as many points.
    i_steep = begins + int(np.argmax(down[begins:]))
    steepest = float(down[i_steep])
    fast_from, fast_to = _stretch(down, i_steep, FAST * steepest)
    starts, _ = _stretch(down, fast_from, BEGINS * steepest)
    # Flat noise to the left must not count as falling: the loss there is still at its level.
    starts = min(starts, begins)
    rises = _first_above(y, i_low, lowest + max(VISIBLE * fall, 3 * residual)) if falls else None
    fine = _fine(curve, fall)
    i_lowest = _lowest_nearby(fine, i_low, rises, 4 * width)
    foot = None if rises is None else _foot(x, fine, i_lowest, rises, lowest + 0.25 * fall)
    places = x[[starts, fast_from, fast_to, i_lowest]]
    if falls and curve.noise < KINKS * fall:
        # The bend of an explosion that is not quite a kink is no part of the fall.
        until = m if foot is None else max(int(np.searchsorted(x, foot)) - int(width), i_lowest + 3)
        found = fall_kinks(x[:until], curve.loss[:until], places, max(1.25 * curve.noise, 0.003 * fall))
        places = places if found is None else found
    # Places come from lines smoothed more and less: none may lie on the wrong side of another.
    at = [float(rate) for rate in 10.0 ** np.minimum(places, places[3])]
    begins_at = _crossing(x, y, begins, level - max(VISIBLE * fall, 2 * residual))
    rises_at = None
    if rises is not None:
        rises_at = max(_crossing(x, y, rises, lowest + max(VISIBLE * fall, 3 * residual)), at[3])
    tail = y[-max(3, m // 20) :]
    still = falls and rises is None and not curve.broke and bool(i_low >= m - max(2, m // 20)) and tail[-1] <= tail[0]
    return Landmarks(
        falls=falls,
        why_not="" if falls else never,
        level=level,
        lowest=lowest,
        lowest_at=at[3],
        lowest_index=i_low,
        fall=fall,
        starts_falling_at=min(at[0], begins_at),
        begins_at=begins_at,
        fast_from=at[1],
        fast_to=at[2],
        rises_at=rises_at,
        explodes_at=None if foot is None else max(float(10.0**foot), at[3]),
        explodes=curve.broke or bool(np.max(y[i_low:]) > level + max(VISIBLE * fall, AGAINST_NOISE * residual)),
        stopped_at=float(curve.lr[-1]) if curve.broke else None,
        still_falling=still,
        residual_noise=residual,
    )


def last_calm(curve: Curve, marks: Landmarks) -> int:
    """Index of the last point at which the smoothed loss is still at its level: training breaks after it."""
    # Of the smoothed loss as well, as it is compared with that: single batches may lie far from it on one side.
    level = max(
        min(float(np.median(losses[: max(3, len(curve) // 3)])), start + 2 * curve.noise)
        for losses, start in ((curve.loss, marks.level), (curve.smoothed, _start(curve)))
    )
    calm = np.flatnonzero(curve.smoothed <= level + 3 * marks.residual_noise + curve.resolution)
    return int(calm[-1])


def _start(curve: Curve) -> float:
    return float(np.median(curve.smoothed[: max(3, len(curve) // 10)]))


def _lowest(curve: Curve) -> int:
    """Index of the lowest smoothed loss before the explosion.

    A network that "died" returns to the loss of guessing, which can dip below the level of the start by
    chance; only a dip that is a new low counts, so the plain minimum is right.
    """
    return int(np.argmin(curve.smoothed))


def _fine(curve: Curve, fall: float) -> Floats:
    """The curve, smoothed no more than its noise asks for."""
    full = width_for(curve.planned_steps)
    width = min(curve.noise / max(FINE * fall, 1e-300), 1e3) ** 2 / 3.5
    if width >= full:
        return curve.smoothed
    return centred(curve.loss, width) if width > 0.3 else curve.loss


def _lowest_nearby(fine: Floats, low: int, rises: int | None, reach: float) -> int:
    """Index of the lowest value of `fine` at most `reach` from `low` and before the rise."""
    left = max(0, low - int(reach))
    right = min(len(fine), low + int(reach) + 1, (rises or len(fine)) + 1)
    return left + int(np.argmin(fine[left:right]))


def _foot(x: Floats, y: Floats, lowest: int, rises: int, top: float) -> float:
    """Where two straight lines, one gentle and one steep, meet best between the lowest loss and `top`, in log LR."""
    above = np.flatnonzero(y[lowest:] > top)
    last = max(lowest + int(above[0]) if len(above) else len(y) - 1, rises) + 2
    x, y = x[lowest:last], y[lowest:last]
    y = y - y[0]
    # Where few points are left several knots fit exactly: rounding must not choose among them.
    same = 1e-9 * float(y @ y)
    best, place = np.inf, float(x[min(rises - lowest, len(x) - 1)])
    for knot, error, gentle, steep in _two_lines(x, y, min(4 * len(x), 160)):
        if error < best - same and steep > 3 * abs(gentle):
            best, place = error, knot
    return place


def _two_lines(x: Floats, y: Floats, count: int) -> Iterator[tuple[float, float, float, float]]:
    """Two straight lines through the points that meet at each of `count` - 1 knots: the knot, what the lines leave (a
    sum of squares), the slope before it and the slope behind it. None for fewer than three points."""
    if len(x) < 3:
        return
    centred_x = x - x.mean()
    square = float(centred_x @ centred_x)

    def rest(values: Floats) -> tuple[Floats, Floats]:
        """The slopes of the best single lines, and what these leave, over the last axis."""
        slopes = values @ centred_x / square
        return slopes, values - values.mean(axis=-1, keepdims=True) - slopes[..., None] * centred_x

    whole, left = rest(y)
    knots = np.linspace(x[0], x[-1], count, endpoint=False)[1:]
    for some in np.array_split(knots, 1 + len(x) // 5000):  # all at once would take much memory for long curves
        bends, bent = rest(np.maximum(x - some[:, None], 0.0))
        turns = bent @ left / np.sum(bent**2, axis=1)
        errors = np.sum((left - turns[:, None] * bent) ** 2, axis=1)
        gentle = whole - turns * bends
        yield from zip(some.tolist(), errors.tolist(), gentle.tolist(), (gentle + turns).tolist(), strict=True)


def _first_below(y: Floats, threshold: float) -> int:
    """First index from which `y` stays below `threshold` up to its end."""
    above = np.flatnonzero(y > threshold)
    return int(min(above[-1] + 1, len(y) - 1)) if len(above) else 0


def _first_above(y: Floats, start: int, threshold: float) -> int | None:
    above = np.flatnonzero(y[start:] > threshold)
    return int(start + above[0]) if len(above) else None


def _stretch(down: Floats, middle: int, threshold: float) -> tuple[int, int]:
    """The run of indices around `middle` in which `down` is at least `threshold`."""
    left = right = middle
    while left > 0 and down[left - 1] >= threshold:
        left -= 1
    while right < len(down) - 1 and down[right + 1] >= threshold:
        right += 1
    return left, right


def _crossing(x: Floats, y: Floats, index: int, threshold: float) -> float:
    """The learning rate between `index - 1` and `index` at which `y` crosses `threshold` (linear in log LR)."""
    if index == 0 or y[index] == y[index - 1]:
        return float(10.0 ** x[index])
    share = (threshold - y[index - 1]) / (y[index] - y[index - 1])
    return float(10.0 ** (x[index - 1] + min(max(share, 0.0), 1.0) * (x[index] - x[index - 1])))

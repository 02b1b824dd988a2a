"""The suggestions of published learning-rate finders, recomputed from raw losses to the same number.

Every function takes the learning rates and raw losses of a sweep, both of shape (n,) with NaN where a loss was not
finite, and the number of planned steps. It answers the index of the rate that its package would suggest, or a
sentence with the reason why there is none. Where a package reckons in single precision, so does this: the places
of two nearly equal slopes would differ otherwise.
"""

from __future__ import annotations

from bisect import bisect_left

import numpy as np
from numpy.typing import NDArray

from lrgui.core.curve.smoothing import Floats

Singles = NDArray[np.float32]
Answer = int | str

#: β and weight of the packages' smoothers.
BETA = 0.98
WEIGHT = 0.05


def fastai_steep(lr: Floats, loss: Floats, planned: int) -> Answer:
    """fastai's `steep`: the left end of the interval with the lowest Δloss / Δlog LR."""
    first, rates, y = _fastai(lr, loss, planned)
    if len(y) < 2:
        return _too_few(loss, first + 2 + LAST)
    slope = np.diff(y) / np.diff(np.log(rates))
    return _falling(first, slope)


def fastai_valley(lr: Floats, loss: Floats, planned: int) -> Answer:
    """fastai's `valley`, its default: two thirds, roughly, of a half of the way along the longest falling run.

    The run is the longest decreasing subsequence (not contiguous), of length L ending at index e; it is taken to
    begin at e − L, and the answer lies ⌊L/3⌋ + ⌊L/6⌋ further.
    """
    first, _, y = _fastai(lr, loss, planned)
    if len(y) < 2:
        return _too_few(loss, first + 2 + LAST)
    lengths = _falling_lengths(y)
    end = int(np.argmax(lengths))
    length = int(lengths[end])
    if length < 2:
        return NEVER_FALLS
    third = length / 3
    index = end - length + int(third) + int(third / 2)
    # A run from the very first point begins at −1 there, and a negative index counts from the end.
    return first + index % len(y)


def fastai_slide(lr: Floats, loss: Floats, planned: int) -> Answer:
    """fastai's `slide`: two points 15 steps apart slide left until their slopes differ by at most 0.005."""
    first, _, y = _fastai(lr, loss, planned)
    if len(y) < SLIDE + 1:
        return _too_few(loss, first + SLIDE + 1 + LAST)
    slope = np.gradient(y)
    right, left = -1, -1 - SLIDE
    found = left
    while left >= -len(y) and abs(slope[right] - slope[left]) > CALM:
        found = left
        right, left = right - 1, left - 1
    return first + len(y) + found


def fastai_minimum(lr: Floats, loss: Floats, planned: int) -> Answer:
    """fastai's `minimum`: where its average is lowest (a tenth of that rate is suggested)."""
    first, _, y = _fastai(lr, loss, planned)
    if not len(y):
        return _too_few(loss, first + 1 + LAST)
    index = int(np.argmin(y))
    return first + index if index > 0 else NEVER_FALLS


def torch_lr_finder(lr: Floats, loss: Floats, planned: int) -> Answer:
    """torch-lr-finder: the lowest difference per step; ten points at the start and five at the end are left out."""
    y = _seeded_average(_finite(loss))
    if len(y) < FIRST + LAST + 2:
        return _too_few(loss, FIRST + LAST + 2)
    return _falling(FIRST, np.gradient(y[FIRST:-LAST]))


def ignite(lr: Floats, loss: Floats, planned: int) -> Answer:
    """Ignite's FastaiLRFinder: the lowest central difference up to the lowest average."""
    y = _seeded_average(_finite(loss)).astype(np.float32)
    falling = y[: int(np.argmin(y)) + 1] if len(y) else y
    if len(falling) < 3:
        return NEVER_FALLS if len(y) >= 3 else _too_few(loss, 3)
    return _falling(1, np.float32(0.5) * (falling[2:] - falling[:-2]))


def lightning(lr: Floats, loss: Floats, planned: int) -> Answer:
    """Lightning from 2.5.3 on: the lowest d(average) / d(LR), on a linear LR axis.

    Its average is debiased by one step too many; ten points at the start and one at the end are left out.
    """
    average = np.empty(len(loss))
    last = 0.0
    for step, value in enumerate(map(float, loss)):
        last = BETA * last + (1 - BETA) * value
        average[step] = last / (1 - BETA ** (step + 2))
    y, x = average[FIRST:-1].astype(np.float32), lr[FIRST:-1].astype(np.float32)
    finite = np.isfinite(y)
    y, x = y[finite], x[finite]
    if len(y) < 2:
        return _too_few(loss, FIRST + 3)
    return _falling(FIRST, _uneven_gradient(y, x))


NEVER_FALLS = "The loss never falls."
#: Points that fastai and torch-lr-finder leave out at the end; those that the latter and Lightning skip first.
LAST = 5
FIRST = 10
#: Steps between fastai's sliding points, and how much their slopes may differ.
SLIDE = 15
CALM = 0.005


def _finite(loss: Floats) -> Floats:
    """The losses before the first that is not finite: what a package makes of NaN is no answer."""
    bad = np.flatnonzero(~np.isfinite(loss))
    return loss[: int(bad[0])] if len(bad) else loss


def _fastai(lr: Floats, loss: Floats, planned: int) -> tuple[int, Singles, Singles]:
    """Index of the first point that fastai looks at, and its rates and averages from there on."""
    first = planned // 10
    value, weight = np.float32(0.0), np.float32(1) - np.float32(BETA)
    average = np.empty(len(loss), dtype=np.float32)
    for step, raw in enumerate(loss.astype(np.float32)):
        # torch rounds product and difference once (a fused multiply-add): here that of a double.
        value = np.float32(np.float64(value) - np.float64(value - raw) * np.float64(weight))
        average[step] = value / np.float32(1 - BETA ** (step + 1))
    rates, y = lr[first:-LAST].astype(np.float32), average[first:-LAST]
    bad = np.flatnonzero(~np.isfinite(y))
    keep = int(bad[0]) if len(bad) else len(y)
    return first, rates[:keep], y[:keep]


def _seeded_average(loss: Floats) -> Floats:
    """Exponential average that begins with the first loss, not debiased."""
    average = loss.astype(np.float64, copy=True)
    for i in range(1, len(average)):
        average[i] = WEIGHT * average[i] + (1 - WEIGHT) * average[i - 1]
    return average


def _falling_lengths(y: Singles) -> NDArray[np.int64]:
    """Length of the longest decreasing subsequence that ends at each point. Shape (n,)."""
    lengths = np.empty(len(y), dtype=np.int64)
    # Per length, the largest (negated: smallest) last value of a subsequence of that length.
    tails: list[float] = []
    for i, value in enumerate(map(float, -y)):
        place = bisect_left(tails, value)
        tails[place : place + 1] = [value]
        lengths[i] = place + 1
    return lengths


def _uneven_gradient(y: Singles, x: Singles) -> Singles:
    """dy/dx of second order on an uneven grid, of first order at both ends. Shape (n,)."""
    gap = np.diff(x)
    left, right = gap[:-1], gap[1:]
    slope = np.empty_like(y)
    slope[0], slope[-1] = (y[1] - y[0]) / gap[0], (y[-1] - y[-2]) / gap[-1]
    slope[1:-1] = (
        -right / (left * (left + right)) * y[:-2]
        + (right - left) / (left * right) * y[1:-1]
        + left / (right * (left + right)) * y[2:]
    )
    return slope


def _falling(first: int, slope: Floats | Singles) -> Answer:
    index = int(np.argmin(slope))
    return first + index if slope[index] < 0 else NEVER_FALLS


def _too_few(loss: Floats, needed: int) -> str:
    return f"Only {len(_finite(loss))} losses were finite; this rule needs {needed}."

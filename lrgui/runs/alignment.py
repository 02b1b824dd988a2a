"""Steps in order, and the same steps in every repeat: a log may lack lines, or have some twice or damaged."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Rates of the same step in two repeats differ by less, relatively.
SAME = 1e-6


def in_order(steps: Integers, lr: Floats) -> Integers | None:
    """The indices of a sweep's points in the order of their steps, each step once, their rates rising.

    `steps` and `lr` have the shape (n,). None where the points are in order as they are, as a run measures them.
    """
    if (np.diff(steps) > 0).all() and (np.diff(lr) >= 0).all():
        return None
    found = np.unique(steps, return_index=True)[1]  # of a step that is there twice the first
    rates = lr[found]
    # A rate that does not fit between its neighbours, which fit each other, is a damaged number.
    before, after = np.concatenate(([-np.inf], rates[:-1])), np.concatenate((rates[1:], [np.inf]))
    found = found[((before <= rates) & (rates <= after)) | (before > after)]
    # What still falls belongs to no sweep; of two such points the first stays.
    rates = lr[found]
    return found[rates >= np.maximum.accumulate(rates)]


def align(steps: Sequence[Integers], rates: Sequence[Floats]) -> tuple[list[Integers | None], int]:
    """For each of several sweeps the indices of the points that all share; None for a sweep with other rates.

    `steps` and `rates` are those of each sweep, in order, at least one sweep. A sweep may end earlier than others.
    Also returns how many steps are left out because a sweep lacks them, or has another rate there.
    """
    every = steps[0]
    for one in steps[1:]:
        every = np.union1d(every, one)
    table = np.full((len(steps), len(every)), np.nan)
    for row, own_steps, own_rates in zip(table, steps, rates, strict=True):
        row[np.searchsorted(every, own_steps)] = own_rates
    there = ~np.isnan(table)
    usual = table[0].copy() if len(steps) < 3 else np.full(len(every), np.nan)
    some = there.any(axis=0)
    if len(steps) < 3:
        usual[np.isnan(usual)] = table[-1][np.isnan(usual)]
    else:
        usual[some] = np.nanmedian(table[:, some], axis=0)
    with np.errstate(invalid="ignore"):
        other = there & (np.abs(table - usual) > SAME * usual)
    odd = other.sum(axis=1) * 2 > there.sum(axis=1)
    ended = np.array([every > one[-1] if len(one) else np.ones(len(every), dtype=bool) for one in steps])
    kept = ((there & ~other) | ended | odd[:, None]).all(axis=0)
    found = [
        None if is_odd else np.flatnonzero(np.isin(own_steps, every[kept])).astype(np.int64)
        for is_odd, own_steps in zip(odd, steps, strict=True)
    ]
    return found, int(len(every) - kept.sum())

"""The kinks of a curve that is made of straight pieces: level, slow fall, fast fall, slow fall, gentle rise."""

from __future__ import annotations

import numpy as np

from lrgui.core.smoothing import Floats

#: More points than this are thinned out: the fit looks at a shape, not at every batch.
MOST_POINTS = 200


def fall_kinks(x: Floats, y: Floats, first: Floats, tolerance: float) -> Floats | None:
    """Where a falling curve leaves its level, begins to fall fast, ceases to, and ends to fall. Shape (4,), like x.

    Fits a continuous line of five straight pieces, the first one level, by moving one kink at a time, beginning
    with the places `first` (shape (4,)). `x` rises evenly. None where such a line does not describe the curve:
    the root mean square of what is left is above `tolerance`, or the pieces are not what they are called.
    """
    thin = max(1, len(x) // MOST_POINTS)
    x, y = x[::thin], y[::thin]
    if len(x) < 12:
        return None
    gap, span = float(x[1] - x[0]), float(x[-1] - x[0])
    knots = _apart(np.sort(first), x, gap)
    error, slopes = _error(x, y, knots)
    for reach in (span / 8, span / 16, span / 32, 2 * gap, gap, gap / 2, gap / 4):
        for _ in range(3):
            before = error
            for which in range(len(knots)):
                for place in knots[which] + np.linspace(-reach, reach, 7):
                    trial = knots.copy()
                    trial[which] = place
                    if np.any(np.diff(np.concatenate([x[:1], trial, x[-1:]])) < gap):
                        continue
                    value, trial_slopes = _error(x, y, trial)
                    if value < error:
                        error, knots, slopes = value, trial, trial_slopes
            if error >= 0.999 * before:
                break
    slow, fast, late, last = -slopes
    # Two pieces of one slope have no kink between them: the fit says nothing about its place then.
    clear = slow > 0 and late > 0 and fast > 1.1 * slow and fast > 1.1 * late and last < 0.3 * late
    if not clear or error > tolerance:
        return None
    if slow * (knots[1] - knots[0]) < 2.5 * tolerance:  # a slow fall that nobody can see in what the line leaves
        knots[0] = knots[1]
    return knots


def _apart(knots: Floats, x: Floats, gap: float) -> Floats:
    """`knots` moved so far that neighbours are at least 1.5 gaps apart and all lie inside `x`."""
    room = 1.5 * gap
    count = len(knots)
    low = x[0] + room * np.arange(1, count + 1)
    high = x[-1] - room * np.arange(count, 0, -1)
    apart = np.clip(knots, low, high)
    for i in range(1, count):
        apart[i] = max(apart[i], apart[i - 1] + room)
    held: Floats = np.minimum(apart, high)
    return held


def _error(x: Floats, y: Floats, knots: Floats) -> tuple[float, Floats]:
    """Root mean square of what the best line with these kinks leaves, and the slopes after each kink."""
    hinges = np.maximum(x[:, None] - knots[None, :], 0.0)
    basis = np.column_stack([np.ones(len(x)), hinges])
    gram = basis.T @ basis
    gram[np.diag_indices_from(gram)] *= 1 + 1e-12
    weights = np.linalg.solve(gram, basis.T @ y)
    rest = y - basis @ weights
    return float(np.sqrt(np.mean(rest**2))), np.cumsum(weights[1:])

"""The kinks of a curve that is made of straight pieces: level, slow fall, fast fall, slow fall, gentle rise."""

from __future__ import annotations

import numpy as np

from lrgui.core.curve.smoothing import Floats

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
    fit = _Fit(x, y)
    errors, all_bends = fit.errors(knots[None])
    error, bends = float(errors[0]), all_bends[0]
    for reach in (span / 8, span / 16, span / 32, 2 * gap, gap, gap / 2, gap / 4):
        moves = np.linspace(-reach, reach, 7)
        for _ in range(3):
            before = error
            for which in range(len(knots)):
                trials = _moved(knots, which, moves, x, gap)
                if len(trials):
                    errors, trial_bends = fit.errors(trials)
                    best = int(errors.argmin())
                    if errors[best] < error:
                        error, knots, bends = float(errors[best]), trials[best], trial_bends[best]
            if error >= 0.999 * before:
                break
    slow, fast, late, last = -np.cumsum(bends)
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


def _moved(knots: Floats, which: int, moves: Floats, x: Floats, gap: float) -> Floats:
    """`knots` with one of them moved by each of `moves`, as far as neighbours stay a gap apart. Shape (k, 4)."""
    low = knots[which - 1] if which else x[0]
    high = knots[which + 1] if which + 1 < len(knots) else x[-1]
    places = knots[which] + moves
    places = places[(places - low >= gap) & (high - places >= gap)]
    trials: Floats = knots[None].repeat(len(places), axis=0)
    trials[:, which] = places
    return trials


class _Fit:
    """The best continuous line with given kinks through points `x` (rising), `y`; sums are made once for all fits."""

    def __init__(self, x: Floats, y: Floats) -> None:
        self._x = x
        # Centred, so that little is lost where sums of squares are subtracted from each other.
        self._y = y - y.mean()
        ones = np.ones(len(x))
        # Sums over all points from each one on; the last row is the empty sum.
        columns = np.stack([ones, x, x * x, self._y, x * self._y])
        self._tails = np.concatenate([np.cumsum(columns[:, ::-1], axis=1)[:, ::-1], np.zeros((5, 1))], axis=1)
        self._square = float(self._y @ self._y)

    def errors(self, knots: Floats) -> tuple[Floats, Floats]:
        """Root mean square of what the line leaves, and by how much its slope is another after each kink.

        `knots` has the shape (k, 4): k lines at once. Shapes (k,) and (k, 4).
        """
        count, n = knots.shape
        first = self._x.searchsorted(knots)
        s0, s1, _, t0, t1 = self._tails[:, first]
        later = np.maximum(first[:, :, None], first[:, None, :])
        a, b = knots[:, :, None], knots[:, None, :]
        r0, r1, r2 = self._tails[:3, later]
        gram = np.empty((count, n + 1, n + 1))
        gram[:, 0, 0] = len(self._x)
        gram[:, 0, 1:] = gram[:, 1:, 0] = s1 - knots * s0
        gram[:, 1:, 1:] = r2 - (a + b) * r1 + a * b * r0
        gram.reshape(count, -1)[:, :: n + 2] *= 1 + 1e-12  # the diagonals
        right = np.zeros((count, n + 1))
        right[:, 1:] = t1 - knots * t0
        weights = np.linalg.solve(gram, right[:, :, None])[:, :, 0]
        left = np.maximum(self._square - (weights * right).sum(axis=1), 0.0)
        return np.sqrt(left / len(self._x)), weights[:, 1:]

"""Long curves drawn with as few points as a picture can show: per column of pixels the lowest and the highest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lrgui.core.smoothing import Floats


def thinned(x: Floats, y: Floats, column: float = 1.0) -> tuple[Floats, Floats]:
    """A line that looks the same: per column of `column` pixels its first, lowest, highest and last point.

    `x` rises; both of shape (n,) in pixels. The result has shape (k,), k ≤ 4 columns; short lines stay as they
    are.
    """
    at = np.floor(x / column)
    if len(x) < 8 or len(x) <= 2 * (at[-1] - at[0] + 1):
        return x, y
    starts = _starts(at)
    ends = np.append(starts[1:], len(x)) - 1
    order = np.lexsort((y, at))
    kept = np.unique(np.concatenate([starts, ends, order[starts], order[ends]]))
    return x[kept], y[kept]


def columns(x: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
    """For dots too many to draw: the middle of every column of pixels that has some, their lowest and highest y.

    `x` in any order, both of shape (n,) in pixels. Three arrays of shape (k,).
    """
    order = np.argsort(x, kind="stable")
    at, y = np.floor(x[order]), y[order]
    if not len(at):
        return at, y, y
    starts = _starts(at)
    return at[starts] + 0.5, np.minimum.reduceat(y, starts), np.maximum.reduceat(y, starts)


def _starts(at: Floats) -> NDArray[np.intp]:
    """Where each run of equal columns begins."""
    return np.append(0, np.flatnonzero(np.diff(at)) + 1)

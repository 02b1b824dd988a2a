"""Where a picture is emptiest: a message that lies there covers no curve, no name and no number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QImage

#: Pixels of the picture that are looked at as one.
CELL = 4
#: Fainter steps from one cell to the next are tints and lines of a grid, which may be covered; of 255 shades.
_FAINT = 10
#: What a cell further down costs: of places as empty as each other it is the upper one.
_LOWER = 0.5


def emptiest(picture: QImage, sizes: Sequence[QSize], margin: int = 0) -> QRect:
    """The place in `picture`, of one of the `sizes`, with the least to see in it, at least `margin` from its edge.

    Of sizes that cover as little it is the first, of places the upper and then the left one. One that is too large for
    the picture is cut to it. Raises ValueError without any.
    """
    if not sizes:
        raise ValueError("No size to find a place for.")
    inside = picture.rect().adjusted(margin, margin, -margin, -margin)
    table, first = _summed(picture), -(-margin // CELL)
    best: tuple[float, QRect] | None = None
    for size in sizes:
        wide, high = min(size.width(), inside.width()), min(size.height(), inside.height())
        down, across = (
            max(1, min(-(-length // CELL), most - 1)) for length, most in zip((high, wide), table.shape, strict=True)
        )
        covered = table[down:, across:] - table[:-down, across:] - table[down:, :-across] + table[:-down, :-across]
        ways = (inside.height() - high) // CELL + 1, (inside.width() - wide) // CELL + 1
        covered = covered[first : first + max(0, ways[0]), first : first + max(0, ways[1])]
        if not covered.size:
            continue  # the picture is hardly larger than a cell
        costs = covered + _LOWER * np.arange(len(covered))[:, None]
        row, column = np.unravel_index(int(np.argmin(costs)), costs.shape)
        found = QRect((first + int(column)) * CELL, (first + int(row)) * CELL, wide, high)
        if best is None or costs[row, column] < best[0]:
            best = float(costs[row, column]), found
    return QRect(QPoint(0, 0), sizes[0]) if best is None else best[1]


def _summed(picture: QImage) -> NDArray[np.float64]:
    """How much there is to see above and left of each cell: one row and one column more than there are cells."""
    across, down = max(1, picture.width() // CELL), max(1, picture.height() // CELL)
    small = picture.scaled(
        across, down, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    ).convertToFormat(QImage.Format.Format_Grayscale8)
    lines = np.frombuffer(small.constBits(), np.uint8).reshape(down, small.bytesPerLine())[:, :across]
    shades = lines.astype(np.float64)
    steps = np.zeros_like(shades)
    for axis, later in ((0, steps[1:]), (1, steps[:, 1:])):
        step = np.abs(np.diff(shades, axis=axis))
        later += np.where(step < _FAINT, 0, step)
    return np.pad(steps.cumsum(0).cumsum(1), ((1, 0), (1, 0)))

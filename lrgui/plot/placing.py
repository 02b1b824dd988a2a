"""Where words go in a plot, so that they never overlap, are never cut and never leave the view.

Pure geometry: rectangles in, rectangles out. Widths come from a function, so that nothing here needs a font.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF

Width = Callable[[str], float]


@dataclass(frozen=True)
class Placed:
    """A text and the rectangle that it fills."""

    key: str
    text: str
    rect: QRectF
    upright: bool = False
    """Written from below to above, for want of width."""


@dataclass(frozen=True)
class Wanted:
    """A label that belongs to a point."""

    key: str
    text: str
    at: QPointF


def place_names(
    spans: Sequence[tuple[str, Sequence[str], float, float]],
    view_width: float,
    width: Width,
    top: float,
    height: float,
    padding: float = 8.0,
) -> list[Placed]:
    """Names centred in the visible part of their spans: the longest form that fits, or none.

    `spans` holds (key, forms from long to short, left, right) in pixels; spans do not overlap, so names that
    stay within theirs do not either.
    """
    placed = []
    for key, forms, left, right in spans:
        left, right = max(left, 0.0), min(right, view_width)
        for form in forms:
            needed = width(form) + 2 * padding
            if needed <= right - left:
                middle = (left + right) / 2
                placed.append(Placed(key, form, QRectF(middle - needed / 2, top, needed, height)))
                break
    return placed


def place_upright(
    spans: Sequence[tuple[str, Sequence[str], float, float]],
    named: Iterable[str],
    view: QRectF,
    width: Width,
    height: float,
    points: NDArray[np.float64],
    padding: float = 8.0,
) -> list[Placed]:
    """The shortest name of every span that is not in `named`, turned upright, where the span is wide enough.

    Placed as high as the curve's `points` (pixels, shape (n, 2)) let it, at the top of `view` where they leave
    no room. Other arguments as `place_names`; `height` is a line's height, which an upright name needs as width.
    """
    done = set(named)
    placed = []
    for key, forms, left, right in spans:
        left, right = max(left, view.left()), min(right, view.right())
        needed = width(forms[-1]) + 2 * padding
        if key in done or right - left < height or needed > view.height():
            continue
        zone = QRectF(left, view.top(), right - left, view.height())
        rect = _Room(zone, (), points).best(height, needed, (left, right), from_below=False)
        if rect is None:
            rect = QRectF((left + right - height) / 2, view.top(), height, needed)
        placed.append(Placed(key, forms[-1], rect, upright=True))
    return placed


def place_tag(line: float, needed: float, view_width: float, gap: float = 8.0) -> float | None:
    """Left edge of a tag beside a vertical line: right of it, else left of it, else as near as the view lets
    it.

    None where the view is narrower than the tag.
    """
    if needed > view_width - 4:
        return None
    if line + gap + needed <= view_width - 2:
        return line + gap
    if line - gap - needed >= 2:
        return line - gap - needed
    return min(max(line - needed / 2, 2.0), view_width - needed - 2)


def place_labels(
    wanted: Iterable[Wanted],
    view: QRectF,
    width: Width,
    height: float,
    obstacles: Sequence[QRectF],
    points: NDArray[np.float64],
    walls: Sequence[float] = (),
    gap: float = 9.0,
) -> list[Placed]:
    """Labels beside their points: right, left, above, below or at a corner; none where there is no room.

    `obstacles` are rectangles that must stay free, `points` of shape (n, 2) are pixels of the curve that
    should not be covered, `walls` are x positions of vertical lines that no label may cross.
    """
    placed: list[Placed] = []
    taken = list(obstacles)
    for label in wanted:
        w = width(label.text)
        x, y = label.at.x(), label.at.y()
        # Level places with more and more distance first, then the diagonal ones.
        tries = [
            QRectF(x + gap, y - height / 2, w, height),
            QRectF(x - gap - w, y - height / 2, w, height),
            QRectF(x + gap - 2, y - height - 3, w, height),
            QRectF(x - gap + 2 - w, y - height - 3, w, height),
            QRectF(x + gap - 2, y + 3, w, height),
            QRectF(x - gap + 2 - w, y + 3, w, height),
            QRectF(x - w / 2, y - height - gap, w, height),
            QRectF(x - w / 2, y + gap, w, height),
            QRectF(x + 2.4 * gap, y - height / 2, w, height),
            QRectF(x - 2.4 * gap - w, y - height / 2, w, height),
        ]
        for rect in tries:
            if _free(rect, view, taken, points, walls):
                placed.append(Placed(label.key, label.text, rect))
                taken.append(rect.adjusted(-2, -1, 2, 1))
                break
    return placed


def place_boxes(
    wanted: Sequence[tuple[str, Sequence[str], float, float]],
    view: QRectF,
    width: Width,
    line_height: float,
    obstacles: Sequence[QRectF],
    points: NDArray[np.float64],
    from_below: frozenset[str] = frozenset(),
    padding: float = 7.0,
) -> list[Placed]:
    """Boxes of one or more lines near the middle of their spans, wherever nothing is covered.

    `wanted` holds (key, forms from best to worst, left, right) in pixels; a form may have several lines, and a
    worse one is taken only where a better one has no place. Boxes keep to the top, those of the keys in
    `from_below` to the bottom; a place inside the span is preferred to one that sticks out. Other arguments as
    `place_labels`.
    """
    room = _Room(view, obstacles, points)
    placed: list[Placed] = []
    for key, forms, left, right in wanted:
        span = (max(left, view.left()), min(right, view.right()))
        for form in forms:
            lines = form.split("\n")
            w, h = max(width(line) for line in lines) + 2 * padding, line_height * len(lines) + padding
            rect = room.best(w, h, span, key in from_below)
            if rect is not None:
                placed.append(Placed(key, form, rect))
                room.take(rect.adjusted(-4, -4, 4, 4))
                break
    return placed


class _Room:
    """Which cells of a view are free, on a raster of a few pixels, so that all places are tried at once."""

    STEP = 4.0

    def __init__(self, view: QRectF, obstacles: Sequence[QRectF], points: NDArray[np.float64]) -> None:
        self._view = view
        columns, rows = (max(1, int(length // self.STEP)) for length in (view.width(), view.height()))
        self._taken = np.zeros((rows, columns), dtype=np.int32)
        if len(points):
            at = np.floor((points - (view.left(), view.top())) / self.STEP).astype(int)
            inside = (at[:, 0] >= 0) & (at[:, 0] < columns) & (at[:, 1] >= 0) & (at[:, 1] < rows)
            self._taken[at[inside, 1], at[inside, 0]] = 1
        for rect in obstacles:
            self.take(rect)

    def take(self, rect: QRectF) -> None:
        """Leave `rect` free from now on."""
        left, top = rect.left() - self._view.left(), rect.top() - self._view.top()
        first_column, first_row = (max(0, int(start // self.STEP)) for start in (left, top))
        last_column = max(0, int(np.ceil((left + rect.width()) / self.STEP)))
        last_row = max(0, int(np.ceil((top + rect.height()) / self.STEP)))
        self._taken[first_row:last_row, first_column:last_column] = 1

    def best(self, width: float, height: float, span: tuple[float, float], from_below: bool) -> QRectF | None:
        """The cheapest free place of a box, None where there is none."""
        across, down = (int(np.ceil(length / self.STEP)) + 1 for length in (width, height))
        rows, columns = self._taken.shape
        if across > columns or down > rows:
            return None
        sums = np.pad(self._taken.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
        covered = sums[down:, across:] - sums[:-down, across:] - sums[down:, :-across] + sums[:-down, :-across]
        x = self._view.left() + self.STEP * np.arange(covered.shape[1])
        y = self._view.top() + self.STEP * np.arange(covered.shape[0])
        out = np.maximum(span[0] - x, 0) + np.maximum(x + width - span[1], 0)
        aside = np.abs(x + width / 2 - sum(span) / 2) + 1.5 * out
        away = self._view.bottom() - y - height if from_below else y - self._view.top()
        cost = np.where(covered == 0, aside[None, :] + 0.8 * away[:, None], np.inf)
        row, column = divmod(int(np.argmin(cost)), cost.shape[1])
        if not np.isfinite(cost[row, column]):
            return None
        # The raster reserved one cell more than the box needs: half of it on either side, for the curve's width.
        return QRectF(float(x[column]) + self.STEP / 2, float(y[row]) + self.STEP / 2, width, height)


def _free(
    rect: QRectF,
    view: QRectF,
    taken: Sequence[QRectF],
    points: NDArray[np.float64],
    walls: Sequence[float],
) -> bool:
    if not view.contains(rect) or any(rect.intersects(other) for other in taken):
        return False
    if any(rect.left() - 4 <= wall <= rect.right() + 4 for wall in walls):
        return False
    if not len(points):
        return True
    inside = (
        (points[:, 0] >= rect.left() - 2)
        & (points[:, 0] <= rect.right() + 2)
        & (points[:, 1] >= rect.top())
        & (points[:, 1] <= rect.bottom())
    )
    return not bool(inside.any())

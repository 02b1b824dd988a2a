"""Where words go in a plot, so that they never overlap, are never cut and never leave the view.

Pure geometry: rectangles in, rectangles out. Widths come from a function, so that nothing here needs a font.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF

Width = Callable[[str], float]

#: A narrower span, in pixels, has no name.
LEAST_SPAN = 3.0


class Placed(NamedTuple):
    """A text and the rectangle that it fills."""

    key: str
    text: str
    rect: QRectF


class Wanted(NamedTuple):
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
    """Names in a row, centred over the visible part of their spans: of each one the longest form that fits there.

    `spans` holds (key, forms from long to short, left, right) in pixels, from left to right. The shortest form reaches
    out over a span that is narrower, and its neighbours make room; where the whole row is too short for all, the
    narrowest span goes without.
    """
    shown = [(key, forms, max(left, 0.0), min(right, view_width)) for key, forms, left, right in spans]
    shown = [span for span in shown if span[3] - span[2] >= LEAST_SPAN]
    while shown:
        sizes = [[width(form) + 2 * padding for form in forms] for _, forms, _, _ in shown]
        levels = [
            next((n for n, size in enumerate(own) if size <= right - left), len(own) - 1)
            for own, (_, _, left, right) in zip(sizes, shown, strict=True)
        ]
        middles = [(left + right) / 2 for _, _, left, right in shown]
        while True:
            needed = [own[level] for own, level in zip(sizes, levels, strict=True)]
            starts = _in_a_row(middles, needed, view_width)
            longer = [n for n, own in enumerate(sizes) if levels[n] < len(own) - 1]
            # A name keeps to its span, or to the middle of one that is narrower.
            astray = [
                n
                for n, (_, _, left, right) in enumerate(shown)
                if starts is None or not _keeps(starts[n], needed[n], left, right)
            ]
            if starts is not None and not (astray and longer):
                return [
                    Placed(key, forms[level], QRectF(start, top, size, height))
                    for (key, forms, _, _), level, start, size in zip(shown, levels, starts, needed, strict=True)
                ]
            if not longer:
                break
            levels[max([n for n in longer if n in astray] or longer, key=lambda n: needed[n])] += 1
        shown.remove(min(shown, key=lambda span: span[3] - span[2]))
    return []


def _in_a_row(middles: Sequence[float], sizes: Sequence[float], room: float, gap: float = 2.0) -> list[float] | None:
    """Left edges of boxes as near to their middles as they can be side by side, None where they are too long."""
    if sum(sizes) + gap * (len(sizes) - 1) > room:
        return None
    starts, free = [], 0.0
    for middle, size in zip(middles, sizes, strict=True):
        starts.append(max(middle - size / 2, free))
        free = starts[-1] + size + gap
    free = room
    for n in range(len(starts) - 1, -1, -1):
        starts[n] = min(starts[n], free - sizes[n])
        free = starts[n] - gap
    return starts


def _keeps(start: float, size: float, left: float, right: float) -> bool:
    if size > right - left:
        return start <= (left + right) / 2 <= start + size
    return left - 1 <= start and start + size <= right + 1


def tag_places(line: float, needed: float, view_width: float, gap: float = 8.0) -> list[float]:
    """Left edges of a tag beside a vertical line, best first: right of it, left of it, else as near as the view lets
    it; none where the view is narrower than the tag.
    """
    if needed > view_width - 4:
        return []
    beside = [left for left in (line + gap, line - gap - needed) if 2 <= left <= view_width - 2 - needed]
    return beside or [min(max(line - needed / 2, 2.0), view_width - needed - 2)]


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


def place_far(
    wanted: Iterable[Wanted],
    view: QRectF,
    width: Width,
    height: float,
    obstacles: Sequence[QRectF],
    points: NDArray[np.float64],
) -> list[Placed]:
    """Labels that have no place beside their points: at the nearest free place, for a line to lead there.

    Arguments as `place_labels`; none only where the view has no room at all.
    """
    room, placed = _Room(view, obstacles, points), []
    for label in wanted:
        rect = room.near(width(label.text) + 4, height, label.at)
        if rect is not None:
            placed.append(Placed(label.key, label.text, rect))
            room.take(rect.adjusted(-4, -2, 4, 2))
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
        out = span[0], span[1]

        def cost(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
            outside = np.maximum(out[0] - x, 0) + np.maximum(x + width - out[1], 0)
            aside = np.abs(x + width / 2 - sum(out) / 2) + 1.5 * outside
            away = self._view.bottom() - y - height if from_below else y - self._view.top()
            return aside[None, :] + 0.8 * away[:, None]

        return self._cheapest(width, height, cost)

    def near(self, width: float, height: float, at: QPointF) -> QRectF | None:
        """The free place of a box that is nearest to a point, None where there is none."""

        def cost(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
            across = np.maximum(np.maximum(x - at.x(), at.x() - x - width), 0)
            return np.hypot(across[None, :], np.abs(y + height / 2 - at.y())[:, None])

        return self._cheapest(width, height, cost)

    def _cheapest(
        self,
        width: float,
        height: float,
        cost_at: Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]],
    ) -> QRectF | None:
        """The free place of a box that costs least; `cost_at` makes (n, m) costs of left edges (m,) and tops (n,)."""
        across, down = (int(np.ceil(length / self.STEP)) + 1 for length in (width, height))
        rows, columns = self._taken.shape
        if across > columns or down > rows:
            return None
        sums = np.pad(self._taken.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
        covered = sums[down:, across:] - sums[:-down, across:] - sums[down:, :-across] + sums[:-down, :-across]
        x = self._view.left() + self.STEP * np.arange(covered.shape[1])
        y = self._view.top() + self.STEP * np.arange(covered.shape[0])
        cost = np.where(covered == 0, cost_at(x, y), np.inf)
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
    return not covers(rect, points)


def covers(rect: QRectF, points: NDArray[np.float64]) -> bool:
    """Whether a rectangle hides one of a curve's points, shape (n, 2)."""
    inside = (
        (points[:, 0] >= rect.left() - 2)
        & (points[:, 0] <= rect.right() + 2)
        & (points[:, 1] >= rect.top())
        & (points[:, 1] <= rect.bottom())
    )
    return bool(inside.any())

"""Where words go in a picture made without Qt: beside their points, never over each other or over the curve.

Pure geometry in pixels, y downward.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from lrgui.core.smoothing import Floats


@dataclass(frozen=True)
class Box:
    """A rectangle."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.top + self.height

    def grown(self, by: float) -> Box:
        """The same, larger on every side."""
        return Box(self.left - by, self.top - by, self.width + 2 * by, self.height + 2 * by)

    def meets(self, other: Box) -> bool:
        """True where the two overlap."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def holds(self, other: Box) -> bool:
        """True where `other` lies inside."""
        return (
            self.left <= other.left
            and other.right <= self.right
            and self.top <= other.top
            and other.bottom <= self.bottom
        )


@dataclass(frozen=True)
class Label:
    """Words of a known size that belong to a point."""

    text: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class PlacedLabel:
    """Words and where they stand; `anchor` is the edge that stays where a narrower font is taken."""

    text: str
    box: Box
    anchor: str
    """`start`, `middle` or `end`, as SVG says it."""


class Room:
    """What is still free in a view."""

    def __init__(self, view: Box, points: Floats, walls: Sequence[float] = ()) -> None:
        """`points` of shape (n, 2) lie on curves that no words may cover, `walls` are x of vertical lines."""
        self._view = view
        self._points = points
        self._walls = tuple(walls)
        self._taken: list[Box] = []

    def take(self, *boxes: Box) -> None:
        """Keep words off these places from now on."""
        self._taken += boxes

    def free(self, box: Box) -> bool:
        """True where words may stand."""
        return not self._blocked(box) and not self._covered(box)

    def place(self, labels: Iterable[Label], gap: float = 9.0) -> list[PlacedLabel]:
        """Labels beside their points, the first ones first; one without room is left out."""
        placed = []
        for label in labels:
            for box, anchor in _places(label, gap):
                if self.free(box):
                    placed.append(PlacedLabel(label.text, box, anchor))
                    self.take(box.grown(2))
                    break
        return placed

    def highest(self, left: float, right: float, top: float, width: float, height: float) -> Box | None:
        """The highest free place at or below `top` for a box between `left` and `right`, near their middle.

        Where curves leave none, the one that covers the least of them and no vertical line; None where there is
        none either.
        """
        spare = (right - left - width) / 2
        if spare < 0:
            return None
        shifts = sorted([0.0, *np.linspace(-spare, spare, 17).tolist()], key=abs)
        heights = np.arange(top, self._view.bottom - height + 1e-9, 6.0).tolist()
        boxes = [Box(left + spare + shift, y, width, height) for y in heights for shift in shifts]
        free = next((box for box in boxes if self.free(box)), None)
        if free is not None:
            return free
        return min((box for box in boxes if not self._blocked(box)), key=self._covered, default=None)

    def _blocked(self, box: Box) -> bool:
        """True where a line or another box is in the way."""
        crossed = any(box.left - 2 < wall < box.right + 2 for wall in self._walls)
        return crossed or not self._view.holds(box) or any(box.meets(taken) for taken in self._taken)

    def _covered(self, box: Box) -> int:
        """How many points of the curves lie under a box."""
        x, y = self._points[:, 0], self._points[:, 1]
        under = (x > box.left - 2) & (x < box.right + 2) & (y > box.top - 1) & (y < box.bottom + 1)
        return int(np.count_nonzero(under))


def _places(label: Label, gap: float) -> list[tuple[Box, str]]:
    """Level places first, then the corners, then above and below, then farther away."""
    x, y, w, h = label.x, label.y, label.width, label.height
    right, left = (x + gap, "start"), (x - gap - w, "end")
    far_right, far_left = (x + 2.4 * gap, "start"), (x - 2.4 * gap - w, "end")
    middle = (x - w / 2, "middle")
    level, above, below = y - h / 2, y - h - 3, y + 3
    spots = (
        (right, level),
        (left, level),
        (right, above),
        (left, above),
        (right, below),
        (left, below),
        (middle, y - h - gap),
        (middle, y + gap),
        (far_right, level),
        (far_left, level),
        (far_right, y - h - gap),
        (far_left, y - h - gap),
        (far_right, y + gap),
        (far_left, y + gap),
    )
    return [(Box(at, top, w, h), anchor) for (at, anchor), top in spots]


def along(points: Floats, step: float = 3.0) -> Floats:
    """Points on the polyline through `points` (n, 2), at most about `step` pixels apart. Shape (k, 2)."""
    if len(points) < 2:
        return points
    longest = np.abs(np.diff(points, axis=0)).max(axis=1)
    pieces = np.clip(np.ceil(longest / step), 1, 400).astype(int)
    first = np.repeat(np.arange(len(pieces)), pieces)
    share = (np.arange(len(first)) - np.repeat(np.cumsum(pieces) - pieces, pieces)) / pieces[first]
    between = points[first] + (points[first + 1] - points[first]) * share[:, None]
    filled: Floats = np.vstack([between, points[-1:]])
    return filled

"""Words at the ends of lines, never over each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from lrgui.plot.font import plot_font
from lrgui.plot.layers import PaletteLayer
from lrgui.plot.view import PlotView


@dataclass(frozen=True)
class EndLabel:
    """Words at the end of a line."""

    text: str
    x: float
    y: float
    colour: str
    line: str
    strong: bool


class EndLabels(PaletteLayer):
    """Words to the right of lines' ends, moved apart so that they never overlap, each with a leader."""

    GAP, AWAY = 1.0, 16.0
    #: So much more than another weighs the place of one that is strong.
    STRONG = 50.0

    def __init__(self, view: PlotView, z: float) -> None:
        super().__init__(view, z)
        self._labels: tuple[EndLabel, ...] = ()
        self._font = plot_font(12)

    @property
    def room(self) -> float:
        """Width that the widest label needs, in logical pixels."""
        metrics = QFontMetricsF(self._font)
        return self.AWAY + max([metrics.horizontalAdvance(label.text) for label in self._labels] or [56.0])

    def set_labels(self, labels: Sequence[EndLabel]) -> None:
        """Show these."""
        self._labels = tuple(labels)
        self.update()

    def placed(self) -> list[tuple[EndLabel, QPointF, QRectF]]:
        """Each label, the end of its line, and where its words go; those without room are left out.

        Ends that lie near each other share a stack, in the order in which the lines end, so that no leaders cross.
        """
        rect, metrics = self.boundingRect(), QFontMetricsF(self._font)
        height = metrics.height()
        stacks: list[list[tuple[EndLabel, QPointF, float]]] = []
        reach = -1.0
        for label, at in sorted(
            ((one, self.to_px(one.x, one.y)) for one in self._labels), key=lambda item: item[1].x()
        ):
            left, width = at.x() + self.AWAY, metrics.horizontalAdvance(label.text) + 4
            if not -1 <= at.x() <= rect.width() or left + width > rect.width():
                continue
            if not stacks or left >= reach:
                stacks.append([])
            stacks[-1].append((label, at, width))
            reach = max(reach, left + width)
        room = int((rect.height() + self.GAP) / (height + self.GAP))
        found: list[tuple[EndLabel, QPointF, QRectF]] = []
        for stack in stacks:
            # Whoever is still in gets the place, where there is none for all, and the better one.
            kept = sorted(stack, key=lambda item: (not item[0].strong, item[1].y()))[:room]
            kept.sort(key=lambda item: item[1].y())
            weights = [self.STRONG if label.strong else 1.0 for label, _, _ in kept]
            ends = (height / 2, rect.height() - height / 2)
            middles = spread([at.y() for _, at, _ in kept], height + self.GAP, *ends, weights)
            found += [
                (label, at, QRectF(at.x() + self.AWAY, middle - height / 2, width, height))
                for (label, at, width), middle in zip(kept, middles, strict=True)
            ]
        return found

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        """Paint leaders and words."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setFont(self._font)
        for label, at, box in self.placed():
            inside = QPointF(at.x(), min(max(at.y(), 0.0), self.boundingRect().height()))
            painter.setPen(QPen(QColor(label.line), 1.0))
            painter.drawLine(inside, QPointF(box.left() - 3, box.center().y()))
            painter.fillRect(box, QColor(self._palette.background))
            painter.setPen(QColor(label.colour))
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, label.text)


def spread(
    wanted: Sequence[float], apart: float, low: float, high: float, weights: Sequence[float] | None = None
) -> list[float]:
    """Places in the order of `wanted`, which rises, at least `apart` from each other and from `low` to `high`.

    They are as near to what is wanted as can be, in squares: neighbours that want the same room share the mean, in
    which each has its weight (None: all the same).
    """
    # Means of what is wanted without the distances, their weights, and of how many.
    blocks: list[tuple[float, float, int]] = []
    for number, place in enumerate(wanted):
        mean, count = min(max(place, low), high) - number * apart, 1
        weight = 1.0 if weights is None else weights[number]
        while blocks and blocks[-1][0] > mean:
            before, heavy, many = blocks.pop()
            mean = (before * heavy + mean * weight) / (heavy + weight)
            weight, count = heavy + weight, many + count
        blocks.append((mean, weight, count))
    last = high - (len(wanted) - 1) * apart
    firsts = [max(min(mean, last), low) for mean, _, count in blocks for _ in range(count)]
    return [first + number * apart for number, first in enumerate(firsts)]

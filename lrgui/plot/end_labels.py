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

        Ends that lie near each other share a stack beside the last of them.
        """
        rect, metrics = self.boundingRect(), QFontMetricsF(self._font)
        height = metrics.height()
        ends = [(label, self.to_px(label.x, label.y)) for label in self._labels]
        ends = [(label, at) for label, at in ends if -1 <= at.x() <= rect.width()]
        found: list[tuple[EndLabel, QPointF, QRectF]] = []
        # Whoever is still in gets the better place.
        for label, at in sorted(ends, key=lambda item: (not item[0].strong, item[1].y())):
            width = metrics.horizontalAdvance(label.text) + 4
            left = at.x() + self.AWAY
            if left + width > rect.width():
                continue
            y = min(max(at.y(), height / 2), rect.height() - height / 2)
            for shift in sorted((i * (height + self.GAP) / 2 for i in range(-24, 25)), key=abs):
                box = QRectF(left, y + shift - height / 2, width, height)
                free = all(not box.intersects(other) for _, _, other in found)
                if free and box.top() >= 0 and box.bottom() <= rect.height():
                    found.append((label, at, box))
                    break
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

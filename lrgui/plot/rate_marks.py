"""Where the rate of a training was changed while it ran: a line through the chart with its name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from lrgui.plot.font import plot_font
from lrgui.plot.layers import PaletteLayer, pen
from lrgui.plot.placing import Placed
from lrgui.plot.view import PlotView

_SPACE = 4.0


class RateMarks(PaletteLayer):
    """Upright dashed lines at steps; names only where the chart is to have them, each where it covers no other."""

    def __init__(self, view: PlotView, z: float, named: bool) -> None:
        super().__init__(view, z)
        self._marks: tuple[tuple[float, str], ...] = ()
        self._named = named
        self._font = plot_font(11)

    def set_marks(self, marks: Sequence[tuple[float, str]]) -> None:
        """Show these: step and name."""
        self._marks = tuple(marks)
        self.update()

    @property
    def marks(self) -> tuple[tuple[float, str], ...]:
        """Step and name of each."""
        return self._marks

    @property
    def labels(self) -> list[Placed]:
        """The names where they are painted: to the right of their lines, to the left at the edge, in up to two rows."""
        if not self._named:
            return []
        rect, metrics = self.boundingRect(), QFontMetricsF(self._font)
        placed: list[Placed] = []
        height = metrics.height() + 2
        for step, name in self._marks:
            at, width = self.to_px(step, 0.0).x(), metrics.horizontalAdvance(name) + 8
            if not 0 <= at <= rect.width():
                continue
            left = at + _SPACE if at + _SPACE + width <= rect.width() else at - _SPACE - width
            for row in range(2):
                place = QRectF(left, 4 + row * (height + 2), width, height)
                if left >= 0 and not any(place.intersects(other.rect) for other in placed):
                    placed.append(Placed(name, name, place))
                    break
        return placed

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        """Paint lines and names."""
        rect = self.boundingRect()
        painter.setPen(pen(self._palette.muted, 1.2, "dash"))
        for step, _ in self._marks:
            at = self.to_px(step, 0.0).x()
            if 0 <= at <= rect.width():
                painter.drawLine(QLineF(at, 0.0, at, rect.height()))
        painter.setFont(self._font)
        background = QColor(self._palette.background)
        background.setAlphaF(0.85)
        for label in self.labels:
            painter.fillRect(label.rect, background)
            painter.setPen(QColor(self._palette.text))
            painter.drawText(label.rect, Qt.AlignmentFlag.AlignCenter, label.text)

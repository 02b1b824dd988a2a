"""What a drag encloses: a box to zoom to, or a range of rates with its ends."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QPainter

from lrgui.core.learning_rate import format_lr
from lrgui.plot.badge import paint_badge
from lrgui.plot.curve_view import CurveView
from lrgui.plot.layers import PaletteLayer, pen


class DragArea(PaletteLayer):
    """Paints the view's `area` while there is one."""

    def __init__(self, view: CurveView, z: float) -> None:
        super().__init__(view, z)
        view.area_changed.connect(self.refresh)

    @property
    def text(self) -> str:
        """The range in words; empty for a box."""
        area = self.view.area
        if area is None or area.height() < self.boundingRect().height():
            return ""
        low, high = self.view.value_x(area.left()), self.view.value_x(area.right())
        return f"{format_lr(10.0**low)} to {format_lr(10.0**high)}"

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        """Paint the area, and what range it is."""
        area = self.view.area
        if area is None:
            return
        fill = QColor(self._palette.accent)
        fill.setAlphaF(0.16)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.fillRect(area, fill)
        painter.setPen(pen(self._palette.accent, 1.4, "dash"))
        painter.drawRect(area.adjusted(0.5, 0.5, -0.5, -0.5))
        if not (text := self.text):
            return
        at = QPointF(area.center().x(), self.boundingRect().height() - 20)
        paint_badge(painter, self.boundingRect(), at, text, self._palette)

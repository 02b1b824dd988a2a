"""A few words in a frame, for what is being dragged."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from lrgui.plot.font import plot_font
from lrgui.plot.layers import PaletteLayer, pen
from lrgui.plot.theme import Palette
from lrgui.plot.view import PlotView


def paint_badge(painter: QPainter, within: QRectF, at: QPointF, text: str, palette: Palette) -> None:
    """Paint the words with the middle of their frame at `at`, in pixels, as far as that is `within`."""
    font = plot_font(12, bold=True)
    metrics = QFontMetricsF(font)
    width, height = metrics.horizontalAdvance(text) + 16, metrics.height() + 8
    left = min(max(at.x() - width / 2, 2.0), max(2.0, within.width() - width - 2))
    top = min(max(at.y() - height / 2, 2.0), max(2.0, within.height() - height - 2))
    box = QRectF(left, top, width, height)
    painter.setPen(pen(palette.accent, 1.4))
    painter.setBrush(QColor(palette.background))
    painter.drawRoundedRect(box, 5, 5)
    painter.setFont(font)
    painter.setPen(QColor(palette.text))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


class Badge(PaletteLayer):
    """Words above a point of the chart."""

    def __init__(self, view: PlotView, z: float) -> None:
        super().__init__(view, z)
        self._at = (0.0, 0.0)
        self.text = ""

    def show_at(self, x: float, y: float, text: str) -> None:
        """Show the words above this point, in axis coordinates; none for empty ones."""
        self._at, self.text = (x, y), text
        self.update()

    def paint(self, painter: QPainter, option: object, widget: object = None) -> None:
        """Paint the words."""
        if self.text:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            at = self.to_px(*self._at)
            paint_badge(painter, self.boundingRect(), QPointF(at.x(), at.y() - 24), self.text, self._palette)

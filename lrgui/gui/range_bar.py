"""From a conservative rate over the recommended one to the upper limit, and where the selected one lies among them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from lrgui.core.learning_rate import format_lr
from lrgui.gui.labels import with_tabular_figures

if TYPE_CHECKING:
    from lrgui.core.curve.sweep_reading import RateRange

#: Okabe-Ito's green and vermillion: the safe part, and where it ends. Names and shapes say it as well.
SAFE, LIMIT = QColor("#009E73"), QColor("#D55E00")
#: Room beside the axis, and decades of it beyond both ends, so that a selection beyond them is seen.
SIDE, BEYOND = 9.0, 0.35
THICK = 6.0


class RangeBar(QWidget):
    """Not there without a recommendation. Its axis is that of the logarithm."""

    def __init__(self) -> None:
        super().__init__()
        self._range: RateRange | None = None
        self._selection: float | None = None
        with_tabular_figures(self)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Range of the recommendation")
        self.hide()

    def show_range(self, rates: RateRange | None, selection: float | None) -> None:
        """Show these rates and the selected one."""
        self._range, self._selection = rates, selection
        self.setVisible(rates is not None)
        if rates is None:
            return
        chosen = "" if selection is None else f" Selected: {format_lr(selection)}."
        words = rates.words + chosen
        self.setToolTip(words)
        self.setAccessibleDescription(words)
        self.update()

    def sizeHint(self) -> QSize:
        """Two lines of text below the axis, one above it."""
        return QSize(200, round(3 * self.fontMetrics().height() + THICK + 18))

    def place(self, lr: float) -> float:
        """Where a rate lies, in pixels from the left; one beyond the axis lies at its end."""
        assert self._range is not None
        low, high = math.log10(self._range.low) - BEYOND, math.log10(self._range.high) + BEYOND
        share = (math.log10(lr) - low) / (high - low)
        return SIDE + min(max(share, 0.0), 1.0) * (self.width() - 2 * SIDE)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the axis, its three rates with their names, and the selection."""
        rates = self._range
        if rates is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line, text = self.fontMetrics().height(), self.palette().windowText().color()
        y = line + 9.0
        low, middle, high = (self.place(lr) for lr in (rates.low, rates.recommended, rates.high))
        faint = QColor(text)
        faint.setAlphaF(0.25)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(faint)
        painter.drawRoundedRect(QRectF(SIDE, y, self.width() - 2 * SIDE, THICK), 3, 3)
        painter.setBrush(SAFE)
        painter.drawRect(QRectF(low, y, high - low, THICK))
        painter.setPen(QPen(LIMIT, 2.5))
        painter.drawLine(QPointF(high, y - 4), QPointF(high, y + THICK + 4))
        painter.setPen(QPen(SAFE, 2.5))
        painter.drawLine(QPointF(low, y - 4), QPointF(low, y + THICK + 4))
        centre = y + THICK / 2
        diamond = [QPointF(middle, centre - 7), QPointF(middle + 6, centre), QPointF(middle, centre + 7)]
        painter.setPen(QPen(text, 1.5))
        painter.setBrush(self.palette().base())
        painter.drawPolygon(QPolygonF([*diamond, QPointF(middle - 6, centre)]))
        if self._selection is not None:
            x = self.place(self._selection)
            painter.setBrush(text)
            painter.drawPolygon(
                QPolygonF([QPointF(x, y + THICK + 2), QPointF(x - 5, y + THICK + 10), QPointF(x + 5, y + THICK + 10)])
            )
        painter.setPen(text)
        words = f"recommended {format_lr(rates.recommended)}"
        wide = self.fontMetrics().horizontalAdvance(words) + 2
        left = min(max(middle - wide / 2, 0.0), max(0.0, self.width() - wide))
        painter.drawText(QRectF(left, 0, wide, line), Qt.AlignmentFlag.AlignCenter, words)
        below = y + THICK + 10
        half = self.width() / 2
        for at, side, name, lr in (
            (0.0, Qt.AlignmentFlag.AlignLeft, "conservative", rates.low),
            (half, Qt.AlignmentFlag.AlignRight, rates.limit_name, rates.high),
        ):
            painter.drawText(QRectF(at, below, half, line), side, name)
            painter.drawText(QRectF(at, below + line, half, line), side, format_lr(lr))

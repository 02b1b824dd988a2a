"""Rates that are marked as candidates for trainings: a dashed line and a flag with name and rate for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from lrgui.core.learning_rate import format_lr
from lrgui.plot.annotations import STRIP
from lrgui.plot.font import plot_font
from lrgui.plot.layers import PaletteLayer, pen
from lrgui.plot.placing import Placed
from lrgui.plot.view import CurveView

HEIGHT, ABOVE_AXIS = 18.0, 5.0


def candidate_name(number: int) -> str:
    """What a candidate is called, from 0: A, B, …"""
    return chr(ord("A") + number % 26)


class CandidateMarks(PaletteLayer):
    """The flags stand right above the axis, each in the first row that has room."""

    def __init__(self, view: CurveView, z: float) -> None:
        super().__init__(view, z)
        self._rates: tuple[float, ...] = ()
        self._font = plot_font(11, bold=True)

    def show_rates(self, rates: Sequence[float], places: Sequence[float]) -> None:
        """Mark these rates, which stand at these places of the axis."""
        self._rates = tuple(rates)
        self.view.handles.candidates = tuple(places)
        self.update()

    @property
    def rates(self) -> tuple[float, ...]:
        """What is marked."""
        return self._rates

    @property
    def labels(self) -> list[Placed]:
        """The flags in sight where they are painted."""
        rect, metrics = self.boundingRect(), QFontMetricsF(self._font)
        placed: list[Placed] = []
        for number, (lr, place) in enumerate(zip(self._rates, self.view.handles.candidates, strict=True)):
            at = self.view.pixel_x(place)
            if not 0 <= at <= rect.width():
                continue
            words = f"{candidate_name(number)} · {format_lr(lr)}"
            width = metrics.horizontalAdvance(words) + 10
            left = min(max(at - width / 2, 1.0), max(1.0, rect.width() - width - 1))
            box = QRectF(left, rect.height() - HEIGHT - ABOVE_AXIS, width, HEIGHT)
            while any(box.adjusted(-2, -1, 2, 1).intersects(other.rect) for other in placed):
                box.translate(0, -HEIGHT - 2)
            placed.append(Placed(words, words, box))
        return placed

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        """Paint lines and flags."""
        rect = self.boundingRect()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setFont(self._font)
        places = [at for x in self.view.handles.candidates if 0 <= (at := self.view.pixel_x(x)) <= rect.width()]
        painter.setPen(pen(self._palette.accent, 1.2, "dash"))
        for at in places:
            painter.drawLine(QPointF(at, STRIP), QPointF(at, rect.height()))
        for label in self.labels:
            painter.setPen(pen(self._palette.accent, 1.2))
            painter.setBrush(QColor(self._palette.background))
            painter.drawRoundedRect(label.rect, 3, 3)
            painter.setPen(QColor(self._palette.text))
            painter.drawText(label.rect, Qt.AlignmentFlag.AlignCenter, label.text)

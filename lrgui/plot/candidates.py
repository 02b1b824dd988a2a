"""Rates that are marked as candidates for trainings: a dashed line and a flag with name and rate for each."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from lrgui.core.learning_rate import format_lr
from lrgui.plot.annotations import STRIP, Annotations
from lrgui.plot.curve_view import CurveView
from lrgui.plot.font import plot_font
from lrgui.plot.layers import PaletteLayer, pen
from lrgui.plot.placing import Placed

HEIGHT, ABOVE_AXIS = 18.0, 5.0
#: Pixels that a flag reaches beyond its own line, at least, and those that it keeps from other lines.
BEYOND, OFF = 4.0, 3.0


def candidate_name(number: int) -> str:
    """What a candidate is called, from 0: A, B, …"""
    return chr(ord("A") + number % 26)


class CandidateLines(PaletteLayer):
    """A dashed line at each candidate, behind all words."""

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        """Paint the lines."""
        rect = self.boundingRect()
        painter.setPen(pen(self._palette.accent, 1.2, "dash"))
        for place in self.view.handles.candidates:
            at = self.view.pixel_x(place)
            if 0 <= at <= rect.width():
                painter.drawLine(QPointF(at, STRIP), QPointF(at, rect.height()))


class CandidateMarks(PaletteLayer):
    """The flags stand right above the axis, each in the first row that has room."""

    def __init__(self, view: CurveView, z: float, annotations: Annotations) -> None:
        """No flag may cover what `annotations` writes into the plot."""
        super().__init__(view, z)
        self._annotations = annotations
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
        shown = [
            (f"{candidate_name(number)} · {format_lr(lr)}", at)
            for number, (lr, place) in enumerate(zip(self._rates, self.view.handles.candidates, strict=True))
            if 0 <= (at := self.view.pixel_x(place)) <= rect.width()
        ]
        written = self._annotations.words if shown else []
        # Where there is no room for all of that, the names say enough: the bar above the plot has the rates, too.
        for form in (str, _name_of):
            placed: list[Placed] = []
            for words, at in shown:
                taken = [label.rect for label in placed] + written
                text = form(words)
                if free := self._places(at, metrics.horizontalAdvance(text) + 10, taken):
                    placed.append(Placed(words, text, _across_fewest(free, self._other_lines(at))))
            if len(placed) == len(shown):
                break
        return placed

    def _other_lines(self, own: float) -> list[float]:
        """Pixels of the lines that pass through the plot from top to bottom, without the candidate's own."""
        handles = self.view.handles
        places = [*handles.candidates, *(handles.borders or ())]
        if handles.selection is not None:
            places.append(handles.selection)
        return [at for place in places if abs((at := self.view.pixel_x(place)) - own) > OFF]

    def _places(self, at: float, width: float, taken: Sequence[QRectF]) -> list[QRectF]:
        """Where the flag of the line `at` can go: on its line, in the lowest rows where it covers no words."""
        rect = self.boundingRect()
        rightmost = max(1.0, rect.width() - width - 1)
        lefts = [min(max(left, 1.0), rightmost) for left in (at - width / 2, at - BEYOND, at - width + BEYOND)]
        lowest = rect.height() - ABOVE_AXIS
        bottoms = np.arange(lowest, min(STRIP + HEIGHT, lowest - 1), -HEIGHT - 2)
        rows = [QRectF(left, bottom - HEIGHT, width, HEIGHT) for bottom in bottoms for left in lefts]
        free = (box for box in rows if not any(box.adjusted(-2, -1, 2, 1).intersects(other) for other in taken))
        # Rows far above the axis gain nothing, and are not looked at: lines pass through all of them.
        return list(islice(free, 3 * len(lefts)))

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        """Paint the flags."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setFont(self._font)
        for label in self.labels:
            painter.setPen(pen(self._palette.accent, 1.2))
            painter.setBrush(QColor(self._palette.background))
            painter.drawRoundedRect(label.rect, 3, 3)
            painter.setPen(QColor(self._palette.text))
            painter.drawText(label.rect, Qt.AlignmentFlag.AlignCenter, label.text)


def _name_of(words: str) -> str:
    return words.split(" ", 1)[0]


def _across_fewest(boxes: Sequence[QRectF], lines: Sequence[float]) -> QRectF:
    """The first of the boxes that lie over the fewest of these upright lines, given in pixels."""
    return min(boxes, key=lambda box: sum(box.left() - OFF < x < box.right() + OFF for x in lines))

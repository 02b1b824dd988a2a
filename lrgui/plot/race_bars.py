"""The lower half of a race's plot: a bar for each candidate, the numbers above the bars, and the winner's name."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from lrgui.core.judge import BY_LOSS, Judge
from lrgui.plot.font import plot_font
from lrgui.plot.layers import PaletteLayer
from lrgui.plot.view import PlotView

Floats = NDArray[np.float64]

#: The bars' axis is at least so much higher than the highest bar: above it stand its number and the winner's name …
HEADROOM = 1.42
#: … which need so many pixels; in a low view the bars keep this share of it all the same.
WORDS, LEAST_BARS = 46.0, 0.3


def headroom(pixels: float) -> float:
    """How many times as high as the highest bar the axis is in a view of so many pixels."""
    return max(HEADROOM, 1 / max(1 - WORDS / pixels, LEAST_BARS)) if pixels > 0 else HEADROOM


@dataclass(frozen=True)
class Candidate:
    """What is drawn of one candidate."""

    number: int
    lr: float
    losses: Floats
    """Batch losses of its last training. Shape (steps,)."""
    steps: int
    """Planned steps of that training, 0 before the first."""
    score: float
    """What it was last judged by, the lower the better; NaN before that, infinite where it diverged."""
    alive: bool
    runs: bool
    """True while it trains."""


class Bars(PaletteLayer):
    """A bar for each candidate, its loss above it."""

    WIDTH = 0.62

    def __init__(self, view: PlotView, z: float) -> None:
        super().__init__(view, z)
        self._candidates: tuple[Candidate, ...] = ()
        self._fills: dict[int, str] = {}
        self._judge = BY_LOSS
        self._font = plot_font(12)

    def set_candidates(self, candidates: Sequence[Candidate], judge: Judge = BY_LOSS) -> None:
        """Show these, with what they are judged by."""
        self._candidates, self._judge = tuple(candidates), judge
        self.update()

    def set_fills(self, fills: dict[int, str]) -> None:
        """Colours of the bars by candidate."""
        self._fills = fills
        self.update()

    def bar(self, candidate: Candidate) -> QRectF | None:
        """Where a candidate's bar is painted; None where it has no loss."""
        if not math.isfinite(candidate.score):
            return None
        height = self._judge.figure(candidate.score)
        left = self.to_px(candidate.number - self.WIDTH / 2, max(height, 0.0))
        right = self.to_px(candidate.number + self.WIDTH / 2, min(height, 0.0))
        return QRectF(QPointF(left.x(), max(left.y(), self._ceiling)), right)

    def is_cut(self, candidate: Candidate) -> bool:
        """True where a bar is higher than there is room: its number tells the rest."""
        height = self._judge.figure(candidate.score)
        return math.isfinite(height) and self.to_px(0, height).y() < self._ceiling - 1

    @property
    def _ceiling(self) -> float:
        """Above it there are only the numbers and the winner's name."""
        _, _, bottom, top = self.visible_range
        return self.to_px(0, bottom + (top - bottom) / headroom(self.view.rect().height())).y()

    def words(self, candidate: Candidate) -> str:
        """What stands above a candidate's bar."""
        if math.isnan(candidate.score):
            return "…" if candidate.runs else ""
        return "diverged" if math.isinf(candidate.score) else self._judge.words(candidate.score)

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        """Paint bars and numbers."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(Qt.PenStyle.NoPen)
        for candidate in self._candidates:
            bar = self.bar(candidate)
            if bar is not None:
                painter.setBrush(QColor(self._fills.get(candidate.number, self._palette.muted)))
                painter.drawRect(bar)
                if self.is_cut(candidate):  # a gap in the bar, as a map cuts a long road
                    gap = QRectF(bar.left() - 2, bar.top() + 12, bar.width() + 4, 4)
                    painter.fillRect(gap, QColor(self._palette.background))

    def labels(self) -> list[tuple[str, QRectF, str]]:
        """The words above the bars, where they stand, and their colour."""
        metrics, found = QFontMetricsF(self._font), []
        floor = self.to_px(0, max(0.0, self.visible_range[2])).y()
        for candidate in self._candidates:
            words, bar = self.words(candidate), self.bar(candidate)
            if not words:
                continue
            middle = self.to_px(candidate.number, 0.0).x()
            foot = bar.top() if bar is not None else floor
            width = metrics.horizontalAdvance(words)
            box = QRectF(middle - width / 2 - 2, foot - metrics.height() - 3, width + 4, metrics.height())
            found.append((words, box, self._palette.text if candidate.alive else self._palette.muted))
        return found


class BarNumbers(PaletteLayer):
    """The words above the bars, over all lines: where a line passes, it passes behind them."""

    def __init__(self, bars: Bars, z: float) -> None:
        super().__init__(bars.view, z)
        self._bars = bars
        self._font = plot_font(12)

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        """Paint the words."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setFont(self._font)
        for words, box, colour in self._bars.labels():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self._palette.background))
            painter.drawRoundedRect(box, 3, 3)
            painter.setPen(QColor(colour))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)


class Winner(PaletteLayer):
    """A line at the rate that the smooth gives, with its name at the top."""

    def __init__(self, view: PlotView, z: float) -> None:
        super().__init__(view, z)
        self._at: float | None = None
        self._text = ""
        self._font = plot_font(12, bold=True)

    def show_at(self, at: float | None, text: str) -> None:
        """Mark this place among the candidates; None marks nothing."""
        self._at, self._text = at, text
        self.update()

    @property
    def text(self) -> str:
        """What stands at the mark, empty where there is none."""
        return self._text

    def _pixel(self, at: float) -> float:
        return min(max(self.to_px(at, 0.0).x(), 1.0), self.boundingRect().width() - 1)

    def labels(self) -> list[tuple[str, QRectF]]:
        """The name and where it stands, once there is one."""
        if self._at is None:
            return []
        metrics = QFontMetricsF(self._font)
        width, height = metrics.horizontalAdvance(self._text) + 14, metrics.height() + 4
        left = min(max(self._pixel(self._at) - width / 2, 2.0), self.boundingRect().width() - width - 2)
        return [(self._text, QRectF(left, 2, width, height))]

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        """Paint line and name."""
        if self._at is None:
            return
        rect, x = self.boundingRect(), self._pixel(self._at)
        ((_, box),) = self.labels()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(QPen(QColor(self._palette.selection), 1.6))
        painter.drawLine(QPointF(x, box.bottom()), QPointF(x, rect.height()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._palette.selection))
        painter.drawRoundedRect(box, 4, 4)
        painter.setFont(self._font)
        painter.setPen(QColor(self._palette.selection_text))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._text)

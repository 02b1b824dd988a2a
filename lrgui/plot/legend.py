"""Legend and title of a plot, in rows of their own above it, so that they never cover a curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QGraphicsWidget, QSizePolicy

from lrgui.plot.font import plot_font
from lrgui.plot.layers import pen

#: Opacity of a band's sample: a little more than the band's own, as it is small.
BAND_SAMPLE_ALPHA = 0.3


@dataclass(frozen=True)
class Entry:
    """A word with a sample of what it names."""

    text: str
    colour: str
    dash: str = "solid"
    sample: str = "line"
    """`line`, `dots`, `circles` (a line with circles) or `band` (a light area)."""
    width: float = 2.0


class TextRow(QGraphicsWidget):
    """A row of fixed height across the plot."""

    def __init__(self, height: float) -> None:
        super().__init__()
        self._height = height
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def sizeHint(self, which: Qt.SizeHint, constraint: Any = None) -> QSizeF:
        """Any width, the row's height."""
        return QSizeF(16777215 if which == Qt.SizeHint.MaximumSize else 0, self._height)


class Title(TextRow):
    """One centred line of larger text, shortened in the middle of a long task where the plot is narrow."""

    def __init__(self, text: str, colour: str) -> None:
        super().__init__(30)
        self._text, self._colour = text, colour

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        """Paint the text."""
        font = plot_font(15, bold=True)
        painter.setFont(font)
        painter.setPen(QColor(self._colour))
        width = self.size().width()
        shown = QFontMetricsF(font).elidedText(self._text, Qt.TextElideMode.ElideRight, width)
        painter.drawText(QRectF(0, 0, width, self._height), Qt.AlignmentFlag.AlignCenter, shown)


class Legend(TextRow):
    """Entries from left to right, closer together where the row is short, and as many as there is room for."""

    #: Width of a sample, the gap behind it, and what is between two entries, in pixels.
    WIDE, CLOSE = (20.0, 6.0, 14.0), (14.0, 4.0, 8.0)

    def __init__(self) -> None:
        super().__init__(24)
        self._entries: tuple[Entry, ...] = ()
        self._colour = "#000000"
        self._fill = "#FFFFFF"

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What is shown."""
        return self._entries

    def set_entries(self, entries: Sequence[Entry], colour: str, fill: str) -> None:
        """Show these, with words in `colour`; `fill` is the plot's background."""
        self._entries, self._colour, self._fill = tuple(entries), colour, fill
        self.update()

    def placed(self) -> list[tuple[Entry, float, float]]:
        """The entries that there is room for, where each begins and how wide its words are, in pixels."""
        metrics = QFontMetricsF(plot_font(12))
        sample, gap, between = self._spacing
        found, x = [], 4.0
        for entry in self._entries:
            words = metrics.horizontalAdvance(entry.text)
            if x + sample + gap + words > self.size().width():
                break
            found.append((entry, x, words))
            x += sample + gap + words + between
        return found

    @property
    def _spacing(self) -> tuple[float, float, float]:
        """The wide one, where all entries fit then."""
        metrics, count = QFontMetricsF(plot_font(12)), len(self._entries)
        sample, gap, between = self.WIDE
        words = sum(metrics.horizontalAdvance(entry.text) for entry in self._entries)
        fits = 4 + words + count * (sample + gap) + (count - 1) * between <= self.size().width()
        return self.WIDE if fits else self.CLOSE

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        """Paint samples and words."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setFont(plot_font(12))
        middle = self._height / 2 - 1
        sample, gap, _ = self._spacing
        for entry, x, words in self.placed():
            self._paint_sample(painter, entry, x, middle, sample)
            painter.setPen(QColor(self._colour))
            box = QRectF(x + sample + gap, 0, words + 2, 2 * middle)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, entry.text)

    def _paint_sample(self, painter: QPainter, entry: Entry, x: float, y: float, width: float) -> None:
        if entry.sample == "dots":
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(entry.colour))
            for part, dy in ((0.2, 2), (0.5, -2), (0.8, 1)):
                painter.drawEllipse(QPointF(x + part * width, y + dy), 1.6, 1.6)
            return
        if entry.sample == "band":
            fill = QColor(entry.colour)
            fill.setAlphaF(BAND_SAMPLE_ALPHA)
            painter.fillRect(QRectF(x, y - 5, width, 10), fill)
            return
        painter.setPen(pen(entry.colour, entry.width, entry.dash))
        painter.drawLine(QPointF(x, y), QPointF(x + width, y))
        if entry.sample == "circles":
            painter.setPen(QPen(QColor(entry.colour), 1.6))
            painter.setBrush(QColor(self._fill))
            painter.drawEllipse(QPointF(x + width / 2, y), 3.4, 3.4)

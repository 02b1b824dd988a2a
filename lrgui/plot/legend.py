"""Legend and title of a plot, in rows of their own above it, so that they never cover a curve."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QGraphicsSceneMouseEvent, QGraphicsSceneResizeEvent, QGraphicsWidget, QSizePolicy

from lrgui.plot.font import plot_font
from lrgui.plot.layers import pen

#: Height of a row of entries, in pixels.
ROW = 24.0
#: Opacity of an entry that is not drawn now.
PALE = 0.35
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
    shown: bool = True
    """False for what is not drawn now: it is pale."""


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
    """Entries from left to right, closer together where the row is short, and as many as there is room for, in
    one row unless more are let."""

    #: Width of a sample, the gap behind it, and what is between two entries, in pixels.
    WIDE, CLOSE = (20.0, 6.0, 14.0), (14.0, 4.0, 8.0)

    _entries: tuple[Entry, ...] = ()
    _most_rows = 1

    def __init__(self) -> None:
        super().__init__(ROW)
        self._colour = "#000000"
        self._fill = "#FFFFFF"
        self._clicked: Callable[[int], None] | None = None

    def let_click(self, clicked: Callable[[int], None]) -> None:
        """Call this with the number of an entry, from 0, that is clicked."""
        self._clicked = clicked
        self.setAcceptedMouseButtons(Qt.MouseButton.LeftButton)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def let_wrap(self, most_rows: int) -> None:
        """Let the entries take so many rows where one is too short."""
        self._most_rows = most_rows
        self._fit_rows()

    def entry_at(self, at: QPointF) -> int | None:
        """The number of the entry at a place, in pixels."""
        sample, gap, _ = self._spacing
        number = 0
        for row, places in enumerate(self._in_rows()):
            for _, left, words in places:
                if row == int(at.y() // ROW) and left - 2 <= at.x() <= left + sample + gap + words + 2:
                    return number
                number += 1
        return None

    def mousePressEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """Take the press, so that the view below does not."""
        event.accept()

    def mouseReleaseEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """An entry was clicked."""
        number = self.entry_at(event.pos()) if self.rect().contains(event.pos()) else None
        if number is not None and self._clicked is not None:
            self._clicked(number)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What is shown."""
        return self._entries

    def set_entries(self, entries: Sequence[Entry], colour: str, fill: str) -> None:
        """Show these, with words in `colour`; `fill` is the plot's background."""
        if (tuple(entries), colour, fill) == (self._entries, self._colour, self._fill):
            return
        self._entries, self._colour, self._fill = tuple(entries), colour, fill
        self._fit_rows()
        self.update()

    def placed(self) -> list[tuple[Entry, float, float]]:
        """The entries that there is room for, where each begins in its row and how wide its words are, in pixels."""
        return [place for row in self._in_rows() for place in row]

    def _in_rows(self) -> list[list[tuple[Entry, float, float]]]:
        """The same, row by row."""
        metrics = QFontMetricsF(plot_font(12))
        sample, gap, between = self._spacing
        rows: list[list[tuple[Entry, float, float]]] = [[]]
        x = 4.0
        for entry in self._entries:
            words = metrics.horizontalAdvance(entry.text)
            if x + sample + gap + words > self.size().width():
                if len(rows) >= self._most_rows or not rows[-1]:
                    break
                rows.append([])
                x = 4.0
            rows[-1].append((entry, x, words))
            x += sample + gap + words + between
        return rows

    def resizeEvent(self, event: QGraphicsSceneResizeEvent) -> None:
        """In another width it may take another number of rows."""
        super().resizeEvent(event)
        self._fit_rows()

    def _fit_rows(self) -> None:
        height = ROW * max(1, len(self._in_rows()))
        if height != self._height and self.size().width() > 0:
            self._height = height
            self.updateGeometry()

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
        half = ROW / 2 - 1
        sample, gap, _ = self._spacing
        for row, places in enumerate(self._in_rows()):
            for entry, x, words in places:
                painter.setOpacity(1.0 if entry.shown else PALE)
                self._paint_sample(painter, entry, x, row * ROW + half, sample)
                painter.setPen(QColor(self._colour))
                box = QRectF(x + sample + gap, row * ROW, words + 2, 2 * half)
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

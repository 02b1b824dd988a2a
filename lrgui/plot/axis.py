"""The axes of all plots.

They keep pyqtgraph's link to a view, its wheel and its drag, and paint themselves: in logical pixels, with
pens that are not cosmetic, so that a picture at 300 dots per inch is the screen enlarged, and with a fixed
size, so that new tick labels never shift the plot under the pointer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from lrgui.plot.font import plot_font
from lrgui.plot.theme import Palette
from lrgui.plot.ticks import Tick, decade_ticks, linear_ticks

Ticks = Callable[[float, float, float], list[Tick]]

TICK_LENGTH = 5.0
#: What titles become along an axis that is too short for them.
SHORT = {
    "Learning rate": "LR",
    "Learning rate (log scale)": "LR (log)",
    "Training loss": "Loss",
    "Validation loss": "Loss",
}
#: How far a title may reach past the ends of a short axis.
TITLE_REACH = 14.0
#: Where an upright title begins.
TITLE_LEFT = 1.0
#: Room for an upright title and "40,000" beside it, which ends so far from its tick.
LEFT_WIDTH, OFF_TICK = 64, 2
BOTTOM_HEIGHT = 44
BOTTOM_HEIGHT_PLAIN = 26
BOTTOM_HEIGHT_BARE = 10


def percent_ticks(low: float, high: float, pixels: float) -> list[Tick]:
    """Ticks of an axis of shares (0…1) that reads in percent."""
    return [Tick(t.position / 100, f"{t.text} %", t.major) for t in linear_ticks(low * 100, high * 100, pixels, 34)]


class Axis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph has no types
    """An axis at the `left` or `bottom` whose ticks come from a function of (low, high, pixels)."""

    double_clicked = Signal()

    def __init__(self, orientation: str, ticks: Ticks, title: str, palette: Palette) -> None:
        super().__init__(orientation)
        self.enableAutoSIPrefix(False)
        self._ticks = ticks
        self._title = title
        self._palette = palette
        self._blank = False
        self._numbers = True
        self._font = plot_font(12)
        self._known: tuple[object, list[Tick]] = (None, [])
        """The ticks that were worked out last, and for what: a grid asks for them, too, whenever it is painted."""
        if orientation == "left":
            self.setWidth(LEFT_WIDTH)
        else:
            self.setHeight(BOTTOM_HEIGHT if title else BOTTOM_HEIGHT_PLAIN)

    @property
    def title(self) -> str:
        """What is written along the axis."""
        return self._title

    def set_title(self, title: str) -> None:
        """Write something else along the axis."""
        self._title = title
        self.update()

    def measure(self, title: str, ticks: Ticks) -> None:
        """Measure something else: another title and other ticks."""
        if (title, ticks) != (self._title, self._ticks):
            self._title, self._ticks = title, ticks
            self.update()

    def set_palette(self, palette: Palette) -> None:
        """Paint in other colours."""
        self._palette = palette
        self.update()

    def set_blank(self, blank: bool) -> None:
        """Show no numbers: nothing is measured yet."""
        if blank != self._blank:
            self._blank = blank
            self.update()

    def set_numbers(self, shown: bool) -> None:
        """Show ticks without numbers, in less room, where another axis has them."""
        self._numbers = shown
        if self.orientation == "bottom":
            self.setHeight(BOTTOM_HEIGHT if self._title else BOTTOM_HEIGHT_PLAIN if shown else BOTTOM_HEIGHT_BARE)
        self.update()

    def ticks(self) -> list[Tick]:
        """The ticks for what is visible now, those without room for their text with an empty text."""
        if self._blank:
            return []
        low, high = (float(end) for end in self.range)
        size = self.size()
        length = size.height() if self.orientation == "left" else size.width()
        wanted = (self._ticks, low, high, length)
        if self._known[0] != wanted:
            self._known = (wanted, self._ticks(low, high, length))
        return self._known[1]

    def mouseClickEvent(self, ev: Any) -> None:
        """A double click is told; other clicks are nobody's: the view would take them for clicks on itself."""
        if ev.double() and ev.button() == Qt.MouseButton.LeftButton:
            ev.accept()
            self.double_clicked.emit()
        else:
            ev.ignore()

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        """Paint line, ticks, numbers and title."""
        low, high = (float(end) for end in self.range)
        width, height = self.size().width(), self.size().height()
        if not high > low or width <= 0 or height <= 0:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setFont(self._font)
        line = QPen(QColor(self._palette.axis), 1.0)
        line.setCapStyle(Qt.PenCapStyle.FlatCap)
        if self.orientation == "left":
            self._paint_left(painter, line, width, height, lambda v: height * (high - v) / (high - low))
        else:
            self._paint_bottom(painter, line, width, height, lambda v: width * (v - low) / (high - low))

    def words(self) -> list[tuple[str, QRectF]]:
        """What is written on the axis, and where, in its own pixels: the title, which stands upright at the left, and
        the numbers that have room."""
        low, high = (float(end) for end in self.range)
        width, height = self.size().width(), self.size().height()
        if not high > low or width <= 0 or height <= 0:
            return []
        if self.orientation == "left":
            return self._left_words(height, lambda v: height * (high - v) / (high - low))
        return self._bottom_words(width, height, lambda v: width * (v - low) / (high - low))

    def _paint_left(
        self, painter: QPainter, line: QPen, width: float, height: float, at: Callable[[float], float]
    ) -> None:
        painter.setPen(line)
        painter.drawLine(QPointF(width - 0.5, 0), QPointF(width - 0.5, height))
        for tick in self.ticks():
            y = _crisp(at(tick.position))
            painter.drawLine(QPointF(width - (TICK_LENGTH if tick.major else 3), y), QPointF(width - 1, y))
        painter.setPen(QColor(self._palette.muted))
        title, *numbers = self._left_words(height, at)
        for text, box in numbers:
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
        text, box = title
        painter.save()
        painter.translate(box.left(), box.center().y())
        painter.rotate(-90)
        lying = QRectF(-box.height() / 2, 0, box.height(), box.width())
        painter.drawText(lying, Qt.AlignmentFlag.AlignCenter, text)
        painter.restore()

    def _left_words(self, height: float, at: Callable[[float], float]) -> list[tuple[str, QRectF]]:
        """The title first, which may be empty: numbers that are longer than usual, where somebody looks very close,
        take its place."""
        metrics = QFontMetricsF(self._font)
        length, line = height + 2 * TITLE_REACH, metrics.height()
        fits = metrics.horizontalAdvance(self._title) <= length
        words = self._title if fits else SHORT.get(self._title, self._title)
        title = metrics.elidedText(words, Qt.TextElideMode.ElideRight, length)
        # As long as its words are, and a little for what rounding takes.
        long = min(length, metrics.horizontalAdvance(title) + 2)
        found = [(title, QRectF(TITLE_LEFT, (height - long) / 2, line, long))]
        right = self.size().width() - TICK_LENGTH - OFF_TICK
        for tick in self.ticks():
            y = at(tick.position)
            if tick.text and -1 <= y <= height + 1:
                wide = metrics.horizontalAdvance(tick.text)
                found.append((tick.text, QRectF(right - wide, y - line / 2, wide, line)))
        if any(box.left() < TITLE_LEFT + line for _, box in found[1:]):
            found[0] = "", found[0][1]
        return found

    def _paint_bottom(
        self, painter: QPainter, line: QPen, width: float, height: float, at: Callable[[float], float]
    ) -> None:
        painter.setPen(line)
        painter.drawLine(QPointF(-1, 0.5), QPointF(width, 0.5))
        for tick in self.ticks():
            x = _crisp(at(tick.position))
            painter.drawLine(QPointF(x, 1), QPointF(x, TICK_LENGTH if tick.major else 3))
        painter.setPen(QColor(self._palette.muted))
        for text, box in self._bottom_words(width, height, at):
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _bottom_words(self, width: float, height: float, at: Callable[[float], float]) -> list[tuple[str, QRectF]]:
        metrics = QFontMetricsF(self._font)
        found: list[tuple[str, QRectF]] = []
        if not self._numbers:
            return found
        taken = -1e9
        for tick in sorted((t for t in self.ticks() if t.text), key=lambda t: t.position):
            # The last label may reach a little past the plot's edge, where there is room beside it.
            half = metrics.horizontalAdvance(tick.text) / 2
            x = min(at(tick.position), width + 12 - half)
            if x - half >= taken:
                found.append((tick.text, QRectF(x - half - 2, TICK_LENGTH + 1, 2 * half + 4, metrics.height())))
                taken = x + half + 6
        if self._title:
            found.append((self._title, QRectF(0, height - metrics.height() - 3, width, metrics.height())))
        return found

    def boundingRect(self) -> QRectF:
        """The item's own rectangle, with the rim that an end label may use."""
        size = self.size()
        return QRectF(-16, -TITLE_REACH, size.width() + 32, size.height() + 2 * TITLE_REACH)

    def resizeEvent(self, event: Any = None) -> None:
        """Nothing to arrange: all is painted."""
        self.picture = None
        self.update()

    def _updateLabel(self) -> None:
        """Nothing to lay out: pyqtgraph's own label, which it would do eight times for a new axis, is never shown."""
        self.picture = None
        self.update()


def log_axis(title: str, palette: Palette) -> Axis:
    """The bottom axis of learning rates; its coordinates are log10."""
    return Axis("bottom", decade_ticks, title, palette)


def number_axis(orientation: str, title: str, palette: Palette) -> Axis:
    """A linear axis of plain numbers."""
    return Axis(orientation, lambda low, high, pixels: linear_ticks(low, high, pixels), title, palette)


def percent_axis(orientation: str, title: str, palette: Palette) -> Axis:
    """A linear axis of shares in percent."""
    return Axis(orientation, percent_ticks, title, palette)


def _crisp(position: float) -> float:
    """The middle of a pixel: a 1 px line there stays sharp with antialiasing."""
    return float(int(position)) + 0.5

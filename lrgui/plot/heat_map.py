"""The heat map of a study: the learning rate of each combination, in rows and columns."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import QWidget

from lrgui.core.formats import NOTHING, format_factor
from lrgui.core.learning_rate import format_lr
from lrgui.plot.axis import LEFT_WIDTH, Axis
from lrgui.plot.chart import Canvas, Chart
from lrgui.plot.font import plot_font
from lrgui.plot.layers import PaletteLayer, pen
from lrgui.plot.legend import Entry
from lrgui.plot.plots import Plot
from lrgui.plot.theme import LIGHT, Palette, contrast
from lrgui.plot.ticks import Tick
from lrgui.plot.view import PlotView
from lrgui.studies.plan import axis_words
from lrgui.studies.results import Cell, HeatMap

#: Pixels between two cells.
GAP = 2.0
#: The widest that the rows' names may make the left axis.
WIDEST = 260
#: Rates that differ by less than this many decades in all have colours that differ as little.
LEAST = 0.3
#: So much of the strongest colour has the lowest rate's.
FAINTEST = 0.3
#: What is written in a cell has one of these colours.
INKS = ("#000000", "#FFFFFF")


class CellView(PlotView):
    """A view that tells where it is clicked."""

    clicked = Signal(float, float)

    def mouseClickEvent(self, ev: Any) -> None:
        """Tell a click of the left button."""
        if ev.button() == Qt.MouseButton.LeftButton:
            ev.accept()
            self.clicked.emit(self.value_x(ev.pos().x()), self.value_y(ev.pos().y()))
        else:
            super().mouseClickEvent(ev)


class HeatMapPlot(Plot):
    """Rows and columns of cells, in a stronger colour for higher rates; each says its rate."""

    clicked = Signal(object)
    """The `Cell` that was clicked."""

    def __init__(self, parent: QWidget | None = None, palette: Palette = LIGHT) -> None:
        super().__init__(parent, palette)
        self._map = HeatMap("", (), (), ())
        self.view = CellView()
        self.view.clicked.connect(self._on_click)
        left = Axis("left", self._row_ticks, "", palette)
        bottom = Axis("bottom", self._column_ticks, "batch size", palette)
        self.chart = Chart(self.view, left, bottom, "", palette)
        self.chart.grid.hide()
        self.cells = Cells(self.view, 10)
        self._fill(Canvas(self), "Heat map of the learning rates of a study", [self.chart], self.chart)
        self.set_palette(palette)

    def set_palette(self, palette: Palette) -> None:
        """Paint in other colours."""
        super().set_palette(palette)
        self.cells.set_palette(palette)
        self._legend()

    def show_map(self, heat_map: HeatMap, *, keep_view: bool = False) -> None:
        """Show these cells, in the place of others; with `keep_view` as large as before where the person chose that."""
        self._map = heat_map
        self.cells.show_map(heat_map)
        self.chart.bottom.set_title(axis_words(heat_map.across))
        metrics = QFontMetricsF(plot_font(12))
        widest = max((metrics.horizontalAdvance(name) for name in heat_map.rows), default=0.0)
        self.chart.left.setWidth(min(WIDEST, max(LEFT_WIDTH, widest + 14)))
        if not (keep_view and self._moved):
            self.reset_view()
        self._legend()

    def reset_view(self) -> None:
        """Show all cells."""
        columns, rows = max(1, len(self._map.columns)), max(1, len(self._map.rows))
        self._moved = False
        self.view.setRange(xRange=(-0.5, columns - 0.5), yRange=(-0.5, rows - 0.5), padding=0)

    def words_at(self, chart: Chart, x: float, y: float) -> str:
        """See `Plot`: the combination, its rate and its seeds."""
        cell = self.cell_at(x, y)
        if cell is None:
            return ""
        words = [cell.words, *cells_words(cell)]
        seeds = len(cell.rates)
        return " · ".join([*words, f"{seeds} {'seed' if seeds == 1 else 'seeds'}"])

    def cell_at(self, x: float, y: float) -> Cell | None:
        """The cell at a point in the axes' coordinates."""
        row, column = len(self._map.rows) - 1 - round(y), round(x)
        there = 0 <= row < len(self._map.rows) and 0 <= column < len(self._map.columns)
        return self._map.cells[row][column] if there else None

    def _on_click(self, x: float, y: float) -> None:
        cell = self.cell_at(x, y)
        if cell is not None:
            self.clicked.emit(cell)

    def _row_ticks(self, low: float, high: float, _pixels: float) -> list[Tick]:
        names = reversed(self._map.rows)
        return [Tick(float(place), name, False) for place, name in enumerate(names) if low <= place <= high]

    def _column_ticks(self, low: float, high: float, _pixels: float) -> list[Tick]:
        return [Tick(float(n), name, False) for n, name in enumerate(self._map.columns) if low <= n <= high]

    def _legend(self) -> None:
        ends = self.cells.ends
        entries = []
        if ends is not None:
            low, high = ends
            entries = [Entry(format_lr(low), self.cells.colour(low), width=9.0)]
            if high > low:
                entries.append(Entry(format_lr(high), self.cells.colour(high), width=9.0))
        self.chart.set_legend(entries, self._palette)


class Cells(PaletteLayer):
    """A rectangle for each cell, with its rate in it."""

    def __init__(self, view: PlotView, z: float) -> None:
        super().__init__(view, z)
        self._map = HeatMap("", (), (), ())
        self._font, self._small = plot_font(13, bold=True), plot_font(11)

    def show_map(self, heat_map: HeatMap) -> None:
        """Show these."""
        self._map = heat_map
        self.update()

    @property
    def ends(self) -> tuple[float, float] | None:
        """The lowest and the highest rate; None where no cell has one."""
        rates = [cell.lr for row in self._map.cells for cell in row if cell is not None and cell.lr is not None]
        return (min(rates), max(rates)) if rates else None

    def colour(self, lr: float) -> str:
        """The colour of a rate, by its logarithm: from a faint blue, which is still seen, to a strong one."""
        assert self.ends is not None
        low, high = (math.log10(end) for end in self.ends)
        span = max(high - low, LEAST)
        share = 0.5 if high == low else (math.log10(lr) - (low + high) / 2) / span + 0.5
        none, strong = QColor(self._palette.background), QColor(self._palette.curve)
        part = FAINTEST + (1 - FAINTEST) * min(max(share, 0.0), 1.0)
        parts = zip(none.getRgb()[:3], strong.getRgb()[:3], strict=True)  # type: ignore[index]
        return "#" + "".join(f"{round(a + (b - a) * part):02X}" for a, b in parts)

    def box(self, row: int, column: int) -> QRectF:
        """Where a cell is painted."""
        place = len(self._map.rows) - 1 - row
        corners = self.to_px(column - 0.5, place + 0.5), self.to_px(column + 0.5, place - 0.5)
        return QRectF(*corners).adjusted(GAP / 2, GAP / 2, -GAP / 2, -GAP / 2)

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        """Paint the cells."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        for number, row in enumerate(self._map.cells):
            for column, cell in enumerate(row):
                if cell is not None:
                    self._paint_cell(painter, cell, self.box(number, column))

    def _paint_cell(self, painter: QPainter, cell: Cell, box: QRectF) -> None:
        if box.width() < 1 or box.height() < 1:
            return
        fill = self._palette.background if cell.lr is None else self.colour(cell.lr)
        painter.setPen(pen(self._palette.grid) if cell.lr is None else Qt.PenStyle.NoPen)
        painter.setBrush(QColor(fill))
        painter.drawRect(box)
        hatched = cell.lr is not None and not cell.sure
        if hatched:  # a colour never stands alone: a guess is hatched
            painter.setBrush(QBrush(QColor(self._palette.background), Qt.BrushStyle.BDiagPattern))
            painter.drawRect(box)
        lines = cells_words(cell)
        painter.setPen(QColor(readable_on(fill)))
        height = QFontMetricsF(self._font).height()
        below = [words for words in lines[1:] if box.height() > (len(lines)) * height + 6]
        top = box.center().y() - height * (1 + len(below)) / 2
        for index, words in enumerate([lines[0], *below]):
            font = self._small if index else self._font
            painter.setFont(font)
            place = QRectF(box.left(), top + index * height, box.width(), height)
            if QFontMetricsF(font).horizontalAdvance(words) <= box.width() - 4 and height <= box.height():
                if hatched:
                    written = painter.boundingRect(place, Qt.AlignmentFlag.AlignCenter, words)
                    painter.fillRect(written.adjusted(-2, 0, 2, 0), QColor(fill))
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, words)


def cells_words(cell: Cell) -> list[str]:
    """What stands in a cell: its rate, and what should be known of it."""
    if cell.lr is None:
        return [NOTHING]
    words = [format_lr(cell.lr)]
    if not cell.sure:
        words.append("a guess")
    elif cell.spread is not None:
        words.append(f"seeds within {format_factor(cell.spread)}")
    return words


def heat_map_plot(heat_map: HeatMap, palette: Palette) -> HeatMapPlot:
    """The heat map as a plot, for a picture."""
    plot = HeatMapPlot(None, palette)
    plot.show_map(heat_map)
    return plot


def readable_on(fill: str) -> str:
    """Black or white, whichever reads better on this colour: one of them has a contrast of 4.5 to any."""
    return max(INKS, key=lambda ink: contrast(ink, fill))

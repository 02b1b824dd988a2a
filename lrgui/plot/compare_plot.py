"""The plot of a comparison: the smoothed curves of several sweeps, with their picks."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPolygonF
from PySide6.QtWidgets import QWidget

from lrgui.core.curve.comparison import Compared
from lrgui.core.formats import format_loss
from lrgui.core.learning_rate import format_lr
from lrgui.plot.chart import Canvas, Chart
from lrgui.plot.font import plot_font
from lrgui.plot.layers import Line, PaletteLayer, pen
from lrgui.plot.legend import Entry
from lrgui.plot.live_average import LiveAverage
from lrgui.plot.placing import Placed
from lrgui.plot.plots import RatePlot
from lrgui.plot.theme import LIGHT, Palette
from lrgui.plot.view import PlotView

Floats = NDArray[np.float64]

_NONE: Floats = np.empty(0)
#: More curves than this are drawn with less care while the view moves.
MANY = 8
LABEL_HEIGHT = 20.0
TOP = 6.0
#: From one row of labels to the next, in pixels.
ROW = LABEL_HEIGHT + 2
DIAMOND = 5.2


@dataclass(frozen=True)
class Pick:
    """Where a curve's pick stands. Axis coordinates."""

    label: str
    x: float
    y: float
    colour: str
    dash: str
    sure: bool
    """False for a best guess."""


class ComparePlot(RatePlot):
    """Curves over one axis of learning rates. Colours are Okabe and Ito's, and each curve has its own dashes."""

    def __init__(self, parent: QWidget | None = None, palette: Palette = LIGHT, *, title: str = "") -> None:
        self.view = PlotView()
        super().__init__(parent, palette, self.view, title=title)
        self._labels: tuple[str, ...] = ()
        self._compared: dict[int, Compared] = {}
        self._lines: list[Line] = []
        self._averages: list[LiveAverage] = []
        self._fill(Canvas(self), "Comparison of learning-rate curves", [self.chart], self.chart)
        self.picks = PickMarks(self.view, 20)
        self.view.stopped.connect(self._redraw_lines)
        self.set_palette(palette)
        self.begin(1e-6, 1.0, (), 0)

    def set_palette(self, palette: Palette) -> None:
        """Paint in other colours."""
        super().set_palette(palette)
        self.picks.set_palette(palette)
        self._paint()

    def begin(self, start_lr: float, end_lr: float, labels: Sequence[str], planned_steps: int) -> None:
        """Sweeps from `start_lr` to `end_lr` start, one per label."""
        self._limits = (math.log10(start_lr), math.log10(end_lr))
        self._labels, self._compared = tuple(labels), {}
        while len(self._lines) < len(labels):
            self._lines.append(Line(self.view, 10 - len(self._lines)))
            self._averages.append(LiveAverage())
        for line, average in zip(self._lines, self._averages, strict=True):
            line.set_data(_NONE, _NONE)
            average.begin(planned_steps)
        for line in self._lines:
            line.one_of_many = len(labels) > MANY
        self._apply_limits()
        self.reset_view()
        self._paint()

    def set_live(self, index: int, lr: Floats, loss: Floats) -> None:
        """All raw points of one sweep so far, arrays of shape (n,); a short average of them is drawn."""
        self._averages[index].extend(loss)
        self._lines[index].set_data(*self._averages[index].thinned(np.log10(lr)))
        self._follow_home()
        self._paint()

    def set_finished(self, index: int, compared: Compared) -> None:
        """One sweep has ended: its smoothed curve and its pick."""
        curve = compared.reading.curve
        self._compared[index] = compared
        self._lines[index].set_data(curve.log_lr, curve.smoothed)
        self._follow_home()
        self._paint()

    def leave_out(self, parts: Collection[str]) -> None:
        """See `Plot`; the picks are marks."""
        super().leave_out(parts)
        if "marks" in parts:
            self.picks.show_picks(())

    def _redraw_lines(self) -> None:
        for line in self._lines:
            line.refresh()

    def words_at(self, chart: Chart, x: float, y: float) -> str:
        """See `Plot`: the loss of every curve at this rate."""
        values = [(name, line.value_at(x)) for name, line in zip(self._labels, self._lines, strict=False)]
        words = [f"{name} {format_loss(loss)}" for name, loss in values if loss is not None]
        return " · ".join([format_lr(10.0**x), *words]) if words else ""

    def _paint(self) -> None:
        entries, picks = [], []
        for index, name in enumerate(self._labels):
            colour, dash = self._palette.look(index)
            self._lines[index].set_pen(pen(colour, 2.2, dash))
            entries.append(Entry(name, colour, dash, width=2.2))
            compared = self._compared.get(index)
            lr = compared.pick if compared is not None else None
            if compared is None or lr is None:
                continue
            loss = compared.reading.curve.loss_at(lr)
            if math.isfinite(loss):
                sure = compared.reading.recommendation.lr is not None
                words = f"{compared.name} {format_lr(lr)}" + ("" if sure else " (guess)")
                picks.append(Pick(words, math.log10(lr), loss, colour, dash, sure))
        self.picks.show_picks(picks)
        self.chart.set_legend(entries, self._palette)

    def _home_losses(self) -> tuple[float, float] | None:
        drawn = [line.points[1] for line in self._lines if len(line.points[1])]
        if not drawn:
            return None
        level = max(float(np.median(y[: max(1, len(y) // 10)])) for y in drawn)
        lowest = min(float(y.min()) for y in drawn)
        span = max(level - lowest, 0.05 * abs(level), 1e-9)
        # Room above for the picks' labels, one row each.
        return lowest - 0.12 * span, level + (0.12 + 0.07 * len(self._labels)) * span


class PickMarks(PaletteLayer):
    """A line and a diamond at each pick, its label above, no label over another."""

    def __init__(self, view: PlotView, z: float) -> None:
        super().__init__(view, z)
        self._picks: tuple[Pick, ...] = ()
        self._font = plot_font(12, bold=True)

    def show_picks(self, picks: Sequence[Pick]) -> None:
        """Show these."""
        self._picks = tuple(picks)
        self.update()

    @property
    def labels(self) -> list[Placed]:
        """The labels of the picks in sight where they are painted."""
        return [label for _, label in self._placed() if label is not None]

    def _placed(self) -> list[tuple[Pick, Placed | None]]:
        """The picks in sight, each with its label in the first row that has room, and covers no diamond; None where
        the plot is too low for all of them."""
        rect, metrics = self.boundingRect(), QFontMetricsF(self._font)
        points = [self.to_px(pick.x, pick.y) for pick in self._picks]
        taken = [_Box.around(at, DIAMOND + 1) for at in points if rect.contains(at)]
        placed: list[tuple[Pick, Placed | None]] = []
        rows = math.floor((rect.height() - TOP - LABEL_HEIGHT) / ROW) + 1
        for pick in self._picks:
            at = self.to_px(pick.x, pick.y).x()
            if not 0 <= at <= rect.width():
                continue
            width = metrics.horizontalAdvance(pick.label) + 14
            left = min(max(at - width / 2, 2.0), max(2.0, rect.width() - width - 2))
            row = _first_row([box for box in taken if box.left < left + width + 2 and box.right > left - 2])
            if row >= rows:
                placed.append((pick, None))
                continue
            top = TOP + row * ROW
            taken.append(_Box(left, left + width, top, top + LABEL_HEIGHT))
            placed.append((pick, Placed(pick.label, pick.label, QRectF(left, top, width, LABEL_HEIGHT))))
        return placed

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        """Paint lines, diamonds and labels."""
        rect = self.boundingRect()
        placed = [(pick, None if label is None else label.rect) for pick, label in self._placed()]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setFont(self._font)
        for pick, box in placed:
            at = self.to_px(pick.x, pick.y)
            painter.setPen(pen(pick.colour, 1.0, pick.dash))
            painter.drawLine(QPointF(at.x(), TOP if box is None else box.bottom()), QPointF(at.x(), rect.height()))
        for pick, box in placed:
            at = self.to_px(pick.x, pick.y)
            painter.setPen(pen(self._palette.mark, 1.4))
            painter.setBrush(QColor(pick.colour if pick.sure else self._palette.background))
            if rect.contains(at):
                corners = ((0, -DIAMOND), (DIAMOND, 0), (0, DIAMOND), (-DIAMOND, 0))
                painter.drawPolygon(QPolygonF([QPointF(at.x() + dx, at.y() + dy) for dx, dy in corners]))
            if box is None:
                continue
            painter.setPen(pen(pick.colour, 1.4, pick.dash))
            painter.setBrush(QColor(self._palette.background))
            painter.drawRoundedRect(box, 4, 4)
            painter.setPen(QColor(self._palette.text))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, pick.label)


class _Box(NamedTuple):
    """Where something lies, in pixels."""

    left: float
    right: float
    top: float
    bottom: float

    @classmethod
    def around(cls, at: QPointF, reach: float) -> _Box:
        """All that is within `reach` of a point."""
        return cls(at.x() - reach, at.x() + reach, at.y() - reach, at.y() + reach)


def _first_row(taken: Sequence[_Box]) -> int:
    """The first row of labels, from 0, that none of these boxes reaches into, which all lie below each other."""
    full: set[int] = set()
    for box in taken:
        first = math.floor((box.top - TOP - LABEL_HEIGHT - 1) / ROW) + 1
        full.update(range(first, math.ceil((box.bottom - TOP + 1) / ROW)))
    return next(row for row in itertools.count() if row not in full)


def compare_plot(compared: Sequence[Compared], limits: tuple[float, float], palette: Palette) -> ComparePlot:
    """The curves of a comparison over the rates `limits`, for a picture."""
    plot = ComparePlot(None, palette)
    plot.begin(*limits, [each.label for each in compared], 0)
    for index, each in enumerate(compared):
        plot.set_finished(index, each)
    return plot

"""The plot of runs of any kinds laid over each other: by learning rate, step, epoch or time."""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from lrgui.core.events import ACCURACIES
from lrgui.core.formats import format_figure, format_loss, format_metric, format_seconds
from lrgui.core.learning_rate import format_lr
from lrgui.plot.axis import number_axis, percent_ticks
from lrgui.plot.chart import Canvas, Chart
from lrgui.plot.compare_plot import MANY, Pick, PickMarks
from lrgui.plot.layers import Line, pen
from lrgui.plot.legend import Entry
from lrgui.plot.plots import BEYOND, Plot
from lrgui.plot.theme import LIGHT, Palette
from lrgui.plot.ticks import decade_ticks, linear_ticks, loss_ticks
from lrgui.plot.view import PlotView
from lrgui.runs.overlaid import Align, Quantity, Trace
from lrgui.runs.overlay import Overlay

Floats = NDArray[np.float64]
_NONE: Floats = np.empty(0)
#: Widths of a run's line, and of those of a race's other trainings.
WIDE, NARROW = 2.2, 0.9
#: The legend of a picture has at most so many rows.
MOST_ROWS = 8
#: The default view begins at the start of the curves: what stands so far above it, as a share of the fall, is out of
#: sight (a sweep ends where its loss explodes).
ABOVE = 0.12


class OverlayPlot(Plot):
    """Each run in a colour and dashes of its own; a click on the legend hides it, or shows it again."""

    toggled = Signal(int)
    """The number of the run whose entry in the legend was clicked."""

    def __init__(self, parent: QWidget | None = None, palette: Palette = LIGHT, *, rows: int = MOST_ROWS) -> None:
        """`rows` is how many the legend may take."""
        super().__init__(parent, palette)
        self.view = PlotView()
        left, bottom = number_axis("left", "Loss", palette), number_axis("bottom", "Step", palette)
        self.chart = Chart(self.view, left, bottom, "", palette)
        self._overlay: Overlay | None = None
        self._lines: list[list[Line]] = []
        self._shown_by: tuple[object, ...] = ()
        """By what the view's default was chosen: another one starts anew."""
        self._fill(Canvas(self), "Runs laid over each other", [self.chart], self.chart)
        self.picks = PickMarks(self.view, 20)
        self.chart.legend.let_click(self.toggled.emit)
        self.chart.legend.let_wrap(rows)
        self.view.stopped.connect(self._refresh)
        self.set_palette(palette)

    def set_palette(self, palette: Palette) -> None:
        """Paint in other colours."""
        super().set_palette(palette)
        self.picks.set_palette(palette)
        self._paint()

    def show_overlay(self, overlay: Overlay) -> None:
        """Show these runs, as their view says."""
        self._overlay = overlay
        log = overlay.view.log and overlay.quantity != Quantity.METRIC
        rates = overlay.align == Align.LR
        self.view.log_y = log
        self.chart.bottom.measure(overlay.x_title, decade_ticks if rates else linear_ticks)
        title = overlay.y_title + (" (log scale)" if log else "")
        shares = overlay.quantity == Quantity.METRIC and overlay.metric_name in ACCURACIES
        self.chart.left.measure(title, percent_ticks if shares else loss_ticks if log else linear_ticks)
        while len(self._lines) < len(overlay.runs):
            self._lines.append([])
        for number, lines in enumerate(self._lines):
            traces = overlay.traces[number] if number < len(overlay.runs) else []
            if number in overlay.view.hidden:
                traces = []
            while len(lines) < len(traces):
                lines.append(Line(self.view, 10))
            for line, trace in zip(lines, [*traces, *[None] * (len(lines) - len(traces))], strict=True):
                x, y = (_NONE, _NONE) if trace is None else (trace.x, trace.y)
                if trace is not None and log:
                    x, y = x[y > 0], y[y > 0]
                line.set_data(np.log10(x) if rates else x, y)
                line.one_of_many = len(overlay.runs) > MANY
        by = (overlay.align, overlay.scale, overlay.quantity, log)
        if by != self._shown_by:
            self._shown_by, self._moved = by, False
        self._paint()
        self._follow_home()

    def reset_view(self) -> None:
        """Show all of the runs, and of the losses the part that matters."""
        self._moved = False
        self._follow_home()

    def leave_out(self, parts: Collection[str]) -> None:
        """See `Plot`; the picks of sweeps are marks."""
        super().leave_out(parts)
        if "marks" in parts:
            self.picks.show_picks(())

    def words_at(self, chart: Chart, x: float, y: float) -> str:
        """See `Plot`: what every run had there."""
        overlay = self._overlay
        if overlay is None:
            return ""
        words = []
        for number, label in enumerate(overlay.labels):
            lines = [line for line in self._lines[number] if len(line.points[0])]
            values = [value for line in lines if (value := line.value_at(x)) is not None]
            if values:
                words.append(f"{label} {self._number(values[-1])}")
        return " · ".join([self._place(x), *words]) if words else ""

    def _number(self, value: float) -> str:
        overlay = self._overlay
        metric = overlay is not None and overlay.quantity == Quantity.METRIC
        return format_metric(overlay.metric_name, value) if overlay is not None and metric else format_loss(value)

    def _place(self, x: float) -> str:
        align = self._overlay.align if self._overlay is not None else Align.STEP
        if align == Align.LR:
            return format_lr(10.0**x)
        if align == Align.TIME:
            return format_seconds(max(x, 0.0))
        return f"epoch {format_figure(x)}" if align == Align.EPOCH else f"step {round(x):,}"

    # ---------------------------------------------------------------- inside
    def _refresh(self) -> None:
        for lines in self._lines:
            for line in lines:
                line.refresh()

    def _paint(self) -> None:
        overlay = self._overlay
        if overlay is None:
            self.chart.left.set_blank(True)
            self.chart.bottom.set_blank(True)
            return
        entries = []
        for number, label in enumerate(overlay.labels):
            colour, dash = self._palette.look(overlay.place(number))
            traces = overlay.traces[number]
            marked = any(trace.points for trace in traces)
            shown = number not in overlay.view.hidden
            entries.append(Entry(label, colour, dash, "circles" if marked else "line", WIDE, shown))
            for line, trace in zip(self._lines[number], traces, strict=False):
                line.set_pen(pen(colour, NARROW if trace.beside else WIDE, dash))
                line.set_circles(colour, self._palette.background) if trace.points else line.no_circles()
        self.chart.set_legend(entries, self._palette)
        self.picks.show_picks(self._picks(overlay))

    def _picks(self, overlay: Overlay) -> list[Pick]:
        if overlay.align != Align.LR or overlay.quantity != Quantity.LOSS:
            return []
        found = []
        for number, compared in overlay.compared:
            lr = compared.pick
            lines = self._lines[number] if number < len(self._lines) else []
            if lr is None or number in overlay.view.hidden or not lines:
                continue
            loss = lines[0].value_at(math.log10(lr))
            if loss is not None:
                sure = compared.reading.recommendation.lr is not None
                words = format_lr(lr) + ("" if sure else " (guess)")
                colour, dash = self._palette.look(overlay.place(number))
                found.append(Pick(words, math.log10(lr), loss, colour, dash, sure))
        return found

    def _follow_home(self) -> None:
        """Go to the default view, unless the person has moved away from it."""
        overlay, drawn = self._overlay, [line for lines in self._lines for line in lines if len(line.points[0])]
        for axis in (self.chart.left, self.chart.bottom):
            axis.set_blank(not drawn)
        if overlay is None or not drawn:
            return
        low = min(float(line.points[0][0]) for line in drawn)
        high = max(float(line.points[0][-1]) for line in drawn)
        if overlay.align in (Align.STEP, Align.EPOCH, Align.TIME):
            low = min(low, 0.0)
        margin = 0.02 * (high - low) or 0.5
        bottom, top = self._heights(overlay)
        across, up = high - low + 2 * margin, top - bottom
        self.view.setLimits(
            xMin=low - margin - BEYOND * across, xMax=high + margin + BEYOND * across, minXRange=1e-3 * across
        )
        self.view.setLimits(yMin=None, yMax=None, minYRange=1e-3 * up)
        if not self._moved:
            self.view.setRange(xRange=(low - margin, high + margin), yRange=(bottom, top), padding=0)

    def _heights(self, overlay: Overlay) -> tuple[float, float]:
        """Lowest and highest number of the default view, in the axis' coordinates."""
        shown = [
            (trace, line)
            for lines, traces in zip(self._lines, overlay.traces, strict=False)
            for trace, line in zip(traces, lines, strict=False)
            if len(line.points[1])
        ]
        lows, highs = zip(*(self._extent(trace, line.points[1], overlay) for trace, line in shown), strict=True)
        low, high = min(lows), max(highs)
        span = max(high - low, 0.05 * abs(high), 1e-9)
        labels = len(self.picks.labels)  # room above for those of the picks, one row each
        return low - 0.08 * span, high + (ABOVE + 0.07 * labels) * span

    def _extent(self, trace: Trace, y: Floats, overlay: Overlay) -> tuple[float, float]:
        y = self.view.axis_y(y)
        low = float(y.min())
        if overlay.quantity == Quantity.METRIC and overlay.metric_name in ACCURACIES:
            return low, float(y.max())
        if trace.points or len(y) < 20:
            return low, float(y.max())
        # Where it begins is in sight, too: above it a loss has blown up.
        return low, max(float(y[0]), float(np.median(y[: max(1, len(y) // 10)])), float(np.percentile(y, 75)))


def overlay_plot(overlay: Overlay, palette: Palette) -> OverlayPlot:
    """The runs as their view shows them, for a picture."""
    plot = OverlayPlot(None, palette)
    plot.show_overlay(overlay)
    return plot

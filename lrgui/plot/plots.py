"""What the plots share: a canvas full of charts, a default view to return to, and a pan that ends out of sight."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QGraphicsGridLayout, QGraphicsWidget, QVBoxLayout, QWidget

from lrgui.plot.annotations import Crosshair
from lrgui.plot.axis import log_axis, number_axis
from lrgui.plot.chart import Canvas, Chart
from lrgui.plot.theme import LIGHT, Palette
from lrgui.plot.view import PlotView

#: Part of the default view that can be seen beyond it, on either side.
BEYOND = 0.25
#: How many times the losses can be enlarged.
DEEPEST = 1000.0
#: What a chart shows: lowest and highest x, lowest and highest y.
Ranges = tuple[tuple[float, float], tuple[float, float]]


class Plot(QWidget):
    """A widget that is one canvas; `_fill` says with what."""

    read = Signal(str)
    """What stands under the pointer, in words, where the plot has words for it; empty when it has left."""

    canvas: Canvas

    def __init__(self, parent: QWidget | None = None, palette: Palette = LIGHT) -> None:
        super().__init__(parent)
        self._crosses: dict[Chart, Crosshair] = {}
        self._palette = palette
        self._charts: tuple[Chart, ...] = ()
        self._moved = False
        """True once the person has moved a view, until the default one is back."""

    def _fill(self, canvas: Canvas, name: str, charts: Sequence[Chart], whole: QGraphicsWidget) -> None:
        """Show `whole`, which holds the charts, on the canvas; `name` is what a screen reader calls it."""
        self.canvas, self._charts = canvas, tuple(charts)
        canvas.show_items(whole, self._palette)
        canvas.setAccessibleName(name)
        for chart in charts:
            chart.view.sigRangeChangedManually.connect(self._on_moved)
            for axis in (chart.left, chart.bottom):
                axis.double_clicked.connect(self.reset_view)
            chart.view.hovered.connect(self._on_hover)
            chart.view.left.connect(self._on_leave)
        self.setFocusProxy(canvas)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(canvas)

    def set_palette(self, palette: Palette) -> None:
        """Paint in other colours."""
        self._palette = palette
        self.canvas.setBackground(palette.background)
        for chart in self._charts:
            chart.set_palette(palette)
        for cross in self._crosses.values():
            cross.set_palette(palette)

    # Pictures ---------------------------------------------------------------------------------------

    def set_title(self, text: str) -> None:
        """Say above the charts what they show."""
        self._charts[0].set_title(text, self._palette)

    def leave_out(self, parts: Collection[str]) -> None:
        """Show none of these parts (keys of `export.style.PARTS`); those that this plot has not are passed over.

        For a picture, once everything is drawn: what is drawn later brings them back.
        """
        if "title" in parts:
            self.set_title("")
        if "legend" in parts:
            for chart in self._charts:
                chart.hide_legend()

    @property
    def views(self) -> tuple[Ranges, ...] | None:
        """What the charts show, in their axes' coordinates, where the person chose it; None for the default view."""
        if not self._moved:
            return None
        shown = (chart.view.viewRange() for chart in self._charts)
        return tuple(((x[0], x[1]), (y[0], y[1])) for x, y in shown)

    def show_views(self, views: Sequence[Ranges]) -> None:
        """Show of each chart what `views` of a plot like this one said."""
        self._moved = True
        for chart, (x, y) in zip(self._charts, views, strict=True):
            chart.view.setRange(xRange=x, yRange=y, padding=0)

    def reset_view(self) -> None:
        """Go back to the default view."""
        raise NotImplementedError

    # Reading off ------------------------------------------------------------------------------------

    def words_at(self, chart: Chart, x: float, y: float) -> str:
        """What a chart shows at a point in its axes' coordinates, in words; empty for nothing."""
        return ""

    def _on_hover(self, x: float, y: float) -> None:
        chart = next((chart for chart in self._charts if chart.view.under_pointer), None)
        words = self.words_at(chart, x, y) if chart is not None else ""
        if chart is None or not (words or chart in self._crosses):
            return
        if chart not in self._crosses:
            self._crosses[chart] = Crosshair(chart.view, 15)
            self._crosses[chart].set_palette(self._palette)
        self._crosses[chart].show_at((x, math.nan) if words else None)
        self.read.emit(words)

    def _on_leave(self) -> None:
        if self._crosses:
            for cross in self._crosses.values():
                cross.show_at(None)
            self.read.emit("")

    def _on_moved(self, *_: object) -> None:
        self._moved = True

    def hideEvent(self, event: QHideEvent) -> None:
        """A pan that is going on ends: its release will never come here."""
        self.canvas.forget_mouse()
        super().hideEvent(event)


class StackedPlot(Plot):
    """Charts one above the other."""

    def _stack(self, name: str, charts: Sequence[Chart], shares: Sequence[int], least: float) -> None:
        """Show the charts with these shares of the height, none lower than `least` logical pixels."""
        whole, grid = QGraphicsWidget(), QGraphicsGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        for row, (chart, share) in enumerate(zip(charts, shares, strict=True)):
            grid.addItem(chart, row, 0)
            grid.setRowStretchFactor(row, share)
            grid.setRowMinimumHeight(row, least)
            grid.setRowPreferredHeight(row, 28 * share)
        whole.setLayout(grid)
        self._fill(Canvas(self), name, charts, whole)

    def _blank(self) -> None:
        """Show axes without numbers: nothing is known yet."""
        for chart in self._charts:
            chart.left.set_blank(True)
            chart.bottom.set_blank(True)
            chart.view.setRange(xRange=(0, 1), yRange=(0, 1), padding=0)


class RatePlot(Plot):
    """One chart over learning rates, whose default view is kept until the person moves away from it.

    The view's coordinates are the axis' own: log10 of the learning rate.
    """

    def __init__(
        self, parent: QWidget | None, palette: Palette, view: PlotView, *, title: str = "", y_title: str = "Loss"
    ) -> None:
        super().__init__(parent, palette)
        self._limits = (-6.0, 0.0)
        self._at_home = True
        left, bottom = number_axis("left", y_title, palette), log_axis("Learning rate (log scale)", palette)
        self.chart = Chart(view, left, bottom, title, palette)
        view.sigRangeChangedManually.connect(self._left_home)

    def reset_view(self) -> None:
        """Show all rates, and of the losses the part that matters."""
        self._at_home, self._moved = True, False
        self._follow_home()

    def show_rates(self, low: float, high: float) -> None:
        """Show these learning rates, as the person wishes."""
        self.chart.view.setXRange(math.log10(low), math.log10(high), padding=0)
        self.chart.view.sigRangeChangedManually.emit([True, False])

    def show_views(self, views: Sequence[Ranges]) -> None:
        """See `Plot`."""
        self._left_home()
        super().show_views(views)

    def _home_losses(self) -> tuple[float, float] | None:
        """The losses of the default view, lowest and highest; None before anything was measured."""
        raise NotImplementedError

    def _apply_limits(self) -> None:
        """Let the view reach little farther than the rates do."""
        low, high = self._limits
        beyond = BEYOND * (high - low)
        self.chart.view.setLimits(
            xMin=low - beyond, xMax=high + beyond, minXRange=0.02, maxXRange=high - low + 2 * beyond
        )

    def _loss_extent(self) -> tuple[float, float] | None:
        """All losses that there are, lowest and highest; None where the default view has them all."""
        return None

    def _apply_loss_limits(self) -> None:
        """Let the view reach as far as there are losses, and no further in than they can be told apart."""
        home = self._home_losses()
        if home is None or not home[1] > home[0]:
            self.chart.view.setLimits(yMin=None, yMax=None, minYRange=None, maxYRange=None)
            return
        low, high = self._loss_extent() or home
        span = home[1] - home[0]
        low, high = min(low, home[0]) - BEYOND * span, max(high, home[1]) + BEYOND * span
        self.chart.view.setLimits(yMin=low, yMax=high, minYRange=span / DEEPEST, maxYRange=high - low)

    def _follow_home(self) -> None:
        """Go to the default view, unless the person has moved away from it."""
        self._apply_loss_limits()
        if not self._at_home:
            return
        low, high = self._limits
        margin = 0.02 * (high - low)
        losses = self._home_losses()
        self.chart.view.setRange(xRange=(low - margin, high + margin), yRange=losses or (0.0, 1.0), padding=0)
        # Without a measurement numbers of losses would be made up.
        self.chart.left.set_blank(losses is None)

    def _left_home(self, *_: object) -> None:
        self._at_home = False

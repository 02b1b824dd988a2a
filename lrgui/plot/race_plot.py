"""The plot of a race: every candidate's training, and below it a bar for each with the smooth through them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QHideEvent, QPainter, QPen
from PySide6.QtWidgets import QGraphicsGridLayout, QGraphicsWidget, QVBoxLayout, QWidget

from lrgui.core.learning_rate import format_lr
from lrgui.core.run_settings import RaceSettings
from lrgui.core.standings import Ranking
from lrgui.plot.axis import Axis, number_axis
from lrgui.plot.chart import Canvas, Chart
from lrgui.plot.font import plot_font
from lrgui.plot.layers import Layer, Line, pen
from lrgui.plot.legend import Entry
from lrgui.plot.live_average import LiveAverage
from lrgui.plot.theme import LIGHT, Palette
from lrgui.plot.ticks import Tick, decade_ticks, linear_ticks
from lrgui.plot.view import PlotView

Floats = NDArray[np.float64]
_NONE: Floats = np.empty(0)

#: Opacity of a candidate that is out.
FADED = 0.32
#: Losses that fall by more than this factor are drawn on a logarithmic axis: the end is what the race is about.
DEEP = 8.0
#: A bar higher than this many times the highest of those that are still in is cut off.
TALLEST = 4.0
#: The bars' axis is so much higher than the highest bar: above it stand its number and the winner's name.
HEADROOM = 1.42


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
    """What it was last judged by; NaN before that, infinite where it diverged."""
    alive: bool
    runs: bool
    """True while it trains."""


class RacePlot(QWidget):
    """Smoothed training losses over steps, and final losses over learning rates."""

    def __init__(self, parent: QWidget | None = None, palette: Palette = LIGHT) -> None:
        super().__init__(parent)
        self._palette = palette
        self._config = RaceSettings()
        self._validation = True
        self._candidates: tuple[Candidate, ...] = ()
        self._averages: list[LiveAverage] = []
        self._leader: int | None = None
        self._log = False

        self.canvas = Canvas(self)
        self.canvas.setAccessibleName("Race: training losses of all candidates, and a bar for each")
        self.setFocusProxy(self.canvas)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.canvas)
        curves = number_axis("bottom", "Training step", palette)
        rates = Axis("bottom", self._rate_ticks, "Max learning rate", palette)
        losses = Axis("left", self._loss_ticks, "Training loss", palette)
        self.curves = Chart(PlotView(), losses, curves, "", palette)
        self.bars = Chart(PlotView(), number_axis("left", "Validation loss", palette), rates, "", palette)
        self._charts = (self.curves, self.bars)
        whole, grid = QGraphicsWidget(), QGraphicsGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        for row, (chart, share) in enumerate(zip(self._charts, (11, 9), strict=True)):
            grid.addItem(chart, row, 0)
            grid.setRowStretchFactor(row, share)
            grid.setRowMinimumHeight(row, 90)
            grid.setRowPreferredHeight(row, 28 * share)
        whole.setLayout(grid)
        self.canvas.show_items(whole, palette)
        self.curves.view.setMouseEnabled(x=True, y=False)
        self.bars.view.setMouseEnabled(x=False, y=False)
        self.lines: list[Line] = []
        self.ends = EndLabels(self.curves.view, 20)
        self.columns = Bars(self.bars.view, 5)
        self.smooth = Line(self.bars.view, 10)
        self.winner = Winner(self.bars.view, 15)
        self.numbers = BarNumbers(self.columns, 18)
        self.set_palette(palette)
        self.clear()

    def set_palette(self, palette: Palette) -> None:
        """Paint in other colours."""
        self._palette = palette
        self.canvas.setBackground(palette.background)
        for chart in self._charts:
            chart.set_palette(palette)
        self.smooth.set_pen(pen(palette.average, 2.0, "dash"))
        self.winner.set_palette(palette)
        for layer in (self.numbers, self.ends, self.columns):
            layer.set_fill(palette.background)
        self._colour()

    def clear(self) -> None:
        """Show nothing but the axes."""
        self._candidates, self._leader = (), None
        for line in self.lines:
            line.set_data(_NONE, _NONE)
        self.smooth.set_data(_NONE, _NONE)
        self.winner.show_at(None, "")
        for chart in self._charts:
            chart.left.set_blank(True)
            chart.bottom.set_blank(True)
            chart.view.setRange(xRange=(0, 1), yRange=(0, 1), padding=0)
        self._colour()

    def begin(self, config: RaceSettings, validation: bool) -> None:
        """A race starts; `validation` says whether it is judged by validation losses."""
        self._config, self._validation = config, validation
        while len(self.lines) < config.rates:
            self.lines.append(Line(self.curves.view, 5))
        self._averages = [LiveAverage() for _ in range(config.rates)]
        self.clear()
        self.bars.left.set_title("Validation loss" if validation else "Last training losses")
        for chart in self._charts:
            chart.bottom.set_blank(False)
        self.bars.view.setRange(xRange=(-0.6, config.rates - 0.4), yRange=(0, 1), padding=0)
        self.reset_view()

    def reset_view(self) -> None:
        """Show all steps of the longest training so far, with room for the labels at the lines' ends."""
        longest = max([c.steps for c in self._candidates] or [self._config.budget(0)])
        longest = max(longest, 4)
        self.curves.view.setLimits(xMin=-longest, xMax=3 * longest, minXRange=2)
        width = max(self.curves.view.rect().width(), 200.0)
        room = min(0.45, (self.ends.room + 14) / width)
        self.curves.view.setXRange(-0.01 * longest, longest / (1 - room), padding=0)

    def show_race(self, candidates: Sequence[Candidate], ranking: Ranking, over: bool = False) -> None:
        """The race as it stands now; a winner is marked once it is `over`."""
        before = max([c.steps for c in self._candidates] or [0])
        self._candidates = tuple(candidates)
        self._leader = ranking.leader.candidate if ranking.leader is not None else None
        self._draw_curves()
        self._draw_bars(ranking, over)
        self._colour()
        if max([c.steps for c in self._candidates] or [0]) != before:
            self.reset_view()

    def resizeEvent(self, event: Any) -> None:
        """The labels' room is in pixels."""
        super().resizeEvent(event)
        self.reset_view()

    def hideEvent(self, event: QHideEvent) -> None:
        """A pan that is going on ends: its release will never come here."""
        scene: Any = self.canvas.scene()
        scene.dragItem, scene.lastDrag = None, None
        scene.dragButtons, scene.clickEvents = [], []
        super().hideEvent(event)

    # Inside ----------------------------------------------------------------------------------------

    def _draw_curves(self) -> None:
        seen = []
        drawn: list[tuple[Line, Floats, Floats]] = []
        for candidate in self._candidates:
            average, line = self._averages[candidate.number], self.lines[candidate.number]
            if average.planned_steps != candidate.steps // 2 or len(candidate.losses) < average.count:
                average.begin(candidate.steps // 2)
            average.extend(candidate.losses)
            x, y = average.thinned(np.arange(len(candidate.losses), dtype=np.float64))
            drawn.append((line, x, y))
            y = y[np.isfinite(y)]
            if len(y):
                seen.append(y)
        self._log = bool(seen) and _deep(np.concatenate(seen))
        if self._log:
            seen = [np.log10(losses) for losses in seen]
        for line, x, y in drawn:
            line.set_data(x, np.log10(y) if self._log else y)
        self.curves.left.set_blank(not seen)
        if seen:
            everything = np.concatenate(seen)
            starts = max(float(losses[0]) for losses in seen)
            low = float(everything.min())
            # A candidate that explodes leaves the view; what the others learn stays readable.
            high = min(float(everything.max()), starts + 0.35 * max(starts - low, 1e-9))
            span = max(high - low, 1e-9)
            bottom = 0.0 if 0 <= low < span and not self._log else low - 0.06 * span
            self.curves.view.setYRange(bottom, high + 0.06 * span, padding=0)

    def _draw_bars(self, ranking: Ranking, over: bool) -> None:
        scores = np.array([c.score for c in self._candidates])
        sound = scores[np.isfinite(scores)]
        self.bars.left.set_blank(not len(sound))
        self.columns.set_candidates(self._candidates)
        if len(sound):
            alive = [c.score for c in self._candidates if c.alive and math.isfinite(c.score)] or sound.tolist()
            low = min(0.0, float(sound.min()))
            high = min(float(sound.max()), low + TALLEST * (max(alive) - low))
            span = max(high - low, 1e-9)
            # Above the bars stand their numbers, and above those the winner's name.
            self.bars.view.setYRange(low - (0.05 * span if low < 0 else 0), low + HEADROOM * span, padding=0)
        if ranking.lr is not None and len(ranking.smooth_lr):
            self.smooth.set_data(self._place(ranking.smooth_lr), ranking.smooth_loss)
        else:
            self.smooth.set_data(_NONE, _NONE)
        if over and ranking.lr is not None:
            at = float(self._place(np.array([ranking.lr]))[0])
            self.winner.show_at(at, f"winner {format_lr(ranking.lr)}")
        else:
            self.winner.show_at(None, "")

    def _place(self, lrs: Floats) -> Floats:
        """Places of rates among the candidates: 0 is the first. Shape kept."""
        return np.log2(lrs / self._config.lrs()[0]) / self._config.octaves

    def _loss_ticks(self, low: float, high: float, pixels: float) -> list[Tick]:
        return decade_ticks(low, high, pixels) if self._log else linear_ticks(low, high, pixels)

    def _rate_ticks(self, low: float, high: float, _pixels: float) -> list[Tick]:
        lrs = self._config.lrs()
        return [Tick(float(n), format_lr(lr), True) for n, lr in enumerate(lrs) if low <= n <= high]

    def look(self, candidate: Candidate) -> tuple[str, float, str]:
        """Colour (with its opacity), width and dashes of a candidate's line."""
        palette, middle = self._palette, self._config.rates // 2
        if candidate.number == self._leader:
            return palette.optimal_line, 2.6, "solid"
        below = candidate.number < middle
        colour = palette.low_line if below else palette.divergence_line
        colour = palette.curve if candidate.number == middle else colour
        dash = "solid" if candidate.number == middle else "dash" if below else "dashdot"
        if candidate.runs:
            return colour, 2.2, dash
        return (colour if candidate.alive else faded(colour)), 1.6, dash

    def _colour(self) -> None:
        labels = []
        for candidate in self._candidates:
            colour, width, dash = self.look(candidate)
            line = self.lines[candidate.number]
            line.set_pen(pen(colour, width, dash))
            line.setZValue(12 if candidate.number == self._leader else 8 if candidate.alive else 5)
            if len(line.points[0]):
                x, y = line.points
                words = format_lr(candidate.lr) + (" diverged" if math.isinf(candidate.score) else "")
                strong = candidate.alive or candidate.runs
                shade = self._palette.text if strong else self._palette.muted
                labels.append(EndLabel(words, float(x[-1]), float(y[-1]), shade, colour, strong))
        self.ends.set_labels(labels)
        self.numbers.update()
        self.columns.set_look(
            {c.number: self.look(c)[0] for c in self._candidates}, self._palette.text, self._palette.muted
        )
        self._update_legends()

    def _update_legends(self) -> None:
        palette = self._palette
        curves: list[Entry] = []
        if self._candidates:
            curves.append(Entry("leader", palette.optimal_line, width=2.6))
            curves.append(Entry("the pick", palette.curve, width=2.0))
            curves.append(Entry("below it", palette.low_line, "dash", width=2.0))
            curves.append(Entry("above it", palette.divergence_line, "dashdot", width=2.0))
            curves.append(Entry("pale: out", faded(palette.previous), width=1.6))
        self.curves.set_legend(curves, palette)
        bars = [Entry("smooth through the candidates", palette.average, "dash")] if len(self.smooth.points[0]) else []
        self.bars.set_legend(bars, palette)


def _deep(losses: Floats) -> bool:
    """True for losses that a logarithmic axis shows better. Shape (n,), n ≥ 1, finite."""
    return bool(losses.min() > 0 and np.median(losses) > 0 and losses.max() > DEEP * losses.min())


def faded(colour: str) -> str:
    """The same colour, as pale as somebody who is out."""
    return f"#{round(255 * FADED):02X}{colour[1:]}"


@dataclass(frozen=True)
class EndLabel:
    """Words at the end of a line."""

    text: str
    x: float
    y: float
    colour: str
    line: str
    strong: bool


class EndLabels(Layer):
    """Words to the right of lines' ends, moved apart so that they never overlap, each with a leader."""

    GAP, AWAY = 1.0, 16.0

    def __init__(self, view: PlotView, z: float) -> None:
        super().__init__(view, z)
        self._labels: tuple[EndLabel, ...] = ()
        self._fill = "#FFFFFF"
        self._font = plot_font(12)

    def set_fill(self, colour: str) -> None:
        """The plot's background."""
        self._fill = colour
        self.update()

    @property
    def room(self) -> float:
        """Width that the widest label needs, in logical pixels."""
        metrics = QFontMetricsF(self._font)
        return self.AWAY + max([metrics.horizontalAdvance(label.text) for label in self._labels] or [56.0])

    def set_labels(self, labels: Sequence[EndLabel]) -> None:
        """Show these."""
        self._labels = tuple(labels)
        self.update()

    def placed(self) -> list[tuple[EndLabel, QPointF, QRectF]]:
        """Each label, the end of its line, and where its words go; those without room are left out.

        Ends that lie near each other share a stack beside the last of them.
        """
        rect, metrics = self.boundingRect(), QFontMetricsF(self._font)
        height = metrics.height()
        ends = [(label, self.to_px(label.x, label.y)) for label in self._labels]
        ends = [(label, at) for label, at in ends if -1 <= at.x() <= rect.width()]
        found: list[tuple[EndLabel, QPointF, QRectF]] = []
        # Whoever is still in gets the better place.
        for label, at in sorted(ends, key=lambda item: (not item[0].strong, item[1].y())):
            width = metrics.horizontalAdvance(label.text) + 4
            left = at.x() + self.AWAY
            if left + width > rect.width():
                continue
            y = min(max(at.y(), height / 2), rect.height() - height / 2)
            for shift in sorted((i * (height + self.GAP) / 2 for i in range(-24, 25)), key=abs):
                box = QRectF(left, y + shift - height / 2, width, height)
                free = all(not box.intersects(other) for _, _, other in found)
                if free and box.top() >= 0 and box.bottom() <= rect.height():
                    found.append((label, at, box))
                    break
        return found

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        """Paint leaders and words."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setFont(self._font)
        for label, at, box in self.placed():
            inside = QPointF(at.x(), min(max(at.y(), 0.0), self.boundingRect().height()))
            painter.setPen(QPen(QColor(label.line), 1.0))
            painter.drawLine(inside, QPointF(box.left() - 3, box.center().y()))
            painter.fillRect(box, QColor(self._fill))
            painter.setPen(QColor(label.colour))
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, label.text)


class Bars(Layer):
    """A bar for each candidate, its loss above it."""

    WIDTH = 0.62

    def __init__(self, view: PlotView, z: float) -> None:
        super().__init__(view, z)
        self._candidates: tuple[Candidate, ...] = ()
        self._fills: dict[int, str] = {}
        self._text = self._muted = "#000000"
        self._fill = "#FFFFFF"
        self._font = plot_font(12)

    def set_fill(self, colour: str) -> None:
        """The plot's background."""
        self._fill = colour
        self.update()

    def set_candidates(self, candidates: Sequence[Candidate]) -> None:
        """Show these."""
        self._candidates = tuple(candidates)
        self.update()

    def set_look(self, fills: dict[int, str], text: str, muted: str) -> None:
        """Colours of the bars by candidate, and of the words of those that are in and out."""
        self._fills, self._text, self._muted = fills, text, muted
        self.update()

    def bar(self, candidate: Candidate) -> QRectF | None:
        """Where a candidate's bar is painted; None where it has no loss."""
        if not math.isfinite(candidate.score):
            return None
        left = self.to_px(candidate.number - self.WIDTH / 2, max(candidate.score, 0.0))
        right = self.to_px(candidate.number + self.WIDTH / 2, min(candidate.score, 0.0))
        return QRectF(QPointF(left.x(), max(left.y(), self._ceiling)), right)

    def is_cut(self, candidate: Candidate) -> bool:
        """True where a bar is higher than there is room: its number tells the rest."""
        return math.isfinite(candidate.score) and self.to_px(0, candidate.score).y() < self._ceiling - 1

    @property
    def _ceiling(self) -> float:
        """Above it there are only the numbers and the winner's name."""
        _, _, bottom, top = self.visible_range
        return self.to_px(0, bottom + (top - bottom) / HEADROOM).y()

    def words(self, candidate: Candidate) -> str:
        """What stands above a candidate's bar."""
        if math.isnan(candidate.score):
            return "…" if candidate.runs else ""
        return "diverged" if math.isinf(candidate.score) else f"{candidate.score:.3g}"

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        """Paint bars and numbers."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(Qt.PenStyle.NoPen)
        for candidate in self._candidates:
            bar = self.bar(candidate)
            if bar is not None:
                painter.setBrush(QColor(self._fills.get(candidate.number, self._muted)))
                painter.drawRect(bar)
                if self.is_cut(candidate):  # a gap in the bar, as a map cuts a long road
                    gap = QRectF(bar.left() - 2, bar.top() + 12, bar.width() + 4, 4)
                    painter.fillRect(gap, QColor(self._fill))

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
            found.append((words, box, self._text if candidate.alive else self._muted))
        return found


class BarNumbers(Layer):
    """The words above the bars, over all lines: where a line passes, it passes behind them."""

    def __init__(self, bars: Bars, z: float) -> None:
        super().__init__(bars.view, z)
        self._bars = bars
        self._fill = "#FFFFFF"
        self._font = plot_font(12)

    def set_fill(self, colour: str) -> None:
        """The plot's background."""
        self._fill = colour
        self.update()

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        """Paint the words."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setFont(self._font)
        for words, box, colour in self._bars.labels():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self._fill))
            painter.drawRoundedRect(box, 3, 3)
            painter.setPen(QColor(colour))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)


class Winner(Layer):
    """A line at the rate that the smooth gives, with its name at the top."""

    def __init__(self, view: PlotView, z: float) -> None:
        super().__init__(view, z)
        self._palette = LIGHT
        self._at: float | None = None
        self._text = ""
        self._font = plot_font(12, bold=True)

    def set_palette(self, palette: Palette) -> None:
        """Paint in other colours."""
        self._palette = palette
        self.update()

    def show_at(self, at: float | None, text: str) -> None:
        """Mark this place among the candidates; None marks nothing."""
        self._at, self._text = at, text
        self.update()

    @property
    def text(self) -> str:
        """What stands at the mark, empty where there is none."""
        return self._text

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        """Paint line and name."""
        if self._at is None:
            return
        rect, metrics = self.boundingRect(), QFontMetricsF(self._font)
        x = min(max(self.to_px(self._at, 0.0).x(), 1.0), rect.width() - 1)
        width, height = metrics.horizontalAdvance(self._text) + 14, metrics.height() + 4
        left = min(max(x - width / 2, 2.0), rect.width() - width - 2)
        box = QRectF(left, 2, width, height)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(QPen(QColor(self._palette.selection), 1.6))
        painter.drawLine(QPointF(x, box.bottom()), QPointF(x, rect.height()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._palette.selection))
        painter.drawRoundedRect(box, 4, 4)
        painter.setFont(self._font)
        painter.setPen(QColor(self._palette.selection_text))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._text)

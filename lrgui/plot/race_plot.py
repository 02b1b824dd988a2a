"""The plot of a race: every candidate's training, and below it a bar for each with the parabola through them."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QWidget

from lrgui.core.formats import format_figure, format_loss
from lrgui.core.learning_rate import format_lr
from lrgui.core.run_settings import RaceSettings
from lrgui.core.standings import SAFE_FACTOR, Ranking
from lrgui.plot.axis import Axis, number_axis
from lrgui.plot.chart import Chart
from lrgui.plot.end_labels import EndLabel, EndLabels
from lrgui.plot.layers import Line, pen
from lrgui.plot.legend import Entry
from lrgui.plot.live_average import LiveAverage
from lrgui.plot.plots import StackedPlot
from lrgui.plot.race_bars import BarNumbers, Bars, Candidate, Winner, headroom
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
#: What the axes below say; a plot that is lower than so many pixels does without: curves and bars need the room.
TITLES, LOW = ("Training step", "Max learning rate"), 300


class RacePlot(StackedPlot):
    """Smoothed training losses over steps, and final losses over learning rates."""

    def __init__(self, parent: QWidget | None = None, palette: Palette = LIGHT) -> None:
        super().__init__(parent, palette)
        self._config = RaceSettings()
        self._validation = True
        self._candidates: tuple[Candidate, ...] = ()
        self._averages: list[LiveAverage] = []
        self._leader: int | None = None
        self._ranking: Ranking | None = None
        self._log = False
        self._extent: tuple[float, float] | None = None
        """The lowest and the highest bar that the axis is made for; None before there is one."""

        curves = number_axis("bottom", TITLES[0], palette)
        rates = Axis("bottom", self._rate_ticks, TITLES[1], palette)
        losses = Axis("left", self._loss_ticks, "Training loss", palette)
        self.curves = Chart(PlotView(), losses, curves, "", palette)
        self.bars = Chart(PlotView(), number_axis("left", "Validation loss", palette), rates, "", palette)
        charts = (self.curves, self.bars)
        self._stack("Race: training losses of all candidates, and a bar for each", charts, (11, 9), 90)
        self.curves.view.setMouseEnabled(x=True, y=False)
        self.bars.view.setMouseEnabled(x=False, y=False)
        self.bars.view.sigResized.connect(self._fit_bars)
        self.lines: list[Line] = []
        self.ends = EndLabels(self.curves.view, 20)
        self.columns = Bars(self.bars.view, 5)
        self.smooth = Line(self.bars.view, 10)
        self.lowest = Line(self.bars.view, 11)
        self.untrained = Line(self.bars.view, 4)
        self.winner = Winner(self.bars.view, 15)
        self.numbers = BarNumbers(self.columns, 18)
        self.set_palette(palette)
        self.clear()

    def set_palette(self, palette: Palette) -> None:
        """Paint in other colours."""
        super().set_palette(palette)
        self.smooth.set_pen(pen(palette.average, 2.0, "dash"))
        self.lowest.set_pen(pen(palette.average, 2.0, "dot"))
        self.untrained.set_pen(pen(palette.muted, 1.4, "dot"))
        for layer in (self.numbers, self.ends, self.columns, self.winner):
            layer.set_palette(palette)
        self._colour()

    def clear(self) -> None:
        """Show nothing but the axes."""
        self._extent = None
        self._candidates, self._leader, self._ranking = (), None, None
        for line in self.lines:
            line.set_data(_NONE, _NONE)
        for line in (self.smooth, self.lowest, self.untrained):
            line.set_data(_NONE, _NONE)
        self.winner.show_at(None, "")
        self._blank()
        self._colour()

    def begin(self, config: RaceSettings, validation: bool) -> None:
        """A race starts; `validation` says whether it is judged by validation losses."""
        self._config, self._validation = config, validation
        while len(self.lines) < config.places:
            self.lines.append(Line(self.curves.view, 5))
        self._averages = [LiveAverage() for _ in range(config.places)]
        self.clear()
        self.bars.left.set_title("Validation loss" if validation else "Last losses")
        for chart in self._charts:
            chart.bottom.set_blank(False)
        self.bars.view.setRange(xRange=(-0.6, config.places - 0.4), yRange=(0, 1), padding=0)
        self.reset_view()

    def reset_view(self) -> None:
        """Show all steps of the longest training so far, with room for the labels at the lines' ends."""
        self._moved = False
        longest = max([c.steps for c in self._candidates] or [self._config.budget(0)])
        longest = max(longest, 4)
        self.curves.view.setLimits(xMin=-longest, xMax=3 * longest, minXRange=2)
        width = max(self.curves.view.rect().width(), 200.0)
        room = min(0.45, (self.ends.room + 14) / width)
        self.curves.view.setXRange(-0.01 * longest, longest / (1 - room), padding=0)

    def show_race(self, candidates: Sequence[Candidate], ranking: Ranking, over: bool = False) -> None:
        """The race as it stands now; a winner is marked once it is `over`."""
        before = max([c.steps for c in self._candidates] or [0])
        self._candidates, self._ranking = tuple(candidates), ranking
        self._leader = ranking.leader.candidate if ranking.leader is not None else None
        self._draw_curves()
        self._draw_bars(ranking, over)
        self._colour()
        if max([c.steps for c in self._candidates] or [0]) != before:
            self.reset_view()

    def words_at(self, chart: Chart, x: float, y: float) -> str:
        """See `Plot`: the candidate whose bar is there, or whose line is nearest."""
        if chart is self.bars:
            found = next((c for c in self._candidates if c.number == round(x)), None)
            if found is None or self._ranking is None or math.isnan(found.score):
                return ""
            result = "diverged" if math.isinf(found.score) else self._ranking.judge.words(found.score)
            return f"{format_lr(found.lr)} · {result} · {found.steps:,} steps"
        heights = {c.number: self.lines[c.number].value_at(x) for c in self._candidates}
        near = {number: height for number, height in heights.items() if height is not None}
        if not near:
            return ""
        number = min(near, key=lambda n: abs(near[n] - y))
        lr = next(c.lr for c in self._candidates if c.number == number)
        loss = 10.0 ** near[number] if self._log else near[number]
        return f"{format_lr(lr)} · step {round(x) + 1:,} · training loss {format_loss(loss)}"

    def leave_out(self, parts: Collection[str]) -> None:
        """See `Plot`; the winner is a mark."""
        super().leave_out(parts)
        if "marks" in parts:
            self.winner.show_at(None, "")

    def resizeEvent(self, event: Any) -> None:
        """The labels' room is in pixels; a view that the person chose stays."""
        super().resizeEvent(event)
        for chart, title in zip(self._charts, TITLES, strict=True):
            chart.bottom.set_title("" if self.height() < LOW else title)
            chart.bottom.set_numbers(True)  # as high as it has to be with or without a title
        if not self._moved:
            self.reset_view()

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
        judge = ranking.judge
        heights = np.array([judge.figure(c.score) for c in self._candidates])
        sound = heights[np.isfinite(heights)]
        if judge.metric:
            self.bars.left.set_title(f"Validation {judge.metric}" if self._validation else judge.metric)
        self.bars.left.set_blank(not len(sound))
        self.columns.set_candidates(self._candidates, judge)
        ran = [c.number for c in self._candidates if c.steps]
        if over and ran:  # places that no training took need no room
            self.bars.view.setRange(xRange=(min(ran) - 0.6, max(ran) + 0.6), padding=0)
        if len(sound):
            alive = [judge.figure(c.score) for c in self._candidates if c.alive and math.isfinite(c.score)]
            alive = alive or sound.tolist()
            low = min(0.0, float(sound.min()))
            high = min(float(sound.max()), low + TALLEST * (max(alive) - low))
            self._extent = low, high
            self._fit_bars()
        if ranking.lr is not None and len(ranking.smooth_lr):
            self.smooth.set_data(self._place(ranking.smooth_lr), ranking.smooth_figure)
        else:
            self.smooth.set_data(_NONE, _NONE)
        if over and ranking.lr is not None and ranking.lowest is not None:
            at, bottom = self._place(np.array([ranking.lr, ranking.lowest])).tolist()
            self.winner.show_at(at, f"measured {format_lr(ranking.lr)}")
            self.lowest.set_data(np.full(2, bottom), np.array(self.bars.view.viewRange()[1]))
        else:
            self.winner.show_at(None, "")
            self.lowest.set_data(_NONE, _NONE)
        if ranking.untrained is not None and len(sound):
            # Where it lies far above the bars it is out of sight, and only named: the bars stay readable.
            self.untrained.set_data(np.array([-1.0, self._config.places]), np.full(2, judge.figure(ranking.untrained)))
        else:
            self.untrained.set_data(_NONE, _NONE)

    def _fit_bars(self) -> None:
        """Above the bars stand their numbers, and above those the winner's name: they need as many pixels in a low
        view as in a high one."""
        if self._extent is None:
            return
        low, high = self._extent
        span = max(high - low, 1e-9)
        top = low + headroom(self.bars.view.rect().height()) * span
        self.bars.view.setYRange(low - (0.05 * span if low < 0 else 0), top, padding=0)
        if len(self.lowest.points[0]):
            self.lowest.set_data(self.lowest.points[0], np.array(self.bars.view.viewRange()[1]))

    def _place(self, lrs: Floats) -> Floats:
        """Places of rates among the candidates: 0 is the first. Shape kept."""
        return np.log10(lrs / self._config.lrs()[0]) / self._config.distance

    def _loss_ticks(self, low: float, high: float, pixels: float) -> list[Tick]:
        return decade_ticks(low, high, pixels) if self._log else linear_ticks(low, high, pixels)

    def _rate_ticks(self, low: float, high: float, _pixels: float) -> list[Tick]:
        lrs = self._config.lrs()
        return [Tick(float(n), format_lr(lr), True) for n, lr in enumerate(lrs) if low <= n <= high]

    def look(self, candidate: Candidate) -> tuple[str, float, str]:
        """Colour (with its opacity), width and dashes of a candidate's line."""
        palette, middle = self._palette, self._config.middle
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
        self.columns.set_fills({c.number: self.look(c)[0] for c in self._candidates})
        self._update_legends()

    def _update_legends(self) -> None:
        palette = self._palette
        curves: list[Entry] = []
        if self._candidates:
            leads = self._leader == self._config.middle  # then no line has the pick's colour
            curves.append(Entry("leader: starting rate" if leads else "leader", palette.optimal_line, width=2.6))
            if not leads:
                curves.append(Entry("starting rate", palette.curve, width=2.0))
            curves.append(Entry("below it", palette.low_line, "dash", width=2.0))
            curves.append(Entry("above it", palette.divergence_line, "dashdot", width=2.0))
            if self._config.rates is not None:
                curves.append(Entry("pale: out", faded(palette.previous), width=1.6))
        self.curves.set_legend(curves, palette)
        bars, ranking = [], self._ranking
        judged = {c.steps for c in self._candidates if math.isfinite(c.score)}
        if len(judged) > 1:  # a loss after fewer steps is no worse rate: whoever is out is pale here too
            few = max(judged - {max(judged)})
            bars.append(Entry(f"pale: judged after {few:,} steps or fewer", faded(palette.previous), width=6.0))
        if ranking is not None and len(self.smooth.points[0]):
            bars.append(Entry("parabola", palette.average, "dash"))
        if ranking is not None and ranking.lowest is not None and len(self.lowest.points[0]):
            below = f"{ranking.judge.best_end} {format_lr(ranking.lowest)}, safety step ÷{format_figure(SAFE_FACTOR)}"
            bars.append(Entry(below, palette.average, "dot"))
        if ranking is not None and ranking.untrained is not None and len(self.untrained.points[0]):
            bars.append(Entry(f"untrained {ranking.judge.words(ranking.untrained)}", palette.muted, "dot"))
        self.bars.set_legend(bars, palette)


def _deep(losses: Floats) -> bool:
    """True for losses that a logarithmic axis shows better. Shape (n,), n ≥ 1, finite."""
    return bool(losses.min() > 0 and np.median(losses) > 0 and losses.max() > DEEP * losses.min())


def faded(colour: str) -> str:
    """The same colour, as pale as somebody who is out."""
    return f"#{round(255 * FADED):02X}{colour[1:]}"

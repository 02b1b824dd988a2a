"""The chart of a training's rate and momentum: planned and actual; what is left of the plan can be dragged."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import Signal, Slot

from lrgui.core.changed_plan import changed_plan
from lrgui.core.events import RateEvent
from lrgui.core.formats import format_factor, format_figure
from lrgui.core.learning_rate import format_lr
from lrgui.plot.axis import Axis
from lrgui.plot.badge import Badge
from lrgui.plot.layers import Line, pen
from lrgui.plot.legend import Entry
from lrgui.plot.plan_view import PlanView
from lrgui.plot.rate_marks import RateMarks
from lrgui.plot.step_chart import NONE, Floats, StepChart, per_step
from lrgui.plot.theme import Palette
from lrgui.plot.ticks import rate_ticks, upright_decade_ticks

#: On a logarithmic axis the lowest rate in sight is at least the highest one by this: a schedule may end at zero.
MOST_BETWEEN = 1e6
#: A rate that is lower than planned by less than this share of it was not dropped.
LEAST_DROP = 0.01


class RateChart(StepChart):
    """The planned rate of every step, over it the actual one, and the momentum where it is cycled."""

    view: PlanView

    dropped = Signal(float)
    """What is left of the plan was dragged to this multiple of itself."""
    said = Signal(str)
    """What a drag would do, in words; empty once it is over."""

    def __init__(self, palette: Palette) -> None:
        super().__init__(Axis("left", rate_ticks, "Learning rate", palette), palette, "Step", PlanView())
        self.draggable: Callable[[], bool] = lambda: False
        """Whether the plan can be dragged now."""
        self.drag_words: Callable[[float, float], str] = lambda factor, _rate: f"LR {format_factor(factor)}"
        """What a drag by a factor would do at a place that has this planned rate."""
        self._expected = 1.0
        """The factor that was asked for, until the plan has it."""
        self._plan: Floats = NONE
        """The planned rates as they were before the start."""
        self.plan: Floats = NONE
        """The planned rates with the changes so far, shape (n,)."""
        self._changes: tuple[RateEvent, ...] = ()
        self._waits = False
        """True where the schedule falls when it sees a plateau, which no plan knows beforehand."""
        self._begun = 0
        self._drops: list[tuple[int, float]] = []
        """Steps from which on such a schedule has this multiple of its rate before."""
        self.rates: Floats = NONE
        """Those that were trained with, shape (n,)."""
        self._planned_momenta: Floats = NONE
        self._momenta: Floats = NONE
        self.top = 1.0
        """The highest rate that there is room for."""
        self._ends = 0.0, 1.0
        """Where on the axis momenta of 0 and 1 lie."""
        self.marks = RateMarks(self.view, 15, True)
        self.planned = Line(self.view, 5)
        self.actual = Line(self.view, 10)
        self.planned_momentum = Line(self.view, 3)
        self.actual_momentum = Line(self.view, 8)
        self._lines = self.planned, self.actual, self.planned_momentum, self.actual_momentum
        self.dragged = Line(self.view, 12)
        self.badge = Badge(self.view, 30)
        self.view.rest = self._rest
        self.view.dragged.connect(self._show_drag)
        self.view.dropped.connect(self._drop)
        self.view.given_up.connect(self._end_drag)

    def set_palette(self, palette: Palette) -> None:
        """See `Chart`."""
        super().set_palette(palette)
        self.planned.set_pen(pen(palette.previous, 1.6, "dash"))
        self.actual.set_pen(pen(palette.optimal_line, 2.2))
        self.planned_momentum.set_pen(pen(palette.previous, 1.2, "dot"))
        self.actual_momentum.set_pen(pen(palette.validation, 1.4))
        self.dragged.set_pen(pen(palette.accent, 1.8, "dash"))
        for layer in (self.marks, self.badge):
            layer.set_palette(palette)
        self.update_legend()

    def forget(self) -> None:
        """Nothing is planned or measured yet."""
        self.view.give_up_drag()
        self.expect(1.0)
        self._plan = self.plan = self.rates = self._planned_momenta = self._momenta = NONE
        self._changes, self._drops = (), []
        self.marks.set_marks(())
        for line in self._lines:
            line.set_data(NONE, NONE)

    def set_plan(self, rates: Floats, momenta: Floats, waits: bool = False, begun: int = 0) -> None:
        """Rate and momentum of every step as planned, shape (n,); shape (0,) where that is not known, or stays.
        `waits` for a schedule that falls when it sees a plateau: the plan follows it. `begun` is the step
        with which the schedule began again; before it the rates are those that were trained with."""
        self._waits, self._begun = waits, begun
        self._plan = self.plan = np.asarray(rates, dtype=np.float64)
        self._planned_momenta = np.asarray(momenta, dtype=np.float64)
        self.planned.set_data(*per_step(self.plan))
        self._draw_momenta()
        self.left.set_blank(False)

    def set_rates(self, rates: Floats, momenta: Floats | None = None) -> None:
        """Those of all steps so far, arrays of shape (n,); momenta where these changed."""
        known = len(self.rates)
        first = len(rates) and not known
        self.rates = rates
        self.actual.extend(*per_step(rates))
        if self._waits:
            self._follow_drops(known)
        if momenta is not None:
            first = first or not len(self._momenta)
            self._momenta = momenta
            self._draw_momenta()
        if not len(self.plan) and len(rates) and (first or not self._in_sight(rates)):
            self.fit()  # no plan has told how high they go
        if first:
            self.update_legend()

    def set_changes(self, changes: Sequence[RateEvent]) -> None:
        """All changes of the rate so far: the plan follows them."""
        self.expect(1.0)
        self._changes = tuple(changes)
        self._plan_again()
        self.update_legend()

    def _follow_drops(self, known: int) -> None:
        """What is left of the plan goes on from where the rate fell, in the steps after the first `known` ones."""
        steps = min(len(self.rates), len(self.plan))
        while known < steps:
            planned = (1 - LEAST_DROP) * self.plan[known:steps]
            fell = np.flatnonzero(self.rates[known:steps] < planned)
            if not len(fell):
                return
            known += int(fell[0])
            self._drops.append((known, float(self.rates[known] / self.plan[known])))
            self._plan_again()
            known += 1

    def _plan_again(self) -> None:
        """Draw the plan with all that has changed it."""
        if not len(self._plan):
            return
        self.plan = changed_plan(self._plan, self._changes, self._begun)
        for step, drop in self._drops:
            self.plan[step:] *= drop
        self.planned.set_data(*per_step(self.plan))
        if not self._in_sight(self.plan):
            self.fit()

    def expect(self, factor: float) -> None:
        """The rest of the plan was asked to be this multiple of itself; 1 for what it is."""
        self._expected = factor
        self._draw_dragged(1.0)

    @Slot(float)
    def multiply_expected(self, factor: float) -> None:
        """The rest of the plan was asked to be this multiple of what it was expected to be."""
        self.expect(self._expected * factor)

    def _rest(self) -> tuple[int, Floats]:
        first = len(self.rates)
        return (first, self._expected * self.plan[first:]) if self.draggable() else (first, NONE)

    def _draw_dragged(self, factor: float) -> None:
        """Draw the rest of the plan, as it is expected, times this."""
        first, total = len(self.rates), self._expected * factor
        rest = NONE if total == 1.0 else total * self.plan[first:]
        self.dragged.set_data(np.arange(first, first + len(rest), dtype=np.float64), rest)

    @Slot(float, float)
    def _show_drag(self, factor: float, step: float) -> None:
        self._draw_dragged(factor)
        rate = self._expected * float(np.interp(step, *per_step(self.plan)))
        words = self.drag_words(factor, rate)
        self.badge.show_at(step, factor * rate, words)
        self.said.emit(words)

    @Slot(float)
    def _drop(self, factor: float) -> None:
        self._end_drag()
        self.dropped.emit(factor)

    @Slot()
    def _end_drag(self) -> None:
        self._draw_dragged(1.0)
        self.badge.show_at(0.0, 0.0, "")
        self.said.emit("")

    def words_at(self, step: int) -> list[str]:
        """Rate and momentum at a step."""
        words = []
        if step < len(self.rates):
            words.append(f"LR {format_lr(float(self.rates[step]))}")
        if step < len(self._momenta):
            words.append(f"momentum {format_figure(float(self._momenta[step]), 3)}")
        return words

    def set_log(self, wanted: bool) -> None:
        """Have a logarithmic axis of rates, or a linear one."""
        if wanted == self.view.log_y:
            return
        self.view.give_up_drag()
        self.view.log_y = wanted
        title = "Learning rate (log scale)" if wanted else "Learning rate"
        self.left.measure(title, upright_decade_ticks if wanted else rate_ticks)
        self.fit()
        for layer in (*self._lines, self.dragged, self.grid):
            layer.refresh()

    def fit(self) -> None:
        """Show the highest rate; on a logarithmic axis the lowest, too."""
        known = np.concatenate([self.plan, self.rates])
        self.top = (float(known.max()) if len(known) else 0.0) or 1.0
        low, high = 0.0, self.top
        if self.view.log_y:
            least = known[known > self.top / MOST_BETWEEN]
            high = math.log10(self.top)
            low = min(math.log10(float(least.min())) if len(least) else high, high - 1)
        self.view.setYRange(low - 0.06 * (high - low), high + 0.12 * (high - low), padding=0)
        self._ends = low, high
        self._draw_momenta()

    def _in_sight(self, rates: Floats) -> bool:
        """Whether there is room for all of these rates, shape (n,)."""
        if float(rates.max()) > self.top:
            return False
        seen = rates[rates > self.top / MOST_BETWEEN] if self.view.log_y else NONE
        return not len(seen) or math.log10(float(seen.min())) >= self._ends[0] - 1e-6

    def _draw_momenta(self) -> None:
        """Momenta share the chart of the rates, evenly on any axis; 1 is as high as the highest rate."""
        low, high = self._ends
        pairs = ((self.planned_momentum, self._planned_momenta), (self.actual_momentum, self._momenta))
        for line, values in pairs:
            places = low + (high - low) * values
            line.extend(*per_step(10.0**places if self.view.log_y else places))

    def update_legend(self) -> None:
        """Name what is drawn."""
        palette, entries = self._palette, []
        if len(self.plan):
            entries.append(Entry("planned", palette.previous, "dash", width=1.6))
        if len(self.rates):
            entries.append(Entry("actual", palette.optimal_line, width=2.2))
        if len(self._momenta):
            entries.append(Entry("momentum, 0 to 1", palette.validation, width=1.4))
        elif len(self._planned_momenta):
            entries.append(Entry("planned momentum, 0 to 1", palette.previous, "dot", width=1.2))
        self.set_legend(entries, palette)

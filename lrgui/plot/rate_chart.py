"""The chart of a training's rate and momentum: planned and actual."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lrgui.core.changed_plan import changed_plan
from lrgui.core.events import RateEvent
from lrgui.core.formats import format_figure
from lrgui.core.learning_rate import format_lr
from lrgui.plot.axis import number_axis
from lrgui.plot.layers import Line, pen
from lrgui.plot.legend import Entry
from lrgui.plot.rate_marks import RateMarks
from lrgui.plot.step_chart import NONE, Floats, StepChart, per_step
from lrgui.plot.theme import Palette


class RateChart(StepChart):
    """The planned rate of every step, over it the actual one, and the momentum where it is cycled."""

    def __init__(self, palette: Palette) -> None:
        super().__init__(number_axis("left", "Learning rate", palette), palette, "Step")
        self._plan: Floats = NONE
        """The planned rates as they were before the start."""
        self.plan: Floats = NONE
        """The planned rates with the changes so far, shape (n,)."""
        self.rates: Floats = NONE
        """Those that were trained with, shape (n,)."""
        self._planned_momenta: Floats = NONE
        self._momenta: Floats = NONE
        self.top = 1.0
        """The highest rate that there is room for."""
        self.marks = RateMarks(self.view, 15, True)
        self.planned = Line(self.view, 5)
        self.actual = Line(self.view, 10)
        self.planned_momentum = Line(self.view, 3)
        self.actual_momentum = Line(self.view, 8)

    def set_palette(self, palette: Palette) -> None:
        """See `Chart`."""
        super().set_palette(palette)
        self.planned.set_pen(pen(palette.previous, 1.6, "dash"))
        self.actual.set_pen(pen(palette.optimal_line, 2.2))
        self.planned_momentum.set_pen(pen(palette.previous, 1.2, "dot"))
        self.actual_momentum.set_pen(pen(palette.validation, 1.4))
        self.marks.set_palette(palette)
        self.update_legend()

    def forget(self) -> None:
        """Nothing is planned or measured yet."""
        self._plan = self.plan = self.rates = self._planned_momenta = self._momenta = NONE
        self.marks.set_marks(())
        for line in (self.planned, self.actual, self.planned_momentum, self.actual_momentum):
            line.set_data(NONE, NONE)

    def set_plan(self, rates: Floats, momenta: Floats) -> None:
        """Rate and momentum of every step as planned, shape (n,); shape (0,) where that is not known, or stays."""
        self._plan = self.plan = np.asarray(rates, dtype=np.float64)
        self._planned_momenta = np.asarray(momenta, dtype=np.float64)
        self.planned.set_data(*per_step(self.plan))
        self._draw_momenta()
        self.left.set_blank(False)

    def set_rates(self, rates: Floats, momenta: Floats | None = None) -> None:
        """Those of all steps so far, arrays of shape (n,); momenta where these changed."""
        first = len(rates) and not len(self.rates)
        self.rates = rates
        self.actual.set_data(*per_step(rates))
        if momenta is not None:
            first = first or not len(self._momenta)
            self._momenta = momenta
            self._draw_momenta()
        if not len(self.plan) and len(rates) and (first or float(rates.max()) > self.top):
            self.fit()  # no plan has told how high they go
        if first:
            self.update_legend()

    def set_changes(self, changes: Sequence[RateEvent]) -> None:
        """All changes of the rate so far: the plan follows them."""
        if len(self._plan):
            self.plan = changed_plan(self._plan, changes)
            self.planned.set_data(*per_step(self.plan))
            if float(self.plan.max()) > self.top:
                self.fit()
        self.update_legend()

    def words_at(self, step: int) -> list[str]:
        """Rate and momentum at a step."""
        words = []
        if step < len(self.rates):
            words.append(f"LR {format_lr(float(self.rates[step]))}")
        if step < len(self._momenta):
            words.append(f"momentum {format_figure(float(self._momenta[step]), 3)}")
        return words

    def fit(self) -> None:
        """Show the highest rate."""
        self.top = max([float(rates.max()) for rates in (self.plan, self.rates) if len(rates)] or [0.0]) or 1.0
        self.view.setYRange(-0.06 * self.top, 1.12 * self.top, padding=0)
        self._draw_momenta()

    def _draw_momenta(self) -> None:
        """Momenta share the chart of the rates; 1 is as high as the highest rate."""
        pairs = ((self.planned_momentum, self._planned_momenta), (self.actual_momentum, self._momenta))
        for line, values in pairs:
            line.set_data(*per_step(self.top * values))

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

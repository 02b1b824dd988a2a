"""What the charts of a training share: they lie one above the other over its optimizer steps."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lrgui.core.run_settings import counted
from lrgui.plot.axis import Axis, number_axis
from lrgui.plot.chart import Chart
from lrgui.plot.layers import Line, pen
from lrgui.plot.legend import Entry
from lrgui.plot.theme import Palette
from lrgui.plot.view import PlotView

Floats = NDArray[np.float64]

#: Nothing is measured yet.
NONE: Floats = np.empty(0)


class StepChart(Chart):
    """A chart over steps, with the lines of the epochs' numbers; it fits itself to what is measured."""

    view: PlotView

    def __init__(self, left: Axis, palette: Palette, bottom_title: str = "", view: PlotView | None = None) -> None:
        """Only the lowest chart, which has a `bottom_title`, has the numbers of the steps."""
        bottom = number_axis("bottom", bottom_title, palette)
        bottom.set_numbers(bool(bottom_title))
        super().__init__(PlotView() if view is None else view, left, bottom, "", palette)
        self.view.setMouseEnabled(x=True, y=False)
        self._palette = palette

    def set_palette(self, palette: Palette) -> None:
        """See `Chart`."""
        super().set_palette(palette)
        self._palette = palette

    def make_room(self, steps: float) -> None:
        """So many steps there are to see."""
        self.bottom.set_blank(False)
        self.view.setLimits(xMin=-steps, xMax=2 * steps, minXRange=2)


class EpochLines:
    """The numbers of each epoch, of training and validation data, drawn alike in every chart."""

    def __init__(self, view: PlotView, training_z: float) -> None:
        self.training = Line(view, training_z)
        self.validation = Line(view, 10)

    def set_palette(self, palette: Palette) -> None:
        """Paint in other colours."""
        self.training.set_pen(pen(palette.optimal_line, 1.8, "dot"))
        self.validation.set_pen(pen(palette.validation, 1.8, "dash"))
        self.validation.set_circles(palette.validation, palette.background)

    def set_data(self, x: Floats, training: Sequence[float | None], validation: Sequence[float | None]) -> None:
        """Show these at the ends of the epochs, `x` of shape (n,); None where nothing was measured."""
        self.training.extend(x, numbers(training))
        self.validation.extend(x, numbers(validation))

    def clear(self) -> None:
        """Show nothing."""
        for line in (self.training, self.validation):
            line.set_data(NONE, NONE)

    @property
    def values(self) -> Floats:
        """All that is shown, shape (n,)."""
        return np.concatenate([self.training.points[1], self.validation.points[1]])

    def entries(self, training: str, palette: Palette) -> list[Entry]:
        """What the legend says of those that are drawn; `training` names the numbers of the training data."""
        found = []
        if len(self.training.points[0]):
            found.append(Entry(training, palette.optimal_line, "dot", width=1.8))
        if len(self.validation.points[0]):
            found.append(Entry("validation", palette.validation, "dash", "circles", 1.8))
        return found


def per_step(values: Floats) -> tuple[Floats, Floats]:
    """The line of one value for each step: two arrays of the values' shape, (n,)."""
    return np.arange(len(values), dtype=np.float64), values


def numbers(values: Sequence[float | None]) -> Floats:
    """As an array of shape (n,), NaN where there is none."""
    return np.array([math.nan if value is None else counted(value) for value in values], dtype=np.float64)

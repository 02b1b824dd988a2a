"""The chart of a training's losses: of each batch, their short average, and of each epoch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lrgui.core.events import EpochEvent
from lrgui.plot.axis import number_axis
from lrgui.plot.best_epoch import BestEpoch, best_words
from lrgui.plot.dots import Dots
from lrgui.plot.layers import Line, pen
from lrgui.plot.legend import Entry
from lrgui.plot.live_average import LiveAverage
from lrgui.plot.ranges import losses_range
from lrgui.plot.rate_marks import RateMarks
from lrgui.plot.step_chart import NONE, EpochLines, Floats, StepChart, per_step
from lrgui.plot.theme import Palette
from lrgui.plot.ticks import linear_ticks, loss_ticks
from lrgui.runs.epochs import best_epoch


class LossChart(StepChart):
    """Losses, on a linear or a logarithmic axis; the best epoch is marked."""

    def __init__(self, palette: Palette) -> None:
        super().__init__(number_axis("left", "Loss", palette), palette)
        self._average = LiveAverage()
        self.losses: Floats = NONE
        """All batches so far, shape (n,)."""
        self.dots = Dots(self.view, -10)
        self.smoothed = Line(self.view, 5)
        self.epochs = EpochLines(self.view, 6)
        self.marks = RateMarks(self.view, 15, False)
        self.best = BestEpoch(self.view, 20)

    def set_palette(self, palette: Palette) -> None:
        """See `Chart`."""
        super().set_palette(palette)
        self.dots.set_style(palette.dots, alpha=0.45, radius=1.4)
        self.smoothed.set_pen(pen(palette.curve, 2.0))
        self.epochs.set_palette(palette)
        for layer in (self.best, self.marks):
            layer.set_palette(palette)
        self.update_legend()

    def forget(self) -> None:
        """Nothing is measured yet."""
        self.losses = NONE
        self._average.begin(0)
        self.marks.set_marks(())
        self.best.show_nothing()
        self.epochs.clear()
        self.dots.set_data(NONE, NONE)
        self.smoothed.set_data(NONE, NONE)
        self.left.set_blank(True)

    def make_room(self, steps: float) -> None:
        """See `StepChart`."""
        super().make_room(steps)
        # Half a sweep's width: a training falls fast at first, and a trailing average lags behind it.
        self._average.begin(int(steps / 2))

    def set_losses(self, losses: Floats) -> None:
        """Those of all batches so far, shape (n,)."""
        first = len(losses) and not len(self.losses)
        self.losses = losses
        x, _ = per_step(losses)
        self.dots.extend(x, losses)
        self._average.extend(losses)
        self.smoothed.extend(*self._average.thinned(x))
        self.fit()
        if first:
            self.update_legend()

    def set_epochs(self, x: Floats, epochs: Sequence[EpochEvent]) -> None:
        """All epochs so far; `x`, of shape (n,), tells at which steps they ended."""
        self.epochs.set_data(x, [e.train_loss for e in epochs], [e.val_loss for e in epochs])
        best = best_epoch(epochs)
        if best is None or best.val_loss is None:
            self.best.show_nothing()
        else:
            lines = (self.smoothed, self.epochs.validation, self.epochs.training)
            self.best.show_at(float(x[epochs.index(best)]), best.val_loss, best_words(best), lines)
        self.fit()
        self.update_legend()

    def set_log(self, wanted: bool) -> None:
        """Have a logarithmic axis, or a linear one; losses that are not positive stay out of sight on the first."""
        if wanted == self.view.log_y:
            return
        self.view.log_y = wanted
        self.left.measure("Loss (log scale)" if wanted else "Loss", loss_ticks if wanted else linear_ticks)
        self.fit()
        for layer in (self.dots, self.smoothed, self.epochs.training, self.epochs.validation, self.best, self.grid):
            layer.refresh()

    def fit(self) -> None:
        """Show all that matters."""
        losses = self.losses[:: max(1, len(self.losses) // 4000)]
        losses, epochs = losses[np.isfinite(losses)], self.epochs.values
        if self.view.log_y:
            losses, epochs = (np.log10(values[values > 0]) for values in (losses, epochs))
        self.left.set_blank(not len(losses) and not len(epochs))
        if len(losses) or len(epochs):
            low, high = (_log_range if self.view.log_y else losses_range)(losses, epochs)
            shown = self.view.viewRange()[1]
            if abs(shown[0] - low) + abs(shown[1] - high) > 0.02 * (high - low):
                self.view.setYRange(low, high, padding=0)

    def update_legend(self) -> None:
        """Name what is drawn."""
        palette, entries = self._palette, []
        if len(self.dots.points[0]):
            entries.append(Entry("batch loss", palette.dots, sample="dots"))
        if len(self.losses):
            entries.append(Entry("short average", palette.curve))
        self.set_legend(entries + self.epochs.entries("per epoch", palette), palette)


def _log_range(losses: Floats, others: Floats) -> tuple[float, float]:
    """As `losses_range`, of logarithms."""
    everything = np.concatenate([losses, others])
    low = float(np.percentile(everything, 0.2))
    high = float(np.percentile(everything, 99.8))
    span = max(high - low, 0.1)
    return min(low, float(others.min()) if len(others) else low) - 0.06 * span, high + 0.1 * span

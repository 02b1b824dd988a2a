"""The plot of a training: loss, accuracy and learning rate over steps, one above the other."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from PySide6.QtWidgets import QWidget

from lrgui.core.events import EpochEvent, GradientEvent, RateEvent
from lrgui.core.formats import format_factor, format_loss
from lrgui.plot.chart import Chart
from lrgui.plot.loss_chart import LossChart
from lrgui.plot.middle_chart import MiddleChart
from lrgui.plot.plots import StackedPlot
from lrgui.plot.rate_chart import RateChart
from lrgui.plot.step_chart import NONE, Floats
from lrgui.plot.theme import LIGHT, Palette


class TrainingPlot(StackedPlot):
    """Loss per step and per epoch, accuracy per epoch, planned and actual learning rate."""

    def __init__(self, parent: QWidget | None = None, palette: Palette = LIGHT) -> None:
        super().__init__(parent, palette)
        self._per_epoch = 1
        self._steps = 1.0
        self.loss, self.middle, self.rate = LossChart(palette), MiddleChart(palette), RateChart(palette)
        charts = (self.loss, self.middle, self.rate)
        self._stack("Training: loss, accuracy and learning rate", charts, (10, 5, 5), 70)
        for chart in charts[1:]:
            chart.view.setXLink(self.loss.view)
        self.canvas.give_up = self.rate.view.give_up_drag
        self.rate.said.connect(self.read)
        self.set_palette(palette)
        self.clear()

    def clear(self) -> None:
        """Show nothing but the axes."""
        self._forget()
        self._blank()
        self._update_legends()

    def begin(
        self,
        planned_lr: Floats,
        steps_per_epoch: int,
        epochs: int,
        planned_momentum: Floats = NONE,
        waits: bool = False,
        begun: int = 0,
    ) -> None:
        """A training of `epochs` epochs starts, or is to come; rate and momentum of every step as planned, shape (n,).

        No momentum, shape (0,), is for one that stays as it is; `waits` for a schedule that falls on plateaus.
        `begun` is the step with which the schedule began again: before it stand the rates that were trained with.
        """
        self._forget()
        self._per_epoch = max(1, steps_per_epoch)
        self._steps = float(max(1, len(planned_lr), self._per_epoch * epochs))
        self.rate.set_plan(planned_lr, planned_momentum, waits, begun)
        for chart in (self.loss, self.middle, self.rate):
            chart.make_room(self._steps)
        self.reset_view()
        self._update_legends()

    def set_live(self, losses: Floats, lrs: Floats, momenta: Floats | None = None) -> None:
        """All steps so far: raw losses, the rates they were trained with, and the momenta where these changed, arrays
        of shape (n,)."""
        self.loss.set_losses(losses)
        self.rate.set_rates(lrs, momenta)

    def set_measured(self, name: str, values: Floats) -> None:
        """A number of each step beside its loss, in the place of the accuracy.

        Args:
            name: what it is called.
            values: all steps so far, shape (n,); not finite where it was not measured.
        """
        self.middle.set_measured(name, values)

    def set_epochs(self, epochs: Sequence[EpochEvent], ends: Sequence[int] = ()) -> None:
        """All epochs so far; `ends` tells how many steps there were at the end of each, which else follows from
        their number."""
        if len(ends) != len(epochs):
            ends = [e.epoch * self._per_epoch for e in epochs]
        x = np.array(ends, dtype=np.float64)
        self.loss.set_epochs(x, epochs)
        self.middle.set_epochs(x, epochs)

    def set_gradients(self, gradients: Sequence[GradientEvent]) -> None:
        """All gradient norms so far."""
        self.middle.set_gradients(gradients)

    def set_rate_changes(self, changes: Sequence[RateEvent]) -> None:
        """All changes of the rate so far: they are marked, and the plan follows them."""
        marks = [(float(c.step), f"{format_factor(c.factor)} {c.why}") for c in changes]
        for layer in (self.loss.marks, self.rate.marks):
            layer.set_marks(marks)
        self.rate.set_changes(changes)
        if len(self.rate.plan) > self._steps:  # steps were taken back
            self._steps = float(len(self.rate.plan))
            self.reset_view()

    @property
    def middle_choices(self) -> list[str]:
        """What the middle chart can show, the task's first metric first: names, empty for an accuracy."""
        return self.middle.choices

    def show_in_middle(self, name: str) -> None:
        """Show one of `middle_choices` in the middle chart; empty for the first of them."""
        self.middle.choose(name)

    def set_log_loss(self, wanted: bool) -> None:
        """Show losses on a logarithmic axis, or on a linear one; losses that are not positive stay out of sight."""
        self.loss.set_log(wanted)

    def set_log_rate(self, wanted: bool) -> None:
        """Show rates on a logarithmic axis, or on a linear one."""
        self.rate.set_log(wanted)

    def reset_view(self) -> None:
        """Show the whole training."""
        self._moved = False
        margin = 0.01 * self._steps
        self.loss.view.setXRange(-margin, self._steps + margin, padding=0)
        for chart in (self.loss, self.middle, self.rate):
            chart.fit()

    def words_at(self, chart: Chart, x: float, y: float) -> str:
        """See `Plot`: step, loss and rate there, and what the last epoch before it measured."""
        step = round(x)
        if not 0 <= step < len(self.loss.losses):
            return ""
        words = [f"step {step + 1:,}", f"loss {format_loss(float(self.loss.losses[step]))}"]
        xs, ys = self.loss.epochs.validation.points
        if (done := int(np.searchsorted(xs, step, side="right"))) > 0:
            words.append(f"validation {format_loss(float(ys[done - 1]))}")
        words += self.middle.words_at(step)
        if chart is self.middle:
            words += self.middle.norm_at(step)
        return " · ".join(words + self.rate.words_at(step))

    def leave_out(self, parts: Collection[str]) -> None:
        """See `Plot`; the marked epoch is a mark, each batch's loss a raw point."""
        super().leave_out(parts)
        if "marks" in parts:
            self.loss.best.show_nothing()
            for layer in (self.loss.marks, self.rate.marks):
                layer.set_marks(())
        if "points" in parts:
            self.loss.dots.set_data(NONE, NONE)
            self.loss.update_legend()

    def _forget(self) -> None:
        for chart in (self.loss, self.middle, self.rate):
            chart.forget()

    def _update_legends(self) -> None:
        for chart in (self.loss, self.middle, self.rate):
            chart.update_legend()

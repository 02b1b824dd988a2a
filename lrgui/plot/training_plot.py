"""The plot of a training: loss, accuracy and learning rate over steps, one above the other."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QWidget

from lrgui.core.changed_plan import changed_plan
from lrgui.core.events import ACCURACIES, EpochEvent, GradientEvent, RateEvent
from lrgui.core.formats import format_factor, format_figure, format_loss, format_metric, format_percent
from lrgui.core.learning_rate import format_lr
from lrgui.core.run_settings import counted
from lrgui.plot.axis import Axis, number_axis, percent_axis, percent_ticks
from lrgui.plot.chart import Chart
from lrgui.plot.dots import Dots
from lrgui.plot.font import plot_font
from lrgui.plot.layers import Line, PaletteLayer, pen
from lrgui.plot.legend import Entry
from lrgui.plot.live_average import LiveAverage
from lrgui.plot.placing import Placed
from lrgui.plot.plots import StackedPlot
from lrgui.plot.ranges import losses_range
from lrgui.plot.rate_marks import RateMarks
from lrgui.plot.theme import LIGHT, Palette
from lrgui.plot.ticks import linear_ticks, loss_ticks
from lrgui.plot.view import PlotView

Floats = NDArray[np.float64]

#: What the middle chart can show beside the task's metrics.
GRADIENTS = "gradient norm"
#: Of so many parameter groups one at a time can be chosen.
MOST_GROUPS = 12


def _of_group(number: int) -> str:
    return f"{GRADIENTS}, group {number}"


_NONE: Floats = np.empty(0)


class TrainingPlot(StackedPlot):
    """Loss per step and per epoch, accuracy per epoch, planned and actual learning rate."""

    def __init__(self, parent: QWidget | None = None, palette: Palette = LIGHT) -> None:
        super().__init__(parent, palette)
        self._per_epoch = 1
        self._steps = 1.0
        self._average = LiveAverage()
        self._losses: Floats = _NONE
        self._epochs: tuple[EpochEvent, ...] = ()
        self._ends: tuple[int, ...] = ()
        """Steps that were measured when each epoch ended; empty where each has as many."""
        self._gradients: tuple[GradientEvent, ...] = ()
        self._wanted = ""
        """What somebody chose for the middle chart; empty for the task's first metric."""
        self._metric = ""
        """What the middle chart shows where it is no accuracy."""
        self._plan: Floats = _NONE
        """The planned rates as they were before the start."""
        self._planned: Floats = _NONE
        self._actual: Floats = _NONE
        self._planned_momentum: Floats = _NONE
        self._actual_momentum: Floats = _NONE
        self._top = 1.0
        """The highest rate that there is room for."""

        self.loss = _chart(number_axis("left", "Loss", palette), palette)
        self.accuracy = _chart(percent_axis("left", "Accuracy", palette), palette)
        self.rate = _chart(number_axis("left", "Learning rate", palette), palette, "Step")
        charts = (self.loss, self.accuracy, self.rate)
        self._stack("Training: loss, accuracy and learning rate", charts, (10, 5, 5), 70)
        for chart in self._charts[1:]:
            chart.view.setXLink(self.loss.view)
        for chart in self._charts:
            chart.view.setMouseEnabled(x=True, y=False)

        self.dots = Dots(self.loss.view, -10)
        self.smoothed = Line(self.loss.view, 5)
        self.train_loss = Line(self.loss.view, 6)
        self.val_loss = Line(self.loss.view, 10)
        self.best = BestEpoch(self.loss.view, 20)
        self.train_accuracy = Line(self.accuracy.view, 5)
        self.val_accuracy = Line(self.accuracy.view, 10)
        self.measured = Line(self.accuracy.view, 8)
        self.marks = (RateMarks(self.loss.view, 15, False), RateMarks(self.rate.view, 15, True))
        self.planned = Line(self.rate.view, 5)
        self.actual = Line(self.rate.view, 10)
        self.planned_momentum = Line(self.rate.view, 3)
        self.actual_momentum = Line(self.rate.view, 8)
        self.set_palette(palette)
        self.clear()

    def set_palette(self, palette: Palette) -> None:
        """Paint in other colours."""
        super().set_palette(palette)
        self.dots.set_style(palette.dots, alpha=0.45, radius=1.4)
        self.smoothed.set_pen(pen(palette.curve, 2.0))
        for line in (self.train_loss, self.train_accuracy):
            line.set_pen(pen(palette.optimal_line, 1.8, "dot"))
        for line in (self.val_loss, self.val_accuracy):
            line.set_pen(pen(palette.validation, 1.8, "dash"))
            line.set_circles(palette.validation, palette.background)
        self.measured.set_pen(pen(palette.curve, 1.6))
        self.planned.set_pen(pen(palette.previous, 1.6, "dash"))
        self.actual.set_pen(pen(palette.optimal_line, 2.2))
        self.planned_momentum.set_pen(pen(palette.previous, 1.2, "dot"))
        self.actual_momentum.set_pen(pen(palette.validation, 1.4))
        for layer in (self.best, *self.marks):
            layer.set_palette(palette)
        self._update_legends()

    def clear(self) -> None:
        """Show nothing but the axes."""
        self._forget()
        self._blank()
        self._update_legends()

    def begin(self, planned_lr: Floats, steps_per_epoch: int, epochs: int, planned_momentum: Floats = _NONE) -> None:
        """A training of `epochs` epochs starts, or is to come; rate and momentum of every step as planned, shape (n,).

        No momentum, shape (0,), is for one that stays as it is.
        """
        self._forget()
        self._per_epoch = max(1, steps_per_epoch)
        self._steps = float(max(1, len(planned_lr), self._per_epoch * epochs))
        self._plan = self._planned = np.asarray(planned_lr, dtype=np.float64)
        # Half a sweep's width: a training falls fast at first, and a trailing average lags behind it.
        self._average.begin(int(self._steps / 2))
        self.planned.set_data(np.arange(len(self._planned), dtype=np.float64), self._planned)
        self._planned_momentum = np.asarray(planned_momentum, dtype=np.float64)
        self._draw_momenta()
        for chart in self._charts:
            chart.bottom.set_blank(False)
            chart.view.setLimits(xMin=-self._steps, xMax=2 * self._steps, minXRange=2)
        self.rate.left.set_blank(False)
        self.reset_view()
        self._update_legends()

    def set_live(self, losses: Floats, lrs: Floats, momenta: Floats | None = None) -> None:
        """All steps so far: raw losses, the rates they were trained with, and the momenta where these changed, arrays
        of shape (n,)."""
        first = len(losses) and not len(self._losses)
        self._losses, self._actual = losses, lrs
        x = np.arange(len(losses), dtype=np.float64)
        self.dots.extend(x, losses)
        self._average.extend(losses)
        self.smoothed.set_data(*self._average.thinned(x))
        self.actual.set_data(np.arange(len(lrs), dtype=np.float64), lrs)
        if momenta is not None:
            new = not len(self._actual_momentum)
            self._actual_momentum = momenta
            self._draw_momenta()
            if new:
                self._update_legends()
        self._fit_losses()
        if not len(self._planned) and len(lrs) and (first or float(lrs.max()) > self._top):
            self._fit_rates()  # no plan has told how high they go
        if first:
            self._update_legends()

    def set_measured(self, name: str, values: Floats) -> None:
        """A number of each step beside its loss, such as the gradient's norm, in the place of the accuracy.

        Args:
            name: what it is called.
            values: all steps so far, shape (n,); not finite where it was not measured.
        """
        self._metric = name
        self.accuracy.left.measure(_title(name), linear_ticks)
        self.measured.set_data(np.arange(len(values), dtype=np.float64), values)
        self.accuracy.left.set_blank(not np.isfinite(values).any())
        self._fit_accuracy()
        self._update_legends()

    def set_epochs(self, epochs: Sequence[EpochEvent], ends: Sequence[int] = ()) -> None:
        """All epochs so far; `ends` tells how many steps there were at the end of each, which else follows from
        their number."""
        self._epochs, self._ends = tuple(epochs), tuple(ends)
        x = self._epoch_ends()
        self.train_loss.set_data(x, _numbers([e.train_loss for e in self._epochs]))
        self.val_loss.set_data(x, _numbers([e.val_loss for e in self._epochs]))
        best = best_epoch(self._epochs)
        if best is None or best.val_loss is None:
            self.best.show_nothing()
        else:
            loss = format_loss(best.val_loss)
            words = f"best epoch {best.epoch} · validation loss {loss}"
            forms = (words + _metric_words(best), f"best epoch {best.epoch} · {loss}")
            self.best.show_at(float(x[self._epochs.index(best)]), best.val_loss, forms)
        self.best.set_obstacles([self.smoothed, self.val_loss, self.train_loss])
        self._fill_middle()
        self._fit_losses()
        self._update_legends()

    def set_gradients(self, gradients: Sequence[GradientEvent]) -> None:
        """All gradient norms so far."""
        self._gradients = tuple(gradients)
        if self._wanted.startswith(GRADIENTS):
            self._fill_middle()
            self._update_legends()

    def set_rate_changes(self, changes: Sequence[RateEvent]) -> None:
        """All changes of the rate so far: they are marked, and the plan follows them."""
        marks = [(float(c.step), f"{format_factor(c.factor)} {c.why}") for c in changes]
        for layer in self.marks:
            layer.set_marks(marks)
        if len(self._plan):
            self._planned = changed_plan(self._plan, changes)
            self.planned.set_data(np.arange(len(self._planned), dtype=np.float64), self._planned)
            if len(self._planned) > self._steps:  # steps were taken back
                self._steps = float(len(self._planned))
                self.reset_view()
        if len(self._planned) and float(self._planned.max()) > self._top:
            self._fit_rates()
        self._update_legends()

    @property
    def middle_choices(self) -> list[str]:
        """What the middle chart can show, the task's first metric first: names, empty for an accuracy."""
        last = self._epochs[-1] if self._epochs else None
        several = () if last is None else (*(last.train_metrics or ()), *(last.val_metrics or ()))
        first = "accuracy" if last is None else last.metric_name or next(iter(several), "accuracy")
        groups = range(min(MOST_GROUPS, max((len(g.groups or ()) for g in self._gradients), default=0)))
        gradients = [GRADIENTS, *(_of_group(i) for i in groups)] if self._gradients else []
        return [name for name in dict.fromkeys((first, *several, *gradients)) if name]

    def show_in_middle(self, name: str) -> None:
        """Show one of `middle_choices` in the middle chart; empty for the first of them."""
        self._wanted = name
        self._fill_middle()
        self._update_legends()

    def set_log_loss(self, wanted: bool) -> None:
        """Show losses on a logarithmic axis, or on a linear one; losses that are not positive stay out of sight."""
        view = self.loss.view
        if wanted == view.log_y:
            return
        view.log_y = wanted
        self.loss.left.measure("Loss (log scale)" if wanted else "Loss", loss_ticks if wanted else linear_ticks)
        self._fit_losses()
        for layer in (self.dots, self.smoothed, self.train_loss, self.val_loss, self.best, self.loss.grid):
            layer.refresh()

    def _epoch_ends(self) -> Floats:
        if len(self._ends) == len(self._epochs):
            return np.array(self._ends, dtype=np.float64)
        return np.array([e.epoch * self._per_epoch for e in self._epochs], dtype=np.float64)

    def _norm(self, gradient: GradientEvent) -> float | None:
        """The norm that was chosen: of all gradients, or of one parameter group's."""
        group = self._wanted.removeprefix(_of_group(0)[:-1])
        return gradient.norm if group == self._wanted else (gradient.groups or {}).get(group)

    def _fill_middle(self) -> None:
        """Show what was chosen in the middle chart."""
        if self._wanted.startswith(GRADIENTS):
            self._metric = self._wanted
            self.accuracy.left.measure(_title(GRADIENTS), linear_ticks)
            steps = np.array([g.step for g in self._gradients], dtype=np.float64)
            norms = _numbers([self._norm(g) for g in self._gradients])
            self.measured.set_data(steps, norms)
            for line in (self.train_accuracy, self.val_accuracy):
                line.set_data(_NONE, _NONE)
            self.accuracy.left.set_blank(not np.isfinite(norms).any())
            self._fit_accuracy()
            return
        if self._metric.startswith(GRADIENTS) and self._gradients:
            self.measured.set_data(_NONE, _NONE)
            self._metric = ""
        if not self._epochs and len(self.measured.points[0]):
            return  # what each step measured stands there
        last = self._epochs[-1] if self._epochs else None
        name = "" if last is None else last.metric_name
        shares = [(e.train_accuracy, e.val_accuracy) for e in self._epochs]
        if name:
            shares = [(e.train_metric, e.val_metric) for e in self._epochs]
        if (
            self._wanted
            and last is not None
            and self._wanted in {**(last.train_metrics or {}), **(last.val_metrics or {})}
        ):
            name = "" if self._wanted in ACCURACIES else self._wanted
            shares = [
                ((e.train_metrics or {}).get(self._wanted), (e.val_metrics or {}).get(self._wanted))
                for e in self._epochs
            ]
        self._metric = name
        self.accuracy.left.measure(_title(name or "accuracy"), linear_ticks if name else percent_ticks)
        x = self._epoch_ends()
        self.train_accuracy.set_data(x, _numbers([train for train, _ in shares]))
        self.val_accuracy.set_data(x, _numbers([val for _, val in shares]))
        self.accuracy.left.set_blank(not len(self.train_accuracy.points[0]) and not len(self.val_accuracy.points[0]))
        self._fit_accuracy()

    def reset_view(self) -> None:
        """Show the whole training."""
        self._moved = False
        margin = 0.01 * self._steps
        self.loss.view.setXRange(-margin, self._steps + margin, padding=0)
        self._fit_losses()
        self._fit_accuracy()
        self._fit_rates()

    def words_at(self, chart: Chart, x: float, y: float) -> str:
        """See `Plot`: step, loss and rate there, and what the last epoch before it measured."""
        step = round(x)
        if not 0 <= step < len(self._losses):
            return ""
        words = [f"step {step + 1:,}", f"loss {format_loss(float(self._losses[step]))}"]
        metric = self._metric or "accuracy"
        for name, line in (("validation", self.val_loss), (metric, self.val_accuracy)):
            xs, ys = line.points
            if (done := int(np.searchsorted(xs, step, side="right"))) > 0:
                value = float(ys[done - 1])
                shown = format_metric(metric, value) if line is self.val_accuracy else format_loss(value)
                words.append(f"{name} {shown}")
        if chart is self.accuracy and self._wanted.startswith(GRADIENTS) and len(self.measured.points[0]):
            xs, ys = self.measured.points
            norm = float(ys[max(0, int(np.searchsorted(xs, step, side="right")) - 1)])
            words.append(f"{self._wanted} {format_figure(norm)}")
        if step < len(self._actual):
            words.append(f"LR {format_lr(float(self._actual[step]))}")
        if step < len(self._actual_momentum):
            words.append(f"momentum {format_figure(float(self._actual_momentum[step]), 3)}")
        return " · ".join(words)

    def leave_out(self, parts: Collection[str]) -> None:
        """See `Plot`; the marked epoch is a mark, each batch's loss a raw point."""
        super().leave_out(parts)
        if "marks" in parts:
            self.best.show_nothing()
            for layer in self.marks:
                layer.set_marks(())
        if "points" in parts:
            self.dots.set_data(_NONE, _NONE)
            self._update_legends()

    def _fit_rates(self) -> None:
        self._top = max([float(lrs.max()) for lrs in (self._planned, self._actual) if len(lrs)] or [0.0]) or 1.0
        self.rate.view.setYRange(-0.06 * self._top, 1.12 * self._top, padding=0)
        self._draw_momenta()

    def _draw_momenta(self) -> None:
        """Momenta share the chart of the rates; 1 is as high as the highest rate."""
        for line, values in (
            (self.planned_momentum, self._planned_momentum),
            (self.actual_momentum, self._actual_momentum),
        ):
            line.set_data(np.arange(len(values), dtype=np.float64), self._top * values)

    def _forget(self) -> None:
        self._losses = self._actual = self._planned = self._plan = _NONE
        self._planned_momentum = self._actual_momentum = _NONE
        self._epochs, self._ends, self._gradients, self._metric = (), (), (), ""
        for layer in self.marks:
            layer.set_marks(())
        self._average.begin(0)
        self.dots.set_data(_NONE, _NONE)
        for line in (
            self.smoothed,
            self.train_loss,
            self.val_loss,
            self.train_accuracy,
            self.val_accuracy,
            self.measured,
            self.planned,
            self.actual,
            self.planned_momentum,
            self.actual_momentum,
        ):
            line.set_data(_NONE, _NONE)
        self.best.show_nothing()
        self.loss.left.set_blank(True)
        self.accuracy.left.set_blank(True)

    def _fit_losses(self) -> None:
        losses = self._losses[:: max(1, len(self._losses) // 4000)]
        losses = losses[np.isfinite(losses)]
        epochs = np.concatenate([self.train_loss.points[1], self.val_loss.points[1]])
        if self.loss.view.log_y:
            losses, epochs = (np.log10(values[values > 0]) for values in (losses, epochs))
        self.loss.left.set_blank(not len(losses) and not len(epochs))
        if len(losses) or len(epochs):
            low, high = (_log_range if self.loss.view.log_y else losses_range)(losses, epochs)
            shown = self.loss.view.viewRange()[1]
            if abs(shown[0] - low) + abs(shown[1] - high) > 0.02 * (high - low):
                self.loss.view.setYRange(low, high, padding=0)

    def _fit_accuracy(self) -> None:
        seen = np.concatenate([line.points[1] for line in (self.train_accuracy, self.val_accuracy, self.measured)])
        seen = seen[np.isfinite(seen)]
        if self._metric and len(seen):
            low, high = float(seen.min()), float(seen.max())
            margin = 0.08 * (high - low) or 0.1 * abs(high) or 1.0
            self.accuracy.view.setYRange(low - margin, high + margin, padding=0)
            return
        low = max(0.0, math.floor(10 * float(seen.min())) / 10) if len(seen) else 0.0
        low = min(low, 0.9)
        self.accuracy.view.setYRange(low - 0.04 * (1 - low), 1 + 0.06 * (1 - low), padding=0)

    def _update_legends(self) -> None:
        palette = self._palette
        losses: list[Entry] = []
        if len(self.dots.points[0]):
            losses.append(Entry("batch loss", palette.dots, sample="dots"))
        if len(self._losses):
            losses.append(Entry("short average", palette.curve))
        if self._epochs:
            losses.append(Entry("per epoch", palette.optimal_line, "dot", width=1.8))
        if len(self.val_loss.points[0]):
            losses.append(Entry("validation", palette.validation, "dash", "circles", 1.8))
        self.loss.set_legend(losses, palette)
        accuracies: list[Entry] = []
        if len(self.train_accuracy.points[0]):
            accuracies.append(Entry("training", palette.optimal_line, "dot", width=1.8))
        if len(self.val_accuracy.points[0]):
            accuracies.append(Entry("validation", palette.validation, "dash", "circles", 1.8))
        if len(self.measured.points[0]):
            accuracies.append(Entry(self._metric, palette.curve, width=1.6))
        self.accuracy.set_legend(accuracies, palette)
        rates: list[Entry] = []
        if len(self._planned):
            rates.append(Entry("planned", palette.previous, "dash", width=1.6))
        if len(self._actual):
            rates.append(Entry("actual", palette.optimal_line, width=2.2))
        if len(self._actual_momentum):
            rates.append(Entry("momentum, 0 to 1", palette.validation, width=1.4))
        elif len(self._planned_momentum):
            rates.append(Entry("planned momentum, 0 to 1", palette.previous, "dot", width=1.2))
        self.rate.set_legend(rates, palette)


def _log_range(losses: Floats, others: Floats) -> tuple[float, float]:
    """As `losses_range`, of logarithms."""
    everything = np.concatenate([losses, others])
    low = float(np.percentile(everything, 0.2))
    high = float(np.percentile(everything, 99.8))
    span = max(high - low, 0.1)
    return min(low, float(others.min()) if len(others) else low) - 0.06 * span, high + 0.1 * span


def _title(name: str) -> str:
    return name[:1].upper() + name[1:]


def best_epoch(epochs: Sequence[EpochEvent]) -> EpochEvent | None:
    """The epoch with the lowest finite validation loss, None where there is none."""
    measured = [(loss, i) for i, e in enumerate(epochs) if (loss := e.val_loss) is not None]
    measured = [(loss, i) for loss, i in measured if math.isfinite(counted(loss))]
    return epochs[min(measured)[1]] if measured else None


def _metric_words(epoch: EpochEvent) -> str:
    """The validation metric of an epoch, for behind its loss."""
    if epoch.val_accuracy is not None:
        return f" · {format_percent(epoch.val_accuracy, 1)}"
    return (
        ""
        if epoch.val_metric is None
        else f" · {epoch.metric_name} {format_metric(epoch.metric_name, epoch.val_metric)}"
    )


class BestEpoch(PaletteLayer):
    """A ring around the best epoch's validation loss, with words beside it."""

    def __init__(self, view: PlotView, z: float) -> None:
        super().__init__(view, z)
        self._at: tuple[float, float] | None = None
        self._forms: tuple[str, ...] = ()
        self._font = plot_font(12, bold=True)
        self._lines: Sequence[Line] = ()

    def show_at(self, x: float, y: float, forms: tuple[str, ...]) -> None:
        """Mark this point with the longest of `forms` that there is room for."""
        self._at, self._forms = (x, y), forms
        self.update()

    def show_nothing(self) -> None:
        """There is no best epoch yet."""
        self._at = None
        self.update()

    def set_obstacles(self, lines: Sequence[Line]) -> None:
        """Lines that the words should not cover."""
        self._lines = lines
        self.update()

    @property
    def label(self) -> Placed | None:
        """The words where they are painted."""
        if self._at is None:
            return None
        rect, at = self.boundingRect(), self.to_px(*self._at)
        if not rect.contains(at):
            return None
        metrics = QFontMetricsF(self._font)
        height = metrics.height() + 4
        for text in self._forms:
            width = metrics.horizontalAdvance(text) + 12
            if width > rect.width() - 8:
                continue
            left = min(max(at.x() - width / 2, 4.0), rect.width() - width - 4)
            rows = [at.y() - height - 12 - 6 * i for i in range(40)] + [at.y() + 12 + 6 * i for i in range(20)]
            rows = [top for top in rows if 2 <= top <= rect.height() - height - 2]
            if rows:
                boxes = [QRectF(left, top, width, height) for top in rows]
                covered = [self._covered(box) for box in boxes]
                return Placed("best", text, boxes[covered.index(min(covered))])
        return None

    def _covered(self, box: QRectF) -> int:
        count = 0
        for line in self._lines:
            x, y = line.visible_pixels()
            inside = (x >= box.left()) & (x <= box.right()) & (y >= box.top() - 4) & (y <= box.bottom() + 4)
            count += int(inside.sum())
        return count

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        """Paint ring, leader and words."""
        label = self.label
        if self._at is None:
            return
        at = self.to_px(*self._at)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(QPen(QColor(self._palette.text), 1.8))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(at, 6.5, 6.5)
        if label is None:
            return
        above = label.rect.bottom() < at.y()
        end = label.rect.bottom() if above else label.rect.top()
        painter.setPen(QPen(QColor(self._palette.muted), 1.0))
        painter.drawLine(QPointF(at.x(), at.y() - 7 if above else at.y() + 7), QPointF(at.x(), end))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._palette.background))
        painter.drawRoundedRect(label.rect, 4, 4)
        painter.setFont(self._font)
        painter.setPen(QColor(self._palette.text))
        painter.drawText(label.rect, Qt.AlignmentFlag.AlignCenter, label.text)


def _chart(left: Axis, palette: Palette, bottom_title: str = "") -> Chart:
    # The charts share their steps: only the lowest one has the numbers.
    bottom = number_axis("bottom", bottom_title, palette)
    bottom.set_numbers(bool(bottom_title))
    return Chart(PlotView(), left, bottom, "", palette)


def _numbers(values: Sequence[float | None]) -> Floats:
    return np.array([math.nan if value is None else counted(value) for value in values], dtype=np.float64)

"""The chart in the middle of a training's plot: accuracy, another metric, or the norm of the gradients."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from lrgui.core.events import ACCURACIES, EpochEvent, GradientEvent
from lrgui.core.formats import format_figure, format_metric
from lrgui.plot.axis import percent_axis, percent_ticks
from lrgui.plot.layers import Line, pen
from lrgui.plot.legend import Entry
from lrgui.plot.step_chart import NONE, EpochLines, Floats, StepChart, numbers, per_step
from lrgui.plot.theme import Palette
from lrgui.plot.ticks import linear_ticks

#: What the chart can show beside the task's metrics.
GRADIENTS = "gradient norm"
#: Of so many parameter groups one at a time can be chosen.
MOST_GROUPS = 12


def _of_group(number: int) -> str:
    return f"{GRADIENTS}, group {number}"


class MiddleChart(StepChart):
    """One of several measurements at a time, per epoch or per step."""

    def __init__(self, palette: Palette) -> None:
        super().__init__(percent_axis("left", "Accuracy", palette), palette)
        self._ends: Floats = NONE
        self._events: tuple[EpochEvent, ...] = ()
        self._gradients: tuple[GradientEvent, ...] = ()
        self._wanted = ""
        """What somebody chose; empty for the task's first metric."""
        self._metric = ""
        """What is shown where it is no accuracy."""
        self.epochs = EpochLines(self.view, 5)
        self.measured = Line(self.view, 8)

    def set_palette(self, palette: Palette) -> None:
        """See `Chart`."""
        super().set_palette(palette)
        self.epochs.set_palette(palette)
        self.measured.set_pen(pen(palette.curve, 1.6))
        self.update_legend()

    def forget(self) -> None:
        """Nothing is measured yet; what was chosen stays so."""
        self._ends, self._events, self._gradients, self._metric = NONE, (), (), ""
        self.epochs.clear()
        self.measured.set_data(NONE, NONE)
        self.left.set_blank(True)

    def set_measured(self, name: str, values: Floats) -> None:
        """Show a number of each step beside its loss, called `name`: all so far, shape (n,); not finite where it was
        not measured."""
        self._metric = name
        self.left.measure(_title(name), linear_ticks)
        self.measured.extend(*per_step(values))
        self.left.set_blank(not np.isfinite(values).any())
        self.fit()
        self.update_legend()

    def set_epochs(self, x: Floats, epochs: Sequence[EpochEvent]) -> None:
        """All epochs so far; `x`, of shape (n,), tells at which steps they ended."""
        self._ends, self._events = x, tuple(epochs)
        self._fill()

    def set_gradients(self, gradients: Sequence[GradientEvent]) -> None:
        """All gradient norms so far."""
        self._gradients = tuple(gradients)
        if self._choice.startswith(GRADIENTS):
            self._fill()

    @property
    def choices(self) -> list[str]:
        """What can be shown, the task's first metric first, accuracy while nobody knows: names."""
        last = self._events[-1] if self._events else None
        several = () if last is None else (*(last.train_metrics or ()), *(last.val_metrics or ()))
        first = "accuracy" if self._has_accuracy else ""
        if last is not None:
            first = last.metric_name or next(iter(several), first)
        groups = range(min(MOST_GROUPS, max((len(g.groups or ()) for g in self._gradients), default=0)))
        gradients = [GRADIENTS, *(_of_group(i) for i in groups)] if self._gradients else []
        return [name for name in dict.fromkeys((first, *several, *gradients)) if name]

    @property
    def _has_accuracy(self) -> bool:
        """False where the epochs have none."""
        shares = [share for e in self._events for share in (e.train_accuracy, e.val_accuracy)]
        return not shares or any(share is not None for share in shares)

    @property
    def _choice(self) -> str:
        """What is shown: what somebody chose, of a task without a metric the gradients; empty for its first metric."""
        choices = self.choices
        return self._wanted or (GRADIENTS if choices and choices[0] == GRADIENTS else "")

    def choose(self, name: str) -> None:
        """Show one of `choices`; empty for the first of them."""
        self._wanted = name
        self._fill()

    def words_at(self, step: int) -> list[str]:
        """What is shown of the last epoch before a step."""
        words = []
        name, (xs, ys) = self._metric or "accuracy", self.epochs.validation.points
        if (done := int(np.searchsorted(xs, step, side="right"))) > 0:
            words.append(f"{name} {format_metric(name, float(ys[done - 1]))}")
        return words

    def norm_at(self, step: int) -> list[str]:
        """The norm of the gradients at a step, or last before it, where that is shown."""
        xs, ys = self.measured.points
        if not self._choice.startswith(GRADIENTS) or not len(xs):
            return []
        norm = float(ys[max(0, int(np.searchsorted(xs, step, side="right")) - 1)])
        return [f"{self._choice} {format_figure(norm)}"]

    def _fill(self) -> None:
        """Show what was chosen."""
        if self._choice.startswith(GRADIENTS):
            self._fill_with_gradients()
        else:
            self._fill_with_metric()
        self.update_legend()

    def _fill_with_gradients(self) -> None:
        """Show the norm that was chosen: of all gradients, or of one parameter group's."""
        self._metric = chosen = self._choice
        group = chosen.removeprefix(_of_group(0)[:-1])
        self.left.measure(_title(GRADIENTS), linear_ticks)
        norms = numbers([g.norm if group == chosen else (g.groups or {}).get(group) for g in self._gradients])
        self.measured.set_data(np.array([g.step for g in self._gradients], dtype=np.float64), norms)
        self.epochs.clear()
        self.left.set_blank(not np.isfinite(norms).any())
        self.fit()

    def _fill_with_metric(self) -> None:
        if self._metric.startswith(GRADIENTS) and self._gradients:
            self.measured.set_data(NONE, NONE)
            self._metric = ""
        if not self._events and len(self.measured.points[0]):
            return  # what each step measured stands there
        last = self._events[-1] if self._events else None
        name = "" if last is None else last.metric_name
        shares = [(e.train_accuracy, e.val_accuracy) for e in self._events]
        if name:
            shares = [(e.train_metric, e.val_metric) for e in self._events]
        wanted = self._choice
        if wanted and last is not None and wanted in {**(last.train_metrics or {}), **(last.val_metrics or {})}:
            name = "" if wanted in ACCURACIES else wanted
            shares = [((e.train_metrics or {}).get(wanted), (e.val_metrics or {}).get(wanted)) for e in self._events]
        self._metric = name
        self.left.measure(_title(name or "accuracy"), linear_ticks if name else percent_ticks)
        self.epochs.set_data(self._ends, [train for train, _ in shares], [val for _, val in shares])
        self.left.set_blank(not len(self.epochs.values))
        self.fit()

    def fit(self) -> None:
        """Show all that was measured."""
        seen = np.concatenate([self.epochs.values, self.measured.points[1]])
        seen = seen[np.isfinite(seen)]
        if self._metric and len(seen):
            low, high = float(seen.min()), float(seen.max())
            margin = 0.08 * (high - low) or 0.1 * abs(high) or 1.0
            self.view.setYRange(low - margin, high + margin, padding=0)
            return
        low = max(0.0, math.floor(10 * float(seen.min())) / 10) if len(seen) else 0.0
        low = min(low, 0.9)
        self.view.setYRange(low - 0.04 * (1 - low), 1 + 0.06 * (1 - low), padding=0)

    def update_legend(self) -> None:
        """Name what is drawn."""
        entries = self.epochs.entries("training", self._palette)
        if len(self.measured.points[0]):
            entries.append(Entry(self._metric, self._palette.curve, width=1.6))
        self.set_legend(entries, self._palette)


def _title(name: str) -> str:
    return name[:1].upper() + name[1:]

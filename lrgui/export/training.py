"""A training on its way into a file: each step, each epoch, and how it ended."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from lrgui.core.curve.sweep_reading import plain_numbers
from lrgui.core.events import EpochEvent, TaskEvent
from lrgui.core.formats import NOTHING, format_loss, format_metric, format_percent
from lrgui.core.learning_rate import format_lr
from lrgui.core.run_settings import TrainSettings
from lrgui.core.schedule_shapes import planned_lr, planned_momentum
from lrgui.export.shown import Cell, Section, Shown, settings_section, task_section
from lrgui.runs.epochs import steps_per_epoch
from lrgui.runs.headline import headline
from lrgui.runs.job import Job
from lrgui.runs.record import Record

if TYPE_CHECKING:
    from lrgui.plot.theme import Palette
    from lrgui.plot.training_plot import TrainingPlot

#: The longest training whose plan is drawn, in steps: more would take long, and much memory.
MOST_DRAWN = 1 << 22


@dataclass(frozen=True, eq=False)
class TrainingReport(Shown):
    """A training as far as it went."""

    parts: ClassVar[tuple[str, ...]] = ("title", "legend", "marks", "points")

    job: Job
    record: Record
    made: datetime | None = None
    """When it began; None where nobody knows."""

    @property
    def title(self) -> str:
        """Title of its picture."""
        return f"Training: {headline(self.job, self.made, told=self.record.task)}"

    @property
    def summary(self) -> str:
        """The last epoch, or how it ended."""
        return epoch_words(self.job, self.record) or (self.record.end.detail if self.record.end is not None else "")

    def plot(self, palette: Palette) -> TrainingPlot:
        """Loss, accuracy and learning rate."""
        from lrgui.plot.training_plot import TrainingPlot

        plot, record = TrainingPlot(None, palette), self.record
        begin_plan(plot, self.job, record)
        plot.set_live(record.loss, record.lr, record.momentum)
        if record.metric is not None:
            plot.set_measured(measured_name(record), record.metric)
        show_measured(plot, record)
        plot.reset_view()
        return plot

    def table(self) -> tuple[Sequence[str], Iterable[Sequence[Cell]]]:
        """One line per optimizer step; the epochs' numbers stand at the last step of each."""
        record = self.record
        heads = ["step", "lr", "loss", "seconds"]
        columns: list[list[Cell]] = [c.tolist() for c in (record.steps, record.lr, record.loss, record.seconds)]
        if record.momentum is not None:
            heads.append("momentum")
            columns.append(["" if math.isnan(value) else value for value in record.momentum.tolist()])
        if record.metric is not None:
            heads.append(measured_name(record))
            columns.append(["" if math.isnan(value) else value for value in record.metric.tolist()])
        names = [name for name in _OF_EPOCH if any(getattr(e, name) is not None for e in record.epochs)]
        if names:
            per_epoch = steps_per_epoch(self.job, record)
            for name in ("epoch", *names):
                column: list[Cell] = [""] * len(record)
                for epoch in record.epochs:
                    value, at = getattr(epoch, name), min(epoch.epoch * per_epoch, len(record)) - 1
                    if value is not None and at >= 0:
                        column[at] = value
                heads.append(name)
                columns.append(column)
        return heads, zip(*columns, strict=True)

    def to_dict(self) -> dict[str, Any]:
        """Steps, epochs and end."""
        record, end = self.record, self.record.end
        arrays = {"lr": record.lr, "loss": record.loss, "seconds": record.seconds}
        if record.momentum is not None:
            arrays["momentum"] = record.momentum
        if record.metric is not None:
            arrays[measured_name(record)] = record.metric
        return {
            "steps": {key: plain_numbers(values) for key, values in arrays.items()},
            "epochs": [_finite(asdict(epoch)) for epoch in record.epochs],
            "end": None if end is None else {"reason": end.reason, "detail": end.detail},
        }

    @property
    def swept(self) -> Job:
        """What was trained."""
        return self.job

    def sections(self) -> list[Section]:
        """The result, the epochs, the settings and the code."""
        record, rows = self.record, []
        if not self.job.task.is_script:
            rows.append(("Max learning rate", format_lr(self.job.train.max_lr)))
            rows.append(("Schedule", self.job.train.schedule_words))
        rows.append(("Steps", f"{len(record):,}"))
        if words := epoch_words(self.job, record):
            rows.append(("Last epoch", words))
        if record.end is not None and record.end.detail:
            rows.append(("How it ended", record.end.detail))
        found = [Section("Result", ("", ""), rows)]
        if record.epochs:
            found.append(Section("Epochs", *epoch_table(record)))
        found.append(task_section(self.job))
        if not self.job.task.is_script:
            found.append(settings_section(self.job.train))
        return found

    def program(self) -> list[str]:
        """Train again."""
        from lrgui.export.program import training_program

        return training_program(self.job, self.record)


_OF_EPOCH = ("train_loss", "val_loss", "train_accuracy", "val_accuracy", "train_metric", "val_metric")


def begin_plan(plot: TrainingPlot, job: Job, record: Record) -> None:
    """Let a plot have room for the whole training, with the planned rates; for what there is where nobody knows."""
    task, train = record.task, job.train
    if task is None or job.task.is_script:
        plot.begin(np.empty(0), len(record), 1)
        return
    cycles = cycles_momentum(job, task)
    draw_plan(plot, train, task.steps, steps_per_epoch(job, record), cycles=cycles, before=record)


def draw_plan(
    plot: TrainingPlot,
    train: TrainSettings,
    steps: int,
    per_epoch: int,
    *,
    cycles: bool,
    before: Record | None = None,
) -> None:
    """Let a plot have room for a training of so many optimizer steps, with the planned rates.

    `cycles`: the optimizer has a momentum in use, which the schedule may change. `before`: its record, where the
    schedule may have begun again for more epochs; until then the rates are those that it had.
    """
    drawn, waits = steps if steps <= MOST_DRAWN else 0, train.schedule == "plateau"
    begun = 0 if before is None else min(before.begun, len(before), drawn)
    if before is not None and begun:
        rates = np.concatenate([before.lr[:begun], planned_lr(train, drawn - begun, per_epoch)])
        plot.begin(rates, per_epoch, train.epochs, waits=waits, begun=begun)
        return
    rates = planned_lr(train, drawn, per_epoch) if drawn else np.empty(0)
    momenta = planned_momentum(train, drawn) if drawn and cycles else np.empty(0)
    plot.begin(rates, per_epoch, train.epochs, momenta, waits)


def cycles_momentum(job: Job, task: TaskEvent | None) -> bool:
    """True where the optimizer has a momentum in use, or a first beta, as far as its settings and its run tell."""
    from lrgui.export.snippets import SnippetError, facts_of_job  # not when the window opens

    record = None if task is None else Record.of([task])
    try:
        made = facts_of_job(job.train.max_lr, job, record).optimizer
    except SnippetError:
        return False
    return made is not None and made.cycles_momentum


def show_measured(plot: TrainingPlot, record: Record) -> None:
    """Show what belongs to no single step: epochs, gradients and changes of the rate."""
    plot.set_gradients(record.gradients)
    plot.set_epochs(record.epochs, record.epoch_steps)
    plot.set_rate_changes(record.rate_changes)


def measured_name(record: Record) -> str:
    """What was measured at each step beside the loss."""
    return (record.task.metric_name if record.task is not None else "") or "metric"


def epoch_words(job: Job, record: Record) -> str:
    """The last epoch in words, empty before there is one."""
    if not record.epochs:
        return ""
    last = record.epochs[-1]
    words = [f"Epoch {last.epoch} of {job.train.epochs}", f"training loss {format_loss(last.train_loss)}"]
    if last.val_loss is not None:
        whose = "" if job.train.ema_decay is None else " of the averaged weights"
        words.append(f"validation loss{whose} {format_loss(last.val_loss)}")
    if last.val_accuracy is not None:
        words.append(f"validation accuracy {format_percent(last.val_accuracy, 1)}")
    elif last.val_metric is not None:
        words.append(f"validation {last.metric_name} {format_metric(last.metric_name, last.val_metric)}")
    return " · ".join(words)


def epoch_table(record: Record) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Heads and rows of the epochs; where the task has several metrics, all of them by name."""

    def loss(value: float | None) -> str:
        return NOTHING if value is None else format_loss(value)

    last = record.epochs[-1]
    heads: tuple[str, ...] = ("epoch", "training loss", "validation loss")
    names = list(dict.fromkeys((*(last.train_metrics or ()), *(last.val_metrics or ()))))
    first = last.metric_name
    if not first and any(e.train_accuracy is not None or e.val_accuracy is not None for e in record.epochs):
        first = "accuracy"
    names = names or ([first] if first else [])
    for name in names:
        heads += (f"training {name}", f"validation {name}")
    rows: list[tuple[str, ...]] = []
    for epoch in record.epochs:
        row: tuple[str, ...] = (str(epoch.epoch), loss(epoch.train_loss), loss(epoch.val_loss))
        for name in names:
            row += tuple(format_metric(name, value) for value in _metric(epoch, name, name == first))
        rows.append(row)
    return heads, rows


def _metric(epoch: EpochEvent, name: str, first: bool) -> tuple[float | None, float | None]:
    """A metric of the training and of the validation data; `first` is the one that has places of its own."""
    if epoch.train_metrics is not None or epoch.val_metrics is not None:
        return (epoch.train_metrics or {}).get(name), (epoch.val_metrics or {}).get(name)
    if not first:
        return None, None
    if epoch.metric_name:
        return epoch.train_metric, epoch.val_metric
    return epoch.train_accuracy, epoch.val_accuracy


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    return {key: None if isinstance(v, float) and not np.isfinite(v) else v for key, v in values.items()}

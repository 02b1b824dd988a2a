"""The steps of a training that is watched: in a line while it goes on, as a document at the end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lrgui.cli.running import ended
from lrgui.core.events import BatchEvent, TaskEvent
from lrgui.core.formats import format_figure, format_loss
from lrgui.core.learning_rate import format_lr

if TYPE_CHECKING:
    from lrgui.runs.record import Record

#: The speed is that of the last so many steps.
RECENT = 50


def step_words(recent: Sequence[BatchEvent], task: TaskEvent | None) -> str:
    """The last steps in a line: "step 1,234 · loss 0.512 · LR 3.2e-4 · gradient norm 1.3 · 82 steps/s".

    The loss is the median of the last of them.
    """
    last = recent[-1]
    losses = sorted(event.loss for event in list(recent)[-9:])
    parts = [f"step {last.step + 1:,}", f"loss {format_loss(losses[len(losses) // 2])}", f"LR {format_lr(last.lr)}"]
    if last.metric is not None and task is not None:
        parts.append(f"{task.metric_name} {format_figure(last.metric)}")
    seconds = last.seconds - recent[0].seconds
    if seconds > 0:
        parts.append(f"{format_figure((last.step - recent[0].step) / seconds)} steps/s")
    return " · ".join(parts)


def training_document(record: Record) -> dict[str, Any]:
    """What was watched, as plain data."""
    end = ended(record)
    metric = record.metric
    columns = {"lr": record.lr, "loss": record.loss, "seconds": record.seconds}
    if metric is not None and record.task is not None:
        columns[record.task.metric_name.replace(" ", "_")] = metric
    steps = {name: [x if math.isfinite(x) else None for x in values.tolist()] for name, values in columns.items()}
    return {"steps": steps, "end": {"reason": end.reason, "detail": end.detail}}

"""What the epochs of a training measured: their losses, their metric, and at which steps they ended."""

from __future__ import annotations

import math
from collections.abc import Sequence

from lrgui.core.events import EpochEvent
from lrgui.core.run_settings import counted
from lrgui.runs.job import Job
from lrgui.runs.record import Record


def steps_per_epoch(job: Job, record: Record) -> int:
    """Optimizer steps of an epoch, at least 1."""
    steps = record.task.steps if record.task is not None else len(record)
    return max(1, -(-steps // job.train.epochs))


def examples_per_step(job: Job | None, record: Record) -> float:
    """How many examples an optimizer step learns from, on average; 0 where nobody knows."""
    task = record.task
    if job is None or task is None or job.task.is_script or not task.batches_per_epoch:
        return 0.0
    return task.train_size / task.batches_per_epoch * job.train.accumulation


def judged_loss(epoch: EpochEvent) -> float:
    """The loss that an epoch is judged by: of validation where it was measured, else of training."""
    return epoch.train_loss if epoch.val_loss is None else epoch.val_loss


def judged_metric(epoch: EpochEvent) -> tuple[str, float] | None:
    """Name and value of an epoch's metric, of validation where it was measured; None without one."""
    if epoch.metric_name:
        value = epoch.train_metric if epoch.val_metric is None else epoch.val_metric
        return None if value is None else (epoch.metric_name, value)
    value = epoch.train_accuracy if epoch.val_accuracy is None else epoch.val_accuracy
    return None if value is None else ("accuracy", value)


def best_epoch(epochs: Sequence[EpochEvent]) -> EpochEvent | None:
    """The epoch with the lowest finite validation loss, None where there is none."""
    measured = [(loss, i) for i, e in enumerate(epochs) if (loss := e.val_loss) is not None]
    measured = [(loss, i) for loss, i in measured if math.isfinite(counted(loss))]
    return epochs[min(measured)[1]] if measured else None

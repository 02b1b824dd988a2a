"""What becomes of a sweep's pick when the settings of the next run are other ones."""

from __future__ import annotations

from lrgui.core.optimizers import OPTIMIZERS
from lrgui.core.transfer import Transfer, transfer
from lrgui.runs.job import Job
from lrgui.tasks.registry import SOURCES


def carry_over(lr: float, swept: Job, now: Job) -> Transfer | None:
    """The pick `lr` of the sweep `swept` for the settings of `now`; None where nothing that it depends on changed."""
    before, after = swept.task, now.task
    if before.optimizer not in OPTIMIZERS or after.optimizer not in OPTIMIZERS:
        return None
    old, new = before.batch_size * swept.sweep.accumulation, after.batch_size * now.sweep.accumulation
    if new < 1 or old < 1:
        return None
    for name in ("source", "model"):
        if getattr(before, name) != getattr(after, name):
            return Transfer(None, f"The sweep was made with {_words(swept)}: sweep again.")
    takes_momentum = "momentum" in OPTIMIZERS[before.optimizer].fields
    if before.optimizer == after.optimizer and takes_momentum and before.momentum != after.momentum:
        return Transfer(
            None,
            f"The sweep was made with momentum {before.momentum:g}; more momentum wants a lower rate: sweep again.",
        )
    return transfer(lr, optimizer=before.optimizer, batch=old, to_optimizer=after.optimizer, to_batch=new)


def _words(job: Job) -> str:
    source = SOURCES.get(job.task.source)
    model = source.models.get(job.task.model) if source is not None else None
    return f"{model.label if model is not None else job.task.model} on {source.label if source else job.task.source}"

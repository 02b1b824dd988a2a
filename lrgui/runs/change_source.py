"""What becomes of a job's settings when something else is to be trained."""

from __future__ import annotations

from dataclasses import replace

from lrgui.runs.job import Job
from lrgui.tasks.catalog import SOURCES
from lrgui.tasks.user.rows import OWN, TASK


def switched(job: Job, source: str, path: str = "", model: str | None = None) -> Job:
    """`job` for another data source (key) and its file or folder; `model` is a key, None the source's first one.

    Settings of the old source and model mean nothing to the new ones, and the new source's usual ones are set.
    """
    row = SOURCES[source]
    task = replace(
        job.task,
        source=source,
        model=next(iter(row.models), "") if model is None else model,
        path=path,
        options={},
        model_options={},
        arguments="",
        subset=None,
    )
    if task.optimizer == OWN and source != TASK:
        task = replace(task, optimizer="sgd", optimizer_options={})
    if row.train_size is not None:
        task = replace(task, batch_size=min(task.batch_size, row.train_size))
    return replace(job, task=replace(task, **row.defaults))  # type: ignore[arg-type]

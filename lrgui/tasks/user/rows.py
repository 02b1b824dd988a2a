"""The row of a task that the person wrote: no torch, nothing of the person's is imported here."""

from __future__ import annotations

from lrgui.tasks.catalog_rows import PathRow, SourceRow

#: Key of the source.
TASK = "task"
#: In the place of an optimizer's key: the one that the task's code makes itself.
OWN = "own"

USER_TASK = SourceRow(
    key=TASK,
    label="Your task.py",
    short="task",
    detail="A Python file with model, batches and loss",
    dotted="lrgui.tasks.user.task.build",
    models={},
    train_size=None,
    val_size=None,
    group="Your code",
    path=PathRow(
        "Task",
        "code",
        "A Python file, or package.module; “:name” after it selects one function or object",
        suffixes=(".py",),
    ),
)

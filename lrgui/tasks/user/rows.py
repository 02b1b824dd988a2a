"""The rows of what the person wrote, a task or a script: no torch, nothing of the person's is imported here."""

from __future__ import annotations

from lrgui.core.options import Option
from lrgui.tasks.catalog_rows import PathRow, SourceRow
from lrgui.tasks.launchers import LAUNCHERS, TORCHRUN

#: Key of the source.
TASK = "task"
#: Key of a training script that runs as it is.
SCRIPT = "script"
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

USER_SCRIPT = SourceRow(
    key=SCRIPT,
    label="Your training script",
    short="script",
    detail="A program with its own training loop, run as it is",
    dotted="lrgui.tasks.user.script.build",
    models={},
    train_size=None,
    val_size=None,
    group="Your code",
    path=PathRow("Script", "code", "A Python file, a notebook or package.module", suffixes=(".py", ".ipynb")),
    options=(
        Option(
            "optimizer",
            "Optimizer",
            "whole",
            0,
            "Which of the script's optimizers to sweep, from 0, in the order in which they first step",
            minimum=0,
            maximum=99,
        ),
        Option(
            "processes",
            "Processes",
            "whole",
            1,
            "Start the script in this many processes, as torchrun does",
            minimum=1,
            maximum=64,
        ),
        Option(
            "launcher",
            "Launcher",
            "choice",
            TORCHRUN,
            "What starts the script in several processes",
            choices=tuple((key, key) for key in LAUNCHERS),
            rare=True,
        ),
        Option(
            "patience",
            "Patience",
            "whole",
            600,
            "Seconds that the script may take until its first optimizer step, and between two",
            minimum=1,
            unit="seconds",
        ),
        Option("folder", "Folder", "text", "", "The folder in which the script runs", optional=True),
        Option("sandbox", "Sandbox", "flag", False, "Discard what the script writes into its folder when the run ends"),
    ),
    defaults={"optimizer": OWN},
)

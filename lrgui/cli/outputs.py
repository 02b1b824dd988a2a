"""What a command is asked to write must not take the place of what it reads."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from lrgui.cli.app import Status, fail
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.user.target import Target


def source_file(task: TaskSpec) -> Path | None:
    """The file that a task is read from: code, a table, a text, arrays; None where it is not a file."""
    place = Target.parse(task.path).file if task.is_code else Path(task.path) if task.path else None
    return place if place is not None and os.path.isfile(place) else None


def spare(outputs: Mapping[str, Path | None], source: Path | None) -> None:
    """Leave with a sentence where an output, by its option's name, is the file `source`, or another output.

    Said before anything runs: a log replaces its file at once. Pipes and devices may be named more than once.
    """
    taken: dict[str, str] = {}
    for name, path in outputs.items():
        if path is None or (os.path.exists(path) and not os.path.isfile(path)):
            continue
        if source is not None and os.path.exists(path) and os.path.exists(source) and os.path.samefile(path, source):
            fail(f"--{name} would replace {path}, which is read here: name another file.", Status.BAD_ARGUMENTS)
        other = taken.setdefault(os.path.realpath(path), name)
        if other != name:
            fail(f"--{other} and --{name} are the same file, {path}: name two.", Status.BAD_ARGUMENTS)

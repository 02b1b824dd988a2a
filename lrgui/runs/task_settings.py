"""A task's settings by their names alone: which of them its data, its model and its optimizer have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lrgui.core.options import Option, Scalar, read_option
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.user.task_outline import Outline


def with_choice(task: TaskSpec, part: str, wanted: str) -> TaskSpec:
    """`task` with another "model" or "optimizer": a key, or library:name."""
    key, _, name = wanted.partition(":")
    changes: dict[str, Any] = {part: key}
    if name:
        changes[f"{part}_options"] = {"name": name}
    elif key != getattr(task, part):  # another one's own settings mean nothing to this one
        changes[f"{part}_options"] = {}
    return replace(task, **changes)


def places(task: TaskSpec, known: Outline | None) -> dict[str, tuple[str, Option]]:
    """The field of the task that holds a setting, and the setting, by its name: the data's go before the model's, and
    these before the optimizer's. `known` is what the task's code says of itself, None without code."""
    rows = (task.model_row, task.optimizer_row)
    parts: dict[str, tuple[Option, ...]] = {
        "options": known.options if known is not None else (task.row.options if task.row is not None else ()),
        "model_options": rows[0].options if rows[0] is not None else (),
        "optimizer_options": rows[1].options if rows[1] is not None else (),
    }
    found: dict[str, tuple[str, Option]] = {}
    for part, options in parts.items():
        for option in options:
            found.setdefault(option.name, (part, option))
    return found


def with_setting(task: TaskSpec, there: Mapping[str, tuple[str, Option]], name: str, value: Scalar) -> TaskSpec:
    """`task` with the setting `name` of `there`, which `places` found: a value, or as a person wrote it.

    Raises ValueError, with a sentence, for a name that is not there and for what cannot be read.
    """
    if name not in there:
        raise ValueError(f"no such setting. Available: {', '.join(there) or 'none'}.")
    part, option = there[name]
    if isinstance(value, str):
        value = read_option(option, value)
    changes: dict[str, Any] = {part: {**getattr(task, part), name: value}}
    return replace(task, **changes)

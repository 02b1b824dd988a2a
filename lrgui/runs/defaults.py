"""What a task file wants the form to begin with, put into a job."""

from __future__ import annotations

import difflib
from dataclasses import fields, replace
from typing import Any

from lrgui.core.optimizers import OPTIMIZERS
from lrgui.core.options import Scalar
from lrgui.core.run_settings import LOOP, Problem, SweepSettings, TrainSettings
from lrgui.core.settings import settings_of
from lrgui.runs.from_dict import from_plain
from lrgui.runs.job import Job
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.user.rows import OWN
from lrgui.tasks.user.task_outline import Outline

#: Names in a file's `defaults`, and the part of a job that each belongs to.
PARTS: dict[str, tuple[str, ...]] = {
    "task": (
        *("batch_size", "optimizer", "momentum", "weight_decay", "subset", "loader_workers", "device", "seed"),
        "threads",
        "pin_memory",
    ),
    # The loop's settings are the sweep's: trainings take them from there.
    "sweep": tuple(option.name for option in settings_of(SweepSettings)),
    "train": tuple(option.name for option in settings_of(TrainSettings) if option.name not in LOOP),
}


def apply_defaults(job: Job, outline: Outline) -> tuple[Job, list[str]]:
    """`job` with the values of `outline.defaults`, and a sentence for each that could not be used.

    The task's own optimizer is chosen where it has one and names no other; where it has none, the usual one
    takes the place of another task's.
    """
    task = job.task
    if outline.has_optimizer:
        task = replace(task, optimizer=OWN)
    elif task.optimizer == OWN:
        task = replace(task, optimizer=TaskSpec().optimizer)
    job = before = replace(job, task=task)
    sentences: list[str] = []
    for name, value in outline.defaults.items():
        part = _part_of(job, name, value)
        if part is None:
            sentences.append(_unknown(name))
            continue
        changed, sentence = _with(job, part, name, value)
        job = changed
        if sentence:
            sentences.append(sentence)
    return _valid(job, before, outline, sentences)


def _part_of(job: Job, name: str, value: Scalar) -> str | None:
    """The part of a job that a default belongs to; of a name that two have, the one that can hold the value."""
    parts = [part for part, names in PARTS.items() if name in names]
    for part in parts[1:] and parts:
        cls: Any = type(getattr(job, part))
        option = next(option for option in settings_of(cls) if option.name == name)
        if option.problem(value) is None:
            return part
    return next(iter(parts), None)


def _with(job: Job, part: str, name: str, value: Scalar) -> tuple[Job, str]:
    """`job` with one value more, where its type is right."""
    if name == "optimizer" and isinstance(value, str):
        value = _optimizer_key(value)
    current: Any = getattr(job, part)
    plain = {one.name: getattr(current, one.name) for one in fields(current)} | {name: value}
    try:
        changed = from_plain(type(current), plain, "The task")
    except ValueError as error:
        words = str(error).removeprefix("The task's ").removesuffix(".")
        return job, f"The task's default for {words}; it was not used."
    return _put(job, part, {name: getattr(changed, name)}), ""


def _put(job: Job, part: str, values: dict[str, Any]) -> Job:
    if part == "sweep":  # a range of the file's own does not follow the optimizer
        return replace(job, sweep=job.sweep.with_given(values))
    changed: dict[str, Any] = {part: replace(getattr(job, part), **values)}
    return replace(job, **changed)


def _valid(job: Job, before: Job, outline: Outline, sentences: list[str]) -> tuple[Job, list[str]]:
    """Take back those defaults that the job's own checks refuse.

    Checked together: a first rate is wrong only beside its last, and either of them may be the task's.
    """
    for part, names in PARTS.items():
        given = [name for name in names if name in outline.defaults]
        problems = _problems(job, part)
        blamed = [one.field for one in problems]
        for name in sorted(given, key=lambda name: name not in blamed):
            if len(problems) <= len(_problems(before, part)):
                break
            taken_back = _put(job, part, {name: getattr(getattr(before, part), name)})
            left = _problems(taken_back, part)
            if len(left) < len(problems):
                sentence = next((str(one) for one in problems if one.field == name), str(problems[0]))
                sentences.append(f"The task's default for {name} was not used: {sentence}")
                job, problems = taken_back, left
    return job, sentences


def _problems(job: Job, part: str) -> list[Problem]:
    return list(getattr(job, part).validate())


def _optimizer_key(name: str) -> str:
    """The key of an optimizer that is written as its class or its label: "AdamW" → "adamw"."""
    low = name.lower().removeprefix("torch.optim.")
    for key, row in OPTIMIZERS.items():
        if low in {key, row.label.lower(), row.dotted.lower().rpartition(".")[2]} - {""}:
            return key
    return name


def _unknown(name: str) -> str:
    known = [one for names in PARTS.values() for one in names]
    near = difflib.get_close_matches(name, known, 1)
    hint = f"Did you mean “{near[0]}”?" if near else f"Available: {', '.join(known)}."
    return f"The task's defaults contain “{name}”, which is not a setting. {hint}"

"""A study around a job: what varies is given, everything else is as the job has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lrgui.core.options import Scalar
from lrgui.core.settings import settings_of
from lrgui.runs.job import Job
from lrgui.runs.task_settings import places
from lrgui.studies.plan import CONFIGS, FIELDS, task_at, with_values
from lrgui.studies.spec import FIND, SEED, StudySpec, Values

#: Set by what is measured before, or a matter of the computer.
_LEFT_OUT = (SEED, "train.max_lr", "race.around")


def spec_of_job(
    job: Job, grid: Mapping[str, tuple[Scalar, ...]], seeds: tuple[int, ...] = (0,), measure: str = FIND
) -> StudySpec:
    """The study of the job's task over `grid`, with all settings of the job that are not the task's usual ones.

    Raises ValueError, with a sentence, for a job that no study can make.
    """
    task = job.task
    if task.is_script:
        raise ValueError("A training script cannot be studied. Put its model and its data into a task: New task….")
    source = task.path or task.source
    base, known, _ = task_at(source)
    if base.task.source != task.source:  # its path is only where it is kept
        source = task.source
        base, known, _ = task_at(source)
    fixed: Values = {}
    for part in ("model", "optimizer"):
        if part not in grid:
            chosen = _choice(task, part)
            if chosen != _choice(base.task, part):
                fixed[part] = chosen
    now = with_values(base, known, fixed)
    for name in FIELDS:
        if name not in ("model", "optimizer") and getattr(task, name) != getattr(now.task, name):
            fixed[name] = getattr(task, name)
    for name, (part, option) in places(task, known).items():
        ours, theirs = getattr(task, part), getattr(now.task, part)
        value = ours.get(name, option.default)
        if value != theirs.get(name, option.default) and not (part == "optimizer_options" and "optimizer" in grid):
            fixed[name] = value
    for part, cls in CONFIGS.items():
        ours, theirs = getattr(job, part), getattr(now, part)
        for option in settings_of(cls):
            wanted: Any = getattr(ours, option.name)
            followed = part == "sweep" and option.name == "end_lr" and not job.sweep.end_chosen
            if wanted != getattr(theirs, option.name) and not followed:
                fixed[f"{part}.{option.name}"] = wanted
    # A loop's settings are the sweep's: trainings and races take them from there.
    shared = {option.name for option in settings_of(CONFIGS["sweep"])}
    for name in list(fixed):
        part, _, inner = name.partition(".")
        same = part in ("train", "race") and inner in shared
        if name in grid or name in _LEFT_OUT or same:
            del fixed[name]
    spec = StudySpec(source, measure, fixed, dict(grid), seeds=seeds)
    made = with_values(base, known, fixed).task
    for name in (*FIELDS, "path", "options", "model_options"):
        if name not in grid and name != SEED and getattr(made, name) != getattr(task, name):
            if name in ("options", "model_options") and not _differs(getattr(made, name), getattr(task, name), grid):
                continue
            raise ValueError(
                f"The task's {name.replace('_', ' ')} cannot be part of a study's file: write the file by hand."
            )
    return spec


def _choice(task: Any, part: str) -> str:
    """A model or an optimizer as it is chosen: a key, or library:name."""
    name = getattr(task, f"{part}_options").get("name")
    key = getattr(task, part)
    return f"{key}:{name}" if name else str(key)


def _differs(one: Mapping[str, Any], other: Mapping[str, Any], grid: Mapping[str, Any]) -> bool:
    """True where they hold different values; one that is only there in one of them is the usual one."""
    return any(one[name] != other[name] for name in one.keys() & other.keys() if name not in grid)

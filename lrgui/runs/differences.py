"""What tells runs apart: the settings in which they differ, and names made of these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from lrgui.core.formats import NOTHING
from lrgui.runs.headline import clock
from lrgui.runs.job import Job
from lrgui.runs.settings_rows import option_rows, settings_rows, task_rows
from lrgui.runs.words import VERBS

KIND, OPTIMIZER, MAX_LR, SEED, DEFAULT = "Kind", "Optimizer", "Max LR", "Seed", "default"
#: Settings whose values say by themselves what they are.
_PLAIN = (KIND, "Data", "Model", OPTIMIZER)
#: Settings that a name always has where runs differ in them; others only where it takes them to tell runs apart.
_MAIN = (*_PLAIN, MAX_LR, "Around", "Batch size", SEED)
#: Names have at most so many words beyond these.
MOST_MORE = 2
#: Values that are longer than this are cut in a name, in characters.
MOST_VALUE = 40


@dataclass(frozen=True)
class Difference:
    """A setting in which runs differ."""

    label: str
    values: tuple[str, ...]
    """One for each run; a dash where a run has no such setting."""


def differences(jobs: Sequence[Job], optimizers: Sequence[str] = ()) -> list[Difference]:
    """The settings in which runs of `jobs` differ, in the order of the form; kinds of runs first.

    `optimizers` are those that ran, where more is known of them than the jobs say. A setting that only some kinds of
    runs have counts where it differs among those.
    """
    names = optimizers or [job.task.optimizer_words for job in jobs]
    tasks = [
        {KIND: VERBS.get(job.kind, job.kind)} | dict(task_rows(job)) | {OPTIMIZER: name}
        for job, name in zip(jobs, names, strict=True)
    ]
    settings = [{} if job.task.is_script else dict(settings_rows(job.config)) for job in jobs]
    given = [dict(option_rows(job)) for job in jobs]
    found = []
    for every, missing in ((tasks, NOTHING), (settings, NOTHING), (given, DEFAULT)):
        for label in dict.fromkeys(label for rows in every for label in rows):
            values = [rows.get(label, missing) for rows in every]
            if every is settings:
                values = _of_differing_kinds(values, jobs)
            told = values if missing == DEFAULT else [value for value in values if value != missing]
            if len(set(told)) > 1:
                found.append(Difference(label, tuple(values)))
    # What a seed is worth is seen last.
    return sorted(found, key=lambda difference: difference.label == SEED)


def _of_differing_kinds(values: Sequence[str], jobs: Sequence[Job]) -> list[str]:
    """The values of a setting, for those kinds of runs among which it differs: a sweep's steps are no training's."""
    told: dict[str, set[str]] = {}
    for value, job in zip(values, jobs, strict=True):
        told.setdefault(job.kind, set()).add(value)
    return [value if len(told[job.kind]) > 1 else NOTHING for value, job in zip(values, jobs, strict=True)]


def alike_but_seed(job: Job) -> str:
    """The same text for jobs that differ in their seed alone."""
    return repr((job.kind, replace(job.task, seed=0), job.config))


def distinct_names(
    jobs: Sequence[Job],
    optimizers: Sequence[str] = (),
    started: Sequence[datetime | None] = (),
    now: datetime | None = None,
    *,
    usual: Sequence[str] = (),
    numbers: Sequence[int] = (),
) -> list[str]:
    """What runs are called beside each other: whatever tells them apart, and no two alike.

    `optimizers` as in `differences`; `started` says when each began, and stands in the names where the settings do not
    tell them apart, with seconds where it has to. `usual` is what they are called where no main setting differs, else
    their optimizers; `numbers` stand behind names that are alike all the same, else their places from 1.
    """
    names = list(optimizers or [job.task.optimizer_words for job in jobs])
    found = [_shortened(each) for each in differences(jobs, names)]
    columns = [[name_part(each.label, value) for value in each.values] for each in found if each.label in _MAIN]
    if not columns:
        columns = [list(usual or names)]
    for each in [each for each in found if each.label not in _MAIN][:MOST_MORE]:
        if len(set(_joined(columns))) == len(jobs):
            break
        columns.append([name_part(each.label, value) for value in each.values])
    called = _joined(columns)
    return told_apart(called, [*started, *[None] * (len(jobs) - len(started))], now, numbers)


def told_apart(
    names: Sequence[str],
    started: Sequence[datetime | None],
    now: datetime | None = None,
    numbers: Sequence[int] = (),
) -> list[str]:
    """`names` with the time at which each began behind those that are alike, with seconds where it has to be, else
    with a number: of `numbers`, or their places from 1."""
    called = list(names)
    for seconds in (False, True):
        twice = _alike(called)
        called = [
            f"{name} · {clock(moment, now, seconds=seconds)}" if again and moment is not None else before
            for name, before, again, moment in zip(names, called, twice, started, strict=True)
        ]
    twice = _alike(called)
    return [
        f"{name} ({number})" if again else name
        for number, name, again in zip(numbers or range(1, len(called) + 1), called, twice, strict=True)
    ]


def _shortened(each: Difference) -> Difference:
    """Optimizers without their settings, where they are told apart without: "SGD"."""
    short = tuple(value.split(",")[0] for value in each.values)
    return replace(each, values=short) if each.label == OPTIMIZER and len(set(short)) == len(set(each.values)) else each


def _alike(names: Sequence[str]) -> list[bool]:
    return [names.count(name) > 1 for name in names]


def _joined(columns: Sequence[Sequence[str]]) -> list[str]:
    return [" · ".join(filter(None, words)) for words in zip(*columns, strict=True)]


def name_part(label: str, value: str) -> str:
    """What a name says of a value, with what it is: "batch 64", "max LR 1e-3"; empty where there is none."""
    if value == NOTHING:
        return ""
    value = value if len(value) <= MOST_VALUE else f"{value[: MOST_VALUE - 1]}…"
    if label in _PLAIN:
        return value
    name = "batch" if label == "Batch size" else label if label[:2].isupper() else label[:1].lower() + label[1:]
    return f"{name} {value}"

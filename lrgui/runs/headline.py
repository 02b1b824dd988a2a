"""What a run is called above its plot and in its picture: one sentence for window and exports."""

from __future__ import annotations

from datetime import datetime

from lrgui.core.events import RunKind, TaskEvent
from lrgui.core.learning_rate import format_lr
from lrgui.runs.job import Job
from lrgui.tasks.spec import TaskSpec


def title_of(task: TaskSpec, told: TaskEvent | None) -> str:
    """What is trained, and by which optimizer: of a task file by its own `name`, once the run has told it."""
    named = "" if told is None or not task.is_code or task.is_script else " ".join(told.name.split())
    return named or task.title


def headline(
    job: Job,
    started: datetime | None = None,
    synthetic: str = "",
    now: datetime | None = None,
    told: TaskEvent | None = None,
) -> str:
    """ "Digits · small CNN · SGD, momentum 0.9 · batch 64 · 15:47"; a run of another day has its date too.

    `started` is when the run began, None where nobody knows. `synthetic` names the scenario of a curve that was made
    up. `now` is the present moment. `told` is what the run said of its task.
    """
    if synthetic:
        return f"{synthetic} (synthetic example)"
    task = job.task
    title = title_of(task, told)
    if not task.is_code and task.row is not None and task.data_words == task.row.short:  # our word, no file's name
        title = title[:1].upper() + title[1:]
    words = [title, *settings_words(job)[1:]]
    if job.kind == RunKind.TRAIN and not task.is_script:
        words.append(f"max LR {format_lr(job.train.max_lr)}")
    if started is not None:
        words.append(clock(started, now))
    return " · ".join(words)


def shorter(headline: str) -> str:
    """A headline where there is little room, without what follows a comma: "SGD" for "SGD, momentum 0.9"."""
    return " · ".join(part.partition(", ")[0] for part in headline.split(" · "))


def settings_words(job: Job) -> list[str]:
    """The settings that a learning rate belongs to, optimizer first: "SGD, momentum 0.9", "batch 64"."""
    # A script brings its own batches.
    return [job.task.optimizer_words, *([] if job.task.is_script else [job.task.batch_words])]


def clock(moment: datetime, now: datetime | None = None, *, seconds: bool = False) -> str:
    """When something happened, in local time: "15:47", "30 Nov 15:47" on another day, with the year in another.

    `seconds` tell apart what happened in the same minute: "15:47:08".
    """
    local, today = moment.astimezone(), (now or datetime.now()).astimezone()
    time = f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
    if local.date() == today.date():
        return time
    return f"{local.day} {local:%b} {time}" if local.year == today.year else f"{local.day} {local:%b %Y} {time}"

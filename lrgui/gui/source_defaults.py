"""Settings that came with a data source or a task's file, and that go with it when something else is trained."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from lrgui.runs.job import Job

#: Fields of the task that may come with its source. Its path, model and subset mean nothing to another one anyway.
OF_TASK = (
    "optimizer",
    "optimizer_options",
    "momentum",
    "weight_decay",
    "batch_size",
    "loader_workers",
    "device",
    "seed",
)

Config = TypeVar("Config")


@dataclass(frozen=True)
class Lent:
    """A job before and after its source was chosen."""

    before: Job
    after: Job

    def given_back(self, job: Job) -> Job:
        """`job` as it would be without that source; what the person changed since stays."""
        if job.task.source != self.after.task.source:
            return job  # a run was opened meanwhile: it has settings of its own
        task = _back(job.task, self.before.task, self.after.task, OF_TASK)
        sweep, train = (
            _back(getattr(job, part), getattr(self.before, part), getattr(self.after, part))
            for part in ("sweep", "train")
        )
        return replace(job, task=task, sweep=sweep, train=train)


def _back(config: Config, before: Config, after: Config, names: tuple[str, ...] = ()) -> Config:
    changes: dict[str, Any] = {}
    for name in names or [one.name for one in fields(config)]:  # type: ignore[arg-type]
        was, came = getattr(before, name), getattr(after, name)
        if was != came and getattr(config, name) == came:
            changes[name] = was
    return replace(config, **changes) if changes else config  # type: ignore[type-var]

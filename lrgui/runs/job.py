"""What to run: a task and the settings of the sweep or the training, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from lrgui.core.curve.plan import USUAL, Plan
from lrgui.core.events import RunKind
from lrgui.core.run_settings import (
    MOST_STEPS,
    CycleSettings,
    LoopSettings,
    Problem,
    RaceSettings,
    SweepSettings,
    TrainSettings,
    is_finite,
)
from lrgui.core.settings import settings_of, values_of
from lrgui.core.training_length import STEPS, Length
from lrgui.runs.from_dict import from_plain
from lrgui.tasks.catalog import SOURCES
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.user.rows import OWN, TASK

#: What a job can be; a check tries one batch of the task and trains nothing.
JOB_KINDS = (RunKind.SWEEP, RunKind.TRAIN, RunKind.RACE, RunKind.CHECK)


@dataclass(frozen=True)
class Keeping:
    """Where a training keeps its checkpoints (`runs/checkpoints.py`), and which one it goes on from.

    Said by whoever starts the run: a run file or settings never name it.
    """

    folder: str
    resume: str = ""
    """Path of a checkpoint; empty for a training that begins."""


@dataclass(frozen=True)
class Job:
    """Everything that a run needs to know. All configs are kept: a training often follows a sweep.

    Which Python computes is no part of it: that is a setting of the machine, never of a run file.
    """

    kind: str = RunKind.SWEEP
    """One of `JOB_KINDS`."""
    task: TaskSpec = field(default_factory=TaskSpec)
    sweep: SweepSettings = field(default_factory=SweepSettings)
    train: TrainSettings = field(default_factory=TrainSettings)
    race: RaceSettings = field(default_factory=RaceSettings)
    keeping: Keeping | None = None
    """Of a training that is kept; not in `to_dict`."""

    def training(self) -> Job:
        """The training that these settings describe: it makes its steps as the sweep does."""
        return replace(self, kind=RunKind.TRAIN, train=replace(self.train, **values_of(self.sweep, LoopSettings)))

    def verification(self, plan: Plan = USUAL) -> Job:
        """The race that these settings describe, around the training's rate.

        Its trainings are OneCycles, also a script's, whose own schedule such a race replaces: the rate of a training on
        another schedule becomes the maximum that corresponds to it, for an optimizer of the kind that `plan` says.
        """
        shared = values_of(self.sweep, LoopSettings) | values_of(self.train, CycleSettings)
        plan = replace(plan, schedule=self.train.planned_schedule)
        around = plan.as_one_cycle(self.train.max_lr)
        race = replace(self.race, around=around, one_cycle=self.task.is_script, **shared)
        return replace(self, kind=RunKind.RACE, race=race)

    def with_shared(self, given: Mapping[str, Any]) -> Job:
        """The job with the given settings of the loop and of the cycle wherever they stand."""
        loop, cycle = ({o.name for o in settings_of(one)} & given.keys() for one in (LoopSettings, CycleSettings))
        sweep = replace(self.sweep, **{name: given[name] for name in loop})
        train = replace(self.train, **{name: given[name] for name in loop | cycle})
        return replace(self, sweep=sweep, train=train)

    @property
    def length(self) -> Length | None:
        """The length of the training that is planned; None for a script's, of which nobody said anything."""
        if self.sweep.planned_steps is not None:
            return Length(self.sweep.planned_steps, STEPS)
        if self.sweep.planned_epochs is not None:
            return Length(self.sweep.planned_epochs)
        return None if self.task.is_script else Length.of(self.train)

    def with_length(self, length: Length | None, *, usual: bool = False) -> Job:
        """The job whose pick is for a training of this length, which is that of its own training; None is as long as
        the optimizer's schedule says, or a short one. `usual`: nobody chose it."""
        if length is None:
            return replace(self, sweep=replace(self.sweep, planned_steps=None, planned_epochs=None, length_usual=False))
        steps, epochs = (length.count, None) if length.unit == STEPS else (None, length.count)
        sweep = replace(self.sweep, planned_steps=steps, planned_epochs=epochs, length_usual=usual)
        if self.task.is_script:  # it trains by itself
            return replace(self, sweep=sweep)
        train = replace(self.train, steps=None if steps is None else min(steps, MOST_STEPS))
        return replace(self, sweep=sweep, train=train if epochs is None else replace(train, epochs=epochs))

    @property
    def config(self) -> SweepSettings | TrainSettings | RaceSettings:
        """The config that `kind` uses; a check uses none, and gets the sweep's."""
        if self.kind == RunKind.TRAIN:
            return self.train
        return self.race if self.kind == RunKind.RACE else self.sweep

    def validate(self) -> list[Problem]:
        """Every problem of the task and of the config that `kind` uses, an empty list where there is none.

        Numbers that are not finite are one in every config: a log and the settings hold all of them, and JSON has no
        such numbers.
        """
        if self.kind not in JOB_KINDS:
            choices = ", ".join(JOB_KINDS)
            return [Problem("kind", f"Unknown job “{self.kind}”.", f"Choose one of: {choices}.")]
        config = [] if self.kind == RunKind.CHECK else self.config.validate()
        others = [problem for one in self._configs() if one is not self.config for problem in _not_finite(one)]
        return [*self.task.validate(), *config, *others]

    def mended(self) -> tuple[Job, list[Problem]]:
        """The job with the usual settings in place of those that cannot be, and the problems its run would have met.

        For jobs from files: a form may hold what its run did not use, a newer program may know more; and a file can
        say anything, but plots and forms must not be asked for what cannot be drawn.
        """
        told: list[Problem] = []
        parts: dict[str, Any] = {}
        for part, usual in (("sweep", SweepSettings()), ("train", TrainSettings()), ("race", RaceSettings())):
            config: Any = getattr(self, part)
            problems = config.validate()
            if problems:
                told += problems if config is self.config else []
                mended: Any = replace(config, **{problem.field: getattr(usual, problem.field) for problem in problems})
                parts[part] = usual if mended.validate() else mended
        task, problems = self.task.made_finite()
        return replace(self, task=task, **parts), [*told, *problems]

    def _configs(self) -> tuple[SweepSettings | TrainSettings | RaceSettings, ...]:
        return self.sweep, self.train, self.race

    def to_dict(self) -> dict[str, Any]:
        """The job as what JSON knows; where it is kept belongs to one computer, and is left out."""
        data = asdict(self)
        del data["keeping"]
        return data

    @classmethod
    def from_dict(cls, data: object) -> Job:
        """The job from `to_dict`'s form; unknown keys are ignored, missing ones take their default.

        Raises ValueError, with a sentence, for a wrong type.
        """
        return replace(from_plain(cls, data, "The job"), keeping=None)

    def to_request(self) -> dict[str, Any]:
        """What the process that computes is told: the job, and where it is kept."""
        return asdict(self)

    @classmethod
    def from_request(cls, data: object) -> Job:
        """The job from `to_request`'s form. Raises as `from_dict`."""
        return from_plain(cls, data, "The job")


def _not_finite(config: SweepSettings | TrainSettings | RaceSettings) -> list[Problem]:
    """The problems of a config's numbers that are not finite."""
    return [problem for problem in config.validate() if not is_finite(getattr(config, problem.field))]


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


def with_threads(job: Job, threads: int) -> Job:
    """`job` with so many threads, unless somebody chose a number."""
    return job if job.task.threads is not None else replace(job, task=replace(job.task, threads=max(1, threads)))

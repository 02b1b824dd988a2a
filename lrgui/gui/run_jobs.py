"""What a run would run, made of the window's settings, and what was typed there that nobody can read."""

from __future__ import annotations

from dataclasses import replace

from lrgui.core.curve.plan import USUAL, Plan
from lrgui.core.events import RunKind
from lrgui.core.run_settings import LOOP, LoopSettings, SweepSettings, TrainSettings
from lrgui.core.settings import values_of
from lrgui.core.training_length import Length
from lrgui.runs.job import Job

_SWEEP, _TRAINING = ("task", "sweep"), ("task", "train")
#: The parts of the settings that each kind of run uses; one that is not here brings its own.
PARTS: dict[str, tuple[str, ...]] = {
    RunKind.SWEEP: _SWEEP,
    RunKind.COMPARE: _SWEEP,
    RunKind.TRAIN: _TRAINING,
    RunKind.RACE: (*_TRAINING, "race"),
    RunKind.CHECK: ("task",),
}


def job_of(kind: str, job: Job, plan: Plan = USUAL) -> Job:
    """What a run of `kind` would run with the settings of `job`; `plan` is what a selected rate is meant for."""
    if kind == RunKind.ASIDE:  # the built-in digits
        return Job()
    if kind == RunKind.TRAIN:
        return job.training()
    if kind == RunKind.RACE:
        return job.verification(plan)
    if job.task.is_script and kind == RunKind.SWEEP:  # it brings its own loop, and runs once
        job = replace(job, sweep=replace(job.sweep, repeats=1, **values_of(SweepSettings(), LoopSettings)))
    return replace(job, kind=RunKind.SWEEP if kind == RunKind.COMPARE else kind)


def agreed(before: Job | None, job: Job) -> Job:
    """`job` with one length of the training: what changed since `before` says which, where its parts differ.

    A script trains by itself, and only its steps can be known: without a word of them its schedule says how long.
    """
    sweep, train = job.sweep, Length.of(job.train)
    planned = sweep.planned_steps, sweep.planned_epochs
    if job.task.is_script:
        return job.with_length(None) if sweep.length_usual or sweep.planned_epochs is not None else job
    same = before is not None and (before.sweep.planned_steps, before.sweep.planned_epochs) == planned
    if planned == (None, None) or (same and before is not None and Length.of(before.train) != train):
        return job.with_length(train, usual=train == Length.of(TrainSettings()))
    return job.with_length(job.length, usual=sweep.length_usual)


def without_rate(job: Job) -> Job:
    """`job` with the usual rate for its training, in the place of one that was chosen for another task."""
    return replace(job, train=replace(job.train, max_lr=TrainSettings().max_lr))


def matters(part: str, name: str, kind: str) -> bool:
    """True where a run of `kind` uses the setting `name` of a part of the job."""
    return part in PARTS.get(kind, ()) or (kind in (RunKind.TRAIN, RunKind.RACE) and part == "sweep" and name in LOOP)


class Unread:
    """Texts of fields that cannot be read, so that no run starts on an older value of them."""

    def __init__(self) -> None:
        self._texts: dict[tuple[str, str], str] = {}

    def set(self, part: str, name: str, text: str) -> None:
        """What is wrong with the field `name` of a part of the settings; empty where it can be read."""
        self._texts.pop((part, name), None)
        if text:
            self._texts[part, name] = text

    def that_matter(self, kind: str) -> list[str]:
        """What is wrong with fields that a run of `kind` uses."""
        return [text for (part, name), text in self._texts.items() if matters(part, name, kind)]

    def places(self, kind: str) -> list[tuple[str, str]]:
        """Part and name of these fields."""
        return [place for place in self._texts if matters(*place, kind)]

"""Going on with a training that was kept: from which state, and whether that is possible."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lrgui.core.events import BROKE, EndReason, RunKind
from lrgui.core.run_settings import TrainSettings
from lrgui.runs.checkpoints import LAST, Checkpoint, folder_of, newest
from lrgui.runs.job import Job, Keeping
from lrgui.runs.log_writer import hold
from lrgui.runs.opened import OpenedRun

#: What becomes of the rate where a complete training gets more epochs.
AGAIN = (
    "The planned schedule has ended: for the additional epochs it begins again, from its first rate over max LR to its "
    "last. Changes made by hand end with the old schedule."
)
#: Why a training that broke is not resumed.
DIVERGED = "This training diverged, and would again from its last state: train with a lower learning rate."


class NotResumableError(ValueError):
    """Why a run cannot go on, in a sentence with the way out."""


def resumable(log: Path, opened: OpenedRun) -> Checkpoint | None:
    """The state from which the run could go on; None where there is none."""
    if opened.job.kind != RunKind.TRAIN:
        return None
    return newest(folder_of(log), LAST, steps_in(opened))


def followed_words(name: str) -> str:
    """What is said where the training of the log of this name needs no resuming."""
    return f"{name} is still going on: following it."


def steps_in(opened: OpenedRun) -> int:
    """Optimizer steps that a log tells of."""
    record = opened.record
    return int(record.steps[-1]) + 1 if len(record) else 0


def resumed(log: Path, opened: OpenedRun, more_epochs: int = 0, there: Checkpoint | None = None) -> Job:
    """What is to run so that the training goes on, with `more_epochs` than it was planned for.

    `there` is the state to go on from where that is on a target. Raises NotResumableError.
    """
    job, end = opened.job, opened.record.end_reason
    if job.kind != RunKind.TRAIN:
        raise NotResumableError(f"{log.name} is not a training: only trainings can be resumed.")
    with log.open("rb") as file:
        if not hold(file):
            raise NotResumableError("This training is still going on: stop it first.")
    state = there or resumable(log, opened)
    if state is None:
        off = " It was run with checkpoints off." if not job.train.checkpoints else ""
        raise NotResumableError(f"{log.name} has no checkpoint to resume from.{off} Run it again instead.")
    if more_epochs < 0:
        raise NotResumableError("More epochs must be 1 or more.")
    if state.over and not more_epochs:
        raise NotResumableError("This training is complete: say how many more epochs to train.")
    if end in BROKE:
        raise NotResumableError(DIVERGED)
    if more_epochs and not state.over and end != EndReason.COMPLETED:
        raise NotResumableError(
            "This training has not reached its planned end: resume it first, then train more epochs."
        )
    train = _longer(job.train, opened, more_epochs) if more_epochs else job.train
    return replace(job, train=train, keeping=Keeping(str(folder_of(log).absolute()), str(state.path.absolute())))


def _longer(train: TrainSettings, opened: OpenedRun, more: int) -> TrainSettings:
    """The settings of a training that has ended, maybe after fewer epochs than were planned."""
    steps = None if train.steps is None else train.steps + more * -(-train.steps // train.epochs)
    epochs = opened.record.epochs
    return replace(train, epochs=(epochs[-1].epoch if epochs else train.epochs) + more, steps=steps)

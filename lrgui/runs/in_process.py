"""Running a job in this very process, with torch: what the worker, notebooks and tests use."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from lrgui.core import tensor_file
from lrgui.core.control import Control
from lrgui.core.curve.own_rate import following, following_note
from lrgui.core.engine.batches import length
from lrgui.core.engine.evaluation import first_of
from lrgui.core.engine.loader_state import seed_all
from lrgui.core.engine.loop_options import apply_options, take_back
from lrgui.core.engine.made_with import made_with
from lrgui.core.engine.modes import modes_note
from lrgui.core.engine.param_groups import partly_held_note
from lrgui.core.engine.passes import batches_in, planned_steps
from lrgui.core.engine.planned import planned
from lrgui.core.engine.race import race
from lrgui.core.engine.snapshot import Snapshot
from lrgui.core.engine.sweep import sweep
from lrgui.core.engine.team import Team, team
from lrgui.core.engine.train import train
from lrgui.core.engine.validation import Probe
from lrgui.core.events import (
    WHOLE,
    BatchEvent,
    CandidateEvent,
    EndEvent,
    EndReason,
    Event,
    OutputEvent,
    RunKind,
    RunState,
    StateEvent,
    Stream,
    SweepEndEvent,
    TaskEvent,
)
from lrgui.core.tensor_file import Contents
from lrgui.runs.checkpoints import about, forget_later
from lrgui.runs.failures import stopped_by_force, told
from lrgui.runs.job import Job
from lrgui.runs.keeper import DiskKeeper
from lrgui.runs.made_in import made_in
from lrgui.tasks.build import build_task
from lrgui.tasks.optimizers.optimizing import named
from lrgui.tasks.task import BuiltTask
from lrgui.tasks.user.children import guard_children
from lrgui.temporary import keep_sockets_of_children


def run_job(job: Job, control: Control | None = None) -> Iterator[Event]:
    """The events of `job`, from the first `StateEvent` to the `EndEvent`.

    Never raises: whatever goes wrong, also in the task's code, is told by the last events. Seeds the global
    random generators (`build_task` does).
    """
    keep_sockets_of_children()
    return told(_events(job, control or Control()), job)


def _events(job: Job, control: Control) -> Iterator[Event]:
    problems = job.validate()
    if problems:
        raise ValueError(" ".join(str(problem) for problem in problems))
    yield StateEvent(RunState.STARTING, "Preparing data and model")
    for row in (job.task.row, job.task.model_row):
        if row is not None and row.prepare:
            yield from named(row.prepare)(job.task, control)
        if control.cancelled:
            yield EndEvent(EndReason.CANCELLED, "Stopped before the first batch.")
            return
    if job.kind == RunKind.CHECK:
        from lrgui.tasks.checks.check import check_task  # only a check needs it

        yield from check_task(job.task, control, job.sweep.steps)
        return
    task = build_task(job.task)
    undo, said = apply_options(job.config, task.model, task.optimizer, task.loss)
    try:
        yield from _of_task(job, task, control, said)
    finally:
        take_back(undo)


def _of_task(job: Job, task: BuiltTask, control: Control, said: list[str]) -> Iterator[Event]:
    """The events of a job whose task is made; `said` is what there is to say of it first."""
    asked, own = job.sweep, task.own_rate if job.kind == RunKind.SWEEP else None
    job = replace(job, sweep=following(asked, own))
    notes = (*task.notes, *said, partly_held_note(task.model, task.optimizer), modes_note(task.model))
    for note in (*notes, following_note(asked, job.sweep)):
        if note is not None:
            yield OutputEvent(note, Stream.NOTE)
    passes = job.kind == RunKind.TRAIN and job.train.steps is None
    batches = batches_in(task.loader) if passes else length(task.loader) or 0
    yield TaskEvent(
        name=task.name,
        detail=task.detail,
        train_size=task.train_size,
        val_size=task.val_size,
        parameters=task.parameters,
        classes=task.classes,
        device=str(task.device),
        batches_per_epoch=batches,
        steps={
            "sweep": job.sweep.steps,
            "train": planned_steps(job.train, batches),
            "race": job.race.total_steps(),
        }[job.kind],
        steps_per_point=job.sweep.batches_per_lr if job.kind == RunKind.SWEEP else 1,
        metric_name=task.metric_name,
        own_lr=None if own is None else own.lr,
        own_chosen=own is None or own.chosen,
        optimizer="" if own is None else own.optimizer,
        end_lr=None if job.sweep == asked else job.sweep.end_lr,
        **planned(task.optimizer),
        **made_with(task.optimizer),
        made_in=made_in(job.task, task.device),
    )
    yield StateEvent(RunState.RUNNING)
    yield from _engine(job, task, control, batches)


def _engine(job: Job, task: BuiltTask, control: Control, batches: int) -> Iterator[Event]:
    if job.kind == RunKind.SWEEP:
        together = team()  # of one, but in the processes of `team_worker`
        task = replace(task, model=together.wrapped(task.model))
        if job.sweep.repeats > 1:
            return _repeats(job, task, control, together)
        loader = together.share(task.loader)
        return sweep(
            task.model, loader, task.optimizer, task.loss, job.sweep, control, device=task.device, team=together
        )
    if job.kind == RunKind.RACE:
        return race(
            task.model,
            task.loader,
            task.optimizer,
            task.loss,
            job.race,
            control,
            device=task.device,
            probe=_probe(task, job.race.amp),
            metric_name=task.metric_name,
        )
    keeper, resumed = _kept(job)
    return train(
        task.model,
        task.loader,
        task.optimizer,
        task.objective,
        job.train,
        control,
        validation=task.validation,
        metric_name=task.metric_name,
        per_epoch=batches,
        device=task.device,
        keeper=keeper,
        resumed=resumed,
    )


def _kept(job: Job) -> tuple[DiskKeeper | None, Contents | None]:
    """What keeps a training, and the checkpoint from which it goes on. Raises ValueError, with a sentence, for one that
    cannot be read."""
    if job.keeping is None:
        return None, None
    keeper, resumed = DiskKeeper(Path(job.keeping.folder), job.train.checkpoints), None
    if job.keeping.resume:
        path = Path(job.keeping.resume)
        try:
            resumed = tensor_file.read(path)
        except OSError as error:
            raise ValueError(f"The checkpoint {path} cannot be read: {error.strerror or error}.") from error
        step = about(resumed).get("step")
        if isinstance(step, int):
            forget_later(path.parent, step)
    return (keeper if job.train.checkpoints else None), resumed


def _repeats(job: Job, task: BuiltTask, control: Control, together: Team) -> Iterator[Event]:
    """Sweeps from the same weights, each with another order of the data."""
    config, count = job.sweep, job.sweep.repeats
    with Snapshot(task.model, task.optimizer, loader=task.loader, loss=task.loss) as snapshot:
        for number in range(count):
            if number > 0:
                seed_all(job.task.seed + number, task.loader)
            end = EndEvent(
                EndReason.FAILED, "The sweep ended unexpectedly because of a bug in LR Finder. Please report it."
            )
            events = sweep(
                task.model,
                together.share(task.loader),
                task.optimizer,
                task.loss,
                config,
                control,
                device=task.device,
                number=number,
                snapshot=snapshot,
                team=together,
            )
            with closing(events):  # type: ignore[type-var]
                for event in events:
                    if isinstance(event, EndEvent):
                        end = event
                    else:
                        yield event
            if end.reason not in WHOLE:
                yield EndEvent(end.reason, f"In sweep {number + 1} of {count}: {end.detail}")
                return
            yield SweepEndEvent(number, end.reason, end.detail, end.guessing, end.uniform)
    yield EndEvent(end.reason, f"{count} sweeps, each with the data in a different order. Last: {end.detail}")


def _probe(task: BuiltTask, amp: str | None) -> Probe | None:
    """Measures validation loss and metric, where there are such, in the precision of the training."""
    if task.validation is None:
        return None

    def measure(model: torch.nn.Module, batch: Any) -> tuple[Any, Any]:
        loss, metric = task.objective.both(model, batch)
        return loss, first_of(metric)

    return Probe(measure, task.validation, device=task.device, amp=amp)


class InProcess:
    """A `EventSource` that computes in the thread that reads its chunks; each chunk is one event."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._control = Control()
        self._computing: int | None = None  # the thread that computes at the moment
        self._killed = False
        guard_children()

    def chunks(self) -> Generator[list[Event], None, None]:
        """The events, one by one, each computed when it is asked for."""
        measured = False
        with closing(run_job(self.job, self._control)) as events:  # type: ignore[type-var]
            while True:
                try:
                    self._computing = threading.get_ident()
                    event = next(events, None)
                    self._computing = None
                except KeyboardInterrupt:
                    self._computing = None
                    if not self._killed:
                        raise
                    event = stopped_by_force(measured)
                if event is None:
                    return
                measured = measured or isinstance(event, BatchEvent | CandidateEvent)
                yield [event]

    def pause(self) -> None:
        """Hold the run before its next batch."""
        self._control.pause()

    def resume(self) -> None:
        """Let a held run go on."""
        self._control.resume()

    def cancel(self) -> None:
        """End the run before its next batch."""
        self._control.cancel()

    def ask(self, request: str) -> None:
        """Hand on a request in words (`Control.obey`)."""
        self._control.obey(request)

    def kill(self) -> None:
        """The same as `cancel`, for a thread cannot be ended from outside; but a signal's handler can end its own.

        There it raises KeyboardInterrupt within the code that computes, and `chunks` ends in good order.
        """
        self._control.cancel()
        if self._computing == threading.get_ident():
            self._killed = True
            raise KeyboardInterrupt

"""Running a job in this very process, with torch: what the worker, notebooks and tests use."""

from __future__ import annotations

from collections.abc import Iterator

from lrgui.core.control import Control
from lrgui.core.events import Event, StateEvent, TaskEvent
from lrgui.core.sweep import sweep
from lrgui.core.train import train
from lrgui.runs.failures import told
from lrgui.runs.job import Job
from lrgui.tasks.build import build_task
from lrgui.tasks.task import Task


def run_job(job: Job, control: Control | None = None) -> Iterator[Event]:
    """The events of `job`, from the first `StateEvent` to the `EndEvent`.

    Never raises: whatever goes wrong, also in the task's code, is told by the last events. Seeds the global
    random generators (`build_task` does).
    """
    return told(_events(job, control or Control()), job)


def _events(job: Job, control: Control) -> Iterator[Event]:
    problems = job.validate()
    if problems:
        raise ValueError(" ".join(str(problem) for problem in problems))
    yield StateEvent("starting", "Preparing data and model")
    task = build_task(job.task)
    batches = len(task.loader)
    yield TaskEvent(
        name=task.name,
        detail=task.data.detail,
        train_size=_size(task.data.train),
        val_size=_size(task.data.validation),
        parameters=task.parameters,
        classes=task.data.classes,
        device=str(task.device),
        batches_per_epoch=batches,
        steps=job.sweep.steps if job.kind == "sweep" else batches * job.train.epochs,
    )
    yield StateEvent("running")
    yield from _engine(job, task, control)


def _engine(job: Job, task: Task, control: Control) -> Iterator[Event]:
    if job.kind == "sweep":
        return sweep(task.model, task.loader, task.optimizer, task.loss, job.sweep, control, device=task.device)
    return train(
        task.model,
        task.loader,
        task.optimizer,
        task.data.criterion,
        job.train,
        control,
        validation=task.validation,
        correct=task.data.correct,
        device=task.device,
    )


def _size(examples: object) -> int:
    """How many examples; 0 for none and for data that does not know."""
    return len(examples) if hasattr(examples, "__len__") else 0


class InProcess:
    """A `Source` that computes in the thread that reads its chunks; each chunk is one event."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._control = Control()

    def chunks(self) -> Iterator[list[Event]]:
        """The events, one by one, each computed when it is asked for."""
        for event in run_job(self.job, self._control):
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

    def kill(self) -> None:
        """The same as `cancel`: a thread cannot be ended from outside."""
        self._control.cancel()

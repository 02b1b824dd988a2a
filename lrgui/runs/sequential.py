"""Several sweeps one after the other as one run: what a comparison of optimizers is made of."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from pathlib import Path

from lrgui.core.curve.comparison import Compared
from lrgui.core.curve.sweep_reading import read_sweep
from lrgui.core.events import WHOLE, BatchEvent, EndEvent, EndReason, Event, OutputEvent, RunKind, Stream, SweepEndEvent
from lrgui.runs.event_source import EventSource
from lrgui.runs.failures import ended_unexpectedly
from lrgui.runs.job import Job
from lrgui.runs.library import start_log
from lrgui.runs.one_at_a_time import OneAtATime
from lrgui.runs.records import Records, as_run, plan_of


def jobs_to_compare(job: Job, optimizers: Sequence[str]) -> tuple[Job, ...]:
    """A sweep of `job`'s task with each of the optimizers (keys, each once), from the same weights and batches."""
    once = replace(job.sweep, repeats=1)
    tasks = [
        # Another optimizer's own settings mean nothing to this one.
        job.task if key == job.task.optimizer else replace(job.task, optimizer=key, optimizer_options={})
        for key in dict.fromkeys(optimizers)
    ]
    return tuple(replace(job, kind=RunKind.SWEEP, sweep=once, task=task) for task in tasks)


def compared_so_far(records: Records, jobs: Sequence[Job]) -> list[Compared]:
    """What the whole sweeps of a comparison say."""
    found = []
    for record, job in zip(records.all, jobs, strict=False):
        if record.end_reason in WHOLE and len(record):
            sweep = job.sweep if record.task is None else as_run(job.sweep, record.task)
            ends = (sweep.start_lr, sweep.end_lr)
            reading = read_sweep(record.curve(job.sweep.beta), planned_range=ends, plan=plan_of(sweep, record.task))
            found.append(Compared(job.task.optimizer, job.task.optimizer_words, reading))
    return found


class InTurn(OneAtATime):
    """An `EventSource` that runs sweeps one after the other; each job's batches carry its number as their `sweep`.

    Each is kept in the runs folder by itself. The run ends early where one of them is cancelled or fails.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        open_source: Callable[[Job], EventSource],
        origin: str = "",
        ready: Callable[[], object] | None = None,
        follow: Callable[[Path], object] | None = None,
    ) -> None:
        """`ready` prepares what `open_source` will need: it is called when a sweep that another follows has begun.
        `follow` is told the log of each."""
        super().__init__()
        self._ready, self._follow = ready, follow
        self.jobs = tuple(jobs)
        self._open = open_source
        self._origin = origin
        self.problem: str | None = None
        """Why a run could not be kept on disk, in a sentence."""

    def chunks(self) -> Generator[list[Event], None, None]:
        """The events of all jobs; only the last one's end is an `EndEvent`.

        A note that an earlier sweep has made, on the data for example, stays in its log.
        """
        said: dict[str, int] = {}
        for number, job in enumerate(self.jobs):
            source = self._open(job)
            if not self._turns_to(source):
                break
            end, waiting = ended_unexpectedly(), self._ready is not None and job is not self.jobs[-1]
            with start_log(job, self._origin, self._follow) as journal:
                for events in source.chunks():
                    journal.write(events)
                    ends = [event for event in events if isinstance(event, EndEvent)]
                    end = ends[-1] if ends else end
                    news = [event for event in events if _is_news(event, number, said)]
                    kept = [_numbered(event, number) for event in news if not isinstance(event, EndEvent)]
                    if kept:
                        yield kept
                    if waiting and self._ready is not None and any(isinstance(event, BatchEvent) for event in kept):
                        waiting = False
                        self._ready()
            self.problem = self.problem or journal.problem
            if end.reason not in WHOLE:
                yield [EndEvent(end.reason, f"{job.task.optimizer_words}: {end.detail}")]
                return
            yield [SweepEndEvent(number, end.reason, end.detail, end.guessing, end.uniform)]
        if self._cancelled:
            yield [EndEvent(EndReason.CANCELLED, "Stopped; everything measured so far is kept.")]
        else:
            yield [EndEvent(EndReason.COMPLETED, f"{len(self.jobs)} optimizers were swept on the same task.")]


def _numbered(event: Event, number: int) -> Event:
    if not isinstance(event, BatchEvent):
        return event
    return BatchEvent(number, event.step, event.lr, event.loss, event.seconds, event.train_loss, event.metric)


def _is_news(event: Event, number: int, said: dict[str, int]) -> bool:
    """False for a note that an earlier sweep than `number` has made; `said` has who made each one first."""
    if not isinstance(event, OutputEvent) or event.stream != Stream.NOTE:
        return True
    return said.setdefault(event.text, number) == number

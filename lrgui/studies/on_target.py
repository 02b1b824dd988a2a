"""Studies on a target: each run is sent there by itself, as `lrgui find --on NAME` does, and followed from here.

A lost connection costs nothing: every run goes on there and is read on once the machine answers again. If the driver is
killed, the runs that it had there end by themselves, for nobody; the same command makes these again.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing

from lrgui.core.events import EndEvent, EndReason, Event
from lrgui.runs.event_source import EventSource
from lrgui.runs.job import Job
from lrgui.runs.remote.running import RemoteRun
from lrgui.runs.targets import Target
from lrgui.studies.executor import LocalPool, NotBegunError

#: Runs that a queue gets at once, unless somebody says how many.
QUEUED = 16
#: So many runs in a row cannot be sent before the study gives up: the machine is gone, and no run is to blame.
GONE = 3


class TargetPool(LocalPool):
    """An `Executor` whose runs are computed on a target, so many at once."""

    def __init__(self, workers: int | None, target: Target) -> None:
        super().__init__(workers or (QUEUED if target.kind == "slurm" else 1), lambda job: RemoteRun(job, target))
        self._target = target
        self._refused, self._why = 0, ""

    @property
    def words(self) -> str:
        """See `Executor`."""
        return f"{self._target.name}, {'one' if self.workers == 1 else f'at most {self.workers}'} at once"

    def room(self) -> int:
        """See `Executor`. Raises ValueError, with a sentence, where the machine takes no runs any more."""
        if self._refused >= GONE:
            raise ValueError(f"{self._why} The study stops; the same command goes on with it.")
        return super().room()

    def _source(self, job: Job) -> EventSource:
        return self._open(job)  # the threads of that machine are its own

    def _chunks(self, source: EventSource) -> Generator[list[Event], None, None]:
        """See `LocalPool`: a run that could not be sent did not fail, nothing of it was measured."""
        assert isinstance(source, RemoteRun)
        with closing(source.chunks()) as chunks:
            for events in chunks:
                end = events[-1] if events else None
                if isinstance(end, EndEvent) and end.reason == EndReason.FAILED and source.address is None:
                    self._refused += 1
                    self._why = end.detail
                    raise NotBegunError(end.detail)
                if source.address is not None:
                    self._refused = 0
                yield events

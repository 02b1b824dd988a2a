"""What computes the runs of a study: the protocol, and the pool of processes on this machine."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Generator
from contextlib import closing
from typing import Protocol

from lrgui.core.events import Event
from lrgui.runs.event_source import EventSource, Told
from lrgui.runs.job import Job, with_threads


class Executor(Protocol):
    """Computes runs somewhere. For one thread, but for `cancel` and `kill`."""

    @property
    def words(self) -> str:
        """What computes, for people: "2 processes on this machine"."""

    def room(self) -> int:
        """How many more runs can be started now."""

    def start(self, ticket: str, job: Job) -> None:
        """Start a run."""

    def take(self, wait: float) -> list[Told]:
        """What has come since the last call; waits up to so many seconds for the first. The last events of a run are
        an `EndEvent`, unless its worker is lost."""

    def cancel(self) -> None:
        """Let the runs that have begun end before their next batch."""

    def kill(self) -> None:
        """End them without asking."""

    def close(self) -> None:
        """Let go of everything; what still runs is ended."""


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class NotBegunError(Exception):
    """A run could not be begun, for a reason that is none of its own: a sentence."""


class LocalPool:
    """Runs in processes of this machine, each with its share of the cores."""

    def __init__(self, workers: int | None, open_source: Callable[[Job], EventSource]) -> None:
        """`workers` is the most at once, None one for every two cores; `open_source` computes a job."""
        self.workers = workers or max(1, cores() // 2)
        self._threads = max(1, (cores() - 1) // self.workers)
        self._open = open_source
        self._told: queue.SimpleQueue[tuple[Told, bool]] = queue.SimpleQueue()
        self._sources: dict[str, EventSource] = {}
        self._readers: dict[str, threading.Thread] = {}
        self._cancelled = False

    @property
    def words(self) -> str:
        """See `Executor`."""
        return f"{'1 process' if self.workers == 1 else f'{self.workers} processes'} on this machine"

    def room(self) -> int:
        """See `Executor`."""
        return self.workers - len(self._sources)

    def _source(self, job: Job) -> EventSource:
        return self._open(with_threads(job, self._threads))

    def _chunks(self, source: EventSource) -> Generator[list[Event], None, None]:
        """The events of a run, in a thread of its own. Raises NotBegunError."""
        return source.chunks()

    def start(self, ticket: str, job: Job) -> None:
        """See `Executor`."""
        source = self._source(job)
        self._sources[ticket] = source
        if self._cancelled:
            source.cancel()
        reader = threading.Thread(target=self._read, args=(ticket, source), name=f"lrgui study {ticket}", daemon=True)
        self._readers[ticket] = reader
        reader.start()

    def _read(self, ticket: str, source: EventSource) -> None:
        lost = ""
        try:
            with closing(self._chunks(source)) as chunks:
                for events in chunks:
                    self._told.put((Told(ticket, events), False))
        except NotBegunError as error:
            lost = str(error)
        except Exception as error:  # a fault of ours must not leave the study waiting
            lost = f"Its events could not be read: {error}."
        self._told.put((Told(ticket, (), lost), True))

    def take(self, wait: float) -> list[Told]:
        """See `Executor`."""
        found: list[Told] = []
        try:
            told, over = self._told.get(timeout=wait)
            while True:
                if over:
                    self._sources.pop(told.ticket, None)
                    if reader := self._readers.pop(told.ticket, None):
                        reader.join()
                if told.events or told.lost:
                    found.append(told)
                told, over = self._told.get_nowait()
        except queue.Empty:
            return found

    def cancel(self) -> None:
        """See `Executor`."""
        self._cancelled = True
        for source in list(self._sources.values()):
            source.cancel()

    def kill(self) -> None:
        """See `Executor`."""
        self._cancelled = True
        for source in list(self._sources.values()):
            source.kill()

    def close(self) -> None:
        """See `Executor`."""
        if self._sources:
            self.kill()
        for reader in list(self._readers.values()):
            reader.join(10)


class OnDemand:
    """An executor that is made when there is a run for it."""

    def __init__(self, make: Callable[[], Executor], opened: Callable[[Executor], object]) -> None:
        """`opened` is told the executor once `make` has made it."""
        self._make, self._opened = make, opened
        self._inner: Executor | None = None

    @property
    def words(self) -> str:
        """See `Executor`; empty before there is one."""
        return "" if self._inner is None else self._inner.words

    def room(self) -> int:
        """See `Executor`: whoever asks has a run. Raises what making it raises."""
        if self._inner is None:
            self._inner = self._make()
            self._opened(self._inner)
        return self._inner.room()

    def start(self, ticket: str, job: Job) -> None:
        """See `Executor`; after `room`."""
        assert self._inner is not None
        self._inner.start(ticket, job)

    def take(self, wait: float) -> list[Told]:
        """See `Executor`."""
        return [] if self._inner is None else self._inner.take(wait)

    def cancel(self) -> None:
        """See `Executor`."""
        if self._inner is not None:
            self._inner.cancel()

    def kill(self) -> None:
        """See `Executor`."""
        if self._inner is not None:
            self._inner.kill()

    def close(self) -> None:
        """See `Executor`."""
        if self._inner is not None:
            self._inner.close()

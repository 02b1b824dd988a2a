"""Follows a run in a thread, as the window does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from lrgui.core.events import BatchEvent, EndEvent, Event
from lrgui.runs.event_source import EventSource
from lrgui.runs.log_writer import LogWriter


def steps_of(events: list[Event]) -> list[int]:
    return [event.step for event in events if isinstance(event, BatchEvent)]


class Reading:
    """Follows in a thread, as the window does, and keeps it in a log if there is one."""

    def __init__(self, source: EventSource, log: LogWriter | None = None) -> None:
        self.source, self._log = source, log
        self.events: list[Event] = []
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        for chunk in self.source.chunks():
            self.events += chunk
            if self._log is not None:
                self._log.write(chunk)
        if self._log is not None:
            self._log.close()

    def until(self, count: int) -> None:
        wait_for(lambda: len(steps_of(self.events)) >= count)

    def end(self) -> EndEvent:
        self._thread.join(60)
        assert not self._thread.is_alive()
        assert isinstance(self.events[-1], EndEvent)
        return self.events[-1]


def wait_for(true: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.01)

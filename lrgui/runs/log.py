"""The run log: a header, then one line per event. Writing it while a run goes on, and reading all of it at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from lrgui.core.events import EndEvent, Event
from lrgui.runs.job import Job
from lrgui.runs.log_writer import LogWriter as LogWriter


@dataclass(frozen=True)
class LoggedRun:
    """A run as its log tells it."""

    job: Job
    created: datetime | None
    """When the run began, with its time zone; None where the log does not say."""
    events: list[Event]
    warnings: list[str]
    """What could not be read, in sentences."""
    header: dict[str, Any]
    """The header line as it is, with the fields that this version does not know."""

    @property
    def interrupted(self) -> bool:
        """True where the log has no end: the computer or the program went down during the run."""
        return not (self.events and isinstance(self.events[-1], EndEvent))

    @property
    def origin(self) -> str:
        """Who ran it: "window", "command line", …; empty where the log does not say."""
        return str(self.header.get("origin", ""))


def read_log(path: Path | str) -> LoggedRun:
    """Read a log as far as it goes, with an object for every event; `opened.open_run` reads long ones in little memory.

    Raises as `LogReader` does.
    """
    events: list[Event] = []
    # Whoever only writes a log need not wait for numpy.
    from lrgui.runs.event_arrays import EventArrays
    from lrgui.runs.log_reader import LogReader

    with LogReader(path) as reader:
        for pieces in reader:
            for piece in pieces:
                events += piece.events() if isinstance(piece, EventArrays) else [piece]
    return LoggedRun(reader.job, reader.created, events, reader.warnings, reader.header)

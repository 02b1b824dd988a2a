"""A run from its log, as it is shown: arrays instead of events, so that a long one needs little memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from lrgui.core.events import RunKind
from lrgui.runs.job import Job
from lrgui.runs.log_reader import LogReader
from lrgui.runs.race_record import RaceRecord
from lrgui.runs.record import Record
from lrgui.runs.records import Records


@dataclass(frozen=True, eq=False)
class OpenedRun:
    """What a log holds."""

    job: Job
    created: datetime | None
    """When the run began, with its time zone; None where the log does not say."""
    sweeps: Records
    """Of a sweep or its repeats, or of a training, which is a single record."""
    race: RaceRecord | None
    """Of a race; None for other kinds."""
    warnings: list[str]
    """What could not be read or is left out, in sentences."""
    origin: str = ""
    """Who ran it: "window", "command line", …; empty where the log does not say."""

    @property
    def record(self) -> Record:
        """What was measured; of repeats the first sweep."""
        return self.sweeps.first if self.race is None else self.race


def open_run(path: Path | str, watch: Callable[[float], object] | None = None) -> OpenedRun:
    """Read the run at `path`; `watch` is called with the share of the file that was read, 0…1, and may raise.

    Raises ValueError with a sentence where the file is no run log, OSError where it cannot be read.
    """
    with LogReader(path) as reader:
        sweeps = Records()
        race = RaceRecord(reader.job.race) if reader.job.kind == RunKind.RACE else None
        taking = sweeps if race is None else race
        for pieces in reader:
            taking.add(pieces)
            if watch is not None:
                watch(reader.done / max(reader.size, 1))
        (sweeps.first if race is None else race).started = reader.created
        left_out = sweeps.left_out() if reader.job.kind == RunKind.SWEEP else []
        sweeps.first.log = Path(path)
        origin = str(reader.header.get("origin", ""))
        return OpenedRun(reader.job, reader.created, sweeps, race, [*reader.warnings, *left_out], origin)


def why_not_opened(name: Path | str, error: OSError | ValueError) -> str:
    """One sentence on the error of `open_run` for a file that is called `name` on screen."""
    if isinstance(error, OSError) and error.strerror:
        return f"{name} could not be opened: {error.strerror}."
    return str(error)  # it names the file

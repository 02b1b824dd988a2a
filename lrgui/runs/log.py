"""The run log: a header, then one line per event. Writing it while a run goes on, and reading all of it at once."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from lrgui import __version__
from lrgui.core.events import EndEvent, Event
from lrgui.runs.job import Job
from lrgui.runs.lines import SCHEMA, encode
from lrgui.writing import write_atomically


class LogWriter:
    """Writes a log while the run goes on; each `write` reaches the file system before it returns.

    Never raises for a file that cannot be written: a run must not end because its log does. The sentence that
    says so is returned by the next `write` (or `close`), once, and stays in `problem`. For one thread.
    """

    def __init__(
        self,
        path: Path | str,
        job: Job,
        *,
        origin: str = "",
        created: datetime | None = None,
        refused: OSError | None = None,
    ) -> None:
        """`refused` is why there can be no such file, where that is known already."""
        self.path = Path(path)
        self.problem: str | None = None
        self._told = False
        self._file = None
        header = _header(job, created or datetime.now().astimezone(), origin)
        try:
            if refused is not None:
                raise refused
            self._file = open(self.path, "wb", buffering=0)  # noqa: SIM115
            self._put(_line(header))
        except (OSError, ValueError) as error:
            self._fail(error)

    def write(self, events: Iterable[Event]) -> str | None:
        """Append `events`; returns the sentence about a failure the first time, else None."""
        if self._file is not None:
            try:
                self._put("".join(encode(event) + "\n" for event in events).encode("ascii"))
            except (OSError, ValueError) as error:
                self._fail(error)
        return self._news()

    def close(self) -> str | None:
        """Close the file; returns like `write`. Idempotent."""
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError as error:  # network file systems say here that the disk is full
                self._fail(error)
        return self._news()

    def __enter__(self) -> LogWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _put(self, data: bytes) -> None:
        assert self._file is not None
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) or 0 :]

    def _fail(self, error: OSError | ValueError) -> None:
        reason = getattr(error, "strerror", None) or str(error)
        self.problem = (
            f"The run cannot be written to {self.path} ({reason}). "
            "It goes on, but is only kept on the screen: export it before closing."
        )
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError:
                pass  # the first failure is the one to tell

    def _news(self) -> str | None:
        if self.problem is None or self._told:
            return None
        self._told = True
        return self.problem


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
    extra: dict[int, dict[str, Any]] = field(default_factory=dict)
    """Fields that this version does not know, by index in `events`."""

    @property
    def interrupted(self) -> bool:
        """True where the log has no end: the computer or the program went down during the run."""
        return not (self.events and isinstance(self.events[-1], EndEvent))

    @property
    def origin(self) -> str:
        """Who ran it: "window", "command line", …; empty where the log does not say."""
        return str(self.header.get("origin", ""))


def read_log(path: Path | str) -> LoggedRun:
    """Read a log as far as it goes, with an object for every event; `logged.read_run` reads long ones in little memory.

    Raises as `LogReader` does.
    """
    events: list[Event] = []
    # Whoever only writes a log need not wait for numpy.
    from lrgui.runs.log_reader import LogReader
    from lrgui.runs.rows import Rows

    with LogReader(path, keep_extra=True) as reader:
        for pieces in reader:
            for piece in pieces:
                events += piece.events() if isinstance(piece, Rows) else [piece]
    return LoggedRun(reader.job, reader.created, events, reader.warnings, reader.header, reader.extra)


def write_run(path: Path | str, run: LoggedRun) -> None:
    """Write a run that was read, with all fields that this version does not know, in one go: the file is
    complete or as it was before. Raises OSError where it cannot be written.
    """
    path = Path(path)
    lines = [json.dumps(run.header, separators=(",", ":"))]
    lines += [encode(event, run.extra.get(index)) for index, event in enumerate(run.events)]
    write_atomically(path, ("\n".join(lines) + "\n").encode("ascii"))


def _header(job: Job, created: datetime, origin: str) -> dict[str, Any]:
    return {
        "lrrun": SCHEMA,
        "created": created.isoformat(timespec="seconds"),
        "lrgui": __version__,
        "origin": origin,
        "job": job.to_dict(),
    }


def _line(data: dict[str, Any]) -> bytes:
    return (json.dumps(data, separators=(",", ":"), allow_nan=False) + "\n").encode("ascii")

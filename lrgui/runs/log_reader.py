"""Reading a run log piece by piece, however long and however damaged it is."""

from __future__ import annotations

import json
import os
import stat
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from lrgui.core.events import BatchEvent, CandidateEvent, EndEvent, Event, RunKind, SweepEndEvent
from lrgui.core.run_settings import HIGHEST_LR, LOWEST_LR
from lrgui.runs.event_arrays import EventArrays, parse_lines
from lrgui.runs.from_dict import plain_fields
from lrgui.runs.job import Job
from lrgui.runs.lines import MOST_TEXT, SCHEMA, decode_with_extra

#: A run has fewer sweeps.
MOST_SWEEPS = 1000
#: No run takes longer, in seconds.
MOST_SECONDS = 1e10
#: Bytes that are read at once: little enough for a processor's cache.
CHUNK = 1 << 17
#: A longer line is passed over.
MOST_LINE = 1 << 24
#: So many unknown kinds of events are named in the warnings.
MOST_KINDS = 5
#: So few lines are looked at one by one.
_FEW = 16


class LogReader:
    """Iterates a log's events, once: lists of events, and of `EventArrays` in the place of many ordinary ones.

    A line that was cut off ends it; damaged lines in the middle and events of unknown kinds are passed over;
    `warnings` tells. Needs memory for one piece only.
    """

    def __init__(self, path: Path | str, keep_extra: bool = False) -> None:
        """Read the header. `keep_extra` keeps fields that this version does not know.

        Raises ValueError with a sentence where the file is no run log, OSError where it cannot be read.
        """
        self._path = Path(path)
        self._file = _open_regular(path)
        self.size = os.fstat(self._file.fileno()).st_size
        """Bytes of the file when it was opened."""
        try:
            self.header, job = self._read_header()
        except BaseException:
            self._file.close()
            raise
        self.job, problems = job.mended()
        """What was run."""
        self.warnings = [f"{problem.what} The default is used instead." for problem in problems]
        """What could not be read, in sentences; complete once all was read."""
        if self.header["lrrun"] > SCHEMA:
            newer = f"(form {self.header['lrrun']})"
            self.warnings.append(f"The log was written by a newer LR Finder {newer}; some data may be missing.")
        self.extra: dict[int, dict[str, Any]] = {}
        """Fields that this version does not know, by number of the event from 0."""
        self._keep_extra = keep_extra
        self._events = 0
        self._line = 1
        self._whole = False
        self._damaged = 0
        self._unknown: Counter[str] = Counter()
        self._unnamed = 0

    @property
    def created(self) -> datetime | None:
        """When the run began, with its time zone; None where the log does not say."""
        try:
            return datetime.fromisoformat(str(self.header.get("created")))
        except ValueError:
            return None

    @property
    def done(self) -> int:
        """Bytes that were read so far."""
        return self._file.tell()

    def __enter__(self) -> LogReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[list[Event | EventArrays]]:
        rest, skipping = b"", False
        while data := self._file.read(CHUNK):
            block = rest + data
            cut = block.rfind(b"\n") + 1
            if skipping and cut:
                start = block.find(b"\n") + 1
                block, cut, skipping = block[start:], cut - start, False
            rest = block[cut:]
            if cut:
                yield list(self._pieces(block[:cut]))
            if skipping:
                rest = b""
            elif len(rest) > MOST_LINE:
                self._damaged += 1
                self._line += 1
                rest, skipping = b"", True
        if rest.strip():
            yield list(self._last(rest))
        self._warn()

    def _pieces(self, block: bytes) -> Iterator[Event | EventArrays]:
        """The events of whole lines: many ordinary ones at once, others one by one."""
        count = block.count(b"\n")
        rows = parse_lines(block)
        if rows is not None and _are_possible(rows, self.job.kind):
            self._line += count
            self._events += count
            self._whole = False
            yield rows
        elif count <= _FEW:
            for line in block.splitlines():
                event = self._read(line)
                if event is not None:
                    yield event
        else:
            middle = block.find(b"\n", len(block) // 2) + 1
            if middle in (0, len(block)):  # the second half is one long line
                middle = block.rfind(b"\n", 0, -1) + 1
            yield from self._pieces(block[:middle])
            yield from self._pieces(block[middle:])

    def _read(self, line: bytes) -> Event | None:
        """The event of a whole line; None where there is none to use."""
        self._line += 1
        if not line.strip():
            return None
        try:
            return self._decode(line)
        except (ValueError, RecursionError):
            self._damaged += 1
            return None

    def _last(self, line: bytes) -> Iterator[Event]:
        """A last line without its end: nothing but a cut leaves one."""
        self._line += 1
        try:
            event = self._decode(line)
        except (ValueError, RecursionError):
            self.warnings.append(f"The log ends in the middle of line {self._line} and was read up to there.")
            return
        if event is not None:
            yield event

    def _decode(self, line: bytes) -> Event | None:
        event, more = decode_with_extra(line)
        if event is None:
            kind = str(more.get("event"))[:40]
            if kind in self._unknown or len(self._unknown) < MOST_KINDS:
                self._unknown[kind] += 1
            else:
                self._unnamed += 1
            return None
        if not _is_possible(event, self.job.kind):
            raise ValueError("These numbers are not from a run.")
        if more and self._keep_extra:
            self.extra[self._events] = more
        self._events += 1
        self._whole = isinstance(event, EndEvent)
        return event

    def _warn(self) -> None:
        for kind, count in self._unknown.items():
            self.warnings.append(f"Ignored: {_lines(count)} of the unknown kind “{kind}”.")
        if self._unnamed:
            self.warnings.append(f"… and {self._unnamed:,} more of other kinds.")
        if self._damaged:
            self.warnings.append(f"Ignored: {_lines(self._damaged)} that cannot be read.")
        if not self._whole:
            self.warnings.append("The log is incomplete: the run was interrupted.")

    def _read_header(self) -> tuple[dict[str, Any], Job]:
        """The header and its job; the file is then read on behind it."""
        start = b""
        while b"\n" not in start and len(start) <= MOST_LINE:
            data = self._file.read(CHUNK)
            start += data
            if not data:
                break
        line = start.partition(b"\n")[0]
        self._file.seek(len(line) + 1)
        name = self._path.name
        try:
            header = json.loads(line)
        except (ValueError, RecursionError):
            header = None
        if not isinstance(header, dict) or type(header.get("lrrun")) is not int:
            raise ValueError(f"{name} is not an LR Finder run: its first line is not a header.")
        if _longest(header) > MOST_TEXT:
            raise ValueError(f"{name} cannot be opened: its header contains an unknown value.")
        try:
            return header, Job.from_dict(header.get("job"))
        except ValueError as error:
            raise ValueError(f"{name} cannot be opened: {error}") from None


def _longest(data: object, deep: int = 10) -> int:
    """Characters of the longest text or name in `data`, so far as it is no deeper than a header of ours."""
    if isinstance(data, dict) and deep:
        return max((max(len(name), _longest(value, deep - 1)) for name, value in data.items()), default=0)
    return len(data) if isinstance(data, str) else 0


def _is_possible(event: Event, kind: str) -> bool:
    """False for numbers that no run has: counts that would fill the memory, and rates that cannot be drawn."""
    rate = getattr(event, "lr", None)
    # A training's schedule goes far below its highest rate, down to 0.
    if rate is not None and not (0 if kind == RunKind.TRAIN else LOWEST_LR) <= rate <= HIGHEST_LR:
        return False
    seconds = getattr(event, "seconds", None)
    if seconds is not None and not 0 <= seconds <= MOST_SECONDS:
        return False
    if isinstance(event, BatchEvent):  # by far the most
        return 0 <= event.sweep < MOST_SWEEPS and 0 <= event.step < 1 << 53
    if isinstance(event, SweepEndEvent) and event.sweep >= MOST_SWEEPS:
        return False
    for item in plain_fields(type(event)):
        value = getattr(event, item.name)
        if item.type is int and value is not None and not 0 <= value < 1 << 53:
            return False
    return True


def _are_possible(rows: EventArrays, kind: str) -> bool:
    """The same for many events at once."""
    columns = rows.columns
    lowest = 0 if kind == RunKind.TRAIN and rows.kind is not CandidateEvent else LOWEST_LR
    lr, seconds = columns["lr"], columns["seconds"]
    good = (lr >= lowest) & (lr <= HIGHEST_LR) & (seconds >= 0) & (seconds <= MOST_SECONDS)
    if "sweep" in columns:
        good &= columns["sweep"] < MOST_SWEEPS
    return bool(good.all())


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count:,} lines"


def _open_regular(path: Path | str) -> BinaryIO:
    """The file at `path` for reading, unbuffered; links are followed. Never waits for a pipe.

    Raises OSError where it cannot be opened, ValueError with a sentence where it is no regular file.
    """
    # Without O_NONBLOCK a pipe that nobody writes to is waited for in `open` itself; files are not affected by it.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError(f"{Path(path).name} is not a file.")
        return open(descriptor, "rb", buffering=0)
    except BaseException:
        os.close(descriptor)
        raise

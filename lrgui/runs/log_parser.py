"""What the lines of a run log say, given piece by piece: to whoever reads a file, or follows one that grows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from lrgui.core.events import BatchEvent, CandidateEvent, EndEvent, Event, RunKind, SweepEndEvent
from lrgui.core.run_settings import HIGHEST_LR, LOWEST_LR
from lrgui.runs.event_arrays import EventArrays, parse_lines
from lrgui.runs.from_dict import plain_fields
from lrgui.runs.job import Job
from lrgui.runs.lines import MOST_TEXT, SCHEMA, decoded

#: A run has fewer sweeps.
MOST_SWEEPS = 1000
#: No run takes longer, in seconds.
MOST_SECONDS = 1e10
#: A longer line is passed over.
MOST_LINE = 1 << 24
#: So many unknown kinds of events are named in the warnings.
MOST_KINDS = 5
#: So few lines are looked at one by one.
_FEW = 16


class LogParser:
    """Makes events of a log's bytes, wherever they are cut.

    Lists of events come out, and of `EventArrays` in the place of many ordinary ones. A line that was cut off ends
    the log; damaged lines in the middle and events of unknown kinds are passed over; `warnings` tells. Needs memory
    for one piece only.
    """

    def __init__(self, name: str, line: bytes) -> None:
        """`line` is the header, the log's first line; `name` is what the log is called on screen.

        Raises ValueError with a sentence where that is the header of no run log.
        """
        self.header, job = _read_header(name, line)
        self.job, problems = job.mended()
        """What was run."""
        self.warnings = [f"{problem.what} The default is used instead." for problem in problems]
        """What could not be read, in sentences; complete once all was read."""
        if self.header["lrrun"] > SCHEMA:
            newer = f"(form {self.header['lrrun']})"
            self.warnings.append(f"The log was written by a newer LR Finder {newer}; some data may be missing.")
        self._line = 1
        self._whole = False
        self._damaged = 0
        self._unknown: Counter[str] = Counter()
        self._unnamed = 0
        self._rest, self._skipping = b"", False

    @property
    def created(self) -> datetime | None:
        """When the run began, with its time zone; None where the log does not say."""
        try:
            return datetime.fromisoformat(str(self.header.get("created")))
        except ValueError:
            return None

    def feed(self, data: bytes) -> list[Event | EventArrays]:
        """The events of the lines that are whole with `data`, which follows what was given before."""
        block = self._rest + data
        cut = block.rfind(b"\n") + 1
        if self._skipping and cut:
            start = block.find(b"\n") + 1
            block, cut, self._skipping = block[start:], cut - start, False
        self._rest = block[cut:]
        found = list(self._pieces(block[:cut])) if cut else []
        if self._skipping:
            self._rest = b""
        elif len(self._rest) > MOST_LINE:
            self._damaged += 1
            self._line += 1
            self._rest, self._skipping = b"", True
        return found

    def finish(self) -> list[Event | EventArrays]:
        """Nothing more comes: what a last line says that has no end."""
        last: list[Event | EventArrays] = [*self._last(self._rest)] if self._rest.strip() else []
        self._rest = b""
        self._warn()
        return last

    def _pieces(self, block: bytes) -> Iterator[Event | EventArrays]:
        """The events of whole lines: many ordinary ones at once, others one by one."""
        count = block.count(b"\n")
        rows = parse_lines(block)
        if rows is not None and _are_possible(rows, self.job.kind):
            self._line += count
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
        event = decoded(line)
        if isinstance(event, str):
            kind = event[:40]
            if kind in self._unknown or len(self._unknown) < MOST_KINDS:
                self._unknown[kind] += 1
            else:
                self._unnamed += 1
            return None
        if not _is_possible(event, self.job.kind):
            raise ValueError("These numbers are not from a run.")
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
            self.warnings.append(self._without_end())

    def _without_end(self) -> str:
        """What is said of a log whose last event is no end."""
        return "The log is incomplete: the run was interrupted."


def _read_header(name: str, line: bytes) -> tuple[dict[str, Any], Job]:
    """The header and its job."""
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

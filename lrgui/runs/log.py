"""The run log: a header and then one line of JSON per event. The only place that knows this form.

A line is an object with `event` (the kind) and the fields of the event in `core.events`. A float that is not
finite is written as null, with `"finite": false` in the line and its name in `values` ("nan", "inf", "-inf"),
so that the file is plain JSON for every reader.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, cast

from lrgui import __version__
from lrgui.core.config import HIGHEST_LR, LOWEST_LR, RaceConfig, SweepConfig, TrainConfig
from lrgui.core.events import (
    BatchEvent,
    CandidateEvent,
    CheckEvent,
    EndEvent,
    EpochEvent,
    Event,
    OutputEvent,
    StandingEvent,
    StateEvent,
    SweepEndEvent,
    TaskEvent,
)
from lrgui.runs.job import Job
from lrgui.runs.plain import from_plain, plain_fields

#: Number of this form; a reader of a higher one warns and reads what it knows.
SCHEMA = 1

#: A run has fewer sweeps.
MOST_SWEEPS = 1000

KINDS: dict[str, type] = {
    "task": TaskEvent,
    "state": StateEvent,
    "batch": BatchEvent,
    "sweep_end": SweepEndEvent,
    "epoch": EpochEvent,
    "candidate": CandidateEvent,
    "standing": StandingEvent,
    "check": CheckEvent,
    "output": OutputEvent,
    "end": EndEvent,
}
_NAMES = {cls: name for name, cls in KINDS.items()}
_OWN_KEYS = ("event", "finite", "values")
#: What the line of an ordinary batch holds; what else a batch may say is written only where it says it.
_BATCH_KEYS = frozenset(("event", "sweep", "step", "lr", "loss", "seconds"))


def encode(event: Event, extra: Mapping[str, Any] | None = None) -> str:
    """`event` as one line of ASCII JSON, without a line end; `extra` are further fields to write."""
    plain_batch = type(event) is BatchEvent and event.train_loss is None and event.metric is None
    if plain_batch and not extra:
        assert isinstance(event, BatchEvent)
        lr, loss, seconds = float(event.lr), float(event.loss), float(event.seconds)
        if math.isfinite(lr + loss + seconds):  # by far the most frequent line, and 3 times as fast this way
            return (
                f'{{"event":"batch","sweep":{event.sweep:d},"step":{event.step:d},'
                f'"lr":{lr!r},"loss":{loss!r},"seconds":{seconds!r}}}'
            )
    line: dict[str, Any] = {"event": _NAMES[type(event)]}
    odd: dict[str, str] = {}
    for item in plain_fields(type(event)):
        value = getattr(event, item.name)
        if value is None and type(event) is BatchEvent:
            continue
        if item.type is float and value is not None:
            value = float(value)
            if not math.isfinite(value):
                odd[item.name], value = str(value), None
        line[item.name] = value
    if odd:
        line["finite"], line["values"] = False, odd
    return json.dumps({**(extra or {}), **line}, separators=(",", ":"), allow_nan=False)


def decode(line: str | bytes) -> Event | None:
    """The event of a line, None where its kind is unknown. Raises ValueError for anything else."""
    return decode_with_extra(line)[0]


def decode_with_extra(line: str | bytes) -> tuple[Event | None, dict[str, Any]]:
    """The event of a line (None where its kind is unknown) and the fields that it does not know."""
    data = json.loads(line)
    if not isinstance(data, dict):
        raise ValueError("A line of a run log must be an object.")
    if data.keys() == _BATCH_KEYS and data["event"] == "batch":
        sweep, step = data["sweep"], data["step"]
        lr, loss, seconds = data["lr"], data["loss"], data["seconds"]
        if type(sweep) is type(step) is int and type(lr) is type(loss) is type(seconds) is float:
            return BatchEvent(sweep, step, lr, loss, seconds), {}
    name = data.get("event")
    cls = KINDS.get(name) if isinstance(name, str) else None
    if cls is None:
        return None, data
    known = plain_fields(cls)
    if data.get("finite") is False:
        values = data.get("values")
        words = values if isinstance(values, dict) else {}
        for item in known:
            odd = item.name in words or not item.optional
            if odd and item.type is float and data.get(item.name) is None:
                data[item.name] = _not_finite(words.get(item.name))
    event = cast(Event, from_plain(cls, data, f"The {name} event"))
    if len(data) == len(known) + 1:
        return event, {}
    own = {item.name for item in known}.union(_OWN_KEYS)
    return event, {key: value for key, value in data.items() if key not in own}


def _not_finite(word: object) -> float:
    return {"inf": math.inf, "-inf": -math.inf}.get(str(word), math.nan)


class LogWriter:
    """Writes a log while the run goes on; each `write` reaches the file system before it returns.

    Never raises for a file that cannot be written: a run must not end because its log does. The sentence that
    says so is returned by the next `write` (or `close`), once, and stays in `problem`. For one thread.
    """

    def __init__(self, path: Path | str, job: Job, *, origin: str = "", created: datetime | None = None) -> None:
        self.path = Path(path)
        self.problem: str | None = None
        self._told = False
        self._file = None
        header = _header(job, created or datetime.now().astimezone(), origin)
        try:
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
    """Read a log, as far as it goes.

    A line that was cut off ends it; damaged lines in the middle and events of unknown kinds are passed over;
    `warnings` tells. Raises ValueError with a sentence where the file is no run log, OSError where it cannot
    be read.
    """
    path = Path(path)
    if path.exists() and not path.is_file():  # a pipe would be waited for, and a device read for ever
        raise ValueError(f"{path.name} is no file.")
    lines = path.read_bytes().split(b"\n")
    header, job = _read_header(lines[0], path)
    job, warnings = _made_possible(job)
    schema = header["lrrun"]
    if schema > SCHEMA:
        warnings.append(f"The log was written by a newer LR Finder (form {schema}); some of it may be missing.")
    events: list[Event] = []
    extra: dict[int, dict[str, Any]] = {}
    unknown: dict[str, int] = {}
    damaged = 0
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        try:
            event, more = decode_with_extra(line)
            if event is not None and not _is_possible(event, job.kind):
                raise ValueError("No run has such numbers.")
        except (ValueError, RecursionError):
            if number == len(lines):  # nothing but a cut leaves a last line without its end
                warnings.append(f"The log was cut off in the middle of line {number} and read up to there.")
            else:
                damaged += 1
            continue
        if event is None:
            kind = str(more.get("event"))
            unknown[kind] = unknown.get(kind, 0) + 1
            continue
        if more:
            extra[len(events)] = more
        events.append(event)
    for kind, count in unknown.items():
        warnings.append(f"Left out: {_lines(count)} of the unknown kind “{kind}”.")
    if damaged:
        warnings.append(f"Left out: {_lines(damaged)} that cannot be read.")
    run = LoggedRun(job, _created(header), events, warnings, header, extra)
    if run.interrupted:
        warnings.append("The log has no end: the run was interrupted.")
    return run


def write_run(path: Path | str, run: LoggedRun) -> None:
    """Write a run that was read, with all fields that this version does not know, in one go: the file is
    complete or as it was before. Raises OSError where it cannot be written.
    """
    path = Path(path)
    lines = [json.dumps(run.header, separators=(",", ":"))]
    lines += [encode(event, run.extra.get(index)) for index, event in enumerate(run.events)]
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(part, "wb") as file:
            file.write(("\n".join(lines) + "\n").encode("ascii"))
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


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


def _read_header(line: bytes, path: Path | str) -> tuple[dict[str, Any], Job]:
    name = Path(path).name
    try:
        header = json.loads(line)
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict) or not isinstance(header.get("lrrun"), int):
        raise ValueError(f"{name} is not a run log of LR Finder: its first line is not a log's header.")
    try:
        job = Job.from_dict(header.get("job"))
    except ValueError as error:
        raise ValueError(f"{name} cannot be opened: {error}") from None
    return header, job


def _made_possible(job: Job) -> tuple[Job, list[str]]:
    """The job without settings that cannot be, and a sentence for each that its run would have used.

    A form may hold what its run did not use, a newer program may know more; and a file can say anything, but plots
    and forms must not be asked for what cannot be drawn.
    """
    warnings: list[str] = []
    for part, usual in (("sweep", SweepConfig()), ("train", TrainConfig()), ("race", RaceConfig())):
        config: Any = getattr(job, part)
        problems = config.validate()
        if not problems:
            continue
        if config is job.config:
            warnings += [f"{problem.what} The usual setting stands in its place." for problem in problems]
        mended: Any = replace(config, **{problem.field: getattr(usual, problem.field) for problem in problems})
        job = replace(job, **{part: usual if mended.validate() else mended})  # type: ignore[arg-type]
    return job, warnings


def _is_possible(event: Event, kind: str) -> bool:
    """False for numbers that no run has: counts that would fill the memory, and rates that cannot be drawn."""
    rate = getattr(event, "lr", None)
    # A training's schedule goes far below its highest rate, down to 0.
    if rate is not None and not (0 if kind == "train" else LOWEST_LR) <= rate <= HIGHEST_LR:
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


def _created(header: dict[str, Any]) -> datetime | None:
    try:
        return datetime.fromisoformat(str(header.get("created")))
    except ValueError:
        return None


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count:,} lines"

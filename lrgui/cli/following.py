"""Following a run that is computed elsewhere: in a line that is kept up to date, and in words once it is over."""

from __future__ import annotations

import json
from collections import deque
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from lrgui.cli.app import Status, fail, printed, say, tell, words
from lrgui.cli.opening import place_of
from lrgui.cli.outputs import spare
from lrgui.cli.running import Signals, ended, task_words
from lrgui.cli.steps import RECENT, step_words, training_document
from lrgui.core.events import (
    WELL,
    BatchEvent,
    CandidateEvent,
    EndReason,
    Event,
    OutputEvent,
    RunKind,
    RunState,
    StateEvent,
    TaskEvent,
)
from lrgui.core.learning_rate import format_lr
from lrgui.runs.job import Job
from lrgui.runs.log_writer import LogWriter
from lrgui.runs.remote.address import Address

if TYPE_CHECKING:
    from lrgui.runs.record import Record
    from lrgui.runs.records import Records
    from lrgui.runs.remote.whereabouts import Whereabouts


def follow(text: str, log: Path | None, as_json: bool, stop: bool) -> NoReturn:
    """Follow the run at an address to its end, say how it ended, and leave; `stop` asks it to end first.

    A run of here that was sent to a target is followed there, and its log here gets what it lacks.
    """
    from lrgui.runs.going_on import goes_on
    from lrgui.runs.remote.following import Following  # it needs numpy, which help does not
    from lrgui.runs.remote.whereabouts import whereabouts

    try:
        address = Address.parse(text)
    except ValueError as error:
        fail(str(error), Status.BAD_ARGUMENTS)
    here, where = Path(address.path), None
    if address.is_here:
        here = place_of(Path(text))
        address = Address(str(here.absolute()))
        spare({"log": log}, here)
        where = None if goes_on(here) else whereabouts(here)
    if where is not None:
        say(f"{here.name} was sent to {where.target}: following it there.")
        address = where.address
    while True:
        source = Following(address, python="" if where is None else where.python, commands=stop)
        if stop:
            source.cancel()
        try:
            job = source.open().job
        except ValueError as error:
            fail(str(error))
        taken = _Taken(job)
        with Signals(source), closing(source.chunks()) as chunks:
            unkept = _read(chunks, taken, job, log, as_json)
        if not source.replaced:
            break
        say(f"{address.name} was replaced by another run: following that one.")
    if where is not None:
        _complete(here, where)
    taken.tell(as_json)
    if unkept:
        fail(unkept)
    raise typer.Exit(Status.OK if taken.went_well else Status.FAILED)


def _complete(log: Path, where: Whereabouts) -> None:
    """Add to a log here what its run there has measured."""
    from lrgui.runs.opened import open_run
    from lrgui.runs.remote.connection import RemoteError
    from lrgui.runs.remote.resuming import brought_up_to_date

    try:
        _, source = brought_up_to_date(log, open_run(log), where)
        if source is not None:
            source.close()
    except (RemoteError, OSError, ValueError) as error:
        say(f"{log.name} is still incomplete: {error}")


class _Taken:
    """What was measured, of whatever kind of run."""

    def __init__(self, job: Job) -> None:
        from lrgui.core.standings import Standings
        from lrgui.runs.records import Records

        self.job = job
        self.sweeps: Records = Records()
        self.standings = Standings(job.race) if job.kind == RunKind.RACE else None

    @property
    def record(self) -> Record:
        """Of repeats the first."""
        return self.sweeps.first

    def add(self, events: list[Event]) -> None:
        """Take in what came."""
        self.sweeps.add(events)
        if self.standings is not None:
            self.standings.add(events)

    @property
    def went_well(self) -> bool:
        """True where the run ended by itself, or was stopped."""
        fine = set(WELL)
        if self.job.kind == RunKind.SWEEP:
            fine |= {EndReason.DIVERGED, EndReason.NOT_FINITE, EndReason.DATA_ENDED}
        return ended(self.record).reason in fine

    def tell(self, as_json: bool) -> None:
        """What the run says, on standard output."""
        from lrgui.cli.sweeping import tell_reading
        from lrgui.cli.verify import Raced, tell_race
        from lrgui.export.report import Report

        end, record = ended(self.record), self.record
        if self.job.kind == RunKind.SWEEP and len(record):
            reading = replace(self.sweeps.read(self.job.sweep), end=end)
            if as_json:
                _print(Report(reading, self.job).to_dict())
            else:
                tell_reading(reading)
                if not self.went_well:
                    fail(end.detail)
        elif self.standings is not None:
            raced = Raced(self.job, self.standings, self.standings.ranking(), end, "", record.task, record.script)
            if as_json:
                _print(raced.result.to_dict())
            else:
                tell_race(raced)
        elif as_json:
            _print(training_document(record))
        else:
            tell(end.detail)


def _read(chunks: Any, taken: _Taken, job: Job, log: Path | None, quiet: bool) -> str:
    """Take in a run to its end and show it; returns a sentence where the log that was asked for was not written."""
    from rich.live import Live
    from rich.text import Text

    recent = deque[BatchEvent](maxlen=RECENT)
    line = Live(Text(), console=words, refresh_per_second=8, transient=True) if words.is_terminal else None
    writer = None if log is None else LogWriter(log, job, origin="followed")
    if line is not None:
        line.start()
    try:
        for events in chunks:
            taken.add(events)
            if writer is not None:
                writer.write(events)
            recent.extend(event for event in events if isinstance(event, BatchEvent))
            now = _show(events, quiet)
            if line is not None and (now or recent):
                line.update(Text(now or step_words(recent, taken.record.task)))
    finally:
        if line is not None:
            line.stop()
        if writer is not None:
            writer.close()
    return f"{log} is incomplete: it could not be written." if writer is not None and writer.problem else ""


def _show(events: list[Event], quiet: bool) -> str:
    """Say what is to be said once; returns what goes on, in words, where it is no step."""
    now = ""
    for event in events:
        if isinstance(event, OutputEvent):
            printed(event)
        elif isinstance(event, TaskEvent) and not quiet:
            say(task_words(event))
        elif isinstance(event, CandidateEvent):
            now = f"training {event.candidate + 1} · {format_lr(event.lr)}"
        elif isinstance(event, StateEvent) and event.state == RunState.STARTING and event.detail:
            now = event.detail
            if not words.is_terminal:
                say(f"{now}.")
    return now


def _print(document: dict[str, Any]) -> None:
    print(json.dumps(document, ensure_ascii=False, allow_nan=False))

"""`lrgui watch`: look on while a training script trains, as it is, or follow a run that goes on elsewhere."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lrgui.cli.app import Json, Log, Status, checked, command, fail, printed, say, tell, words
from lrgui.cli.following import follow
from lrgui.cli.outputs import source_file, spare
from lrgui.cli.place import Place, with_place
from lrgui.cli.run import Script
from lrgui.cli.running import Journals, Signals, ended, source_of, task_words
from lrgui.cli.script_job import Module, script_job
from lrgui.cli.steps import RECENT, step_words, training_document
from lrgui.cli.tracking import Track
from lrgui.core.events import WELL, BatchEvent, Event, OutputEvent, RunKind, TaskEvent
from lrgui.runs.job import Job
from lrgui.runs.library import SUFFIX
from lrgui.runs.remote.address import SCHEME

if TYPE_CHECKING:
    from lrgui.runs.record import Record


@command("watch", of_script=True)
@with_place
def watch_script(
    script: Script,
    module: Module = False,
    optimizer: Annotated[
        int, typer.Option(help="Which of the script's optimizers to watch, from 0, in the order in which they step.")
    ] = 0,
    as_json: Json = False,
    log: Log = None,
    track: Track = None,
    python: Place = None,
    stop: Annotated[
        bool, typer.Option("--stop", help="Of a run that --on started: ask it to end, and follow it until it has.")
    ] = False,
) -> None:
    """Run your training script as it is, and show loss, rate, gradient norm and speed of each step. Or follow a run.

    Nothing is changed, and the script runs to its end; Ctrl+C stops it as without LR Finder. The window opens the log
    as a training. With RUN.lrrun or ssh://[user@]host[:port]/path/RUN.lrrun in the script's place, a run is followed
    that somebody else computes, also after its connection broke; Ctrl+C then only stops following. A run of here that
    was sent to a target is followed there, and its log here gets what it lacks. Exit status: 0 where it ended or was
    stopped, 1 where it failed, 2 for bad arguments.
    """
    if not module and (script[0].startswith(SCHEME) or script[0].endswith(SUFFIX)):
        if script[1:]:
            words_behind = " ".join(script[1:])
            fail(f"Options go before the run: lrgui watch {words_behind} {script[0]}", Status.BAD_ARGUMENTS)
        follow(script[0], log, as_json, stop)
    if stop:
        fail("--stop is for a run that is followed: name its log.", Status.BAD_ARGUMENTS)
    base = script_job(script, module, {"optimizer": optimizer})
    spare({"log": log}, source_file(base.task))
    record, unkept = _watched(checked(replace(base, kind=RunKind.TRAIN)), log, as_json, python)
    end = ended(record)
    if as_json:
        print(json.dumps(training_document(record), ensure_ascii=False, allow_nan=False))
    else:
        tell(end.detail)
    if unkept:
        fail(unkept)
    if end.reason not in WELL:
        raise typer.Exit(Status.FAILED)


def _watched(job: Job, log: Path | None, quiet: bool, python: Place) -> tuple[Record, str]:
    """Run the script, show its steps in a line that is kept up to date where there is a terminal, keep them on disk."""
    from rich.live import Live
    from rich.text import Text

    from lrgui.runs.record import Record

    record, source, recent = Record(), source_of(job, python), deque[BatchEvent](maxlen=RECENT)
    line = Live(Text(), console=words, refresh_per_second=8, transient=True) if words.is_terminal else None
    with (
        Journals(job, log) as journals,
        Signals(source),
        journals.steered(source),
        closing(source.chunks()) as chunks,
    ):
        if line is not None:
            line.start()
        try:
            for events in chunks:
                record.add(events)
                journals.write(events)
                recent.extend(event for event in events if isinstance(event, BatchEvent))
                _show(events, quiet)
                if line is not None and recent:
                    line.update(Text(step_words(recent, record.task)))
        finally:
            if line is not None:
                line.stop()
    return record, journals.lost


def _show(events: Sequence[Event], quiet: bool) -> None:
    for event in events:
        if isinstance(event, OutputEvent):
            printed(event)
        elif isinstance(event, TaskEvent) and not quiet:
            say(task_words(event))

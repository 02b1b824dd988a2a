"""Running a job for a command: where it is computed, how it shows, where it is kept."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from lrgui import frozen
from lrgui.cli.app import fail, say, words
from lrgui.core.events import EndEvent, EpochEvent, Event, OutputEvent, StateEvent, TaskEvent
from lrgui.gui.settings import load_settings, settings_file
from lrgui.runs.job import Job
from lrgui.runs.launch import ChildProcess
from lrgui.runs.library import start_log
from lrgui.runs.log import LogWriter
from lrgui.runs.source import Source

if TYPE_CHECKING:
    from lrgui.runs.record import Record
    from lrgui.runs.records import Records


def run(
    job: Job, log: Path | None, quiet: bool, sweeps: Records | None = None, *, python: Path | None = None
) -> tuple[Record, str]:
    """Run the job, show how it goes on a terminal, keep it on disk. `sweeps` takes in all of a run's sweeps.

    Returns what was measured, and a sentence where `log` was asked for and could not be written.
    """
    from lrgui.runs.record import Record

    record = Record() if sweeps is None else sweeps.first
    taking = record if sweeps is None else sweeps
    source = source_of(job, python)
    journals = [start_log(job, origin="command line")]
    if log is not None:
        journals.append(LogWriter(log, job, origin="command line"))

    def tell(problem: str | None) -> None:
        if problem:
            say(problem)

    try:
        # Closing the chunks ends the run, also where somebody interrupts twice.
        with interruptible(source.cancel), progress(job, quiet) as show, closing(source.chunks()) as chunks:
            for events in chunks:
                taking.add(events)
                for journal in journals:
                    tell(journal.write(events))
                show(events, len(taking))
    finally:
        for journal in journals:
            tell(journal.close())
    lost = log is not None and journals[-1].problem is not None
    return record, f"{log} does not hold the whole run: it could not be written." if lost else ""


def source_of(job: Job, python: Path | None = None) -> Source:
    """Computes in this process; in one of its own where the person's code runs, where another Python was named,
    or where there is no torch in here."""
    chosen = str(python) if python is not None else frozen.chosen_python(load_settings(settings_file())[0].python)
    # The person's code may print, change the folder or exit: it must do so somewhere else.
    if job.task.is_code or not frozen.computes_itself(chosen):
        return ChildProcess(job, chosen)
    try:
        from lrgui.runs.in_process import InProcess
    except ImportError as error:
        fail(f"PyTorch could not be imported ({error}). Install it: pip install torch")
    return InProcess(job)


@contextmanager
def interruptible(cancel: Callable[[], None]) -> Iterator[None]:
    """Inside, the first Ctrl+C ends the run in good order, the second one ends the process."""

    def stop(_number: int, _frame: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.write(2, b"\nStopping. Where the code hangs, Ctrl+C again ends it at once.\n")
        cancel()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def progress_bar() -> Progress:
    """An empty progress bar, where standard error is a terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=words,
        transient=True,
        disable=not words.is_terminal,
    )


@contextmanager
def progress(job: Job, quiet: bool) -> Iterator[Callable[[list[Event], int], None]]:
    """A progress bar where standard error is a terminal; what the run prints and how it fails in any case."""
    bar = progress_bar()
    with bar:
        title = "Sweep" if job.kind == "sweep" else "Training"
        line = bar.add_task(title, total=None)

        def show(events: list[Event], done: int) -> None:
            for event in events:
                if isinstance(event, TaskEvent):
                    bar.update(line, total=event.steps * (job.sweep.repeats if job.kind == "sweep" else 1))
                    if not quiet:
                        detail = f"{event.name} · {event.detail} · {event.parameters:,} parameters · {event.device}"
                        say(detail)
                elif isinstance(event, StateEvent) and event.state == "starting" and event.detail:
                    bar.update(line, description=event.detail)  # a download tells how far it is
                elif isinstance(event, StateEvent) and event.state == "running":
                    bar.update(line, description=title)
                elif isinstance(event, OutputEvent):
                    words.print(escape(event.text.rstrip("\n")), highlight=False)
                elif isinstance(event, EpochEvent):
                    bar.update(line, description=f"Training · epoch {event.epoch} · loss {event.train_loss:.3g}")
            bar.update(line, completed=done)

        yield show


def ended(record: Record) -> EndEvent:
    return record.end or EndEvent("killed", "The run ended without a word. Start it again.")

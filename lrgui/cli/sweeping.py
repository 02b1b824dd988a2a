"""A sweep that a command runs: again where it went wrong, in words, its files written, and left with its status."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.markup import escape
from rich.table import Table

from lrgui.cli.app import Status, checked, fail, results, say, tell
from lrgui.cli.outputs import write_files
from lrgui.cli.place import Place
from lrgui.cli.running import ended, run
from lrgui.core.events import ERRORS, WHOLE
from lrgui.core.learning_rate import format_lr
from lrgui.export import FORMATS
from lrgui.runs.job import Job

if TYPE_CHECKING:
    from lrgui.core.curve.sweep_reading import SweepReading
    from lrgui.export.report import Report
    from lrgui.runs.record import Record

#: With --auto so many sweeps follow the first at most.
MOST_MENDED = 2

Auto = Annotated[
    bool,
    typer.Option(
        "--auto",
        help="Sweep again where the range was unsuitable or noise hides the fall, with another range or more steps at "
        "each rate, at most twice.",
    ),
]
AutoRange = Annotated[bool, typer.Option("--auto-range", help="The same for the range alone.")]


def mended(auto: bool, auto_range: bool) -> str:
    """What is changed for another sweep where it was wrong: the "range", or "all" that can be; "" is nothing."""
    return "all" if auto else "range" if auto_range else ""


def leave(swept: Swept, report: Report, files: dict[str, Path], trouble: str = "") -> NoReturn:
    """Write the files and leave with the sweep's exit status; `trouble` is a sentence on what could not be done."""
    write_files(report, files, FORMATS, quiet=True)
    end, pick = swept.reading.end, swept.reading.recommendation
    if end is not None and end.reason in ERRORS:
        fail(end.detail)
    if swept.unkept:
        fail(swept.unkept)
    if trouble:
        fail(trouble, Status.NO_PICK if pick.lr is None else Status.FAILED)
    raise typer.Exit(Status.OK if pick.lr is not None else Status.NO_PICK)


@dataclass(frozen=True)
class Swept:
    """A sweep that a command ran."""

    job: Job
    record: Record
    """What was measured; of repeats the first sweep."""
    reading: SweepReading
    unkept: str
    """A sentence where the log that was asked for was not written, else empty."""
    made: int
    """Optimizer steps of all sweeps that were made."""
    seconds: float
    """The time that they took."""


def sweep_of(job: Job, log: Path | None, quiet: bool, mends: str, python: Place) -> Swept:
    """Sweep, and again where what it `mends` (of `mended`) was wrong: the last sweep. Leaves where nothing was
    measured."""
    from lrgui.runs.records import Records

    again, made, seconds = 0, 0, 0.0
    while True:
        sweeps = Records()
        _, unkept = run(job, log, quiet, sweeps, python=python)
        end = ended(sweeps.first)
        if not len(sweeps.first):
            fail(end.detail)
        config = job.sweep
        made += len(sweeps) * config.batches_per_lr
        seconds += sweeps.seconds
        reading = replace(sweeps.read(config), end=end)
        pick = reading.recommendation
        change = pick.next_sweep if mends == "all" else pick.advice if mends else None
        if change is None or end.reason not in WHOLE or again == MOST_MENDED:
            return Swept(job, sweeps.first, reading, unkept, made, seconds)
        again += 1
        say(f"{change.why} Sweeping again, {change.words}.")
        job = checked(replace(job, sweep=replace(config, **change.settings)))


def tell_reading(reading: SweepReading) -> None:
    """The result in words and a table, on standard output."""
    from lrgui.core.curve.recommend import confidence_words
    from lrgui.core.curve.words import CLASSIC

    pick = reading.recommendation
    repeated = reading.band is not None
    table = Table("rule", "learning rate", *(["over the repeats"] if repeated else []), "why")
    for row in reading.table:
        table.add_row(row.label, row.rate, *([row.spread] if repeated else []), escape(row.reason))
    results().print(table)
    tell(f"{CLASSIC} {reading.interpretation}")
    for check in reading.checklist:
        tell(f" {check.sign} {check.text}")
    if reading.zones is not None and reading.zones.note:
        tell(reading.zones.note)
    if reading.end is not None and reading.end.reason not in ERRORS:  # an error's sentence is the last, from `leave`
        tell(reading.end.detail)
    if reading.own_words:
        tell(reading.own_words)
    if pick.lr is not None:
        if reading.both_rates:
            tell(reading.both_rates)
        results().print(f"[bold]Learning rate: {format_lr(pick.lr)}[/] · {confidence_words(pick)}", highlight=False)
    else:
        results().print(f"[bold]{escape(pick.reason)}[/]", highlight=False, soft_wrap=True)

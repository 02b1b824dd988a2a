"""`lrgui find`: sweep the learning rate and say which one to use."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from lrgui.cli.app import Json, Log, Status, checked, command, fail, results, say, tell
from lrgui.cli.generated import with_settings
from lrgui.cli.outputs import source_file, spare, with_formats, write_files
from lrgui.cli.running import ended, run
from lrgui.cli.task_options import Python, with_task
from lrgui.core.events import ERRORS, WHOLE, EndEvent
from lrgui.core.learning_rate import format_lr
from lrgui.core.run_settings import SweepSettings
from lrgui.export import FORMATS
from lrgui.runs.job import Job

if TYPE_CHECKING:
    from lrgui.core.curve.sweep_reading import SweepReading

#: With --auto-range so many sweeps follow the first at most.
MOST_MENDED = 2


@command(of_task=True)
@with_task
@with_settings(SweepSettings)
@with_formats(row for row in FORMATS.values() if row.key != "json")  # that one goes to standard output
def find(
    base: Job,
    given: dict[str, Any] = {},  # noqa: B006 (`with_settings` fills it, and `with_formats` the other)
    auto_range: Annotated[
        bool, typer.Option("--auto-range", help="Correct an unsuitable range and sweep again, at most twice.")
    ] = False,
    as_json: Json = False,
    files: dict[str, Path] = {},  # noqa: B006
    log: Log = None,
    python: Python = None,
) -> None:
    """Sweep the learning rate and say which one to use.

    Exit status: 0 with a recommendation, 3 without a reliable one, 2 for bad arguments, 1 for a failure.
    """
    from lrgui.export.report import Report

    spare({**files, "log": log}, source_file(base.task))
    sweep = base.sweep.with_given(given)
    job, end, reading, unkept = _sweep(checked(replace(base, sweep=sweep)), log, as_json, auto_range, python)
    report = Report(reading, job, more={"sweep": job.to_dict()["sweep"]})
    if as_json:
        print(json.dumps(report.to_dict(), ensure_ascii=False, allow_nan=False))
    else:
        _tell(reading)
    write_files(report, files, FORMATS, quiet=True)
    if end.reason in ERRORS:
        fail(end.detail)
    if unkept:
        fail(unkept)
    raise typer.Exit(Status.OK if reading.recommendation.lr is not None else Status.NO_PICK)


def _sweep(
    job: Job, log: Path | None, quiet: bool, auto_range: bool, python: Path | None
) -> tuple[Job, EndEvent, SweepReading, str]:
    """Sweep, with `auto_range` again where the range was wrong. The last sweep's job, end and reading, and what
    `run` says; leaves where nothing was measured."""
    from lrgui.runs.records import Records

    again = 0
    while True:
        sweeps = Records()
        _, unkept = run(job, log, quiet, sweeps, python=python)
        end = ended(sweeps.first)
        if not len(sweeps.first):
            fail(end.detail)
        config = job.sweep
        reading = replace(sweeps.read(config), end=end)
        advice = reading.recommendation.advice
        if not auto_range or advice is None or end.reason not in WHOLE or again == MOST_MENDED:
            return job, end, reading, unkept
        again += 1
        ends = f"{format_lr(advice.start_lr)} to {format_lr(advice.end_lr)}"
        say(f"{advice.why} Sweeping again, from {ends}.")
        job = checked(replace(job, sweep=replace(config, start_lr=advice.start_lr, end_lr=advice.end_lr)))


def _tell(reading: SweepReading) -> None:
    """The result in words and a table, on standard output."""
    from lrgui.core.curve.recommend import confidence_words

    pick = reading.recommendation
    repeated = reading.band is not None
    table = Table("rule", "learning rate", *(["over the repeats"] if repeated else []), "why")
    for row in reading.table:
        table.add_row(row.label, row.rate, *([row.spread] if repeated else []), escape(row.reason))
    results().print(table)
    tell(reading.interpretation)
    for check in reading.checklist:
        tell(f" {check.sign} {check.text}")
    if reading.zones is not None and reading.zones.note:
        tell(reading.zones.note)
    if reading.end is not None:
        tell(reading.end.detail)
    if reading.own_words:
        tell(reading.own_words)
    if pick.lr is not None:
        results().print(f"[bold]Learning rate: {format_lr(pick.lr)}[/] · {confidence_words(pick)}", highlight=False)
        if reading.both_rates:
            tell(reading.both_rates)
    else:
        results().print(f"[bold]{escape(pick.reason)}[/]", highlight=False, soft_wrap=True)

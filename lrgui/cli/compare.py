"""`lrgui compare`: sweep several optimizers on the same task and lay their curves over each other."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from lrgui.cli.app import Json, Status, checked, command, fail, printed, results, say, tell
from lrgui.cli.generated import with_settings
from lrgui.cli.outputs import source_file, spare, with_formats, write_files
from lrgui.cli.running import Signals, ended, progress_bar, source_of
from lrgui.cli.task_options import Python, with_task
from lrgui.core.events import ERRORS, EndEvent, EndReason, OutputEvent
from lrgui.core.optimizers import OPTIMIZERS
from lrgui.core.run_settings import SweepSettings
from lrgui.export import COMPARISON_FORMATS
from lrgui.runs.job import Job
from lrgui.tasks.user.rows import OWN

if TYPE_CHECKING:
    from lrgui.core.curve.comparison import Compared
    from lrgui.export.comparison import ComparisonReport

_USUAL = [key for key, row in OPTIMIZERS.items() if row.compared]


@command(of_task=True)
@with_task
@with_settings(SweepSettings, without=["repeats"])
@with_formats(row for row in COMPARISON_FORMATS.values() if row.key != "json")  # that one goes to standard output
def compare(
    base: Job,
    optimizers: Annotated[
        str | None,
        typer.Option(help="Which ones, separated by commas.", show_default=f"{', '.join(_USUAL)}, and the task's own"),
    ] = None,
    given: dict[str, Any] = {},  # noqa: B006 (`with_settings` fills it, and `with_formats` the other)
    as_json: Json = False,
    files: dict[str, Path] = {},  # noqa: B006
    python: Python = None,
) -> None:
    """Sweep several optimizers on the same task, one after the other, and say how their curves differ.

    All start from the same weights and see the same batches. Exit status: 0 where at least one has a reliable pick,
    3 where none has, 2 for bad arguments, 1 for a failure.
    """
    from lrgui.export.comparison import ComparisonReport
    from lrgui.runs.sequential import jobs_to_compare

    spare(files, source_file(base.task))
    own = [OWN] if base.task.optimizer == OWN else []
    wanted = [*own, *_USUAL] if optimizers is None else optimizers.split(",")
    keys = [key.strip().lower() for key in wanted if key.strip()]
    if len(set(keys)) < 2:
        fail("A comparison needs at least two optimizers: --optimizers sgd,adam", Status.BAD_ARGUMENTS)
    sweep = replace(base.sweep, **given)
    jobs = jobs_to_compare(replace(base, sweep=sweep), keys)
    for job in jobs:
        checked(job)
    compared, end, unkept = _run(jobs, python)
    if unkept:
        say(unkept)  # no log was asked for, so it is no failure
    report = ComparisonReport(tuple(compared), tuple(jobs), end)
    if as_json:
        print(json.dumps(report.to_dict(), ensure_ascii=False, allow_nan=False))
    else:
        _tell(report, end)
    if compared:
        write_files(report, files, COMPARISON_FORMATS, quiet=True)
    if end.reason in ERRORS:
        fail(end.detail)
    sure = any(each.reading.recommendation.lr is not None for each in compared)
    raise typer.Exit(Status.OK if sure else Status.NO_PICK)


def _run(jobs: Sequence[Job], python: Path | None) -> tuple[list[Compared], EndEvent, str]:
    """Sweep all, show how it goes on a terminal; also a sentence where a run could not be kept on disk."""
    from lrgui.runs.records import Records
    from lrgui.runs.sequential import InTurn, compared_so_far

    records, turn = Records(), InTurn(jobs, lambda job: source_of(job, python), origin="command line")
    steps = jobs[0].sweep.steps
    bar = progress_bar()
    with bar, Signals(turn), closing(turn.chunks()) as chunks:
        line = bar.add_task(jobs[0].task.optimizer_words, total=steps * len(jobs))
        for events in chunks:
            records.add(events)
            for event in events:
                if isinstance(event, OutputEvent):
                    printed(event)
            bar.update(line, completed=len(records), description=jobs[records.last.sweep].task.optimizer_words)
    return compared_so_far(records, jobs), ended(records.first), turn.problem or ""


def _tell(report: ComparisonReport, end: EndEvent) -> None:
    from lrgui.core.curve.comparison import how_to_read
    from lrgui.export.comparison import HEADS

    table = Table(*HEADS)
    for row in report.rows():
        table.add_row(*map(escape, row))
    if report.compared:
        results().print(table)
    for sentence in how_to_read(report.compared):
        tell(sentence)
    if end.reason != EndReason.COMPLETED:
        tell(end.detail)

"""`lrgui find`: sweep the learning rate and say which one to use."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from lrgui.cli.app import Json, Log, checked, command, say
from lrgui.cli.generated import with_settings
from lrgui.cli.outputs import source_file, spare, with_formats
from lrgui.cli.place import Place, with_place
from lrgui.cli.proving import budget_of, proven
from lrgui.cli.snippets import Snippet, snippet_of
from lrgui.cli.sweeping import Auto, AutoRange, leave, mended, sweep_of, tell_reading
from lrgui.cli.task_options import with_task
from lrgui.cli.tracking import Track
from lrgui.core.run_settings import SweepSettings
from lrgui.export import FORMATS
from lrgui.runs.job import Job


@command(of_task=True)
@with_task
@with_settings(SweepSettings)
@with_formats(row for row in FORMATS.values() if row.key != "json")  # that one goes to standard output
@with_place
def find(
    base: Job,
    given: dict[str, Any] = {},  # noqa: B006 (`with_settings` fills it, and `with_formats` the other)
    auto: Auto = False,
    auto_range: AutoRange = False,
    budget: Annotated[
        str | None,
        typer.Option(
            help="What sweep and proof together may take: 30s, 2m or 500 steps. Where the confidence is not high, "
            "short trainings measure the best rate around the sweep's, as far as the budget allows.",
            show_default="only sweep",
        ),
    ] = None,
    as_json: Json = False,
    files: dict[str, Path] = {},  # noqa: B006
    snippet: Snippet = None,
    log: Log = None,
    track: Track = None,
    python: Place = None,
) -> None:
    """Sweep the learning rate and say which one to use.

    Exit status: 0 with a recommendation, 3 without a reliable one, 2 for bad arguments, 1 for a failure.
    """
    from lrgui.export.report import Report

    spare({**files, "log": log}, source_file(base.task))
    allowed = None if budget is None else budget_of(budget)
    job = checked(replace(base, sweep=base.sweep.with_given(given)))
    if allowed is not None and not as_json:
        say(f"{allowed.words}: {allowed.plan_words(job.sweep)}")
    swept = sweep_of(job, log, as_json, mended(auto, auto_range), python)
    if allowed is not None:
        swept = proven(swept, allowed, as_json, python)
    made = snippet_of(swept.reading, swept.job, swept.record, snippet)
    more = {"sweep": swept.job.to_dict()["sweep"], **made.document}
    report = Report(swept.reading, swept.job, more=more)
    if as_json:
        print(json.dumps(report.to_dict(), ensure_ascii=False, allow_nan=False))
    else:
        tell_reading(swept.reading)
        made.show()
    leave(swept, report, files, made.why)

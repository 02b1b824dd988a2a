"""`lrgui export`: write a run that was kept on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lrgui.cli.app import Status, app, fail, say, write
from lrgui.runs.log import read_log


@app.command("export")
def export_run(
    run: Annotated[Path, typer.Argument(help="A run that was kept on disk (.lrrun).", show_default=False)],
    png: Annotated[Path | None, typer.Option(help="Write the annotated picture, 300 DPI, to this file.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write the points to this file.")] = None,
    as_json: Annotated[Path | None, typer.Option("--json", help="Write the whole run to this file.")] = None,
) -> None:
    """Write a sweep that was kept on disk as a picture, table or document.

    Exit status: 0 once all is written, 2 for bad arguments, 1 for a run that cannot be read or exported.
    """
    from lrgui.core.several import read_curves
    from lrgui.export import Report
    from lrgui.runs.records import Records

    wanted = {key: path for key, path in (("png", png), ("csv", csv), ("json", as_json)) if path is not None}
    if not wanted:
        fail("Say what to write: --png FILE, --csv FILE or --json FILE.", Status.BAD_ARGUMENTS)
    try:
        logged = read_log(run)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        fail(f"{run} could not be opened: {why}")
    for warning in logged.warnings:
        say(warning)
    job, sweeps = logged.job, Records.of(logged.events)
    record = sweeps.first
    if job.kind != "sweep":
        fail(f"{run} is a {'race' if job.kind == 'race' else 'training'}; only sweeps can be exported.")
    if not len(record):
        fail(f"{run} has no points: the run ended before its first batch.")
    sweep = job.sweep
    reading = read_curves(sweeps.curves(sweep.beta), planned_range=(sweep.start_lr, sweep.end_lr))
    report = Report.of_sweeps(job, reading, end=record.end)
    for key, path in wanted.items():
        write(report, path, key)
        say(f"Written: {path}")

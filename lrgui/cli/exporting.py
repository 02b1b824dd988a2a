"""`lrgui export`: write a run that was kept on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lrgui.cli.app import Status, command, fail
from lrgui.cli.opening import leave_empty, opened_run
from lrgui.cli.outputs import spare, wanted_words, with_formats, write_files
from lrgui.core.events import RunKind
from lrgui.export import FORMATS


@command("export")
@with_formats(FORMATS.values())
def export_run(
    run: Annotated[Path, typer.Argument(help="A saved run (.lrrun).", show_default=False)],
    files: dict[str, Path] = {},  # noqa: B006 (`with_formats` fills it)
) -> None:
    """Write a sweep that was kept on disk as a picture, table or document.

    Exit status: 0 once all is written, 2 for bad arguments, 1 for a run that cannot be read or exported.
    """
    from lrgui.export.report import Report

    if not files:
        fail(f"Nothing to write: add {wanted_words(FORMATS.values())}.", Status.BAD_ARGUMENTS)
    spare(files, run)
    opened = opened_run(run)
    job, sweeps = opened.job, opened.sweeps
    record = sweeps.first
    if job.kind != RunKind.SWEEP:
        fail(f"{run} is a {'race' if job.kind == 'race' else 'training'}; only sweeps can be exported.")
    if not len(record):
        leave_empty(run)
    write_files(Report(sweeps.read(job.sweep), job), files, FORMATS)

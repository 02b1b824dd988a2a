"""`lrgui export`: write a run that was kept on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lrgui.cli.app import Status, command, fail
from lrgui.cli.opening import leave_empty, opened_run, place_of
from lrgui.cli.outputs import spare, wanted_words, with_formats, with_style, write_files
from lrgui.cli.tracking import To, read_targets, record_kept
from lrgui.export import FORMATS, USUAL, PictureStyle


@command("export")
@with_formats(FORMATS.values())
@with_style
def export_run(
    run: Annotated[Path, typer.Argument(help="A saved run (.lrrun).", show_default=False)],
    files: dict[str, Path] = {},  # noqa: B006 (`with_formats` fills it)
    style: PictureStyle = USUAL,
    to: To = None,
) -> None:
    """Write a saved sweep, training or race as a picture, table, report, notebook or script, or to a tracker.

    Exit status: 0 once all is written, 2 for bad arguments, 1 for a run that cannot be read or exported.
    """
    from lrgui.export.runs import shown_run

    trackers = read_targets(to)
    if not files and not trackers:
        fail(f"Nothing to write: add {wanted_words(FORMATS.values())}.", Status.BAD_ARGUMENTS)
    run = place_of(run)
    spare(files, run)
    opened = opened_run(run)
    if not len(opened.record):
        leave_empty(run)
    recorded = record_kept(run, trackers)
    write_files(shown_run(opened), files, FORMATS, style)
    if not recorded:
        raise typer.Exit(Status.FAILED)

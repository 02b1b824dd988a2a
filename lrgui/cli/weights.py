"""`lrgui weights`: hand out the weights that a training kept."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lrgui.cli.app import Status, command, fail, say, tell
from lrgui.cli.opening import opened_run, place_of
from lrgui.cli.outputs import spare
from lrgui.cli.resume import SavedRun


@command()
def weights(
    run: SavedRun,
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write.")] = Path("model.safetensors"),
    last: Annotated[
        bool, typer.Option("--last", help="The weights of the last checkpoint; otherwise those of the best epoch.")
    ] = False,
) -> None:
    """Write the weights of a training as a safetensors file, and print the code that loads them.

    Exit status: 0, 1 where they cannot be written, 2 for a run without weights.
    """
    from lrgui.export.errors import ExportError
    from lrgui.export.weights import loading_code, weights_file

    run = place_of(run)
    opened = opened_run(run, quiet=True)
    spare({"output": output}, run)
    try:
        what = weights_file(run, opened, last)
    except ExportError as error:
        fail(str(error), Status.BAD_ARGUMENTS)
    try:
        what.write(output)
    except ExportError as error:
        fail(str(error))
    say(f"Written: {output}, {what.words}")
    tell(loading_code(opened.job, output))

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

    Those of a training on a target are brought from there, beside the run's log here. Exit status: 0, 1 where they
    cannot be written or brought, 2 for a run without weights.
    """
    from lrgui.export.errors import ExportError
    from lrgui.export.weights import loading_code, weights_file

    run = place_of(run)
    opened = opened_run(run, quiet=True)
    spare({"output": output}, run)
    _bring(run, last)
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


def _bring(run: Path, last: bool) -> None:
    """Bring what was kept on a target, if the run was computed on one; what is here already is used where nobody
    answers there."""
    from lrgui.runs.checkpoints import BEST, LAST, folder_of, newest
    from lrgui.runs.remote.checkpoints import bring
    from lrgui.runs.remote.connection import RemoteError
    from lrgui.runs.remote.whereabouts import address_there

    address = address_there(run)
    if address is None:
        return
    wanted = LAST if last else BEST
    try:
        if not address.is_here:
            say(f"Looking for its checkpoints on {address.host.name}.")
        bring(address, run, [wanted, LAST])
    except (RemoteError, OSError) as error:
        if newest(folder_of(run), wanted) is None:
            fail(f"The weights could not be brought: {error}")
        say(f"{error} The weights that were brought before are used.")

"""`lrgui resume`: go on with a training that was stopped or killed, or train a complete one for more epochs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lrgui.cli.app import Json, Status, command, fail, say
from lrgui.cli.opening import may_run, opened_run, place_of
from lrgui.cli.running import run as run_job
from lrgui.cli.task_options import Python
from lrgui.cli.tracking import Track
from lrgui.cli.training import finish

SavedRun = Annotated[
    Path, typer.Argument(help="A saved run (.lrrun): its file, or its name in lrgui runs.", show_default=False)
]
Trusted = Annotated[
    bool, typer.Option("--trust", help="Run the code that a run file from elsewhere names: you have looked at it.")
]


@command()
def resume(
    run: SavedRun,
    more_epochs: Annotated[
        int, typer.Option(help="Train a complete training for so many more epochs; its schedule begins again for them.")
    ] = 0,
    trust: Trusted = False,
    as_json: Json = False,
    track: Track = None,
    python: Python = None,
) -> None:
    """Go on with a training that was stopped or killed, from its last checkpoint, or train it for more epochs.

    On the CPU its losses are those that it would have had without the interruption. Its log goes on. Exit status: as of
    train.
    """
    from lrgui.runs.resuming import AGAIN, NotResumableError, resumed

    run = place_of(run)
    opened = opened_run(run, quiet=True)
    try:
        job = resumed(run, opened, more_epochs)
    except NotResumableError as error:
        from lrgui.runs.remote.checkpoints import address_there
        from lrgui.runs.resuming import resumable

        address = None if resumable(run, opened) else address_there(run)
        if address is not None:
            fail(
                f"The checkpoints of {run.name} are on {address.host.name or 'this computer'}, where it was computed. "
                f"“lrgui weights {run.stem} --last” brings the last one here; then resume it.",
                Status.BAD_ARGUMENTS,
            )
        fail(str(error), Status.BAD_ARGUMENTS)
    may_run(job, run, trust)
    if more_epochs:
        say(AGAIN)
    finish(*run_job(job, None, quiet=as_json, python=python, continues=(run, opened.record)), as_json)

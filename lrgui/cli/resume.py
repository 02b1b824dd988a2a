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
from lrgui.runs.targets import HERE

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
    on: Annotated[
        str | None,
        typer.Option(
            help=f"Where it goes on: a target (see lrgui targets), or “{HERE}” for this machine. Its last checkpoint "
            "is sent or brought there.",
            show_default="where it was",
        ),
    ] = None,
) -> None:
    """Go on with a training that was stopped or killed, from its last checkpoint, or train it for more epochs.

    On the CPU its losses are those that it would have had without the interruption. Its log goes on. One that was
    trained on a target goes on there, and what its log here lacks is added first; if it is still going on there, it is
    followed again. Exit status: as of train.
    """
    from lrgui.runs.remote.connection import RemoteError
    from lrgui.runs.remote.resuming import resumption
    from lrgui.runs.resuming import AGAIN, NotResumableError, followed_words
    from lrgui.runs.targets import TargetsError

    run, place = place_of(run), on or ""
    opened = opened_run(run, quiet=True)
    if python is not None:
        if place not in ("", HERE):
            fail("--python and --on both say where to compute: keep one of them.", Status.BAD_ARGUMENTS)
        place = HERE
    may_run(opened.job, run, trust)
    try:
        found = resumption(run, opened, place, more_epochs, lambda words: say(f"{words}."))
    except (NotResumableError, TargetsError) as error:
        fail(str(error), Status.BAD_ARGUMENTS)
    except RemoteError as error:
        fail(str(error))
    if found.over:
        say(f"{run.name} has come to its end meanwhile.")
        finish(found.opened.record, "", as_json)
    if found.attached:
        say(followed_words(run.name))
    elif more_epochs:
        say(AGAIN)
    continues = run, found.opened.record
    finish(*run_job(found.job, None, quiet=as_json, python=python, continues=continues, source=found.source), as_json)

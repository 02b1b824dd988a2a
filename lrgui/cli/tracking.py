"""`--track`: runs of a command are recorded with experiment trackers, too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, ClassVar

import typer

from lrgui.cli.app import Status, complain, fail, say
from lrgui.export.trackers import TRACKERS, Target, targets
from lrgui.export.trackers.following import Following


class Recording:
    """Who records the runs of the present command."""

    now: ClassVar[Following | None] = None


def read_targets(words: list[str] | None) -> list[Target]:
    """The trackers that were named; leaves where one is unknown."""
    try:
        return targets(words)
    except ValueError as error:
        fail(str(error), Status.BAD_ARGUMENTS)


def _record(context: typer.Context, words: list[str] | None) -> list[str] | None:
    """Record the command's runs; it leaves once they are."""
    chosen = read_targets(words)
    if chosen:
        Recording.now = Following(lambda: chosen, say)
        context.call_on_close(_finish)
    return words


def _finish() -> None:
    """Let the trackers finish; a Ctrl+C leaves them to it."""
    following, Recording.now = Recording.now, None
    try:
        if following is not None:
            following.wait()
    except KeyboardInterrupt:
        pass  # they go on by themselves


def follow() -> Callable[[Path], object] | None:
    """Who is to follow the logs of the present command's runs."""
    return None if Recording.now is None else Recording.now.follow


def record_kept(log: Path, chosen: Sequence[Target]) -> bool:
    """Record a run that is over, and say where; False where one of the trackers failed, which was said."""
    done = True
    for target in chosen:
        troubles: list[str] = []
        following = Following(lambda target=target: [target], troubles.append)  # type: ignore[misc]
        following.follow(log)
        following.wait()
        for trouble in troubles:
            complain(trouble)
        if not troubles:
            say(f"Recorded with {target.row.name}: {target.row.look.replace('FOLDER', target.place)}")
        done = done and not troubles
    return done


_NAMES = ", ".join(f"{row.key} ({row.contents})" for row in TRACKERS.values())
Track = Annotated[
    list[str] | None,
    typer.Option(
        "--track",
        metavar="TRACKER[=FOLDER]",
        help=f"Record the run with an experiment tracker: {_NAMES}. May be given several times.",
        callback=_record,
    ),
]
To = Annotated[
    list[str] | None,
    typer.Option(
        "--to",
        metavar="TRACKER[=FOLDER]",
        help=f"Record the run with an experiment tracker: {', '.join(TRACKERS)}. May be given several times.",
    ),
]

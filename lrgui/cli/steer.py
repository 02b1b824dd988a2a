"""`lrgui steer`: change a run that goes on in another terminal, in the window or on a target."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from lrgui.cli.app import Status, command, fail, tell
from lrgui.cli.opening import opened_run, place_of
from lrgui.core.control import FINISH, rate_request, read_factor
from lrgui.core.events import EndEvent, Event, RateEvent, RunKind, RunState, StateEvent
from lrgui.core.formats import format_ratio
from lrgui.core.learning_rate import format_lr
from lrgui.runs.job import Job
from lrgui.runs.lines import decode
from lrgui.runs.remote.address import SCHEME

#: Seconds in which a run usually answers: a step, and the time until it looks.
PATIENCE = 10.0
_PACE = 0.05


@command("steer")
def steer(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="A run that goes on: its log (.lrrun), or its name in lrgui runs.")
    ],
    factor: Annotated[
        str,
        typer.Option(help="Multiply a training's learning rate from its next step on: 0.5, 1/10.", show_default=False),
    ] = "",
    finish: Annotated[bool, typer.Option("--finish", help="Stop a training when its epoch is over.")] = False,
    pause: Annotated[bool, typer.Option("--pause", help="Hold the run before its next batch.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Let a held run go on.")] = False,
    stop: Annotated[bool, typer.Option("--stop", help="Stop the run before its next batch.")] = False,
) -> None:
    """Change a run that another terminal or the window computes on this machine, or that --on has started.

    What the run answers is said. Exit status: 0 once the run was asked, 1 where it has ended or nobody computes it, 2
    for bad arguments.
    """
    wanted = [name for name, given in _choices(factor, finish, pause, resume, stop).items() if given]
    if len(wanted) != 1:
        fail(f"Say one thing: {', '.join(_choices('', False, False, False, False))}.", Status.BAD_ARGUMENTS)
    number = read_factor(factor) if factor else None
    if factor and number is None:
        fail(f"--factor: “{factor}” is not a factor: write 0.5, 2 or 1/10.", Status.BAD_ARGUMENTS)
    if run.startswith(SCHEME):
        fail("A run on another machine is steered there: lrgui steer in an ssh session.", Status.BAD_ARGUMENTS)
    log = place_of(Path(run))
    opened = opened_run(log, quiet=True)
    _refuse(log, opened.job, wanted[0], opened.record.end)
    request = rate_request(number) if number is not None else _REQUESTS[wanted[0]]
    size = os.path.getsize(log)
    _ask(log, request)
    _answer(log, size, wanted[0])


_REQUESTS = {"--finish": FINISH, "--pause": "pause", "--resume": "resume", "--stop": "cancel"}


def _choices(factor: str, finish: bool, pause: bool, resume: bool, stop: bool) -> dict[str, object]:
    return {"--factor": factor, "--finish": finish, "--pause": pause, "--resume": resume, "--stop": stop}


def _refuse(log: Path, job: Job, option: str, end: EndEvent | None) -> None:
    """Leave where the run cannot be asked for that."""
    if end is not None:
        fail(f"{log.name} has ended: {end.detail}")
    if option in ("--factor", "--finish") and (job.kind != RunKind.TRAIN or job.task.is_script):
        fail(f"{option} is for a training of LR Finder, and {log.name} is not one.", Status.BAD_ARGUMENTS)


def _ask(log: Path, request: str) -> None:
    from lrgui.runs.remote.tail import Follower

    follower = Follower(str(log))
    try:
        if not follower.ask(request):
            fail(f"Nobody computes {log.name} any more: it was cut off. “lrgui resume” goes on with a training.")
    except OSError as error:
        fail(f"{log.name} could not be asked: {error.strerror or error}.")


def _answer(log: Path, size: int, option: str) -> NoReturn:
    """Wait for what the run does about it, and say it."""
    for event in _news(log, size):
        if isinstance(event, EndEvent):
            tell(event.detail)
            raise typer.Exit(Status.OK)
        if option == "--factor" and isinstance(event, RateEvent) and event.back_to is None:
            total = f", {format_ratio(event.total)} times the plan" if event.total != event.factor else ""
            tell(f"From step {event.step + 1:,} on the rate is {format_lr(event.lr)}{total}.")
            raise typer.Exit(Status.OK)
        if isinstance(event, StateEvent) and (option, event.state) in _STATES:
            tell(_STATES[option, event.state])
            raise typer.Exit(Status.OK)
    words = "It stops when its epoch is over" if option == "--finish" else "It does so before its next batch"
    tell(f"{log.name} was asked. {words}.")
    raise typer.Exit(Status.OK)


_STATES: dict[tuple[str, str], str] = {
    ("--pause", RunState.PAUSED): "Paused. --resume lets it go on.",
    ("--resume", RunState.RUNNING): "It goes on.",
}


def _news(log: Path, size: int) -> Iterator[Event]:
    """The events that come to a log of so many bytes, as long as somebody would wait for an answer."""
    until, rest = time.monotonic() + PATIENCE, b""
    with log.open("rb") as file:
        file.seek(size)
        while time.monotonic() < until:
            data = file.read(1 << 18)
            if not data:
                time.sleep(_PACE)
                continue
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                try:
                    event = decode(line)
                except (ValueError, RecursionError):
                    continue  # the end of a line whose beginning was there before
                if event is not None:
                    yield event

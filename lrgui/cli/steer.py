"""`lrgui steer`: change a run that goes on in another terminal, in the window or on another machine."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from lrgui.cli.app import Status, command, fail, say, tell
from lrgui.cli.opening import place_of
from lrgui.core.control import FINISH, rate_request, read_factor
from lrgui.core.events import EndEvent, Event, RateEvent, RunKind, RunState, StateEvent
from lrgui.core.formats import format_ratio
from lrgui.core.learning_rate import format_lr
from lrgui.runs.remote.address import SCHEME, Address

if TYPE_CHECKING:
    from lrgui.runs.job import Job
    from lrgui.runs.remote.following import Following

#: Seconds in which a run usually answers: a step, and the time until it looks. And those in which a connection that
#: was lost is made again.
PATIENCE, RECONNECTING = 10.0, 60.0
#: Seconds in which SLURM usually takes a job out of its queue, and lists it no longer.
QUEUED = 30.0


@command("steer")
def steer(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN",
            help="A run that goes on: its log (.lrrun), its name in lrgui runs, ssh://[user@]host[:port]/path/RUN.lrrun,"
            " or a target, for the run that was sent there last.",
            show_default=False,
        ),
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
    """Change a run that another terminal or the window computes on this machine, or that goes on on another one.

    What the run answers is said, and after a lost connection whether the change arrived. Exit status: 0 once the run
    was asked, 1 where it has ended, nobody computes it or that is not known, 2 for bad arguments.
    """
    wanted = [name for name, given in _choices(factor, finish, pause, resume, stop).items() if given]
    if len(wanted) != 1:
        fail(f"Say one thing: {', '.join(_choices('', False, False, False, False))}.", Status.BAD_ARGUMENTS)
    number = read_factor(factor) if factor else None
    if factor and number is None:
        fail(f"--factor: “{factor}” is not a factor: write 0.5, 2 or 1/10.", Status.BAD_ARGUMENTS)
    name, address, python = _found(run)
    _Steering(name, address, python, wanted[0]).ask(
        rate_request(number) if number is not None else _REQUESTS[wanted[0]]
    )


_REQUESTS = {"--finish": FINISH, "--pause": "pause", "--resume": "resume", "--stop": "cancel"}


def _choices(factor: str, finish: bool, pause: bool, resume: bool, stop: bool) -> dict[str, object]:
    return {"--factor": factor, "--finish": finish, "--pause": pause, "--resume": resume, "--stop": stop}


def _found(run: str) -> tuple[str, Address, str]:
    """What the run is called, where it is computed, and the Python there."""
    from lrgui.runs.remote.tail import BESIDE
    from lrgui.runs.remote.whereabouts import last_sent_to, whereabouts

    if run.startswith(SCHEME):
        try:
            return run, Address.parse(run), ""
        except ValueError as error:
            fail(str(error), Status.BAD_ARGUMENTS)
    log = place_of(Path(run))
    if not log.exists():
        if (log.parent / BESIDE).is_file():  # it waits in a queue of this machine
            return run, Address(str(log)), ""
        sent = last_sent_to(run)
        if sent is None:
            fail(
                f"There is no run {run}, and none was sent to a target of that name: “lrgui runs” lists those that "
                "were kept."
            )
        log = sent
    there = whereabouts(log)
    return (log.name, Address(str(log)), "") if there is None else (log.name, there.address, there.python)


class _Steering:
    """One request to a run, here or through ssh, until the run has answered it."""

    def __init__(self, name: str, address: Address, python: str, option: str) -> None:
        from lrgui.runs.remote.following import Following  # it needs numpy, which help does not

        self._name, self._address, self._option = name, address, option
        self._source: Following = Following(address, python=python, commands=True)
        self._patience: threading.Timer | None = None
        self._silent = threading.Event()
        """Set once nothing is waited for any longer."""

    def ask(self, request: str) -> None:
        """Ask, say what the run does about it, and leave with a sentence where it cannot be asked."""
        source = self._source
        try:
            job = source.open(queued=False).job
            over = source.catch_up(lambda _events: None)
        except ValueError as error:
            if source.parser is None and source.hears and self._option == "--stop":  # it waits in a queue
                self._request(request)
            fail(str(error))
        if over is not None:
            fail(f"{self._name} has ended: {over.detail}")
        self._refuse(job)
        if not source.hears:
            fail(f"Nobody computes {self._name} any more: it was cut off. “lrgui resume” goes on with a training.")
        self._request(request)

    def _request(self, request: str) -> NoReturn:
        """Ask, and say what comes of it."""
        source = self._source
        if self._option == "--stop":
            source.cancel()
        else:
            source.ask(request)
        self._wait(self._usual)
        lost = False
        with closing(source.chunks()) as chunks:
            for events in chunks:
                if self._silent.is_set():
                    break
                answer = next(filter(None, map(self._answer, events)), "")
                if answer:
                    self._over()
                    tell(answer)
                    raise typer.Exit(Status.OK)
                if source.lost != lost:
                    lost = source.lost
                    self._wait(RECONNECTING if lost else self._usual)
                if lost and isinstance(events[-1], StateEvent):
                    say(f"{events[-1].detail}.")
        self._tell_silence()

    @property
    def _usual(self) -> float:
        """Seconds in which an answer usually comes: from a run, or from the queue in which it waits."""
        return QUEUED if self._source.parser is None else PATIENCE

    def _wait(self, seconds: float) -> None:
        """Give up in so many seconds."""
        self._over()
        self._patience = threading.Timer(seconds, self._give_up)
        self._patience.daemon = True
        self._patience.start()

    def _over(self) -> None:
        if self._patience is not None:
            self._patience.cancel()

    def _give_up(self) -> None:
        self._silent.set()
        self._source.leave()

    def _refuse(self, job: Job) -> None:
        """Leave where the run cannot be asked for that."""
        if self._option in ("--factor", "--finish") and (job.kind != RunKind.TRAIN or job.task.is_script):
            fail(f"{self._option} is for a training of LR Finder, and {self._name} is not one.", Status.BAD_ARGUMENTS)

    def _answer(self, event: Event) -> str:
        """What is to be said where the event is what the run does about the request."""
        if isinstance(event, EndEvent):
            return event.detail
        if self._option == "--factor" and isinstance(event, RateEvent) and event.back_to is None:
            total = "" if event.total == event.factor else f", {format_ratio(event.total)} times the plan"
            total = ", as planned" if event.total == 1 else total
            return f"From step {event.step + 1:,} on the rate is {format_lr(event.lr)}{total}."
        return _STATES.get((self._option, event.state), "") if isinstance(event, StateEvent) else ""

    def _tell_silence(self) -> NoReturn:
        """Say what is known of a request to which the run has said nothing."""
        again = f"To see what it does: lrgui watch {self._address}"
        if not self._source.confirmed:
            why = "The connection was lost" if self._source.lost else "No answer came"
            fail(f"{why}, and it is not known whether the change reached {self._name}. {again}")
        if self._source.refused:
            fail(f"The change did not reach {self._name}: {self._source.refused}.")
        if self._source.lost:
            tell(f"The change reached {self._name}; the connection was lost before its answer. {again}")
            raise typer.Exit(Status.OK)
        words = "It stops when its epoch is over" if self._option == "--finish" else "It does so before its next batch"
        if self._source.parser is None:
            words = "It has not begun; SLURM has agreed to take its job out of the queue, and still lists it"
        tell(f"{self._name} was asked. {words}.")
        raise typer.Exit(Status.OK)


_STATES: dict[tuple[str, str], str] = {
    ("--pause", RunState.PAUSED): "Paused. --resume lets it go on.",
    ("--resume", RunState.RUNNING): "It goes on.",
}

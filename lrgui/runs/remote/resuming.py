"""Going on with a training on a target, or bringing one home: what it measured there, its states, and where it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lrgui.core.events import WHOLE, EndEvent, Event, OutputEvent, RunKind, Stream
from lrgui.core.formats import format_bytes
from lrgui.runs.checkpoints import BEST, LAST, Checkpoint
from lrgui.runs.event_source import EventSource
from lrgui.runs.going_on import goes_on
from lrgui.runs.job import Job
from lrgui.runs.log_writer import LogWriter
from lrgui.runs.opened import OpenedRun, open_run
from lrgui.runs.remote.checkpoints import bring, states_there
from lrgui.runs.remote.connection import RemoteError, Waiting, patient
from lrgui.runs.remote.following import Following
from lrgui.runs.remote.running import GoesOn, RemoteRun
from lrgui.runs.remote.whereabouts import HOME_WORDS, Whereabouts, known_events, whereabouts
from lrgui.runs.resuming import NotResumableError, resumable, resumed, steps_in
from lrgui.runs.targets import HERE, Target, TargetsError, target_named


@dataclass(frozen=True, eq=False)
class Resumption:
    """A run that goes on."""

    job: Job
    opened: OpenedRun
    """What was measured so far, in its log here."""
    source: EventSource | None
    """Where it comes from; None for what is to be computed here."""
    attached: bool = False
    """True for a run that was still going on there, which is followed."""
    over: bool = False
    """True for a run that has come to its end there meanwhile: nothing is to be done but to look at it."""


def resumption(
    log: Path,
    opened: OpenedRun,
    place: str = "",
    more_epochs: int = 0,
    tell: Callable[[str], object] = lambda _: None,
    waiting: Waiting = patient,
) -> Resumption:
    """What is to be done so that a training goes on at a `place`: `HERE`, a target's name, or "" for where it was last.

    What was measured on a target meanwhile is added to its log here first. One that is still going on there is
    followed, and one that has come to its end there since it was last heard of is `over`. `tell` is told what takes
    time, and what `waiting` raises ends it. Raises NotResumableError, TargetsError and RemoteError, each with a
    sentence.
    """
    where = whereabouts(log)
    if opened.job.kind != RunKind.TRAIN and where is not None:
        raise NotResumableError(
            f"{log.name} is not a training: only trainings can be resumed. To follow it on {where.target}, and to "
            f"complete its log here: lrgui watch {log.name}"
        )
    if opened.job.kind != RunKind.TRAIN or (where is None and place in ("", HERE)):
        return Resumption(resumed(log, opened, more_epochs), opened, None)
    target, going, before = _chosen(place, where), None, opened.record.end
    if where is not None:
        if goes_on(log):
            raise NotResumableError(f"{log.name} is still followed on this computer: stop that first.")
        tell(f"Looking for {log.name} on {where.machine}")
        stays = target is not None and target.hosts[0] == where.address.host
        try:
            opened, source = brought_up_to_date(log, opened, where, waiting)
            if source is not None and place not in ("", where.target):
                words = f"To stop it: lrgui steer {log.stem} --stop"
                raise NotResumableError(f"{log.name} is still going on on {where.target}. {words}")
            if source is not None:
                return Resumption(opened.job, opened, source, attached=True)
            if not more_epochs and opened.record.end_reason in WHOLE and opened.record.end != before:
                return Resumption(opened.job, opened, None, over=True)
            if stays:
                state = _state(states_there(where.address, log, where.python, waiting), opened)
                going = None if state is None else GoesOn(log, state, where.address.path.rpartition("/")[0])
            else:
                _bring_home(log, where, tell, waiting)
        except RemoteError as error:
            if stays or resumable(log, opened) is None:
                raise
            tell(f"{error} Going on from the checkpoint that is here")
    job = resumed(log, opened, more_epochs, None if going is None else going.state)
    if target is not None:
        if going is None:
            state = resumable(log, opened)
            assert state is not None  # it would have been refused
            going = GoesOn(log, state)
        return Resumption(job, opened, RemoteRun(job, target, going))
    if where is not None:
        with LogWriter(log, opened.job, continues=True) as writer:
            writer.write([OutputEvent(HOME_WORDS, Stream.NOTE)])
    return Resumption(job, opened, None)


def _chosen(place: str, where: Whereabouts | None) -> Target | None:
    """The target where the run is to go on; None for this machine."""
    if place == HERE:
        return None
    try:
        target = target_named(place or (where.target if where is not None else ""))
        if target.kind == "ray":
            raise NotResumableError(f"A training cannot go on on Ray ({target.name}): resume it here, --on {HERE}.")
        return None if target.kind == "python" else target
    except TargetsError as error:
        if place:
            raise
        raise TargetsError(f"{error} To go on with it here: --on {HERE}.") from None


def brought_up_to_date(
    log: Path, opened: OpenedRun, where: Whereabouts, waiting: Waiting = patient
) -> tuple[OpenedRun, Following | None]:
    """Add to a log here what the run there has measured since; what it holds now, and the run there where it is still
    going on. Raises RemoteError with a sentence."""
    ends: list[EndEvent] = []

    def keep(events: list[Event]) -> None:
        if source.lost:  # whoever waits for this can ask again
            source.leave()
            raise RemoteError(f"The connection to {where.machine} was lost. Try again.", may_pass=True)
        ends.extend(event for event in events if isinstance(event, EndEvent))
        writer.write([event for event in events if not isinstance(event, EndEvent)])

    with LogWriter(log, opened.job, continues=True) as writer:  # cuts off a line that is not whole
        source = Following(where.address, python=where.python, commands=True, known=known_events(log))
        try:
            end = source.catch_up(keep, waiting)
        except ValueError as error:
            raise RemoteError(str(error)) from None
        if end is None and source.hears:
            writer.close()
            return open_run(log), source
        for events in source.chunks():  # its end
            keep(events)
        writer.write([end for end in ends[-1:] if end != opened.record.end])
    return open_run(log), None


def _state(states: list[Checkpoint], opened: OpenedRun) -> Checkpoint | None:
    """The newest state there; one that the log has all steps of, where there is one."""
    return next((one for one in states if one.step <= steps_in(opened)), next(iter(states), None))


def _bring_home(log: Path, where: Whereabouts, tell: Callable[[str], object], waiting: Waiting) -> None:
    """Bring the last state and the best weights."""
    try:
        for kind in (LAST, BEST):
            if (one := bring(where.address, log, [kind], where.python, waiting)) is not None:
                tell(f"Brought {one.path.name} from {where.machine} ({format_bytes(one.size)})")
    except OSError as error:
        raise RemoteError(f"{log.parent} cannot be written ({error.strerror or error}).") from None

"""Where a run is that was sent to a target: its log here says so, each time that it moves."""

from __future__ import annotations

import json
import mmap
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lrgui import places
from lrgui.core.events import EndEvent, Event, OutputEvent, StateEvent, Stream
from lrgui.runs.event_arrays import EventArrays
from lrgui.runs.lines import SUFFIX, decode
from lrgui.runs.log_reader import LogReader
from lrgui.runs.remote.address import Address
from lrgui.runs.targets import Target, TargetsError, target_named

#: What a run on a target says at its beginning, in its log here; and one that was brought home.
_WHERE = "The run is on {target}, also without this connection. To follow it again: lrgui watch {address}"
_SAID = re.compile(re.escape(_WHERE).replace(r"\{target\}", r"(?P<target>\S+)").replace(r"\{address\}", r"(?P<at>.+)"))
HOME_WORDS = "The run continues on this computer."
#: What a run on Ray says, whose log is written here.
_ON_RAY = "Computed on {target}, node {node}."
_RAY_SAID = re.compile(re.escape(_ON_RAY).replace(r"\{target\}", r"(?P<target>\S+)").replace(r"\{node\}", r"\S+"))
#: What is told of a job that was submitted begins so.
SUBMITTED = "Submitted to SLURM as job"
#: By these its lines are found.
_MARKS = tuple(json.dumps(text)[1:-1].encode("ascii") for text in (_WHERE.partition("{target}")[2][:40], HOME_WORDS))
_RAY_MARK = _ON_RAY.partition("{target}")[0].encode("ascii")


@dataclass(frozen=True)
class Whereabouts:
    """A run on a target."""

    target: str
    """The target's name, as it was when the run was sent there."""
    address: Address
    """Its log there."""

    @property
    def machine(self) -> str:
        """The machine, for people."""
        return self.address.host.name or "this computer"

    def saved_target(self) -> Target:
        """The target as it is now. Raises TargetsError, with a sentence, where it is no longer saved."""
        return target_named(self.target)

    @property
    def python(self) -> str:
        """The interpreter there, "" where the target is no longer known."""
        try:
            return self.saved_target().python
        except TargetsError:
            return ""


def where_words(target: str, address: Address) -> str:
    """What is said of a run that was begun, or goes on, on a target; `whereabouts` finds it again."""
    return _WHERE.format(target=target, address=address)


def ray_words(target: str, node: str) -> str:
    """What is said of a run that a node of a Ray cluster computes; `last_sent_to` finds it again."""
    return _ON_RAY.format(target=target, node=node)


def whereabouts(log: Path) -> Whereabouts | None:
    """Where the run of a log here was computed last, None where that was here."""
    for note in _notes(log, _MARKS):
        if note == HOME_WORDS:
            return None
        said = _SAID.search(note)
        if said is not None:
            return Whereabouts(said["target"], Address.parse(said["at"].strip()))
    return None


def _notes(log: Path, marks: tuple[bytes, ...]) -> Iterator[str]:
    """The run's notes with one of these marks, the last one first; none where the log cannot be read."""
    try:
        if not log.is_file():
            return
        with log.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            end = len(data)
            while (place := max(data.rfind(mark, 0, end) for mark in marks)) >= 0:
                begin = data.rfind(b"\n", 0, place) + 1
                stop = data.find(b"\n", place)
                end = begin
                try:
                    event = decode(data[begin : len(data) if stop < 0 else stop])
                except (ValueError, RecursionError):
                    continue
                if isinstance(event, OutputEvent) and event.stream == Stream.NOTE:  # else the person's own code said it
                    yield event.text.strip()
    except (OSError, ValueError):  # an empty one cannot be mapped
        return


def _sent_to(log: Path) -> str:
    """The name of the target where the run of a log was computed last, "" where that was here."""
    if (found := whereabouts(log)) is not None:
        return found.target
    said = (_RAY_SAID.fullmatch(note) for note in _notes(log, (_RAY_MARK,)))
    return next((match["target"] for match in said if match is not None), "")


def last_sent_to(target: str) -> Path | None:
    """The log here of the run that was sent last to the target of this name; None where there is none."""
    try:
        logs = sorted(places.runs_folder().glob(f"*{SUFFIX}"), key=os.path.getmtime, reverse=True)
    except OSError:
        return None
    return next((log for log in logs if _sent_to(log) == target), None)


def address_there(log: Path) -> Address | None:
    """Where the log of a run is that was computed on a target last, None of any other."""
    found = whereabouts(log)
    return None if found is None else found.address


def known_events(log: Path) -> int:
    """How many events of the run itself a log here has. Raises as `LogReader`."""
    with LogReader(log) as reader:
        pieces = (piece for some in reader for piece in some)
        return sum(len(piece) if isinstance(piece, EventArrays) else is_of_run(piece) for piece in pieces)


def is_of_run(event: Event) -> bool:
    """True for what the run itself says: the same in its log there and here. States and ends may be those of a
    connection, and where a run is was said here."""
    if isinstance(event, StateEvent | EndEvent):
        return False
    if not isinstance(event, OutputEvent):
        return True
    if event.stream == Stream.NOTE:
        return not says_where(event.text)
    return not event.text.startswith(SUBMITTED)


def says_where(note: str) -> bool:
    """True for a note that says where the run is."""
    return note.strip() == HOME_WORDS or _SAID.search(note) is not None

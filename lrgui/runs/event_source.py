"""Where a run's events come from, for whoever shows or stores them: the protocol that all share."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from lrgui.core.events import EndEvent, EndReason, Event


class EventSource(Protocol):
    """One run, wherever it is computed.

    `chunks` is read by one thread; the requests may come from any other.
    """

    def chunks(self) -> Generator[list[Event], None, None]:
        """Lists of events, each with what was there at once, never empty; the last event is an `EndEvent`.

        Can be called once. Closing the iterator early ends the run.
        """

    def pause(self) -> None:
        """Hold the run before its next batch."""

    def resume(self) -> None:
        """Let a held run go on."""

    def cancel(self) -> None:
        """End the run before its next batch."""

    def kill(self) -> None:
        """End the run without asking it, where the source can; idempotent."""


@runtime_checkable
class Steerable(Protocol):
    """A source that hears more than the requests of all runs."""

    def ask(self, request: str) -> None:
        """Hand on a request in words (`core.control.Control.obey`)."""


@dataclass(frozen=True)
class Told:
    """News of one of several runs."""

    ticket: str
    """Which run, and which attempt at it: what `start` was called with."""
    events: Sequence[Event] = ()
    lost: str = ""
    """Why its worker is gone, in a sentence; nothing more comes under this ticket then."""


class NoSource:
    """A run that cannot begin: its only event says why."""

    def __init__(self, why: str) -> None:
        self._why = why

    def chunks(self) -> Generator[list[Event], None, None]:
        """See `EventSource.chunks`."""
        yield [EndEvent(EndReason.FAILED, self._why)]

    def pause(self) -> None:
        """Nothing is to be held."""

    def resume(self) -> None:
        """Nothing is held."""

    def cancel(self) -> None:
        """It has ended."""

    def kill(self) -> None:
        """It has ended."""

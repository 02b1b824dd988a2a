"""What a race has measured so far: its standings, and the loss curve of every training in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lrgui.core.events import BatchEvent, CandidateEvent, Event, StandingEvent
from lrgui.core.run_settings import RaceSettings
from lrgui.core.standings import Standings
from lrgui.runs.event_arrays import EventArrays
from lrgui.runs.record import Record


@dataclass
class Leg:
    """One training of a race: its place among all losses, and how long it is planned to be."""

    round: int
    candidate: int
    lr: float
    steps: int
    start: int
    """Index of its first loss."""
    count: int = 0


class RaceRecord(Record):
    """Collects a race. Its batches are the steps of all trainings, one after the other."""

    def __init__(self, config: RaceSettings) -> None:
        super().__init__()
        self.standings = Standings(config)
        self.legs: list[Leg] = []
        """All trainings, in the order in which they ran."""

    def add(self, events: Iterable[Event | EventArrays]) -> None:
        """Take in more events."""
        for event in events:
            if isinstance(event, EventArrays):
                if event.kind is CandidateEvent:  # not of a sweep, see below
                    self.add(event.events())
                continue
            if isinstance(event, CandidateEvent | StandingEvent) and not self._has(event):
                continue
            if isinstance(event, CandidateEvent):
                self._add_step(event)
            elif not isinstance(event, BatchEvent):  # of a sweep: a file can say anything
                super().add((event,))
            self.standings.add((event,))

    def _has(self, event: CandidateEvent | StandingEvent) -> bool:
        """True where this race has such a training: a file can say anything."""
        config = self.standings.config
        return 0 <= event.round < config.stages and 0 <= event.candidate < config.places

    def losses(self, leg: Leg) -> NDArray[np.float64]:
        """The batch losses of a training so far. Shape (steps,)."""
        return self.loss[leg.start : leg.start + leg.count]

    def latest(self, candidate: int) -> Leg | None:
        """A candidate's last training, None before its first."""
        return next((leg for leg in reversed(self.legs) if leg.candidate == candidate), None)

    def _add_step(self, event: CandidateEvent) -> None:
        leg = self.legs[-1] if self.legs else None
        if leg is None or (leg.round, leg.candidate) != (event.round, event.candidate):
            leg = Leg(event.round, event.candidate, event.lr, event.steps, len(self))
            self.legs.append(leg)
        super().add((BatchEvent(self.sweep, len(self), event.lr, event.loss, event.seconds),))
        leg.count += 1

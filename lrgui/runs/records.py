"""What a run of several sweeps has measured so far: a record for each."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from lrgui.core.curve import Curve
from lrgui.core.events import BatchEvent, Event, SweepEndEvent, TaskEvent
from lrgui.runs.record import Record

#: How a sweep ends that has seen all there is to see; another says nothing about its later rates.
WHOLE = ("completed", "diverged", "not_finite")


class Records:
    """Collects the events of a run, each sweep's batches in a record of their own."""

    def __init__(self) -> None:
        self.all = [Record()]
        """By number of the sweep; never empty."""
        self._task: TaskEvent | None = None

    @classmethod
    def of(cls, events: Iterable[Event]) -> Records:
        """Records of `events`, for example those of a log."""
        records = cls()
        records.add(events)
        return records

    @property
    def first(self) -> Record:
        """The first sweep's record; it also has what the run printed and how it ended."""
        return self.all[0]

    @property
    def last(self) -> Record:
        """That of the sweep which goes on, or went on last."""
        return self.all[-1]

    def __len__(self) -> int:
        """Points of all sweeps."""
        return sum(len(record) for record in self.all)

    def add(self, events: Iterable[Event]) -> None:
        """Take in more events."""
        for number, group in groupby(events, key=_sweep_of):
            some = list(group)
            if number is not None:
                self._record(number).add(some)
                continue
            for event in some:
                if isinstance(event, TaskEvent):
                    self._task = event
            self.first.add(some)

    def curves(self, beta: float = 0.98) -> tuple[Curve, ...]:
        """The curves of all whole sweeps; that of the first one alone, as far as it goes, where none is whole."""
        whole = [record for record in self.all if record.end_reason in WHOLE and len(record)]
        return tuple(record.curve(beta) for record in whole or [self.first])

    def _record(self, number: int) -> Record:
        while len(self.all) <= number:
            self.all.append(Record.of([self._task] if self._task is not None else [], len(self.all)))
        return self.all[number]


def _sweep_of(event: Event) -> int | None:
    return event.sweep if isinstance(event, BatchEvent | SweepEndEvent) else None

"""Trainings that wait for their turn: in an order that can be changed, kept on disk, and none ends the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

from lrgui.core.events import STOPPED, EndEvent, EndReason, RunKind, StrEnum
from lrgui.json_file import damaged, read_json, set_aside, write_json
from lrgui.places import config_folder
from lrgui.runs.job import Job
from lrgui.runs.looks import next_place
from lrgui.runs.record import Record
from lrgui.runs.settings_rows import settings_rows
from lrgui.runs.words import end_words

#: So many may wait: a slip should not fill a week.
MOST = 200


class EntryState(StrEnum):
    """Where a training of the queue is."""

    WAITING = "waiting"
    RUNNING = "running"
    ENDED = "ended"


@dataclass(eq=False)
class Entry:
    """A training of the queue."""

    job: Job
    state: str = EntryState.WAITING
    """An `EntryState`."""
    record: Record = field(default_factory=Record)
    """What it has measured."""
    said: str = ""
    """How it ended, in a few words; empty before."""
    number: int = 0
    """Its own among the others, from 0, wherever it stands: its name follows it."""
    place: int = 0
    """That of its colour and dashes (`looks`), which follow it, too; the seeds of a rate are of one colour."""

    @cached_property
    def settings(self) -> str:
        """The same text for those that differ in their seed alone."""
        from lrgui.runs.differences import alike_but_seed

        return alike_but_seed(self.job)


def training_jobs(job: Job, rates: Sequence[float] = (), seeds: int = 1) -> tuple[Job, ...]:
    """The training of `job` at each of these rates (maxima of its schedule; none is its own), each with `seeds` seeds
    from its own on."""
    base = job.training()
    return tuple(
        replace(base, task=replace(base.task, seed=base.task.seed + more), train=replace(base.train, max_lr=rate))
        for rate in dict.fromkeys(rates or [base.train.max_lr])
        for more in range(seeds)
    )


class RunQueue:
    """The entries, the next one first; those that have ended stay until they are cleared."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.entries = list[Entry]()
        for entry in entries:
            self._append(entry)

    def _append(self, entry: Entry) -> None:
        """Behind the others, with the lowest number that is free."""
        taken = {each.number for each in self.entries}
        entry.number = next(number for number in count() if number not in taken)
        alike = [each for each in self.entries if each.settings == entry.settings]
        again = any(each.job.task.seed == entry.job.task.seed for each in alike)
        seeds = [] if again else alike  # what is trained twice with one seed is told apart
        entry.place = next_place([each.place for each in self.entries], seeds[0].place if seeds else None)
        self.entries.append(entry)

    @property
    def waiting(self) -> list[Entry]:
        """Those whose turn is to come."""
        return [entry for entry in self.entries if entry.state == EntryState.WAITING]

    @property
    def running(self) -> Entry | None:
        """The one that trains."""
        return next((entry for entry in self.entries if entry.state == EntryState.RUNNING), None)

    @property
    def ended(self) -> list[Entry]:
        """Those that are over, however."""
        return [entry for entry in self.entries if entry.state == EntryState.ENDED]

    @property
    def names(self) -> list[str]:
        """What the entries are called: what tells them apart, wherever they stand; else their rate."""
        from lrgui.runs.differences import MAX_LR, distinct_names, name_part

        jobs = [entry.job for entry in self.entries]
        usual = [name_part(MAX_LR, dict(settings_rows(job.train))[MAX_LR]) for job in jobs]
        return distinct_names(jobs, usual=usual, numbers=[entry.number + 1 for entry in self.entries])

    def add(self, jobs: Iterable[Job]) -> list[Entry]:
        """Trainings wait behind the others; those beyond `MOST` are left out."""
        room = MOST - len(self.waiting)
        added = [Entry(job) for job in jobs][: max(0, room)]
        for entry in added:
            self._append(entry)
        return added

    def next(self) -> Entry | None:
        """The one whose turn it is; None where none waits."""
        return next(iter(self.waiting), None)

    def begin(self, entry: Entry, record: Record) -> None:
        """It trains now."""
        entry.state, entry.record = EntryState.RUNNING, record

    def end(self, entry: Entry, end: EndEvent) -> None:
        """It is over."""
        entry.state, entry.said = EntryState.ENDED, end_words(RunKind.TRAIN, str(end.reason))

    def refuse(self, entry: Entry, why: str) -> None:
        """It cannot run: `why` is a sentence."""
        entry.state, entry.said = EntryState.ENDED, f"not run: {why}"
        entry.record.add([EndEvent(EndReason.FAILED, why)])

    def move(self, entry: Entry, by: int) -> bool:
        """Let a waiting one change places with the one before (-1) or behind it (+1) that waits, too."""
        waiting = self.waiting
        if entry not in waiting or not 0 <= (to := waiting.index(entry) + by) < len(waiting):
            return False
        behind = waiting[to + 1 :] if by > 0 else waiting[to:]
        return self.place([entry], behind[0] if behind else None)

    def place(self, entries: Iterable[Entry], before: Entry | None) -> bool:
        """Let those of `entries` that wait do so in front of `before`, behind all where that is None, in the order in
        which they are; the others keep their places. False where nothing changes."""
        chosen, waiting = list(entries), self.waiting
        moved = [entry for entry in waiting if entry in chosen]
        at = waiting.index(before) if before in waiting else len(waiting)
        front = [entry for entry in waiting[:at] if entry not in moved]
        order = front + moved + [entry for entry in waiting[at:] if entry not in moved]
        if order == waiting:
            return False
        turns = iter(order)
        self.entries = [next(turns) if entry in waiting else entry for entry in self.entries]
        return True

    def remove(self, entries: Iterable[Entry]) -> None:
        """Forget these, but for one that trains; what was measured stays on disk."""
        gone = [entry for entry in entries if entry.state != EntryState.RUNNING]
        self.entries = [entry for entry in self.entries if entry not in gone]

    # ---------------------------------------------------------------- on disk
    def to_plain(self) -> dict[str, Any]:
        """Those that have not ended, for JSON. One that trains waits again where nobody ended it in good order."""
        return {"queue": 1, "jobs": [entry.job.to_dict() for entry in self.entries if entry.state != EntryState.ENDED]}

    @classmethod
    def from_plain(cls, data: Any) -> RunQueue:
        """The queue of `to_plain`; what is no training is left out: anybody may have edited the file."""
        found = data.get("jobs") if isinstance(data, dict) else None
        entries = []
        for each in found if isinstance(found, list) else []:
            with suppress(ValueError, TypeError):
                job = Job.from_dict(each).mended()[0]
                if job.kind == RunKind.TRAIN and not job.task.is_script:
                    entries.append(Entry(job))
        return cls(entries[:MOST])


def queue_file() -> Path:
    """Where the queue is kept."""
    return config_folder() / "queue.json"


def load_queue(path: Path) -> tuple[RunQueue, str]:
    """The queue that was kept, as far as it can be read, and a sentence where that is not all of it."""
    kept = f"what was there is kept as {damaged(path).name}"
    try:
        data, _ = read_json(path)
    except FileNotFoundError:
        return RunQueue(), ""
    except OSError as error:
        return RunQueue(), f"The queue in {path} could not be read ({error.strerror or error})."
    except ValueError as error:
        return RunQueue(), f"The queue in {path} could not be read ({error}). It is empty now, and {kept}."
    queue = RunQueue.from_plain(data)
    jobs = data.get("jobs") if isinstance(data, dict) else None
    if isinstance(jobs, list) and len(jobs) == len(queue.entries):
        return queue, ""
    set_aside(path, copied=True)  # the next queue that is kept takes its place
    if not isinstance(jobs, list):
        return queue, f"The queue in {path} could not be read (it is no queue). It is empty now, and {kept}."
    left = len(jobs) - len(queue.entries)
    several = f"{left} trainings" if left > 1 else "1 training"
    return queue, f"{several} of the queue in {path} could not be read; {kept}."


def save_queue(queue: RunQueue, path: Path) -> str:
    """Keep those that have not ended. Returns why that failed, in a sentence, else an empty text."""
    try:
        write_json(path, queue.to_plain())
    except (OSError, ValueError) as error:
        return f"The queue could not be saved ({getattr(error, 'strerror', None) or error})."
    return ""


def train_in_turn(
    jobs: Sequence[Job],
    train: Callable[[Job], tuple[Record, EndEvent]],
    given_up: Callable[[], bool] = lambda: False,
) -> RunQueue:
    """Train all, one after the other; one that fails does not end the others, one that is stopped does.

    `train` runs one to its end; `given_up` is true where the person ended it by force.
    """
    queue = RunQueue(Entry(job) for job in jobs)
    while (entry := queue.next()) is not None:
        queue.begin(entry, entry.record)
        entry.record, end = train(entry.job)
        queue.end(entry, end)
        if end.reason in STOPPED or given_up():
            break
    return queue

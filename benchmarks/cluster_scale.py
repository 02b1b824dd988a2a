"""What a study of 10,000 sweeps over 1,000 GPUs asks of its driver: bytes, events a second, memory, time per sweep.

The driver, its folder and its results are the real ones; only the GPUs are made up: an executor with 1,000 places, each
of which hands over a whole sweep, encoded as a worker sends it, as soon as the driver asks. So the time is the driver's
alone; it is CPU time, which neighbours on the machine do not change.

What a sweep takes is measured on 400 of them, and multiplied. With --full all 10,000 are driven, too, to measure the
driver's memory, the journal, the logs and the table; reading the pick off the curve, which is most of a sweep's time
and the same for each, is then done once.

Run: python benchmarks/cluster_scale.py [--full]
"""

from __future__ import annotations

import gc
import resource
import sys
import tempfile
import time
import tracemalloc
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from harness import table

from lrgui.core.events import BatchEvent, EndEvent, EndReason, Event, StateEvent
from lrgui.core.formats import format_bytes, format_seconds
from lrgui.runs.event_source import Told
from lrgui.runs.job import Job
from lrgui.runs.lines import decode, encode
from lrgui.runs.log_reader import LogReader
from lrgui.studies import driver
from lrgui.studies.driver import Driver
from lrgui.studies.folder import StudyFolder
from lrgui.studies.plan import planned
from lrgui.studies.results import read_results
from lrgui.studies.spec import StudySpec
from lrgui.studies.stage_result import StageResult, result_of

#: The study, and of how many sweeps the time is measured.
SWEEPS, PLACES, SHORT = 10_000, 1_000, 400
STEPS = 200
#: Seconds of a sweep on a GPU, for what follows from the measured numbers.
SWEEP_SECONDS = 60.0


def sweep_lines() -> list[str]:
    """A sweep as a worker sends it."""
    lr = np.geomspace(1e-6, 1.0, STEPS)
    noise = np.random.default_rng(0).normal(0, 0.02, STEPS)
    loss = 2.3 - 1.8 / (1 + (3e-3 / lr) ** 1.5) + np.where(lr > 0.1, (lr / 0.1) ** 2 - 1, 0) + noise
    batches = [
        BatchEvent(0, n, float(a), float(b), 0.05 * n) for n, (a, b) in enumerate(zip(lr, loss, strict=True)) if b < 9
    ]
    events: list[Event] = [StateEvent("running"), *batches, EndEvent(EndReason.DIVERGED, "Done.")]
    return [encode(event) for event in events]


class MadeUpCluster:
    """An `Executor` whose workers take no time."""

    words = f"{PLACES:,} made-up GPUs"

    def __init__(self, lines: list[str]) -> None:
        self._lines = [line.encode() for line in lines]
        self._waiting: deque[str] = deque()
        self.most = 0

    def room(self) -> int:
        return PLACES - len(self._waiting)

    def start(self, ticket: str, job: Job) -> None:
        self._waiting.append(ticket)
        self.most = max(self.most, len(self._waiting))

    def take(self, wait: float) -> list[Told]:
        """What ten workers sent: on Ray, too, the driver takes in whatever has come."""
        some = [self._waiting.popleft() for _ in range(min(10, len(self._waiting)))]
        return [Told(ticket, [event for line in self._lines if (event := decode(line))]) for ticket in some]

    def cancel(self) -> None: ...

    def kill(self) -> None: ...

    def close(self) -> None: ...


GRID = {"optimizer": ("sgd", "adamw"), "batch_size": (16, 24, 32, 48, 64, 96, 128, 192, 256, 384)}


@dataclass
class Driven:
    """What a study of so many sweeps took; seconds of CPU time, bytes."""

    count: int
    planning: float
    driving: float
    reading: float
    """The table from the journal."""
    following: float
    """Events read off a log in a second."""
    logs: int
    journal: int
    memory: int
    """Of the whole process at its highest."""
    most: int


def drive(count: int, lines: list[str], place: Path) -> Driven:
    """Run a study of so many sweeps in a folder."""
    begin = time.process_time()
    plan = planned(StudySpec("digits", grid=GRID, seeds=tuple(range(count // 20))))
    planning = time.process_time() - begin
    folder, cluster = StudyFolder(place), MadeUpCluster(lines)
    begin = time.process_time()
    found = Driver(plan, folder, cluster).run()
    driving = time.process_time() - begin
    assert len(found.rows) == count
    assert not found.missing
    memory = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    logs = sum(file.stat().st_size for file in (folder.path / "runs").iterdir())
    journal = (folder.path / "journal.jsonl").stat().st_size
    begin = time.process_time()
    again = StudyFolder(place)
    again.load()
    table_of = read_results(plan, again).table()
    reading = time.process_time() - begin
    assert len(table_of[1]) == 20
    follow = next((folder.path / "runs").iterdir())
    begin = time.process_time()
    for _ in range(50):
        with LogReader(follow) as reader:
            assert sum(1 for _ in reader)
    following = 50 * len(lines) / (time.process_time() - begin)
    return Driven(count, planning, driving, reading, following, logs, journal, memory, cluster.most)


def drive_all(lines: list[str]) -> Driven:
    """All sweeps; the pick of their one curve is read once."""
    known: list[StageResult | None] = []

    def read_once(log: Path) -> StageResult | None:
        if not known:
            known.append(result_of(log))
        return known[0]

    driver.result_of = read_once
    try:
        with tempfile.TemporaryDirectory() as place:
            return drive(SWEEPS, lines, Path(place))
    finally:
        driver.result_of = result_of


def main() -> None:
    """Print the table, and what follows."""
    lines = sweep_lines()
    batch = [line for line in lines if '"batch"' in line or line.startswith("[")]
    size = sum(len(line) + 1 for line in lines)
    rows = [("bytes of a batch event", f"{np.mean([len(line) + 1 for line in batch or lines]):.0f}")]
    rows.append((f"log of a sweep of {STEPS} steps", format_bytes(size)))
    begin = time.process_time()
    for _ in range(50):
        [decode(line.encode()) for line in lines]
    rows.append(("events that are decoded in a second", f"{50 * len(lines) / (time.process_time() - begin):,.0f}"))
    gc.collect()
    tracemalloc.start()
    few = planned(StudySpec("digits", grid=GRID))
    per_run = tracemalloc.get_traced_memory()[0] / len(few.runs)
    tracemalloc.stop()
    rows.append((f"memory of the plan, for {SWEEPS:,} runs", format_bytes(per_run * SWEEPS)))
    with tempfile.TemporaryDirectory() as place:
        short = drive(SHORT, lines, Path(place))
    whole = drive_all(lines) if "--full" in sys.argv else short
    each, times = short.driving / short.count, SWEEPS / whole.count
    rows += [
        ("driver: time for a sweep (decode, write, read, journal)", format_seconds(each)),
        ("driver: events in a second", f"{len(lines) / each:,.0f}"),
        ("follower: events that are read off a log in a second", f"{short.following:,.0f}"),
        (f"logs of {SWEEPS:,} sweeps", format_bytes(whole.logs * times)),
        (f"journal of {SWEEPS:,} sweeps", format_bytes(whole.journal * times)),
        (f"table of {SWEEPS:,} sweeps from the journal", format_seconds(whole.reading * times)),
        (f"planning {SWEEPS:,} runs", format_seconds(whole.planning * times)),
        (f"driver: {SWEEPS:,} sweeps", format_seconds(each * SWEEPS)),
        (f"GPUs that one driver feeds with sweeps of {SWEEP_SECONDS:.0f} s", f"{SWEEP_SECONDS / each:,.0f}"),
    ]
    if whole is not short:
        rows += [
            (f"driver: memory of the process after {SWEEPS:,} sweeps", format_bytes(whole.memory)),
            ("driver: time for a sweep without reading its pick", format_seconds(whole.driving / whole.count)),
        ]
    print(f"{whole.count:,} sweeps of {STEPS} steps, {whole.most:,} at once")
    table(("what", "measured"), rows)


if __name__ == "__main__":
    main()

"""What a study of 10,000 sweeps over 1,000 GPUs asks of its driver: bytes, events a second, memory, time per sweep.

The driver, its folder and its results are the real ones; only the GPUs are made up: an executor with 1,000 places, each
of which hands over a whole sweep, encoded as a worker sends it, as soon as the driver asks. So the time is the driver's
alone; it is CPU time, which neighbours on the machine do not change.

Run: python benchmarks/cluster_scale.py [--full]
"""

from __future__ import annotations

import gc
import sys
import tempfile
import time
import tracemalloc
from collections import deque
from pathlib import Path

import numpy as np
from harness import table

from lrgui.core.events import BatchEvent, EndEvent, EndReason, Event, StateEvent
from lrgui.core.formats import format_bytes, format_seconds
from lrgui.runs.event_source import Told
from lrgui.runs.job import Job
from lrgui.runs.lines import decode, encode
from lrgui.runs.log_reader import LogReader
from lrgui.studies.driver import Driver
from lrgui.studies.folder import StudyFolder
from lrgui.studies.plan import planned
from lrgui.studies.results import read_results
from lrgui.studies.spec import StudySpec

#: The study, and what `main` runs of it unless it is told to run all.
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


def main() -> None:
    """Print the table, and what follows."""
    count = SWEEPS if "--full" in sys.argv else SHORT
    lines = sweep_lines()
    batch = [line for line in lines if '"batch"' in line or line.startswith("[")]
    size = sum(len(line) + 1 for line in lines)
    rows = [("bytes of a batch event", f"{np.mean([len(line) + 1 for line in batch or lines]):.0f}")]
    rows.append((f"log of a sweep of {STEPS} steps", format_bytes(size)))
    begin = time.process_time()
    for _ in range(50):
        [decode(line.encode()) for line in lines]
    rows.append(("events that are decoded in a second", f"{50 * len(lines) / (time.process_time() - begin):,.0f}"))

    seeds = tuple(range(count // 20))
    grid = {"optimizer": ("sgd", "adamw"), "batch_size": (16, 24, 32, 48, 64, 96, 128, 192, 256, 384)}
    spec = StudySpec("digits", grid=grid, seeds=seeds)
    begin = time.process_time()
    plan = planned(spec)
    planning = time.process_time() - begin
    gc.collect()
    tracemalloc.start()
    few = planned(StudySpec("digits", grid=grid))
    per_run = tracemalloc.get_traced_memory()[0] / len(few.runs)
    tracemalloc.stop()
    rows.append((f"memory of the plan, for {SWEEPS:,} runs", format_bytes(per_run * SWEEPS)))
    with tempfile.TemporaryDirectory() as place:
        folder, cluster = StudyFolder(Path(place)), MadeUpCluster(lines)
        begin = time.process_time()
        found = Driver(plan, folder, cluster).run()
        driving = time.process_time() - begin
        assert len(found.rows) == count
        assert not found.missing
        logs = sum(file.stat().st_size for file in (folder.path / "runs").iterdir())
        journal = (folder.path / "journal.jsonl").stat().st_size
        begin = time.process_time()
        again = StudyFolder(Path(place))
        again.load()
        table_of = read_results(plan, again).table()
        reading = time.process_time() - begin
        assert len(table_of[1]) == 20
        follow = next((folder.path / "runs").iterdir())
        begin = time.process_time()
        for _ in range(50):
            with LogReader(follow) as reader:
                points = sum(1 for _ in reader)
        following = 50 * len(lines) / (time.process_time() - begin)
        assert points
    each = driving / count
    rows += [
        ("driver: time for a sweep (decode, write, read, journal)", format_seconds(each)),
        ("driver: events in a second", f"{len(lines) / each:,.0f}"),
        ("follower: events that are read off a log in a second", f"{following:,.0f}"),
        (f"logs of {SWEEPS:,} sweeps", format_bytes(logs / count * SWEEPS)),
        (f"journal of {SWEEPS:,} sweeps", format_bytes(journal / count * SWEEPS)),
        (f"table of {SWEEPS:,} sweeps from the journal", format_seconds(reading / count * SWEEPS)),
        (f"planning {SWEEPS:,} runs", format_seconds(planning / count * SWEEPS)),
        (f"driver: {SWEEPS:,} sweeps", format_seconds(each * SWEEPS)),
        (f"GPUs that one driver feeds with sweeps of {SWEEP_SECONDS:.0f} s", f"{SWEEP_SECONDS / each:,.0f}"),
    ]
    print(f"{count:,} sweeps of {STEPS} steps, {cluster.most:,} at once")
    table(("what", "measured"), rows)


if __name__ == "__main__":
    main()

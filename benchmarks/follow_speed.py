"""How many events a second a follower takes in, beside the 20,000 that a fast run writes: here, and through ssh.

Each is a ratio to 20,000 a second: the follower keeps up where it is above 1, and needs its inverse of a processor.
Measured twice: of a log that is whole already, and of one to which another process writes 20,000 events a second. Both
by this process' own time, which a busy machine does not change; the events a second of the clock cannot be above
20,000, and the delay is how late an event is seen.

Run: python benchmarks/follow_speed.py [--quick]
"""

from __future__ import annotations

import multiprocessing
import statistics
import sys
import tempfile
import time
from multiprocessing.synchronize import Event as Signal
from pathlib import Path

from lrgui.core.events import BatchEvent, EndEvent, Event
from lrgui.runs.job import Job
from lrgui.runs.log_writer import LogWriter
from lrgui.runs.remote.address import Address, Host
from lrgui.runs.remote.following import Following

#: Events a second of a fast run.
PACE = 20_000


def batches(first: int, count: int) -> list[Event]:
    """Ordinary steps; their seconds are when they were written."""
    now = time.monotonic()
    steps = range(first, first + count)
    return [BatchEvent(0, step, 1e-6 * (1 + step % 1000), 2.0 + 1 / (1 + step), now) for step in steps]


def catching_up(path: Path, address: Address, count: int) -> float:
    """Events that this process takes in of a log that is whole, in a second of its processor time."""
    with LogWriter(path, Job()) as log:
        log.write([*batches(0, count), EndEvent("completed", "Done.")])
    begin = time.process_time()
    seen = sum(sum(isinstance(event, BatchEvent) for event in chunk) for chunk in Following(address).chunks())
    assert seen == count
    return count / (time.process_time() - begin)


def write_at_pace(path: str, begin: Signal, seconds: float) -> None:
    """In a process of its own: a log that grows by `PACE` events a second on the whole, however busy the machine is."""
    made = 0
    with LogWriter(path, Job()) as log:
        log.write(batches(0, 1))
        begin.wait()
        start = time.monotonic()
        while made < seconds * PACE:
            due = min(int((time.monotonic() - start) * PACE), int(seconds * PACE))
            log.write(batches(1 + made, due - made))
            made = due
            time.sleep(0.01)
        log.write([EndEvent("completed", "Done.")])


def keeping_up(path: Path, address: Address, seconds: float) -> tuple[float, float, float]:
    """Of a log that grows by `PACE`: events a second that were taken in, those in a second of this process' time, and
    the median delay of one, in seconds."""
    path.unlink(missing_ok=True)
    spawning = multiprocessing.get_context("spawn")
    start = spawning.Event()
    writer = spawning.Process(target=write_at_pace, args=(str(path), start, seconds))
    writer.start()
    while not path.exists() or not path.stat().st_size:
        time.sleep(0.05)
    seen, delays, begin, used = 0, [], 0.0, 0.0
    for chunk in Following(address).chunks():
        if not begin:
            begin, used = time.monotonic(), time.process_time()
            start.set()  # once it is connected
        steps = [event for event in chunk if isinstance(event, BatchEvent)]
        seen += len(steps)
        delays += [time.monotonic() - event.seconds for event in steps[-1:]]
    took, used = time.monotonic() - begin, time.process_time() - used
    writer.join()
    assert seen == int(seconds * PACE) + 1
    return seen / took, seen / used, statistics.median(delays[1:])


def main() -> None:
    """Print the table."""
    quick = "--quick" in sys.argv
    count, seconds = (40_000, 1.0) if quick else (400_000, 5.0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "growing.lrrun"
        places = {"here": Address(str(path))}
        server = None
        if not quick:
            sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "runs"))
            from ssh_server import NAME, loopback  # the tests' own sshd

            server = loopback(Path(folder) / "ssh")
        try:
            if server is not None:
                places["through ssh (loopback)"] = Address(str(path), Host(NAME))
            print("| log | whole: events a second of processor time | ratio | growing: the same | ratio | ", end="")
            print("events a second | median delay |")
            print("|---|---|---|---|---|---|---|")
            for name, address in places.items():
                fast, (kept, able, delay) = catching_up(path, address, count), keeping_up(path, address, seconds)
                print(
                    f"| {name} | {fast:,.0f} | {fast / PACE:.1f} | {able:,.0f} | {able / PACE:.1f} | {kept:,.0f} | "
                    f"{delay * 1000:.0f} ms |"
                )
        finally:
            if server is not None:
                server.stop()


if __name__ == "__main__":
    main()

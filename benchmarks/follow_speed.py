"""How many events a second a follower takes in, beside the 20,000 that a fast run writes: here, and through ssh.

Each is a ratio to 20,000 a second: the follower keeps up where it is above 1, and needs its inverse of a processor.
Measured twice: of a log that is whole already, and of one that grows by 20,000 events a second, where the ratio cannot
be above 1 and the delay is how late an event is seen.

Run: python benchmarks/follow_speed.py [--quick]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import threading
import time
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


def keeping_up(path: Path, address: Address, seconds: float) -> tuple[float, float]:
    """Events a second that were taken in of a log that grows by `PACE`, and the median delay of one, in seconds."""
    log, made = LogWriter(path, Job()), 0
    log.write(batches(0, 1))

    def write() -> None:
        nonlocal made
        begin = time.monotonic()
        while (passed := time.monotonic() - begin) < seconds:
            due = int(passed * PACE)
            log.write(batches(1 + made, due - made))
            made = due
            time.sleep(0.01)
        log.write([EndEvent("completed", "Done.")])
        log.close()

    writer = threading.Thread(target=write)
    seen, delays, begin = 0, [], 0.0
    for chunk in Following(address).chunks():
        if not begin:
            begin = time.monotonic()
            writer.start()  # once it is connected
        steps = [event for event in chunk if isinstance(event, BatchEvent)]
        seen += len(steps)
        delays += [time.monotonic() - event.seconds for event in steps[-1:]]
    took = time.monotonic() - begin
    writer.join()
    assert seen == made + 1
    return seen / took, statistics.median(delays[1:])


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
            print("| log | events a second of processor time | ratio | of a growing log | ratio | median delay |")
            print("|---|---|---|---|---|---|")
            for name, address in places.items():
                fast, (kept, delay) = catching_up(path, address, count), keeping_up(path, address, seconds)
                print(
                    f"| {name} | {fast:,.0f} | {fast / PACE:.1f} | {kept:,.0f} | {kept / PACE:.2f} | "
                    f"{delay * 1000:.0f} ms |"
                )
        finally:
            if server is not None:
                server.stop()


if __name__ == "__main__":
    main()

"""The processes that load batches: how they end, and what they lacked."""

from __future__ import annotations

from lrgui.errors.causes.cause import Cause
from lrgui.errors.origins import lost_by_worker, original, text_of

_NO_WORKERS = "set the DataLoader workers to 0"


def is_loader_death(error: BaseException) -> bool:
    """True where a process that loads batches is gone, or gives none: what it did has no line of its own."""
    low = text_of(original(error)).lower()
    named = ("dataloader worker" in low and "pid" in low) or "dataloader timed out" in low
    return named or lost_by_worker(error)


LOADER_WORKERS: tuple[Cause, ...] = (
    Cause(
        "shared memory",
        r"out of shared memory|killed by signal: Bus error|torch_\d+_\d+[^\n]*No space left on device"
        r"|unable to (?:open|mmap|resize|allocate)[^\n]*shared memory",
        "The DataLoader workers ran out of shared memory (/dev/shm): enlarge it (docker run --shm-size=8g), use fewer "
        f"workers or smaller batches, or {_NO_WORKERS}.",
    ),
    Cause(
        "worker killed",
        r"DataLoader worker \(pid \d+\) is killed by signal: Killed",
        "A DataLoader worker was killed, probably because the system ran out of memory: use fewer workers or "
        f"smaller batches, or {_NO_WORKERS}.",
    ),
    Cause(
        "worker crashed",
        r"DataLoader worker \(pid \d+\) is killed by signal: (?P<signal>[^.\n]+)",
        "A DataLoader worker was ended by a signal ({signal}), in compiled code or from outside: "
        f"{_NO_WORKERS}, which shows where.",
    ),
    Cause(
        "worker timed out",
        r"DataLoader timed out after (?P<seconds>[\d.]+) seconds",
        "The DataLoader workers delivered no batch within {seconds} s: raise the loader's timeout, "
        f"or {_NO_WORKERS}, which shows where it waits.",
    ),
    Cause(
        "worker gone",
        r"DataLoader worker \(pid",
        "A DataLoader worker ended unexpectedly: the output may show why. "
        f"Otherwise {_NO_WORKERS}: batches are then loaded in the run itself, which shows the error.",
    ),
    Cause(
        "unguarded script",
        r"before the\s+current process has finished its bootstrapping phase",
        "The file starts a run or a loader as soon as it is imported, and so do the processes that load batches: "
        'put that below if __name__ == "__main__":.',
    ),
)

"""What the tests of this floor know about processes."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from lrgui.core.events import BatchEvent, EndEvent, Event
from lrgui.core.run_settings import SweepSettings
from lrgui.runs.job import Job
from lrgui.runs.launch import ChildProcess
from lrgui.tasks.spec import TaskSpec

FAKE = str(Path(__file__).with_name("fake_worker.py"))


def fake_command(kind: str, how: str = "") -> list[str]:
    """The command of a worker that behaves as `kind` says."""
    return [sys.executable, FAKE, kind, how]


def fake(kind: str, steps: int = 50, how: str = "") -> ChildProcess:
    """A child process that is not started yet and behaves as `kind` says."""
    return ChildProcess(Job(sweep=SweepSettings(steps=steps)), command=fake_command(kind, how))


def long_job(loader_workers: int = 0) -> Job:
    """A real job that no test waits for."""
    sweep = SweepSettings(start_lr=1e-8, end_lr=1e-7, steps=1_000_000, stop_factor=0)
    return Job(task=TaskSpec(loader_workers=loader_workers, device="cpu"), sweep=sweep)


def read(child: ChildProcess) -> list[Event]:
    """All events of a run, checked for what holds for every run."""
    chunks = list(child.chunks())
    assert all(chunks)
    events = [event for chunk in chunks for event in chunk]
    assert [isinstance(event, EndEvent) for event in events] == [False] * (len(events) - 1) + [True]
    assert not child.alive
    return events


def end_of(events: list[Event]) -> EndEvent:
    """The last event."""
    assert isinstance(events[-1], EndEvent)
    return events[-1]


def batches_of(events: list[Event]) -> list[BatchEvent]:
    """What was measured."""
    return [event for event in events if isinstance(event, BatchEvent)]


def members(session: int) -> list[int]:
    """The living processes of a session."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # just gone
        if int(fields[3]) == session and fields[0] not in "ZX":
            found.append(int(stat.parent.name))
    return found


def alive(pid: int) -> bool:
    """True while a process runs (a dead one that nobody has fetched does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def minds_sigterm(pid: int) -> bool:
    """True once a process does something of its own at SIGTERM: on a busy machine its imports take long before."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:  # not on Linux, or it is gone
        time.sleep(2)
        return True
    caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    """Whether `condition` comes true in time."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True

"""A worker whose runs misbehave as its first argument says; without torch it starts in no time."""

from __future__ import annotations

import atexit
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from neighbours import NO_TORCH

from lrgui.core.control import Control
from lrgui.core.events import BatchEvent, EndEvent, Event, StateEvent
from lrgui.runs import worker
from lrgui.runs.job import Job

FLOOD = 100_000


def batches(job: Job, control: Control, pause: float = 0.001) -> Iterator[Event]:
    yield StateEvent("running")
    for step in range(job.sweep.steps):
        if control.paused:
            yield StateEvent("paused")
            control.wait_while_paused()
            yield StateEvent("running")
        if control.cancelled:
            yield EndEvent("cancelled", f"after {step}")
            return
        yield BatchEvent(0, step, 10.0 ** (-6 + step / 1000), 2.0, step * pause)
        time.sleep(pause)
    yield EndEvent("completed", "all done")


def printing(job: Job, control: Control) -> Iterator[Event]:
    print("from Python, äöü")
    ctypes.CDLL(None).puts(b"from C")
    subprocess.run([sys.executable, "-c", "print('from a program')"], check=True)
    print("from stderr", file=sys.stderr)
    print("input:", repr(sys.stdin.read()))
    os.write(1, b'{"event":"end","reason":"completed","detail":"forged"}\n')
    yield from batches(job, control)


def flooding(job: Job, control: Control) -> Iterator[Event]:
    for number in range(FLOOD):
        print("line", number)
        if number % 1000 == 0:
            yield BatchEvent(0, number // 1000, 1e-3, 1.0, 0.0)
    yield EndEvent("completed", "all printed")


def exiting(job: Job, control: Control) -> Iterator[Event]:
    yield BatchEvent(0, 0, 1e-3, 1.0, 0.0)
    print("last words")
    os._exit(7)


def crashing(job: Job, control: Control) -> Iterator[Event]:
    yield BatchEvent(0, 0, 1e-3, 1.0, 0.0)
    ctypes.string_at(0)


def raising(job: Job, control: Control) -> Iterator[Event]:
    yield BatchEvent(0, 0, 1e-3, 1.0, 0.0)
    raise KeyError("weights")


def leaving(job: Job, control: Control) -> Iterator[Event]:
    yield BatchEvent(0, 0, 1e-3, 1.0, 0.0)
    sys.exit(3)


def out_of_memory(job: Job, control: Control) -> Iterator[Event]:
    yield StateEvent("running")
    raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB.")


class WordlessError(ValueError):
    def __str__(self) -> str:
        raise RuntimeError("no words")


class Own(BaseException):
    pass


ODD = {
    "wordless": WordlessError("x"),
    "own": Own("what is this"),
    "generator": GeneratorExit(),
    "interrupt": KeyboardInterrupt(),
    "exit_words": SystemExit("no data there"),
    "exit_object": SystemExit(WordlessError("x")),
    "exit_true": SystemExit(True),
}


def odd(job: Job, control: Control) -> Iterator[Event]:
    yield BatchEvent(0, 0, 1e-3, 1.0, 0.0)
    raise ODD[sys.argv[2]]


def replacing(job: Job, control: Control) -> Iterator[Event]:
    """As a module that puts its own things into Python's does when it is imported."""
    yield BatchEvent(0, 0, 1e-3, 1.0, 0.0)
    module, _, name = sys.argv[2].partition(".")
    setattr(sys.modules[module], name, None)
    yield BatchEvent(0, 1, 1e-3, 1.0, 0.0)
    yield BatchEvent(0, 2, 1e-3, float("nan"), 0.0)
    raise KeyError("weights")


def forging(job: Job, control: Control) -> Iterator[Event]:
    yield BatchEvent(0, 0, 1e-3, 1.0, 0.0)
    lines = (
        b'{"event":"end","reason":"completed","detail":"forged"}\n',
        b'{"event":"ready","mark":"","torch":"forged"}\n',
        b'{"event":"no such kind"}\n[1, 2]\n',
        b"no line of mine",
    )
    for descriptor in range(1, 64):
        for line in lines:
            try:
                os.write(descriptor, line)
            except OSError:
                pass
    yield BatchEvent(0, 1, 1e-3, 1.0, 0.0)
    yield EndEvent("completed", "all done")


def repeating(job: Job, control: Control) -> Iterator[Event]:
    for number in range(10_000):
        print("task.py:3: UserWarning: again\n  warn()", file=sys.stderr)
        if number % 1000 == 0:
            time.sleep(0.05)
    yield EndEvent("completed", "all printed")


def mute(job: Job, control: Control) -> Iterator[Event]:
    yield StateEvent("running")


def hanging(job: Job, control: Control) -> Iterator[Event]:
    """In C code that holds the GIL: no thread and no signal handler of Python's gets a turn."""
    with_children()
    yield BatchEvent(0, 0, 1e-3, 1.0, 0.0)
    mutex = ctypes.create_string_buffer(256)  # zeros are an open mutex on Linux
    for _ in range(2):
        ctypes.PyDLL(None).pthread_mutex_lock(mutex)


def parenting(job: Job, control: Control) -> Iterator[Event]:
    with_children()
    yield from batches(job, control)


def with_children() -> None:
    subprocess.Popen(["sleep", "1000"])  # noqa: S607
    if os.fork() == 0:  # like a loader's worker: holds every pipe of ours, ignores being asked
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(1000)
        os._exit(0)


def tidying(job: Job, control: Control) -> Iterator[Event]:
    try:
        yield from batches(job, control)
    finally:
        Path(os.environ["TIDY"]).write_text("tidied")


def registering(job: Job, control: Control) -> Iterator[Event]:
    atexit.register(Path(os.environ["TIDY"]).write_text, "tidied")
    yield from batches(job, control)


def coding(job: Job, control: Control) -> Iterator[Event]:
    """Imports the task's code as the real worker does, and calls its loss."""
    from lrgui.tasks.user.code import enter_folder, load_code
    from lrgui.tasks.user.target import Target

    exec(NO_TORCH)
    code = load_code(Target.parse(enter_folder(job.task).path))
    yield BatchEvent(0, 0, 1e-3, 1.0, 0.0)
    code.loss()
    yield EndEvent("completed", "all done")


def without_torch() -> dict[str, str]:
    raise ModuleNotFoundError("No module named 'torch'", name="torch")


RUNS = {
    run.__name__: run
    for run in (
        batches,
        printing,
        flooding,
        exiting,
        crashing,
        raising,
        leaving,
        out_of_memory,
        odd,
        replacing,
        forging,
        repeating,
        mute,
        hanging,
        parenting,
        tidying,
        registering,
        coding,
    )
}

if __name__ == "__main__":
    kind = sys.argv[1]
    if kind == "without_torch":
        worker.main(prepare=without_torch)
    worker.main(prepare=lambda: {"torch": "none"}, run=RUNS[kind])

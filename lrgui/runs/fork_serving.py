"""The process that has imported torch and forks a worker of itself for each run: its other end is `fork_server`.

A forked worker begins where a fresh one is after its imports: nothing of an earlier run is in it, neither random
numbers nor modules, threads or memory of a device, for no run ever happens in this process. Linux only: elsewhere
libraries that torch brings cannot be forked.
"""

from __future__ import annotations

import os
import select
import socket
import sys
import threading
from collections.abc import Callable
from typing import Any

from lrgui.runs import guard

#: What it says: it can fork; it cannot; what it has imported may have changed on disk; a worker's number; how it ended.
READY, UNFIT, STALE, BEGAN, ENDED = b"ready", b"unfit", b"stale", b"began", b"ended"
#: What a worker is sent in the place of a job, to say what this Python has.
DESCRIBE = b"describe"
#: So many descriptors come with a request: standard input, output and error, and the launcher's pipe for the guard.
GIVEN = 4
#: Whoever has one of these open has begun to talk to a device, which does not know forked processes.
_DEVICES = ("/dev/nvidia", "/dev/kfd", "/dev/dri", "/dev/accel")

Prepare = Callable[[], dict[str, str]]


def serve(descriptor: int, alive: int | None, prepare: Prepare) -> tuple[int, Prepare]:
    """Prepare, then fork a worker for each request that comes through `descriptor`.

    Returns in the workers alone: the descriptor of their launcher's pipe, and what stands for `prepare`. Ends the
    process where nothing can be forked, or nobody asks any more.
    """
    guard.start(alive)
    printed = os.memfd_create("printed")  # each worker says what it would have printed itself
    for place in (1, 2):
        os.dup2(printed, place)
    packages = _packages()
    try:
        facts = prepare()
    except (Exception, SystemExit):
        facts = {}  # a worker of its own tells why
    sys.stdout.flush()
    sys.stderr.flush()
    said = os.pread(printed, os.fstat(printed).st_size, 0)
    os.close(printed)
    with socket.socket(fileno=descriptor) as requests:
        if not facts or not _can_fork():
            _say(requests, UNFIT)
            os._exit(1)
        _say(requests, READY)
        given = _fork_workers(requests, packages)
    return _become(given, said), lambda: facts


def _fork_workers(requests: socket.socket, packages: list[int]) -> list[int]:
    """Fork until nobody asks any more, or what was imported is stale; returns in each worker what it was given."""
    workers: dict[int, int] = {}  # numbers by the descriptors that tell of their ends
    while True:
        waited: list[Any] = [requests, *workers]
        told = select.select(waited, [], [])[0]
        for ended in (one for one in told if isinstance(one, int)):
            pid = workers.pop(ended)
            os.close(ended)
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            _say(requests, b"%s %d %d" % (ENDED, pid, code))
        if requests not in told:
            continue
        number, given, _, _ = socket.recv_fds(requests, 64, GIVEN)
        if not number:
            os._exit(0)  # the launcher has closed its end
        if _packages() != packages or not _can_fork():
            _say(requests, STALE)
            os._exit(1)
        pid = os.fork()
        if pid == 0:
            for other in workers:
                os.close(other)
            return given
        for one in given:
            os.close(one)
        _say(requests, b"%s %s %d" % (BEGAN, number, pid))
        workers[os.pidfd_open(pid)] = pid


def _become(given: list[int], said: bytes) -> int:
    """Make this process a worker: standard streams and the launcher's pipe are the `given` descriptors."""
    *streams, alive = given
    for place, stream in enumerate(streams):
        os.dup2(stream, place)
        os.close(stream)
    # Those that were there count places in a file, which a pipe does not have.
    sys.stdout = open(1, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    if said:
        os.write(2, said)
    if (numpy := sys.modules.get("numpy")) is not None:
        numpy.random.seed()  # as in a process that has begun just now; Python's own generator does so by itself
    return alive


def _say(requests: socket.socket, words: bytes) -> None:
    try:
        requests.send(words)
    except OSError:
        os._exit(0)  # nobody listens any more; workers have guards of their own


def _can_fork() -> bool:
    """False where a forked process would inherit what does not survive that: threads of Python's, an open device."""
    if threading.active_count() > 1 or not hasattr(os, "pidfd_open"):
        return False
    opened = (f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd"))
    return not any(os.readlink(link).startswith(_DEVICES) for link in opened if os.path.islink(link))


def _packages() -> list[int]:
    """When something was last installed, or removed, where this Python has its packages."""
    folders = (folder for folder in sys.path if folder.rstrip("/").endswith(("site-packages", "dist-packages")))
    return [os.stat(folder).st_mtime_ns for folder in folders if os.path.isdir(folder)]

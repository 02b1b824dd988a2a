"""Workers that are there at once: a process that has imported torch forks one for each run."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from lrgui import frozen
from lrgui.runs.fork_serving import BEGAN, ENDED, READY, STALE, UNFIT
from lrgui.runs.python_command import FLAGS, worker_command

#: How often a process' end is looked for, in seconds, where another thread may have read of it.
_LOOK = 0.05
#: The exit status of a process of which nobody knows how it ended.
_UNKNOWN = -int(signal.SIGTERM)


def can_fork() -> bool:
    """True where torch's libraries can be forked, and descriptors handed over."""
    return sys.platform == "linux" and hasattr(os, "pidfd_open") and hasattr(socket, "send_fds")


class ForkServer:
    """A process that imports torch once. All methods may be called from any thread, and none waits for it."""

    def __init__(self, python: str | Path | None = None, *, command: Sequence[str] | None = None) -> None:
        """`python` is another interpreter; `command` replaces the whole command (another way to a worker)."""
        self._python = python
        self._command = command
        self._environment: dict[str, str] = {}
        self._lock = threading.RLock()
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._alive = -1  # our end of the pipe whose closing tells its guard that we are gone
        self._asked = 0
        self._pids: dict[int, int] = {}
        self._ends: dict[int, int] = {}
        self.ready = False
        """True once it has imported everything (as far as its words were read)."""
        self.unfit = False
        """True where it cannot fork: torch is missing, or something was started at its import."""

    def start(self) -> None:
        """Start it. Raises OSError or NoPythonError where that cannot be."""
        command = self._command or worker_command(self._python)
        self._environment = dict(os.environ)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        watched, self._alive = os.pipe()
        try:
            self._process = subprocess.Popen(
                [*command, f"--serve={theirs.fileno()}", f"--alive={watched}"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(), watched),
                start_new_session=True,
                creationflags=FLAGS,
                env=frozen.environment_of(command[0]),
                cwd=frozen.folder_for_children(),
            )
        except OSError:
            os.close(self._alive)
            ours.close()
            raise
        finally:
            theirs.close()
            os.close(watched)
        ours.setblocking(False)
        self._socket = ours

    @property
    def pid(self) -> int | None:
        """Its number, None before the start."""
        return None if self._process is None else self._process.pid

    @property
    def over(self) -> bool:
        """True once it forks no more workers."""
        self.collect()
        return self._socket is None

    @property
    def at_home(self) -> bool:
        """True while the environment is the one that it has: what it forks has no other."""
        return self._environment == os.environ

    @property
    def busy(self) -> bool:
        """True while a worker of its own is there."""
        self.collect()
        return any(pid not in self._ends for pid in self._pids.values())

    def fork(self, alive: int) -> ForkedProcess:
        """A worker, as soon as torch is there; `alive` is the descriptor of its launcher's pipe, which stays the
        caller's."""
        with self._lock:
            self._asked += 1
            return ForkedProcess(self, self._asked, alive)

    def close(self) -> None:
        """End it; workers that it has forked go on. Idempotent."""
        with self._lock:
            self._hang_up()
            if self._process is not None and self._alive >= 0:
                os.close(self._alive)
                self._alive = -1
                self._process.terminate()
                self._process.wait()

    # -- for `ForkedProcess`

    def ask(self, number: int, descriptors: list[int]) -> None:
        """Ask for worker `number`, whose standard streams and launcher's pipe these are."""
        with self._lock:
            try:
                if self._socket is not None:
                    socket.send_fds(self._socket, [b"%d" % number], descriptors)
            except OSError:
                self._hang_up()

    def pid_of(self, number: int) -> int | None:
        """The process number of that worker, None before it began."""
        self.collect()
        return self._pids.get(number)

    def end_of(self, pid: int) -> int | None:
        """Its exit status, as `subprocess` has it; None while it is there."""
        over = self.over
        code = self._ends.get(pid)
        return _UNKNOWN if code is None and over and _is_gone(pid) else code

    def wait_for_news(self, seconds: float) -> None:
        """Wait until it says something, for at most so long."""
        waits = self._socket
        try:
            if waits is not None:
                select.select([waits], [], [], min(seconds, _LOOK))
                return
        except (OSError, ValueError):
            pass  # another thread has hung up
        time.sleep(min(seconds, _LOOK))

    def collect(self) -> None:
        """Read what it has said."""
        with self._lock:
            while self._socket is not None:
                try:
                    words = self._socket.recv(64).split()
                except BlockingIOError:
                    return
                except OSError:
                    words = []
                if words[:1] == [READY]:
                    self.ready = True
                elif words[:1] == [BEGAN]:
                    self._pids[int(words[1])] = int(words[2])
                elif words[:1] == [ENDED]:
                    self._ends[int(words[1])] = int(words[2])
                else:  # it cannot, or it has gone
                    self.unfit = words[:1] == [UNFIT] or (words[:1] != [STALE] and not self.ready)
                    self._hang_up()

    def _hang_up(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class ForkedProcess:
    """A worker of a `ForkServer`, as `subprocess.Popen` would have it."""

    def __init__(self, server: ForkServer, number: int, alive: int) -> None:
        self._server, self._number = server, number
        self._unwanted = False
        self.returncode: int | None = None
        self.refused = False
        """True where the server ended before this process began."""
        theirs, ours = zip(*(os.pipe()[:: 1 if place == 0 else -1] for place in range(3)), strict=True)
        self.stdin: IO[bytes] = open(ours[0], "wb", buffering=0)  # noqa: SIM115
        self.stdout: IO[bytes] = open(ours[1], "rb", buffering=0)  # noqa: SIM115
        self.stderr: IO[bytes] = open(ours[2], "rb", buffering=0)  # noqa: SIM115
        server.ask(number, [*theirs, alive])
        for descriptor in theirs:
            os.close(descriptor)

    @property
    def pid(self) -> int | None:
        """Its number, None before it began."""
        return self._server.pid_of(self._number)

    def poll(self) -> int | None:
        """Its exit status, None while it is there or is still to come."""
        if self.returncode is None:
            pid = self.pid
            if pid is not None:
                self.returncode = self._server.end_of(pid)
                if self._unwanted and self.returncode is None:
                    self._signal(signal.SIGKILL)
            elif self._server.over:
                self.returncode, self.refused = _UNKNOWN, True
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises `subprocess.TimeoutExpired`."""
        until = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            left = _LOOK if until is None else until - time.monotonic()
            if left <= 0:
                raise subprocess.TimeoutExpired("worker", timeout or 0.0)
            self._server.wait_for_news(left)
        return code

    def terminate(self) -> None:
        """Ask it to end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it. One that is still to come ends with its launcher's pipe."""
        self._signal(signal.SIGKILL)
        if self.pid is None:
            self.returncode = -int(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        pid = self.pid
        if pid is None:
            self._unwanted = True
        elif self._server.end_of(pid) is None:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass


def _is_gone(pid: int) -> bool:
    """True where the process has ended, whether or not anybody has asked how."""
    try:
        facts = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return facts.rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return True

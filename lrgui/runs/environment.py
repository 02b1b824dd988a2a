"""What a Python has for runs: it is started and describes itself (`runs/describe.py`)."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from lrgui import frozen
from lrgui.core.formats import format_seconds
from lrgui.runs.failures import cannot_start, signal_name
from lrgui.runs.fork_server import ForkedProcess, ForkServer
from lrgui.runs.fork_serving import DESCRIBE
from lrgui.runs.from_dict import from_plain
from lrgui.runs.pipes import open_pipes
from lrgui.runs.python_command import FLAGS, TOO_OLD, python_command
from lrgui.tasks.device_rows import DeviceFacts

_Process = subprocess.Popen[bytes] | ForkedProcess

#: Seconds that a Python may take to describe itself.
LIMIT = 60.0
#: Bytes that a Python may print meanwhile: what prints for ever is none.
MOST_SAID = 1 << 21
_OTHER = "Choose a Python ≥ 3.10 with PyTorch and numpy."
_AGAIN = "Open this list to ask it again, or choose another Python."
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class Environment:
    """What a Python has for runs."""

    python: str
    """Its executable, as it was named; "" is the program's own."""
    version: str = ""
    """Of Python: "3.11.7". Here and below "" is unknown, or not there."""
    torch: str = ""
    numpy: str = ""
    packages: dict[str, str] = field(default_factory=dict)
    """Versions of what is installed, by module: {"PIL": "11.0.0"}; of `missing_modules.PACKAGES` only."""
    devices: tuple[DeviceFacts, ...] = ()
    optimizers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Names that libraries offer, by library: {"timm": ("lamb", …)}."""
    models: dict[str, tuple[str, ...]] = field(default_factory=dict)
    problem: str = ""
    """Why no run can use it, with the way out; "" where one can."""
    late: bool = False
    """True where it gave no answer in time, which says little: the machine may be busy."""


class Description:
    """Asks a Python what it has. `run` is for one thread, `stop` may be called from any."""

    def __init__(self, python: str, server: ForkServer | None = None) -> None:
        """`server` forks a process that has imported torch in that Python, which answers sooner, where it can."""
        self.python = python
        self._server = server
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | ForkedProcess | None = None
        self._alive: int | None = None  # our end of the pipe whose closing tells a forked one's guard that we are gone
        self._stopped = False

    @property
    def stopped(self) -> bool:
        """True once `stop` was called: the answer says nothing of the Python then."""
        return self._stopped

    def run(self, limit: float = LIMIT, early: Callable[[Environment], object] = lambda _found: None) -> Environment:
        """Start it and wait for its answer, at most `limit` seconds. Never raises: a problem is in the answer.

        `early` is given what is known before that: all but the names that libraries take long to tell.
        """
        if self._server is not None:
            found = self._ask(partial(self._forked, self._server), limit, early)
            if not found.problem or self._stopped:
                return found  # else one that has a start of its own says what is wrong
        return self._ask(_start, limit, early)

    def _ask(
        self, begin: Callable[[list[str]], _Process], limit: float, early: Callable[[Environment], object]
    ) -> Environment:
        try:
            command = python_command(self.python or None, "lrgui.runs.describe", "--describe")
            with self._lock:
                if self._stopped:
                    return self._failed("Cancelled.")
                process = self._process = begin(command)
        except frozen.NoPythonError as error:
            return self._failed(str(error))
        except OSError as error:
            return self._failed(cannot_start(self.python or sys.executable, error).detail)

        def heard(answer: bytes) -> None:
            if (found := self._understood(answer)) is not None:
                early(found)

        try:
            answer, printed = _said(process, limit, heard)
            late = process.poll() is None
            if late:
                self._end()
            if len(answer) + len(printed) > MOST_SAID:  # it may be gone by now, as nobody takes what it prints
                return self._failed(
                    f"{command[0]} does not behave like a Python interpreter: it prints endlessly. {_OTHER}"
                )
            if late and self._understood(answer) is None:
                words = f"{command[0]} did not answer within {format_seconds(limit)}. {_AGAIN}"
                return replace(self._failed(words), late=True)
        finally:
            with self._lock:
                self._process = None
            status = process.wait()
            if process.stdin is not None:
                process.stdin.close()
            if self._alive is not None:
                os.close(self._alive)
                self._alive = None
        return self._read(command[0], answer, printed, status)

    def _forked(self, server: ForkServer, _command: list[str]) -> ForkedProcess:
        theirs, ours = os.pipe()
        try:
            process = server.fork(theirs)
        except BaseException:
            os.close(ours)
            raise
        finally:
            os.close(theirs)
        self._alive = ours
        try:
            process.stdin.write(DESCRIBE + b"\n")
        except OSError:
            pass  # it is gone, which its end tells
        return process

    def stop(self) -> None:
        """Give up: `run` comes back at once. Idempotent."""
        with self._lock:
            self._stopped = True
            self._end()

    def _end(self) -> None:
        """End the process and what it started, which may be more than itself: a script that starts a Python."""
        process = self._process
        if process is None:
            return
        try:
            if sys.platform == "win32" or isinstance(process, ForkedProcess):
                process.kill()  # a guard ends what a forked one has started
            else:
                os.killpg(process.pid, signal.SIGKILL)
        except OSError:
            pass  # gone meanwhile

    def _read(self, command: str, answer: bytes, printed: bytes, status: int) -> Environment:
        if self._stopped:
            return self._failed("Cancelled.")
        return self._understood(answer) or self._nonsense(command, printed or answer, status)

    def _understood(self, answer: bytes) -> Environment | None:
        """What its last line says that says something; None without one."""
        for line in reversed(answer.decode("utf-8", "replace").splitlines()):  # a site's own code may greet before
            try:
                return self._environment(json.loads(line))
            except (ValueError, TypeError, AttributeError, KeyError):
                pass
        return None

    def _environment(self, data: dict[str, Any]) -> Environment:
        """From what JSON knows; what is not raises one of the errors that `_read` catches."""
        return Environment(
            python=self.python,
            version=str(data["version"]),
            torch=str(data.get("torch", "")),
            numpy=str(data.get("numpy", "")),
            packages={str(key): str(value) for key, value in data.get("packages", {}).items()},
            devices=tuple(from_plain(DeviceFacts, facts, "A device") for facts in data.get("devices", ())),
            optimizers=_lists(data.get("optimizers", {})),
            models=_lists(data.get("models", {})),
            problem=str(data.get("problem", "")),
        )

    def _nonsense(self, command: str, printed: bytes, status: int) -> Environment:
        lines = printed.decode("utf-8", "replace").strip().splitlines()
        if lines and lines[-1].startswith(TOO_OLD):
            have = lines[-1].removeprefix(TOO_OLD)
            return self._failed(f"{command} is Python {have}; LR Finder needs 3.10 or newer. Choose another one.")
        said = _COLOURS.sub("", lines[-1]) if lines else ""
        if "sys.argv.pop" in said:
            said = ""  # a program that is no Python repeats what it was asked
        last = f": {said.strip()[:300].rstrip('.?!')}" if said.strip() else ""
        how = f"ended by {signal_name(-status)}" if status < 0 else f"exit status {status}"
        return self._failed(f"{command} does not behave like a Python interpreter ({how}){last}. {_OTHER}")

    def _failed(self, sentence: str) -> Environment:
        return Environment(self.python, problem=sentence)


def _said(process: _Process, limit: float, heard: Callable[[bytes], object]) -> tuple[bytes, bytes]:
    """What a process prints (on standard output and error) until its end, or `limit` seconds, or too much; `heard` is
    given the former whenever a line of it is whole."""
    assert process.stdout is not None
    assert process.stderr is not None
    pipes = open_pipes(process.stdout, process.stderr)
    answer, printed = bytearray(), bytearray()
    until = time.monotonic() + limit
    try:
        gone = False
        while True:
            more = pipes.read(0 if gone else 0.1)
            answer += more[0]
            printed += more[1]
            if b"\n" in more[0]:
                heard(bytes(answer))
            # What it started may hold the pipes for ever: its own end counts.
            if (gone and not any(more)) or time.monotonic() > until or len(answer) + len(printed) > MOST_SAID:
                return bytes(answer), bytes(printed)
            gone = process.poll() is not None
    finally:
        pipes.close()


def describe(python: str) -> Environment:
    """What `python` ("" is the program's own) has for runs. Starts it for some seconds; never raises."""
    return Description(python).run()


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=frozen.environment_of(command[0]),
        cwd=frozen.folder_for_children(),
        start_new_session=True,
        creationflags=FLAGS,
    )


def _lists(data: dict[str, Iterable[Any]]) -> dict[str, tuple[str, ...]]:
    return {str(key): tuple(str(name) for name in names) for key, names in data.items()}

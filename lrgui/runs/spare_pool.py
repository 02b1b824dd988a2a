"""Warm workers: a run starts at once in a process that has imported torch already."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from lrgui.frozen import NoPythonError
from lrgui.runs.fork_server import ForkServer, can_fork
from lrgui.runs.launch import ChildProcess
from lrgui.runs.targets import ON


class SparePool:
    """Keeps one process that has imported torch already, so that a run starts at once.

    Where that can be (`fork_server`), it forks a worker for each run, and serves run after run; elsewhere it is a
    worker itself, and the next run needs another one. Starts one only when told (`warm`), and gives up one that nobody
    used for a while: it holds memory. All methods may be called from any thread.
    """

    def __init__(
        self,
        python: str | Path | None = None,
        *,
        idle_seconds: float = 600.0,
        make: Callable[[], ChildProcess] | None = None,
    ) -> None:
        """`make` makes an unstarted worker without a job, in place of the usual ones."""
        self._python = python
        self._forks = make is None and can_fork()
        self._unfit: set[str] = set()
        """Pythons whose workers cannot be forked."""
        self._make = make or (lambda: ChildProcess(python=self._python))
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._spare: ChildProcess | ForkServer | None = None
        self._spare_python: str | Path | None = None  # in which it runs
        self._timer: threading.Timer | None = None
        self._closed = False

    @property
    def python(self) -> str | Path | None:
        """The Python in which workers run, None for the program's own."""
        return self._python

    def use(self, python: str | Path | None) -> None:
        """From now on workers run in `python`, None for the program's own.

        Takes no time. The spare of another Python goes with the next `warm` or `take`; nobody gets it any more.
        """
        self._python = python

    def warm(self) -> None:
        """Start a spare worker, unless one is there."""
        with self._lock:
            if self._closed or self._fits():
                return
            self._drop_locked()
            if str(self._python or "").startswith(ON):  # a run elsewhere begins there
                return
            self._spare_python = self._python
            spare: ChildProcess | ForkServer = self._make()
            if self._forks and str(self._python) not in self._unfit:
                spare = ForkServer(self._python)
            try:
                spare.start()
            except (OSError, NoPythonError):
                return  # a run tells it
            self._spare = spare
            self._await_idle_locked(spare)

    def _await_idle_locked(self, spare: ChildProcess | ForkServer) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(self._idle_seconds, self._give_up, args=(spare,))
        self._timer.name = "lrgui spare worker"
        self._timer.daemon = True
        self._timer.start()

    def take(self) -> ChildProcess:
        """The spare worker, or a new one that is still cold; it belongs to the caller."""
        with self._lock:
            spare = self._spare
            if isinstance(spare, ForkServer) and self._fits():
                self._await_idle_locked(spare)
                child = ChildProcess(python=self._python, server=spare)
            elif isinstance(spare, ChildProcess) and self._fits():
                self._forget_locked()
                return spare
            else:
                self._drop_locked()
                child = self._make()
        child.start()
        return child

    def server(self, python: str) -> ForkServer | None:
        """The process that forks workers in `python` ("" is the program's own), or will once it has imported torch;
        None without one."""
        with self._lock:
            spare = self._spare
            fits = self._fits() and str(self._spare_python or "") == python
            return spare if fits and isinstance(spare, ForkServer) else None

    @property
    def forks(self) -> bool:
        """True where the spare worker is such a process."""
        return isinstance(self._spare, ForkServer)  # no lock, as in `memory`

    @property
    def ready(self) -> bool:
        """True while a spare worker waits that has imported everything; False too where that cannot be seen, or it runs
        in another Python than the next run."""
        spare = self._spare  # no lock, as in `memory`
        if self._spare_python != self._python:
            return False
        if isinstance(spare, ForkServer):
            return not spare.over and spare.ready
        return spare is not None and spare.has_spoken

    def _fits(self) -> bool:
        spare = self._spare
        if isinstance(spare, ForkServer) and spare.over and spare.unfit:
            self._unfit.add(str(self._spare_python))
        if isinstance(spare, ForkServer) and not spare.at_home:
            return False
        return spare is not None and _is_there(spare) and self._spare_python == self._python

    def memory(self) -> int | None:
        """Bytes of memory that the spare worker takes from others; None without one, or where nobody tells.

        What it shares counts for nothing: torch's libraries are files that the system drops when it needs room.
        """
        spare = self._spare  # no lock: `warm` may hold it for seconds, and the window asks
        if spare is None or not _is_there(spare) or spare.pid is None:
            return None
        try:
            facts = Path(f"/proc/{spare.pid}/statm").read_text(encoding="ascii").split()
            return (int(facts[1]) - int(facts[2])) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, ValueError, IndexError, AttributeError):
            return None

    def close(self) -> None:
        """End the spare worker; no new one is started after this. Idempotent."""
        with self._lock:
            self._closed = True
            timer = self._timer
            self._drop_locked()
        if timer is not None:
            timer.join(1)  # outside of the lock, which it may be waiting for

    def _give_up(self, spare: ChildProcess | ForkServer) -> None:
        with self._lock:
            if self._spare is not spare:
                return
            if isinstance(spare, ForkServer) and spare.busy:
                self._await_idle_locked(spare)  # it knows how the run ends
            else:
                self._drop_locked()

    def _drop_locked(self) -> None:
        spare = self._spare
        self._forget_locked()
        if isinstance(spare, ForkServer):
            spare.close()
        elif spare is not None:
            spare.kill()

    def _forget_locked(self) -> None:
        self._spare = None
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()


def _is_there(spare: ChildProcess | ForkServer) -> bool:
    return not spare.over if isinstance(spare, ForkServer) else spare.alive

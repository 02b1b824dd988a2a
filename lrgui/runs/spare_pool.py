"""The spare worker: a run starts at once in a process that has imported torch already."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from lrgui.runs.launch import ChildProcess
from lrgui.runs.targets import ON


class SparePool:
    """Keeps one warm worker, which has imported torch already, so that a run starts at once.

    Starts one only when told (`warm`), and gives up one that nobody took for a while: it holds memory.
    All methods may be called from any thread.
    """

    def __init__(
        self,
        python: str | Path | None = None,
        *,
        idle_seconds: float = 600.0,
        make: Callable[[], ChildProcess] | None = None,
    ) -> None:
        """`make` makes an unstarted worker without a job, in place of the usual one."""
        self._python = python
        self._make = make or (lambda: ChildProcess(python=self._python))
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._spare: ChildProcess | None = None
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
            self._spare = self._make()
            self._spare.start()
            self._timer = threading.Timer(self._idle_seconds, self._give_up, args=(self._spare,))
            self._timer.name = "lrgui spare worker"
            self._timer.daemon = True
            self._timer.start()

    def take(self) -> ChildProcess:
        """The spare worker, or a new one that is still cold; it belongs to the caller."""
        with self._lock:
            spare = self._spare
            if spare is not None and self._fits():
                self._forget_locked()
                return spare
            self._drop_locked()
        cold = self._make()
        cold.start()
        return cold

    @property
    def ready(self) -> bool:
        """True while a spare worker waits that has imported everything; False too where that cannot be seen."""
        spare = self._spare  # no lock, as in `memory`
        return spare is not None and spare.has_spoken

    def _fits(self) -> bool:
        return self._spare is not None and self._spare.alive and self._spare_python == self._python

    def memory(self) -> int | None:
        """Bytes of memory that the spare worker takes from others; None without one, or where nobody tells.

        What it shares counts for nothing: torch's libraries are files that the system drops when it needs room.
        """
        spare = self._spare  # no lock: `warm` may hold it for seconds, and the window asks
        if spare is None or not spare.alive or spare.pid is None:
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

    def _give_up(self, spare: ChildProcess) -> None:
        with self._lock:
            if self._spare is spare:
                self._drop_locked()

    def _drop_locked(self) -> None:
        spare = self._spare
        self._forget_locked()
        if spare is not None:
            spare.kill()

    def _forget_locked(self) -> None:
        self._spare = None
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

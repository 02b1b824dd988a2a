"""The side of whoever launches runs: a process for each tracker follows the log of each run."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from lrgui import frozen
from lrgui.core.formats import format_seconds
from lrgui.export.trackers import Target
from lrgui.runs.python_command import FLAGS, python_command

#: Seconds that a command waits for its trackers after its run.
PATIENCE = 120.0


class Following:
    """Records runs with trackers, without ever holding one up. May be used from any thread.

    The processes outlive this one where that ends first: they then record what is in the log, and end.
    """

    def __init__(self, targets: Callable[[], Sequence[Target]], said: Callable[[str], object]) -> None:
        """`targets` are asked for with each run. `said` gets a sentence where a tracker fails, in another thread."""
        self._targets, self._said = targets, said
        self._lock = threading.Lock()
        self._recorders: list[_Recorder] = []

    def follow(self, log: Path) -> None:
        """A run has begun that is kept in `log`; the one before is over."""
        self.over()
        for target in self._targets():
            if target.row.missing:
                self._said(target.row.missing)
                continue
            recorder = _Recorder(target, log, self._said)
            with self._lock:
                self._recorders = [*(each for each in self._recorders if each.is_alive()), recorder]
            recorder.start()

    def over(self) -> None:
        """Nothing more will be written to the log that is followed."""
        with self._lock:
            recorders = list(self._recorders)
        for recorder in recorders:
            recorder.over()

    def wait(self, patience: float = PATIENCE) -> None:
        """Let all trackers finish; those that have not after so many seconds are ended, and a sentence says so."""
        self.over()
        until = time.monotonic() + patience
        with self._lock:
            recorders = list(self._recorders)
        for recorder in recorders:
            recorder.join(max(0.0, until - time.monotonic()))
            if recorder.is_alive():
                recorder.give_up(patience)
                recorder.join()


class _Recorder(threading.Thread):
    """One tracker of one run: its process, and the sentence with which it fails."""

    def __init__(self, target: Target, log: Path, said: Callable[[str], object]) -> None:
        super().__init__(name="lrgui tracker", daemon=True)
        self._target, self._said = target, said
        self._command = [
            *python_command(None, "lrgui.export.trackers.process", ""),
            target.row.key,
            target.place,
            str(log.absolute()),
        ]
        self._lock = threading.Lock()
        self._over = False
        self._process: subprocess.Popen[bytes] | None = None
        self._given_up = ""

    def run(self) -> None:
        """Start the process and wait for its end."""
        try:
            process = self._spawn()
        except OSError as error:
            self._said(f"{self._target.row.name} could not be started ({error.strerror or error}).")
            return
        assert process.stdout is not None
        with process.stdout:
            words = process.stdout.read().decode(errors="replace").strip()
        status = process.wait()
        if status or words:
            died = f"{self._target.row.name} ended unexpectedly and did not record the whole run."
            self._said(self._given_up or words or died)

    def _spawn(self) -> subprocess.Popen[bytes]:
        row = self._target.row
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**row.environment, **os.environ},
            cwd=frozen.folder_for_children(),
            creationflags=FLAGS,
            start_new_session=True,  # Ctrl+C is for the run, whose end is to be recorded
        )
        with self._lock:
            self._process = process
            if self._over:
                self._close()
        return process

    def over(self) -> None:
        """Nothing more will come."""
        with self._lock:
            self._over = True
            self._close()

    def _close(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    def give_up(self, patience: float) -> None:
        """End the process."""
        took = f"was not finished {format_seconds(patience)} after the run and was ended"
        self._given_up = f"{self._target.row.name} {took}. Record the run again with lrgui export --to."
        with self._lock:
            if self._process is not None:
                self._process.kill()

"""Requests to a run: pause, resume, cancel; and being asked to go."""

from __future__ import annotations

import threading


class Control:
    """Carries requests into a running engine, which looks at them between batches.

    All verbs are idempotent and may be called from any thread. A cancelled run stays cancelled, and
    cancelling wakes a paused one.
    """

    def __init__(self) -> None:
        self._go = threading.Event()
        self._go.set()
        self._cancelled = threading.Event()

    def pause(self) -> None:
        """Hold the run before its next batch."""
        if not self.cancelled:
            self._go.clear()

    def resume(self) -> None:
        """Let a held run go on."""
        self._go.set()

    def cancel(self) -> None:
        """End the run before its next batch; everything measured so far is kept."""
        self._cancelled.set()
        self._go.set()

    @property
    def paused(self) -> bool:
        """True while the run is asked to hold."""
        return not self._go.is_set()

    @property
    def cancelled(self) -> bool:
        """True once the run was asked to end."""
        return self._cancelled.is_set()

    def wait_while_paused(self, timeout: float | None = None) -> None:
        """Block until the run may go on (or was cancelled), at most `timeout` seconds."""
        self._go.wait(timeout)


class Terminated(BaseException):
    """The process was asked to go (SIGTERM); passes through everything, so that `finally` blocks run."""

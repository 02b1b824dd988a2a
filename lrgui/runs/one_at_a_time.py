"""Requests to a run that is made of others, one after the other."""

from __future__ import annotations

from lrgui.runs.event_source import EventSource


class OneAtATime:
    """The requests of an `EventSource` whose events come from others: they go to the present one, and hold for those
    that are still to come."""

    def __init__(self) -> None:
        self._source: EventSource | None = None
        self._paused = self._cancelled = False

    def _turns_to(self, source: EventSource) -> bool:
        """From here on requests go to `source`. False where the run was ended before it was there: it is killed."""
        self._source = source
        if self._cancelled:
            source.kill()  # it may have a process already
            return False
        if self._paused:
            source.pause()
        return True

    def pause(self) -> None:
        """Hold the run before its next batch."""
        self._paused = True
        if self._source is not None:
            self._source.pause()

    def resume(self) -> None:
        """Let a held run go on."""
        self._paused = False
        if self._source is not None:
            self._source.resume()

    def cancel(self) -> None:
        """End the run before its next batch; no other one begins."""
        self._cancelled = True
        if self._source is not None:
            self._source.cancel()

    def kill(self) -> None:
        """End the run without asking it."""
        self._cancelled = True
        if self._source is not None:
            self._source.kill()

"""The one thread of the window: it reads a run's events, and Qt signals carry them to whoever looks."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from PySide6.QtCore import QMetaMethod, QObject, QThread, QTimer, Signal, Slot

from lrgui.core.events import BatchEvent, EndEvent, EndReason, EpochEvent, Event, StateEvent
from lrgui.runs.event_source import EventSource, Steerable

#: How long a run may take to end by itself after it was asked to, in milliseconds.
PATIENCE_MS = 3000
#: Modules that numpy imports when it needs them first, to draw or read the first curve: in the window's thread that
#: would take up to 60 ms.
LATE = ("numpy.ma", "numpy.random")


class Journal(Protocol):
    """Where events are kept while they arrive."""

    def write(self, events: Sequence[Event]) -> str | None: ...

    def close(self) -> str | None: ...


class RunThread(QThread):
    """Reads one run away from the window's thread, and tells of it in the window's thread.

    Between the two threads goes one signal a chunk: a queued signal costs several microseconds, and 20,000 a second
    would leave the event loop no time. This object lives in the window's thread, so that it says there, at the cost of
    a call, what the chunk holds: `chunk` with every event, in order, then `batch` for every batch in it.
    """

    chunk = Signal(object)
    batch = Signal(int, float, float)
    """Step, learning rate, loss."""

    _read = Signal(object)

    def __init__(
        self, source: EventSource, journal: Journal | None, parent: QObject, each_batch: Callable[[], bool]
    ) -> None:
        """`each_batch` knows whether anybody listens to single batches."""
        super().__init__(parent)
        self._source = source
        self._journal = journal
        self._each_batch = each_batch
        self.end_read = False
        """True once the run has said how it ended; its process may take a moment to go."""
        self._read.connect(self._say)

    def run(self) -> None:
        """Read to the end of the run; nothing that the source raises may end the program."""
        from lrgui.runs.failures import ended_unexpectedly
        from lrgui.runs.steering import steered

        for name in LATE:
            importlib.import_module(name)
        try:
            with steered(getattr(self._journal, "path", None), self._source):
                for events in self._source.chunks():
                    # Before it is on disk: whoever sees it there may close the window at once.
                    self.end_read = self.end_read or any(isinstance(event, EndEvent) for event in events)
                    self._hand_over(events)
        except Exception as error:  # whatever the source does, the window must learn that the run is over
            self.end_read = True
            self._hand_over([EndEvent(EndReason.FAILED, f"The run could not be read ({error}). Try again.")])
        if not self.end_read:
            self.end_read = True
            self._hand_over([ended_unexpectedly()])
        if self._journal is not None:
            self._journal.close()

    def _hand_over(self, events: list[Event]) -> None:
        if self._journal is not None:
            self._journal.write(events)
        self._read.emit(events)

    @Slot(object)
    def _say(self, events: list[Event]) -> None:
        self.chunk.emit(events)
        if self._each_batch():
            say = self.batch.emit
            for event in events:
                if isinstance(event, BatchEvent):
                    say(event.step, event.lr, event.loss)


class RunWorker(QObject):
    """Runs one source at a time, each in a `RunThread`, and says what it says, in the window's thread.

    `chunk` carries every event, in order. The other signals are the same events one by one, for whoever
    wants to listen to single batches; they cost something only while somebody is connected.
    """

    chunk = Signal(object)
    batch = Signal(int, float, float)
    """The thread's: step, learning rate, loss. The live curve follows it."""
    epoch = Signal(object)
    state = Signal(str)
    ended = Signal(object)
    """The EndEvent, after the thread has gone."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._source: EventSource | None = None
        self._reader: RunThread | None = None
        self._end: EndEvent | None = None
        self._impatient = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        self._impatient.timeout.connect(self.kill)

    @property
    def running(self) -> bool:
        """True from `start` until `ended`."""
        return self._reader is not None

    @property
    def end_read(self) -> bool:
        """True once the run that goes on has said how it ended."""
        return self._reader is not None and self._reader.end_read

    @property
    def source(self) -> EventSource | None:
        """The run that goes on."""
        return self._source

    @property
    def can_leave(self) -> bool:
        """True while a run goes on elsewhere, which `close` leaves alone."""
        return hasattr(self._source, "leave")

    def start(self, source: EventSource, journal: Journal | None = None) -> None:
        """Run `source` to its end. Raises RuntimeError while another run goes on."""
        if self.running:
            raise RuntimeError("a run is going on")
        self._source, self._end = source, None
        self._reader = RunThread(source, journal, self, self._heard)
        self._reader.chunk.connect(self._on_chunk)
        self._reader.batch.connect(self.batch)
        self._reader.finished.connect(self._on_finished)
        self._reader.start()

    def pause(self) -> None:
        """Hold the run before its next batch."""
        if self._source is not None:
            self._source.pause()

    def resume(self) -> None:
        """Let a held run go on."""
        if self._source is not None:
            self._source.resume()

    def ask(self, request: str) -> bool:
        """Hand on a request in words (`Control.obey`); False where the run does not hear such."""
        if not self.hears or not isinstance(self._source, Steerable):
            return False
        self._source.ask(request)
        return True

    @property
    def hears(self) -> bool:
        """True while a run goes on that hears requests in words; one that is followed, where a process takes them."""
        return isinstance(self._source, Steerable) and getattr(self._source, "hears", True)

    def stop(self) -> None:
        """Ask the run to end; a run that does not listen is killed after a while."""
        if self._source is not None:
            self._source.cancel()
            if not self._impatient.isActive():
                self._impatient.start()

    @Slot()
    def kill(self) -> None:
        """End the run's process without asking it; returns at once, and `ended` says when it has gone."""
        if self._source is not None:
            # A process may take its time to go, and the window must not wait for it.
            threading.Thread(target=self._source.kill, name="lrgui ends a run", daemon=True).start()

    def close(self, patience_ms: int = PATIENCE_MS) -> None:
        """End whatever goes on and wait for the thread, so that the window can go."""
        reader, source = self._reader, self._source
        if reader is None or source is None:
            return
        getattr(source, "leave", source.cancel)()  # a run elsewhere goes on without the window
        if not reader.wait(patience_ms):
            source.kill()
            reader.wait(patience_ms * 2)
        # Its `finished` waits in a queue that may never be read again.
        self._on_finished()

    def _heard(self) -> bool:
        return self.isSignalConnected(QMetaMethod.fromSignal(self.batch))

    @Slot(object)
    def _on_chunk(self, events: list[Event]) -> None:
        self.chunk.emit(events)
        for event in events:
            if isinstance(event, EpochEvent):
                self.epoch.emit(event)
            elif isinstance(event, StateEvent):
                self.state.emit(event.state)
            elif isinstance(event, EndEvent):
                self._end = event

    @Slot()
    def _on_finished(self) -> None:
        self._impatient.stop()
        reader, end = self._reader, self._end
        if reader is None:
            return  # `close` was quicker
        reader.finished.disconnect(self._on_finished)
        reader.deleteLater()
        self._reader = self._source = self._end = None
        if end is not None:
            self.ended.emit(end)

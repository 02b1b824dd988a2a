"""A run that is computed elsewhere, read from its log while that grows: on this machine or through ssh."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator, Iterator

from lrgui.core.events import EndEvent, EndReason, Event, RunState, StateEvent
from lrgui.core.formats import format_seconds
from lrgui.runs.event_arrays import EventArrays
from lrgui.runs.log_parser import MOST_LINE, LogParser
from lrgui.runs.remote import tail
from lrgui.runs.remote.address import Address
from lrgui.runs.remote.connection import FIRST_SILENCE, SILENCE, Connection, RemoteError, program_text

#: Seconds until a lost connection is tried again: the first time, and at most; each time twice as long.
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
#: Seconds between two looks whether somebody wants to stop.
PACE = 0.1


class Following:
    """An `EventSource` that follows a log: reads what is there, then what comes.

    A connection that is lost is made again, and reading goes on at the byte where it broke off, so that no event is
    missing and none comes twice. Stopping it ends the following alone; with `commands` it stops the run itself, which
    must have been started from elsewhere by LR Finder.
    """

    def __init__(self, address: Address, *, python: str = "", commands: bool = False) -> None:
        """`python` is the interpreter that reads the log there, `connection.PYTHON` where nothing else is known."""
        self.address = address
        self.parser: LogParser | None = None
        """What the log's header says, once that was read."""
        self.replaced = False
        """True where following ended because another run's log lies there now."""
        self._python = python
        self._commands = commands
        self._follower: tail.Follower | None = None
        self._connection: Connection | None = None
        self._events = self._read()
        self._ahead: list[list[Event]] = []
        self._lock = threading.Lock()
        self._wishes: dict[str, str] = {}
        self._left = threading.Event()
        self._killed = False
        self._offset, self._begin, self._rest = 0, b"", b""
        self._state = StateEvent(RunState.RUNNING)

    # -- events

    def open(self) -> LogParser:
        """Read the header. Raises ValueError with a sentence where there is none to be had."""
        while self.parser is None:
            chunk = next(self._events)
            self._ahead.append(chunk)
            if self.parser is None and isinstance(chunk[-1], EndEvent):
                raise ValueError(chunk[-1].detail)
        return self.parser

    def chunks(self) -> Generator[list[Event], None, None]:
        """See `EventSource.chunks`. Closing it leaves the run alone."""
        try:
            yield from filter(None, self._ahead)
            yield from filter(None, self._events)
        finally:
            self._events.close()

    def _read(self) -> Generator[list[Event], None, None]:
        """Chunks up to the end; an empty one says that the header is known."""
        failed, connected = 0, False
        while True:
            try:
                for kind, contents in self._frames():
                    if self._left.is_set():
                        yield [EndEvent(EndReason.CANCELLED, f"Stopped following. {self._goes_on}")]
                        return
                    if not kind:
                        continue
                    if failed:
                        failed = 0
                        yield [self._state]
                    connected = True
                    had = self.parser
                    chunk = self._take(kind, contents)
                    if chunk or self.parser is not had:
                        yield chunk
                    if chunk and isinstance(chunk[-1], EndEvent):
                        return
            except RemoteError as trouble:
                if self._left.is_set() or self._killed:
                    yield [EndEvent(EndReason.KILLED, f"{trouble} {self._goes_on}")]
                    return
                if not connected or not trouble.may_pass:
                    yield [EndEvent(EndReason.FAILED, str(trouble) + (f" {self._goes_on}" if connected else ""))]
                    return
                wait = min(FIRST_WAIT * 2**failed, LONGEST_WAIT)
                failed += 1
                words = f"{str(trouble).rstrip('.')}; reconnecting in {format_seconds(wait)}"
                yield [StateEvent(RunState.STARTING, words)]
                self._wait(wait)

    def _wait(self, seconds: float) -> None:
        waited = 0.0
        while waited < seconds and not self._killed and not self._left.wait(PACE):
            waited += PACE

    @property
    def _goes_on(self) -> str:
        return f"The run itself continues; to follow it again: lrgui watch {self.address}"

    def _take(self, kind: bytes, contents: bytes) -> list[Event]:
        """The events of a frame."""
        if kind == tail.DATA:
            return self._take_data(contents)
        words = contents.decode("utf-8", "replace")
        if kind == tail.STATUS:
            return [StateEvent(RunState.STARTING, words) if words else self._state]
        if kind == tail.RESTART:
            return self._take_other_log()
        if kind == tail.GONE:
            return [*self._expanded(self.parser.finish() if self.parser else []), self._gone(words)]
        if kind == tail.ERROR:
            return [EndEvent(EndReason.FAILED, f"{self.address} could not be opened: {words}.")]
        return []

    def _take_other_log(self) -> list[Event]:
        self._offset, self._begin, self._rest = 0, b"", b""
        if self.parser is None:
            return []
        self.replaced = True
        words = f"{self.address.name} was replaced by another run: open it again to follow that one."
        return [EndEvent(EndReason.KILLED, words)]

    def _take_data(self, data: bytes) -> list[Event]:
        self._offset += len(data)
        self._begin = (self._begin + data)[: tail.BEGIN] if len(self._begin) < tail.BEGIN else self._begin
        if self.parser is None:
            self._rest += data
            line, end, data = self._rest.partition(b"\n")
            if not end and len(line) <= MOST_LINE:
                return []
            self._rest = b""
            try:
                self.parser = LogParser(self.address.name, line)
            except ValueError as error:
                return [EndEvent(EndReason.FAILED, str(error))]
        events = self._expanded(self.parser.feed(data))
        for number, event in enumerate(events):
            if isinstance(event, StateEvent):
                self._state = event
            elif isinstance(event, EndEvent):
                return events[: number + 1]
        return events

    @staticmethod
    def _expanded(pieces: list[Event | EventArrays]) -> list[Event]:
        events: list[Event] = []
        for piece in pieces:
            if isinstance(piece, EventArrays):
                events += piece.events()
            else:
                events.append(piece)
        return events

    def _gone(self, why: str) -> EndEvent:
        where = f" on {self.address.host.name}" if self.address.host.name else ""
        if "end" in self._wishes:
            kept = "everything measured so far is kept" if self.parser else "nothing was measured yet"
            return EndEvent(EndReason.CANCELLED, f"Stopped{where}; {kept}.")
        words = f"The run{where} ended without saying how: {why}. Everything measured so far is kept."
        return EndEvent(EndReason.KILLED, words)

    # -- where they come from

    def _frames(self) -> Iterator[tuple[bytes, bytes]]:
        """Frames from where reading broke off, and those without a kind as long as none comes. Raises RemoteError."""
        return self._frames_here() if self.address.is_here else self._frames_there()

    def _frames_here(self) -> Iterator[tuple[bytes, bytes]]:
        with self._lock:
            self._follower = tail.Follower(self.address.path, self._offset, self._begin, beat=PACE)
        for number, frame in enumerate(self._follower.frames()):
            if number == 0:
                self._wish_again()
            yield frame

    def _frames_there(self) -> Iterator[tuple[bytes, bytes]]:
        about = {"path": self.address.path, "offset": self._offset, "begin": self._begin.decode("latin-1")}
        connection = Connection(self.address.host, program_text("tail.py"), self._python)
        try:
            connection.write(json.dumps(about).encode("ascii") + b"\n")
            with self._lock:
                self._connection = connection
            self._wish_again()
            silent, longest = 0.0, FIRST_SILENCE
            while silent < longest:
                frames = list(connection.frames(PACE))
                silent, longest = (0.0, SILENCE) if frames else (silent + PACE, longest)
                yield from frames or [(b"", b"")]
            raise RemoteError(f"{self.address.host} has not answered for {format_seconds(longest)}", True)
        finally:
            with self._lock:
                self._connection = None
            connection.close()

    # -- requests

    def pause(self) -> None:
        """Hold the run before its next batch, where it was started from elsewhere."""
        self._wish("hold", "pause")

    def resume(self) -> None:
        """Let a held run go on."""
        self._wish("hold", "resume")

    def cancel(self) -> None:
        """End the run, or without `commands` the following."""
        if self._commands:
            self._wish("end", "cancel")
        else:
            self.leave()

    def kill(self) -> None:
        """End the run without asking it, or the following."""
        self._killed = True
        if self._commands:
            self._wish("end", "kill")
        else:
            self.leave()

    def ask(self, request: str) -> None:
        """Hand on a request in words (`core.control.Control.obey`), while there is a connection."""
        if self._commands:
            self._send(request)

    def leave(self) -> None:
        """End the following; the run goes on."""
        self._left.set()

    def _wish(self, about: str, word: str) -> None:
        with self._lock:
            self._wishes[about] = word
        self._send(word)

    def _wish_again(self) -> None:
        """A connection that was lost may have taken a wish with it."""
        for word in list(self._wishes.values()):
            self._send(word)

    def _send(self, word: str) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.write(word.encode("ascii") + b"\n")
            elif self._follower is not None:
                try:
                    self._follower.ask(word)
                except OSError:
                    pass  # the run's folder is gone, and with it the run

"""A run that is computed elsewhere, read from its log while that grows: on this machine or through ssh."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing

from lrgui.core.events import EndEvent, EndReason, Event, RunState, StateEvent
from lrgui.core.formats import format_seconds
from lrgui.runs.event_arrays import EventArrays
from lrgui.runs.log_parser import MOST_LINE, LogParser
from lrgui.runs.remote import tail
from lrgui.runs.remote.address import Address
from lrgui.runs.remote.connection import FIRST_SILENCE, SILENCE, Connection, RemoteError, Waiting, patient, program_text
from lrgui.runs.remote.whereabouts import is_of_run

#: Seconds until a lost connection is tried again: the first time, and at most; each time twice as long.
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
#: Seconds between two looks whether somebody wants to stop.
PACE = 0.1


class Following:
    """An `EventSource` that follows a log: reads what is there, then what comes.

    A connection that is lost is made again, and reading goes on at the byte where it broke off, so that no event is
    missing and none comes twice; requests that were not confirmed are asked again, and reach the run once. Stopping it
    ends the following alone; with `commands` it stops the run itself.
    """

    def __init__(
        self, address: Address, *, python: str = "", commands: bool = False, known: int = 0, resumed_at: int = 0
    ) -> None:
        """`python` is the interpreter that reads the log there, `connection.PYTHON` where nothing else is known. The
        first `known` events of the run (`whereabouts.is_of_run`) are not told again, if they come before the line
        `resumed_at`, from where a training goes on that had ended there.
        """
        self.address = address
        self.parser: LogParser | None = None
        """What the log's header says, once that was read."""
        self.replaced = False
        """True where following ended because another run's log lies there now."""
        self.hears = False
        """True where requests reach the run: a process computes it, and takes them."""
        self.lost = False
        """True while a connection that was lost is not there again."""
        self.refused = ""
        """Why the last request did not reach the run, in words."""
        self._python = python
        self._commands = commands
        self._connection: Connection | None = None
        self._events = self._read()
        self._ahead: list[list[Event]] = []
        self._lock = threading.RLock()  # Ctrl+C asks in the middle of reading
        self._unheard: dict[str, str] = {}
        """Requests that were not confirmed, by their marks."""
        self._ending = False
        """True once the run was asked to end."""
        self._up_to_date = False
        """True once all that was there was read."""
        self._end: EndEvent | None = None
        """An end that may not be the log's last word: a training can be resumed."""
        self._left = threading.Event()
        self._killed = False
        self._waiting: Waiting = patient
        self._offset, self._begin, self._rest = 0, b"", b""
        self._state = StateEvent(RunState.RUNNING)
        self._waits_for = ""
        """Why nothing comes, where that is known."""
        self._known, self._passed = known, 0
        self._resumed_at, self._lines = resumed_at, 0
        self._went_on = False
        """True once a line came that was not there before the training went on."""

    # -- events

    def open(self, queued: bool = True) -> LogParser:
        """Read the header. Raises ValueError with a sentence where there is none to be had, and where the run waits in
        a queue unless `queued`: else that is waited for."""
        while self.parser is None:
            chunk = next(self._events)
            self._ahead.append(chunk)
            last = None if self.parser is not None else chunk[-1]
            if isinstance(last, EndEvent):
                self.close()
                raise ValueError(last.detail)
            if isinstance(last, StateEvent) and not queued:
                raise ValueError(f"The run has not begun: {last.detail}.")
        return self.parser

    def catch_up(self, take: Callable[[list[Event]], object], waiting: Waiting = patient) -> EndEvent | None:
        """Read all that is there by now, and give it to `take`; `chunks` goes on from there, with the run's state.

        Returns the end if the run is over, which `chunks` gives, too. Raises ValueError with a sentence where nothing
        can be read, or no longer.
        """
        self._waiting = waiting
        try:
            return self._caught_up(take)
        except BaseException:
            self.close()
            raise
        finally:
            self._waiting = patient

    def _caught_up(self, take: Callable[[list[Event]], object]) -> EndEvent | None:
        self.open()
        while True:
            ahead, self._ahead = self._ahead, []
            for chunk in ahead:
                if chunk and isinstance(chunk[-1], EndEvent):
                    if chunk[-1].reason == EndReason.FAILED and not self._up_to_date:
                        raise ValueError(chunk[-1].detail)
                    self._ahead = [chunk[-1:]]
                    chunk = chunk[:-1]
                if chunk:
                    take(chunk)
            if self._ahead:
                end = self._ahead[0][0]
                assert isinstance(end, EndEvent)
                return end
            if self._up_to_date:
                self._ahead = [[self._state]]  # which may be long ago
                return None
            self._ahead = [next(self._events)]

    def chunks(self) -> Generator[list[Event], None, None]:
        """See `EventSource.chunks`. Closing it leaves the run alone."""
        try:
            yield from filter(None, self._ahead)
            yield from filter(None, self._events)
        finally:
            self.close()

    def close(self) -> None:
        """End the connection, and leave the run alone; for whoever does not read on, in the thread that reads. To close
        `chunks` that nobody has begun does not end it. Idempotent."""
        self._events.close()

    def _read(self) -> Generator[list[Event], None, None]:
        """Chunks up to the end; an empty one says that the header is known, or all that was there."""
        failed, connected = 0, False
        while True:
            try:
                for kind, contents in self._frames():
                    if self._left.is_set():
                        yield [EndEvent(EndReason.LEFT, f"Stopped following. {self._goes_on}")]
                        return
                    if not kind:
                        self._waiting()
                        continue
                    if failed:
                        failed, self.lost = 0, False
                        yield [self._state]
                    connected = True
                    had = self.parser, self._up_to_date
                    chunk = self._take(kind, contents)
                    if chunk or had != (self.parser, self._up_to_date):
                        yield chunk
                    if chunk and isinstance(chunk[-1], EndEvent):
                        return
            except RemoteError as trouble:
                if self._left.is_set() or self._killed:
                    reason = EndReason.KILLED if self._killed else EndReason.LEFT
                    yield [EndEvent(reason, f"{trouble} {self._goes_on}")]
                    return
                if not connected or not trouble.may_pass:
                    yield [EndEvent(EndReason.FAILED, str(trouble) + (f" {self._goes_on}" if connected else ""))]
                    return
                self.lost = True
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
        goes_on = "To" if self._waits_for == tail.NOBODY else "The run itself continues; to"
        return f"{goes_on} follow it again: lrgui watch {self.address}"

    def _take(self, kind: bytes, contents: bytes) -> list[Event]:
        """The events of a frame."""
        if kind == tail.DATA:
            return self._take_data(contents)
        words = contents.decode("utf-8", "replace")
        if kind == tail.ALL:
            self._up_to_date = self.parser is not None
            return [] if self._end is None else [self._end]
        if kind == tail.HEARS:
            self.hears = True
        elif kind == tail.HEARD:
            mark, _, self.refused = words.partition(" ")
            with self._lock:
                self._unheard.pop(mark, None)
        elif kind == tail.STATUS:
            self._waits_for = words
            return [StateEvent(RunState.STARTING, words) if words else self._state]
        elif kind == tail.RESTART:
            return self._take_other_log()
        elif kind == tail.GONE:
            return [*self._expanded(self.parser.finish() if self.parser else []), self._end or self._gone(words)]
        elif kind == tail.ERROR:
            return [EndEvent(EndReason.FAILED, f"{self.address} could not be opened: {words}.")]
        return []

    def _take_other_log(self) -> list[Event]:
        self._offset, self._begin, self._rest = 0, b"", b""
        if self.parser is None:
            return []
        # A training that is about to go on gets another header (its files, more epochs); what follows that is the same.
        if self._resumed_at and not self._went_on:
            self.parser, self._end = None, None
            self._known, self._passed, self._lines = max(self._known, self._passed), 0, 0
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
            self._lines = 1
        old = self._before_resumed(data)
        self._went_on = self._went_on or old < len(data)
        before = filter(is_of_run, self._new(self._read_events(data[:old])))
        events = self._read_events(data[old:])
        return [*before, *self._without_end(events if self._resumed_at else self._new(events))]

    def _read_events(self, data: bytes) -> list[Event]:
        events = self._expanded(self.parser.feed(data)) if data and self.parser is not None else []
        for event in events:
            if isinstance(event, StateEvent):
                self._state = event
        return events

    def _before_resumed(self, data: bytes) -> int:
        """How many of these bytes are of lines that were there before the training went on."""
        missing = self._resumed_at - self._lines
        if missing <= 0:
            return 0
        lines = data.count(b"\n")
        self._lines += min(lines, missing)
        if lines < missing:
            return len(data)
        place = 0
        for _ in range(missing):
            place = data.index(b"\n", place) + 1
        return place

    def _new(self, events: list[Event]) -> list[Event]:
        """Those that are not known."""
        if not self._known and not self._resumed_at:
            return events
        new = []
        for event in events:
            of_run = is_of_run(event)
            self._passed += of_run
            if self._passed > self._known if of_run else self._passed >= self._known and _is_told(event):
                new.append(event)
        return new

    def _without_end(self, events: list[Event]) -> list[Event]:
        """The events without one that may be the run's end: that is told once nothing follows it."""
        if not events:
            return []
        self._end = events[-1] if isinstance(events[-1], EndEvent) else None
        return [event for event in events if not isinstance(event, EndEvent)]

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
        if self._ending and why == tail.TAKEN_OUT:
            return EndEvent(EndReason.CANCELLED, f"Stopped{where}: {why}; nothing was measured.")
        if self._ending:
            kept = "everything measured so far is kept" if self.parser else "nothing was measured yet"
            return EndEvent(EndReason.CANCELLED, f"Stopped{where}; {kept}.")
        words = f"The run{where} ended without saying how: {why}. Everything measured so far is kept."
        return EndEvent(EndReason.KILLED, words)

    # -- where they come from

    def _frames(self) -> Iterator[tuple[bytes, bytes]]:
        """Frames from where reading broke off, and those without a kind as long as none comes. Raises RemoteError."""
        return self._frames_here() if self.address.is_here else self._frames_there()

    def _frames_here(self) -> Iterator[tuple[bytes, bytes]]:
        follower = tail.Follower(self.address.path, self._offset, self._begin, beat=PACE)
        with closing(follower.frames()) as frames:
            for frame in frames:
                self._pass_on(follower)
                yield frame

    def _frames_there(self) -> Iterator[tuple[bytes, bytes]]:
        about = {"path": self.address.path, "offset": self._offset, "begin": self._begin.decode("latin-1")}
        connection = Connection(self.address.host, program_text("tail.py"), self._python)
        try:
            connection.write(json.dumps(about).encode("ascii") + b"\n")
            with self._lock:
                self._connection = connection
            self._ask_again()
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

    @property
    def confirmed(self) -> bool:
        """True while every request is known to have reached the run, or not (`refused`)."""
        with self._lock:
            return not self._unheard

    def pause(self) -> None:
        """Hold the run before its next batch."""
        self.ask("pause")

    def resume(self) -> None:
        """Let a held run go on."""
        self.ask("resume")

    def cancel(self) -> None:
        """End the run, or without `commands` the following."""
        if self._commands:
            self._ending = True
            self.ask("cancel")
        else:
            self.leave()

    def kill(self) -> None:
        """End the run without asking it, or the following."""
        self._killed = True
        if self._commands:
            self._ending = True
            self.ask("kill")
        else:
            self.leave()

    def ask(self, request: str) -> None:
        """Hand on a request in words (`core.control.Control.obey`); without a connection once there is one, and here
        in the thread that reads: whether anybody hears it may have to be asked of a queue that is slow to answer."""
        mark = os.urandom(6).hex()
        with self._lock:
            self._unheard[mark] = request
            self._send(mark, request)

    def leave(self) -> None:
        """End the following; the run goes on."""
        self._left.set()

    def _ask_again(self) -> None:
        """A connection that was lost may have taken requests with it, or their confirmation."""
        with self._lock:
            for mark, request in list(self._unheard.items()):
                self._send(mark, request)

    def _send(self, mark: str, request: str) -> None:
        if self._connection is not None:
            self._connection.write(f"{mark} {request}\n".encode("ascii"))

    def _pass_on(self, follower: tail.Follower) -> None:
        """Hand on what was asked of a run whose log is here."""
        while self._unheard:
            with self._lock:
                mark, request = list(self._unheard.items())[0]  # noqa: RUF015 (Ctrl+C may add one in the midst)
            self.refused = tail.heard(follower, request, mark)
            with self._lock:
                del self._unheard[mark]


def _is_told(event: Event) -> bool:
    """False for what a log there says of where the run was before: whoever follows it knows where it is."""
    return isinstance(event, StateEvent | EndEvent)

"""Writing a run's log while the run goes on, whatever becomes of the disk."""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from lrgui._version import __version__
from lrgui.core.events import Event
from lrgui.runs.job import Job
from lrgui.runs.lines import SCHEMA, encode
from lrgui.runs.steering import forget
from lrgui.writing import write_atomically

#: What could not be written is tried again after so many seconds, and at the end.
AGAIN = 1.0
#: So many bytes wait for that; a run that is longer has lost its log.
MOST_WAITING = 1 << 28
#: Bytes that are looked at together for the end of a line.
_TAIL = 1 << 16


class LogWriter:
    """Writes a log while the run goes on; each `write` reaches the file system before it returns.

    Never raises for a file that cannot be written: a run must not end because its log does. What was not written is
    kept and tried again, so that nothing is missing once the disk has room; a file that was deleted meanwhile is made
    again, with its folder. The sentences that say so are returned by the next `write` (or `close`), each once; the
    present trouble is in `problem`. For one thread.
    """

    def __init__(
        self,
        path: Path | str,
        job: Job,
        *,
        origin: str = "",
        created: datetime | None = None,
        refused: OSError | None = None,
        continues: bool = False,
    ) -> None:
        """`refused` is why its folder could not be made, where that is known already; that is tried again, too.
        With `continues` the file is a run's that goes on: its events stay, and its header gets the job as it is now.
        """
        self.path = Path(path)
        self.problem: str | None = None
        """Why the file does not hold everything, in a sentence; None where it does."""
        self.reason = ""
        """The same in the system's own words, of the last trouble: "No space left on device"."""
        self._news: str | None = None
        self._file: BinaryIO | None = None
        self._folder_too = refused is not None
        self._regular = False
        self._continues = continues
        self._written = self._least = 0
        self._waiting = bytearray()
        self._next = 0.0  # when to try again
        self._closed = False
        try:
            header = header_line(job, created or datetime.now().astimezone(), origin)
        except ValueError as error:
            self._closed = True
            self._fail(error)
        else:
            self._least = 0 if continues else len(header)
            if continues:
                self._go_on(job)
            elif refused is not None:
                self._waiting += header
                self._fail(refused)
            else:
                self._put(header)

    def write(self, events: Iterable[Event]) -> str | None:
        """Append `events`; returns a sentence where something has become of the file, else None."""
        if not self._closed:
            try:
                data = "".join(encode(event) + "\n" for event in events).encode("ascii")
            except ValueError as error:
                self._fail(error)
            else:
                self._put(data)
        return self._take_news()

    def close(self) -> str | None:
        """Try what could not be written a last time, and close the file; returns like `write`. Idempotent."""
        if not self._closed:
            self._next = 0.0
            self._put(b"")
            self._closed = True
            file, self._file = self._file, None
            try:
                if file is not None:
                    if self._regular and self._written < self._least:
                        self._remove(file)  # without a header it is no run
                    file.close()
            except OSError as error:  # network file systems say here that the disk is full
                self._fail(error)
            if self.problem is not None:  # from here on nobody tries again
                self.problem = f"The run could not be saved completely to {self.path} ({self.reason})."
        return self._take_news()

    def __enter__(self) -> LogWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _put(self, data: bytes) -> None:
        """Write what waits, and `data` behind it."""
        if len(self._waiting) > MOST_WAITING:
            return
        self._waiting += data
        if self.problem is not None and time.monotonic() < self._next:
            return
        try:
            if self._file is None:
                self._open()
            assert self._file is not None
            if self._regular and os.fstat(self._file.fileno()).st_nlink == 0:
                self._make_again(self._file)
            while self._waiting:
                count = self._file.write(self._waiting) or 0
                self._written += count
                del self._waiting[:count]
        except (OSError, ValueError) as error:
            self._fail(error)
        else:
            if self.problem is not None:
                self.problem = None
                self._news = f"The run is being saved to {self.path} again; nothing is missing."

    def _go_on(self, job: Job) -> None:
        """Open a run's file behind its last whole line; with another job its header is written anew."""
        forget(self.path)
        try:
            _renew_header(self.path, job)
            self._open()
            assert self._file is not None
            size = self._file.seek(0, os.SEEK_END)
            cut = size
            while cut > 0:  # what was cut off within a line ends where that line began
                self._file.seek(max(0, cut - _TAIL))
                end = self._file.read(cut - max(0, cut - _TAIL)).rfind(b"\n")
                if end >= 0:
                    cut = max(0, cut - _TAIL) + end + 1
                    break
                cut = max(0, cut - _TAIL)
            self._file.truncate(cut)
            self._file.seek(cut)
        except (OSError, ValueError) as error:
            self._fail(error)

    def _open(self) -> None:
        if self._folder_too:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._regular = stat.S_ISREG(os.stat(self.path).st_mode)
        except FileNotFoundError:
            self._regular = True
        mode = "r+b" if self._continues else "w+b" if self._regular else "wb"
        file: BinaryIO = open(self.path, mode, buffering=0)  # type: ignore[assignment]  # noqa: SIM115
        if self._continues:
            file.seek(0, os.SEEK_END)
        self._file = file
        hold(file)

    def _make_again(self, deleted: BinaryIO) -> None:
        """Make a file that was deleted again: what it held can still be read."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        again = open(self.path, "x+b", buffering=0)  # noqa: SIM115
        try:
            deleted.seek(0)
            while part := deleted.read(1 << 20):
                rest = memoryview(part)
                while rest:
                    rest = rest[again.write(rest) or 0 :]
        except BaseException:
            again.close()
            self.path.unlink(missing_ok=True)
            raise
        self._file = again
        hold(again)
        deleted.close()

    def _remove(self, file: BinaryIO) -> None:
        """Remove the file, unless another one has taken its place."""
        try:
            if os.path.samestat(os.fstat(file.fileno()), os.stat(self.path)):
                self.path.unlink()
        except FileNotFoundError:
            pass

    def _fail(self, error: OSError | ValueError) -> None:
        self._next = time.monotonic() + AGAIN
        if self.problem is None:
            self.reason = getattr(error, "strerror", None) or str(error)
            self._news = self.problem = (
                f"The run cannot be saved to {self.path} ({self.reason}). It continues, and saving is retried; until "
                "then it is kept in memory only."
            )

    def _take_news(self) -> str | None:
        news, self._news = self._news, None
        return news


def hold(file: BinaryIO) -> bool:
    """Hold a log for this process as long as the file is open; False where another one holds it. Where the system has
    no such thing nobody does."""
    try:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):
        pass
    return True


def _renew_header(path: Path, job: Job) -> None:
    """Let the header of a run's file name `job`, and keep what else it says. Raises OSError, and ValueError for a file
    that is no run's."""
    with open(path, "rb") as file:
        first = file.readline()
        header = json.loads(first)
        if not isinstance(header, dict) or "lrrun" not in header:
            raise ValueError("it is not a run log")
        if header.get("job") == job.to_dict():
            return
        header["job"] = job.to_dict()
        line = (json.dumps(header, separators=(",", ":"), allow_nan=False) + "\n").encode("ascii")
    write_atomically(path, _Renewed(path, line, len(first)))


@dataclass(frozen=True)
class _Renewed:
    """A file with another beginning, in pieces."""

    path: Path
    line: bytes
    begin: int

    def __iter__(self) -> Iterator[bytes]:
        yield self.line
        with open(self.path, "rb") as file:
            file.seek(self.begin)
            while data := file.read(1 << 20):
                yield data


def header_line(job: Job, created: datetime, origin: str) -> bytes:
    """The first line of a log."""
    header: dict[str, Any] = {
        "lrrun": SCHEMA,
        "created": created.isoformat(timespec="seconds"),
        "lrgui": __version__,
        "origin": origin,
        "job": job.to_dict(),
    }
    return (json.dumps(header, separators=(",", ":"), allow_nan=False) + "\n").encode("ascii")

"""Reading a run log piece by piece, however long and however damaged it is."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from lrgui.core.events import Event
from lrgui.runs.event_arrays import EventArrays
from lrgui.runs.going_on import goes_on
from lrgui.runs.log_parser import MOST_LINE, LogParser

#: Bytes that are read at once: little enough for a processor's cache.
CHUNK = 1 << 17
GOES_ON = "The run is still going on: this is what it has measured so far."


class LogReader(LogParser):
    """Iterates a log's events, once: lists as `LogParser` makes them."""

    def __init__(self, path: Path | str) -> None:
        """Read the header.

        Raises ValueError with a sentence where the file is no run log, OSError where it cannot be read.
        """
        self.more: Callable[[], bool] | None = None
        """Asked at the end of the file: true where there may be more, of a run that goes on."""
        self._path = path
        self._file = _open_regular(path)
        self.size = os.fstat(self._file.fileno()).st_size
        """Bytes of the file when it was opened."""
        try:
            super().__init__(Path(path).name, self._first_line())
        except BaseException:
            self._file.close()
            raise

    @property
    def done(self) -> int:
        """Bytes that were read so far."""
        return self._file.tell()

    def __enter__(self) -> LogReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[list[Event | EventArrays]]:
        while data := self._next():
            if found := self.feed(data):
                yield found
        if last := self.finish():
            yield last

    def _without_end(self) -> str:
        return GOES_ON if goes_on(self._path) else super()._without_end()

    def _next(self) -> bytes:
        """What follows in the file, empty at its end."""
        while not (data := self._file.read(CHUNK)) and self.more is not None and self.more():
            pass
        return data

    def _first_line(self) -> bytes:
        """The header; the file is then read on behind it."""
        start = b""
        while b"\n" not in start and len(start) <= MOST_LINE:
            data = self._file.read(CHUNK)
            start += data
            if not data:
                break
        line = start.partition(b"\n")[0]
        self._file.seek(len(line) + 1)
        return line


def _open_regular(path: Path | str) -> BinaryIO:
    """The file at `path` for reading, unbuffered; links are followed. Never waits for a pipe.

    Raises OSError where it cannot be opened, ValueError with a sentence where it is no regular file.
    """
    # Without O_NONBLOCK a pipe that nobody writes to is waited for in `open` itself; files are not affected by it.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError(f"{Path(path).name} is not a file.")
        return open(descriptor, "rb", buffering=0)
    except BaseException:
        os.close(descriptor)
        raise

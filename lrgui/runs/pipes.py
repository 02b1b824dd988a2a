"""Reading what is there from the two pipes of a child process: its events and what it prints."""

from __future__ import annotations

import os
import queue
import selectors
import sys
import threading
import time
from typing import IO, Protocol

#: At most this many bytes of each pipe at once, so that one chunk of events stays small.
MOST = 1 << 18


class Pipes(Protocol):
    """Two pipes that are read by one thread."""

    quiet: float
    """Once the process has gone, what it wrote has been read when nothing came for so many seconds."""

    @property
    def ended(self) -> bool:
        """True once the pipe of events is closed on the other side and read to its end."""

    def read(self, timeout: float) -> tuple[bytes, bytes]:
        """New bytes of (events, printed text); waits up to `timeout` seconds for the first."""

    def close(self) -> None:
        """Close both; not while another thread reads."""


def open_pipes(events: IO[bytes], printed: IO[bytes]) -> Pipes:
    """The way of reading that this platform has."""
    return ThreadedPipes(events, printed) if sys.platform == "win32" else SelectedPipes(events, printed)


class SelectedPipes:
    """With `select`, without further threads (POSIX)."""

    quiet = 0.0

    def __init__(self, events: IO[bytes], printed: IO[bytes]) -> None:
        self.ended = False
        self._files = (events, printed)
        self._selector = selectors.DefaultSelector()
        for file in self._files:
            os.set_blocking(file.fileno(), False)
            self._selector.register(file, selectors.EVENT_READ)

    def read(self, timeout: float) -> tuple[bytes, bytes]:
        """See `Pipes`."""
        if not self._selector.get_map():
            time.sleep(timeout)  # both have ended; the caller waits for the process
            return b"", b""
        self._selector.select(timeout)
        events, printed = (self._drain(file) for file in self._files)
        return events, printed

    def _drain(self, file: IO[bytes]) -> bytes:
        parts: list[bytes] = []
        size = 0
        while file in self._selector.get_map() and size < MOST:
            try:
                part = os.read(file.fileno(), 1 << 16)
            except BlockingIOError:
                break
            if not part:
                self._selector.unregister(file)
                self.ended = self.ended or file is self._files[0]
            parts.append(part)
            size += len(part)
        return b"".join(parts)

    def close(self) -> None:
        """See `Pipes`."""
        self._selector.close()
        for file in self._files:
            file.close()


class ThreadedPipes:
    """With a thread for each pipe: on Windows nothing else can wait for two."""

    quiet = 1.0  # what the threads have not passed on yet

    def __init__(self, events: IO[bytes], printed: IO[bytes]) -> None:
        self._open = {0, 1}
        self._closing = False
        self._queue: queue.Queue[tuple[int, bytes]] = queue.Queue(maxsize=16)
        self._files = (events, printed)
        self._threads = [threading.Thread(target=self._pump, args=(index,), daemon=True) for index in (0, 1)]
        for thread in self._threads:
            thread.start()

    @property
    def ended(self) -> bool:
        """See `Pipes`."""
        return 0 not in self._open

    def _pump(self, index: int) -> None:
        while True:
            try:
                data = os.read(self._files[index].fileno(), 1 << 16)
            except (OSError, ValueError):
                data = b""
            while not self._closing:
                try:
                    self._queue.put((index, data), timeout=0.2)
                    break
                except queue.Full:
                    pass
            if not data or self._closing:
                return

    def read(self, timeout: float) -> tuple[bytes, bytes]:
        """See `Pipes`."""
        parts: tuple[list[bytes], list[bytes]] = ([], [])
        size = 0
        until = time.monotonic() + timeout
        try:
            while size < MOST:
                # The end of one pipe is nothing that came, and the other's bytes may be still to come.
                left = until - time.monotonic() if self._open and not size else 0.0
                index, data = self._queue.get(timeout=left) if left > 0 else self._queue.get_nowait()
                if not data:
                    self._open.discard(index)
                parts[index].append(data)
                size += len(data)
        except queue.Empty:
            pass
        return b"".join(parts[0]), b"".join(parts[1])

    def close(self) -> None:
        """See `Pipes`. For use once the process has ended; a pipe that something else still holds open is
        left to its thread.
        """
        self._closing = True
        for thread, file in zip(self._threads, self._files, strict=True):
            thread.join(1)
            if not thread.is_alive():
                file.close()

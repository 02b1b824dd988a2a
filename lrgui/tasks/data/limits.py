"""What fits into memory: asked before a file is read, which a few bytes can make larger than any memory. No torch."""

from __future__ import annotations

import gzip
import os
import stat
from io import BufferedIOBase, BufferedReader, RawIOBase
from pathlib import Path
from typing import IO, TYPE_CHECKING

from lrgui.core.formats import format_bytes

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


def free_ram() -> int | None:
    """Bytes of this computer's memory that are free; None where nobody knows (macOS, Windows)."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError, StopIteration):
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def must_fit(needed: float, what: str, way_out: str) -> None:
    """Raise ValueError, with a sentence, where `what` takes more than the free memory; do nothing where none is known.

    `needed` is in bytes, `way_out` what a person can do instead: "keep fewer rows".
    """
    free = free_ram()
    if free is not None and needed > free:
        raise ValueError(
            f"{what} takes {format_bytes(needed)} of memory, but only {format_bytes(free)} is free: {way_out}."
        )


def must_be_file(path: Path) -> None:
    """Raise ValueError, with a sentence, for a pipe or a device: it would be waited for, or read for ever."""
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "a pipe or a device"
        raise ValueError(f"{path.name} is {kind}, not a file: choose a file.")


def opened(path: Path, way_out: str) -> IO[bytes]:
    """The file's bytes, unpacked where its name ends in .gz; then no more than memory has room for (see `Bounded`)."""
    if path.suffix.lower() != ".gz":
        return path.open("rb")
    return BufferedReader(Bounded(gzip.open(path, "rb"), path.name, way_out), 1 << 16)


class Bounded(RawIOBase):
    """A packed file's bytes, as many as memory has room for: beyond that, reading raises ValueError, a sentence."""

    def __init__(self, packed: IO[bytes] | BufferedIOBase, what: str, way_out: str) -> None:
        self._packed = packed
        self._what, self._way_out = what, way_out
        free = free_ram()
        self._most = None if free is None else free // 2  # what is made of the bytes takes as much again
        self._read = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """The next bytes, unpacked."""
        view = memoryview(buffer).cast("B")
        block = self._packed.read(len(view))
        view[: len(block)] = block
        self._read += len(block)
        if self._most is not None and self._read > self._most:
            raise ValueError(
                f"{self._what} unpacks to more than {format_bytes(self._most)}, half of the free memory: "
                f"{self._way_out}."
            )
        return len(block)

    def close(self) -> None:
        """Closes the packed file, too."""
        self._packed.close()
        super().close()

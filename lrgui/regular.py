"""Opening only what can be read to its end: a pipe would be waited for, and a device read for ever."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO


def open_regular(path: Path | str) -> BinaryIO:
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

"""A JSON file that this program keeps, and that anybody may have edited, replaced or damaged."""

from __future__ import annotations

import errno
import json
import math
import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from lrgui.core.formats import format_bytes
from lrgui.writing import write_atomically

#: The largest file that is read, in bytes, and how many lists and objects may be in each other: what is kept is small.
MOST_BYTES, DEEPEST = 20_000_000, 60
#: What a file is called, behind its name, that could not be read when another one was to take its place.
DAMAGED = ".damaged"


def read_json(path: Path) -> tuple[Any, os.stat_result]:
    """What a file holds, and whose it is. Never waits for a pipe or a device.

    Raises OSError where it cannot be read and ValueError where it is no JSON, has numbers that are not finite, or is
    deeper or larger than anything of ours.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    with open(descriptor, "rb") as file:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise OSError(errno.EINVAL, "it is not a file", str(path))
        if facts.st_size > MOST_BYTES:
            raise ValueError(f"it is too large: {format_bytes(facts.st_size)}")
        text = file.read(MOST_BYTES + 1)
    try:
        data = json.loads(text.decode(), parse_constant=_not_finite, parse_float=_finite)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    _check_depth(data)
    return data, facts


def write_json(path: Path, data: object, *, private: bool = False) -> None:
    """Keep `data` in a file, whose folder is made where it is missing; one that is there and cannot be read stays as
    `damaged(path)`. Raises OSError, and ValueError for what JSON does not have."""
    text = json.dumps(data, indent=1, allow_nan=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not _is_readable(path):
        set_aside(path)
    write_atomically(path, text.encode(), private=private)


def damaged(path: Path) -> Path:
    """Where the file of that name is kept that could not be read."""
    return path.with_name(path.name + DAMAGED)


def set_aside(path: Path, *, copied: bool = False) -> None:
    """Keep a file as `damaged(path)`, which it is called from now on; `copied` leaves it where it is, too."""
    with suppress(OSError):
        if copied:
            shutil.copyfile(path, damaged(path))
        else:
            os.replace(path, damaged(path))


def _is_readable(path: Path) -> bool:
    try:
        read_json(path)
    except ValueError:
        return False
    except OSError:
        return True  # there is none, or nothing that could be kept
    return True


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _not_finite(text)


def _not_finite(text: str) -> NoReturn:
    raise ValueError(f"it contains the number {text[:20]}")


def _check_depth(data: Any) -> None:
    level = [data]
    for _ in range(DEEPEST):
        level = [
            inner
            for each in level
            if isinstance(each, list | dict)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return
    raise ValueError("it is nested too deeply")

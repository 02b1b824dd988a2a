"""Writing a file all at once or not at all: the one way for everything that this program keeps or hands out."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import select
import stat
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

#: What is written: all at once, or in pieces, which can be gone through more than once.
Data = bytes | Iterable[bytes | memoryview]

#: Seconds in which somebody must come who reads from a pipe, and in which they must take something.
READER, PATIENCE = 1.0, 10.0

#: What stands for a file that this process has open.
_OPEN_FILE = re.compile(r"/dev/(?:fd/(\d+)|std(in|out|err))|/proc/(?:self|thread-self|(\d+))/fd/(\d+)")


def write_atomically(path: Path, data: Data, *, private: bool = False) -> None:
    """Write `data` to `path`: into a temporary file beside it first, which then takes its place.

    An older file of that name stays whole until the new one is complete, and hands on its permissions and owner; of a
    link it is the file that it leads to. A file has no name before it is complete, where the system can do that: of a
    process that is killed meanwhile nothing half written is left. `private` files are for their owner alone from
    their first moment. Where nothing can take a file's place (a folder that cannot be written, a file that a container
    brought in), it is written as it lies. Pipes, terminals and devices such as /dev/stdout and /dev/null get the data
    and stay.

    Raises OSError; nothing is left of the attempt then.
    """
    number = _open_file(path)
    if number is not None:
        _write_open(number, data)
        return
    real = Path(os.path.realpath(path))
    try:
        before = os.stat(real)
    except FileNotFoundError:
        _replace(real, data, None, private)
        return
    if stat.S_ISREG(before.st_mode):
        _replace(real, data, before, private)
    elif stat.S_ISDIR(before.st_mode):
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    elif stat.S_ISFIFO(before.st_mode) or stat.S_ISCHR(before.st_mode):
        _write_special(real, data)
    else:  # a disk, a socket
        raise OSError(errno.EINVAL, "it is not a file", str(path))


def _replace(real: Path, data: Data, before: os.stat_result | None, private: bool) -> None:
    """Put a file with `data` in the place of `real`, which was as `before` says."""
    if before is not None and not os.access(real, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(real))
    if before is None and _write_unnamed(real.parent, data, private, [str(real)]):
        return
    temporary = None
    try:
        temporary = _write_beside(real, data, private)
        if before is not None and not private:
            _like(temporary, before)
        os.replace(temporary, real)
        temporary = None
    except OSError as error:
        if before is None or error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY, errno.EXDEV):
            raise
        with open(real, "r+b") as file:
            _put(file, data)
            file.truncate()
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def _put(file: BinaryIO, data: Data) -> None:
    """Write everything, down to the disk."""
    for piece in (data,) if isinstance(data, bytes) else data:
        file.write(piece)
    file.flush()
    os.fsync(file.fileno())


def _write_unnamed(folder: Path, data: Data, private: bool, paths: Iterable[str]) -> str | None:
    """Write a new file that has no name before it is complete, and then the first of `paths` that is free: a process
    that is killed leaves nothing of it. None where that cannot be done, or all are taken by then."""
    flag = getattr(os, "O_TMPFILE", None)  # Linux; not every file system has it
    if flag is None:
        return None
    try:
        descriptor = os.open(folder, flag | os.O_WRONLY | os.O_CLOEXEC, 0o600 if private else 0o666)
    except OSError:
        return None
    with os.fdopen(descriptor, "wb") as file:
        _put(file, data)
        for path in paths:
            try:
                # With a descriptor, though the path is absolute: without one Python does not follow that link.
                os.link(f"/proc/self/fd/{descriptor}", path, src_dir_fd=descriptor, follow_symlinks=True)
            except FileExistsError:
                continue
            except OSError:
                return None
            return path
    return None


def _write_beside(real: Path, data: Data, private: bool) -> str:
    """Write a new file in the same folder; returns its path. Its name is short, whatever the other's is."""
    names = (str(real.with_name(f".lrgui-{name}.part")) for name in tempfile._get_candidate_names())  # type: ignore[attr-defined]
    path = _write_unnamed(real.parent, data, private, names)
    if path is not None:
        return path
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    for path in names:
        try:
            descriptor = os.open(path, flags, 0o600 if private else 0o666)
        except FileExistsError:
            continue
        try:
            with os.fdopen(descriptor, "wb") as file:
                _put(file, data)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(path)
            raise
        return path
    raise AssertionError("names never end")


def _like(path: str, before: os.stat_result) -> None:
    """Give a file the owner and the permissions of the one whose place it takes. Raises PermissionError where it
    cannot belong to its owner."""
    if os.name == "posix":
        now = os.stat(path)
        if (now.st_uid, now.st_gid) != (before.st_uid, before.st_gid):
            os.chown(path, before.st_uid, before.st_gid)
    os.chmod(path, stat.S_IMODE(before.st_mode))


def _open_file(path: Path) -> int | None:
    """The number of the open file of this process that `path` stands for."""
    found = _OPEN_FILE.fullmatch(os.path.abspath(path)) if os.name == "posix" else None
    if found is None or (found[3] is not None and int(found[3]) != os.getpid()):
        return None
    if found[2] is not None:
        return ("in", "out", "err").index(found[2])
    return int(found[1] or found[4])


def _write_open(number: int, data: Data) -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError, ValueError):
            stream.flush()  # what was said before comes before
    _write_all(number, data)


def _write_special(path: Path, data: Data) -> None:
    """Write to a pipe or a device, without waiting for ever: nobody may be at the other end of a pipe."""
    flags = os.O_WRONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
    until = time.monotonic() + READER
    while True:
        try:
            descriptor = os.open(path, flags)
            break
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            if time.monotonic() > until:
                raise OSError(errno.ENXIO, "nobody reads from this pipe", str(path)) from None
            time.sleep(0.02)
    try:
        _write_all(descriptor, data)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, data: Data) -> None:
    for piece in (data,) if isinstance(data, bytes) else data:
        _write_piece(descriptor, piece)


def _write_piece(descriptor: int, piece: bytes | memoryview) -> None:
    rest = memoryview(piece)
    until = time.monotonic() + PATIENCE
    while rest:
        try:
            written = os.write(descriptor, rest)
        except BlockingIOError:
            if time.monotonic() > until:
                raise TimeoutError(errno.ETIMEDOUT, "nobody takes the data") from None
            select.select([], [descriptor], [], 0.1)
        else:
            rest = rest[written:]
            until = time.monotonic() + PATIENCE

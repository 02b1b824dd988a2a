"""Writing a file all at once or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path


class ExportError(Exception):
    """A file could not be written; the message is a sentence for people."""


def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` to `path`: into a temporary file beside it first, which then takes its place.

    An older file of that name stays whole until the new one is complete. Raises ExportError.
    """
    temporary: str | None = None
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files that only their owner can read; a picture is as public as its folder.
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        why = error.strerror or str(error)
        raise ExportError(f"{path} could not be written ({why}). Choose another folder; nothing is lost.") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask

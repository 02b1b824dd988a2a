"""Writing what a person asked for, with a sentence where it cannot be written."""

from __future__ import annotations

from pathlib import Path

from lrgui import writing


class ExportError(Exception):
    """A file could not be written; the message is a sentence for people."""


def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` to `path` as `lrgui.writing` does. Raises ExportError."""
    try:
        writing.write_atomically(path, data)
    except (OSError, ValueError) as error:  # ValueError: a name that no system allows
        why = getattr(error, "strerror", None) or str(error)
        raise ExportError(f"{path} could not be written ({why}). Choose another folder; your data is safe.") from error

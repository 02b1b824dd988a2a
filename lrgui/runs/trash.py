"""Runs that were deleted: they stay in a folder within that of the runs for a month, and can be put back until then."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from lrgui.runs.checkpoints import FOLDER, folder_of, remove
from lrgui.runs.library import SUFFIX
from lrgui.runs.notes import SUFFIX as NOTES
from lrgui.runs.notes import notes_path

#: The folder, within the folder of the runs; in it is one for each day.
TRASH = "trash"
#: For so many days a deleted run is kept.
KEPT_DAYS = 30


@dataclass(frozen=True)
class Deleted:
    """A run that was deleted."""

    log: Path
    """Where it was."""
    now: Path
    """Where it is."""


def delete(log: Path, today: date | None = None) -> Deleted:
    """Move a log, its notes and its checkpoints to the trash. Raises OSError, with nothing moved, where that cannot be
    done."""
    folder = log.parent / TRASH / (today or date.today()).isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    deleted = Deleted(log, _free(folder / log.name))
    _move(deleted.log, deleted.now)
    return deleted


def restore(deleted: Deleted) -> Path:
    """Put a deleted run back; returns where it is, under another name where that is taken by now.

    Raises OSError where that cannot be done.
    """
    back = _free(deleted.log)
    _move(deleted.now, back)
    return back


def empty(runs: Path, today: date | None = None) -> int:
    """Remove what has been in the trash of a folder of runs for `KEPT_DAYS`; returns how many logs that were.

    Never raises; touches nothing but logs, their notes and checkpoints, in folders that are named after a day.
    """
    last, count = (today or date.today()) - timedelta(days=KEPT_DAYS), 0
    for folder in _entries(runs / TRASH):
        try:
            old = date.fromisoformat(folder.name) < last
        except ValueError:
            continue
        if not old or not folder.is_dir(follow_symlinks=False):
            continue
        for file in _entries(Path(folder.path)):
            if file.name.endswith((SUFFIX, SUFFIX + NOTES)):
                count += _remove(file.path) and file.name.endswith(SUFFIX)
            elif file.name.endswith(FOLDER) and file.is_dir(follow_symlinks=False):
                remove(Path(file.path))
        try:
            os.rmdir(folder.path)
        except OSError:
            continue  # somebody put something else there
    return count


#: What lies beside a log and goes with it.
_BESIDE = (notes_path, folder_of)


def _move(log: Path, to: Path) -> None:
    moved = [(log, to)]
    os.rename(log, to)
    for beside in _BESIDE:
        try:
            os.rename(beside(log), beside(to))
        except FileNotFoundError:
            continue
        except OSError:
            for old, new in reversed(moved):
                os.rename(new, old)
            raise
        moved.append((beside(log), beside(to)))


def _free(path: Path) -> Path:
    number, found = 1, path
    while found.exists() or any(beside(found).exists() for beside in _BESIDE):
        number += 1
        found = path.with_name(f"{path.name.removesuffix(SUFFIX)}-{number}{SUFFIX}")
    return found


def _entries(folder: Path) -> Iterable[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError:
        return []


def _remove(path: str) -> bool:
    try:
        os.remove(path)
    except OSError:
        return False
    return True

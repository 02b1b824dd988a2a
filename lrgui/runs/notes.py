"""What a person adds to a run: a name, a note, a star.

They lie beside the log, in a small file of their own (`NAME.lrrun.json`), and not in the index, which may be thrown
away and built again at any time: so they go where the log goes, two programs that write about two runs never meet, and
the log itself stays as it was measured.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path

from lrgui.json_file import read_json, set_aside, write_json
from lrgui.runs.from_dict import from_plain
from lrgui.runs.lines import MOST_TEXT

#: What the file of notes is called, behind the log's whole name.
SUFFIX = ".json"


@dataclass(frozen=True)
class Notes:
    """What somebody added to a run."""

    name: str = ""
    """What it is called in the place of its task; empty for nothing else."""
    note: str = ""
    star: bool = False


def notes_path(log: Path) -> Path:
    """Where the notes of a log are kept."""
    return log.with_name(log.name + SUFFIX)


def read_notes(log: Path) -> Notes:
    """The notes of a log; empty ones where there are none, or what is there cannot be read."""
    try:
        return stored_notes(log)
    except (OSError, ValueError):
        return Notes()


def stored_notes(log: Path) -> Notes:
    """The notes of a log. Raises OSError where there are none, and ValueError for what cannot be read."""
    notes = from_plain(Notes, read_json(notes_path(log))[0], "The notes")
    return Notes(notes.name[:MOST_TEXT], notes.note[:MOST_TEXT], notes.star)


def write_notes(log: Path, notes: Notes) -> None:
    """Keep the notes of a log; where they are empty no file is left. Raises OSError where that cannot be done."""
    path = notes_path(log)
    try:
        stored_notes(log)
    except ValueError:
        set_aside(path)
    except OSError:
        pass  # there are none, or nothing that could be kept
    if notes != Notes():
        write_json(path, asdict(notes))
        return
    try:
        os.remove(path)
    except FileNotFoundError:
        return

"""The index of all runs in a folder: what a list shows of them, without reading a single log again.

A cache and nothing else: one SQLite file beside the logs, or in the settings' folder where those cannot be written. A
log counts as known while its time of change and its size are those of the index. What is wrong with the file, whatever
it is, costs only time: it is built again, and where it cannot be used at all the logs themselves are read. Names, notes
and stars are the person's own and kept elsewhere (`notes.py`); here is only a copy.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from lrgui._version import __version__
from lrgui.core.phrases import listed
from lrgui.places import config_folder, runs_folder
from lrgui.runs.going_on import goes_on
from lrgui.runs.library import SUFFIX
from lrgui.runs.notes import SUFFIX as NOTES
from lrgui.runs.notes import Notes, notes_path, stored_notes
from lrgui.runs.summary import RunSummary, summary_of
from lrgui.runs.words import end_words

T = TypeVar("T")

#: The file, beside the logs.
NAME = "index.sqlite"
#: Number of its form. Another program reads other picks off the same curve: its version is part of what has to agree.
FORM = 1
#: Seconds for which another process that writes is waited for.
PATIENCE = 1.0
#: Runs that are read are written down so often, in seconds: a first build that is broken off is not lost.
EVERY = 0.5


@dataclass(frozen=True)
class KeptRun:
    """A run of the folder: what was measured, and what somebody added."""

    path: Path
    summary: RunSummary
    notes: Notes
    running: bool = False
    """True while it goes on, in whatever program."""

    @property
    def ended(self) -> str:
        """How it ended, in a few words, or that it goes on."""
        each = self.summary
        return end_words(each.kind, each.end, running=True) if self.running else each.ended

    @property
    def name(self) -> str:
        """What it is called in a list."""
        return self.notes.name or self.summary.task or self.summary.file.removesuffix(SUFFIX)

    @cached_property
    def searched(self) -> str:
        """Everything that a search looks at, in small letters."""
        each = self.summary
        parts = (self.name, self.notes.note, each.task, each.optimizer, each.kind_words, self.ended, each.sure)
        day = f"{datetime.fromtimestamp(each.created):%Y-%m-%d}"
        rate = "" if each.lr is None else each.rate
        return " ".join((*parts, each.origin, day, f"batch {each.batch_size}", rate, each.file)).casefold()


@dataclass(frozen=True)
class _NotesRow:
    """A copy of the notes of a run."""

    file: str
    changed: int
    size: int
    name: str
    note: str
    star: bool

    @property
    def notes(self) -> Notes:
        return Notes(self.name, self.note, self.star)


_Row = TypeVar("_Row", RunSummary, _NotesRow)
#: The columns' types; a value of another one is of no row of ours.
_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "bool": (int,),
    "float": (float,),
    "float | None": (float, type(None)),
    "bytes": (bytes,),
}
_TABLES: dict[type, str] = {RunSummary: "runs", _NotesRow: "notes"}
_State = tuple[int, int]


class RunIndex:
    """The runs of one folder. May be used by one thread after another; several programs may have the same folder."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder` is the runs' own unless another one is named; it need not exist."""
        self.folder = folder or runs_folder()
        self._runs: dict[str, RunSummary] = {}
        self._notes: dict[str, _NotesRow] = {}
        self._loaded = False
        self._unread: set[str] = set()

    @property
    def trouble(self) -> str:
        """A sentence on the runs whose notes could not be read when the folder was looked at last."""
        return f"The notes on {listed(sorted(self._unread))} could not be read." if self._unread else ""

    # ---------------------------------------------------------------- reading
    def look(self) -> tuple[list[KeptRun], list[str]]:
        """The runs that are known as they are now, and the names of the logs that have to be read, newest first."""
        if not self._loaded:
            self._loaded = True
            if self.folder.is_dir():
                self._with_file(self._load)
        logs, notes = self._scan()
        for name in [name for name in self._runs if name not in logs]:
            del self._runs[name]
        stale = [name for name, state in logs.items() if _state(self._runs.get(name)) != state]
        known = logs.keys() - set(stale)
        fresh = self._fresh_notes(logs, notes)
        if fresh:
            self._write(fresh)
        runs = [self._kept(name) for name in sorted(known)]
        return runs, sorted(stale, key=lambda name: logs[name], reverse=True)

    def read(self, files: Sequence[str]) -> Iterator[KeptRun]:
        """Read these logs, and keep what they say; a log that is gone by now is passed over."""
        waiting: list[RunSummary | _NotesRow] = []
        written = time.monotonic()
        try:
            for name in files:
                summary = summary_of(self.folder / name)
                if not summary.changed and not os.path.exists(self.folder / name):
                    continue
                self._runs[name] = summary
                waiting.append(summary)
                if time.monotonic() - written > EVERY:
                    self._write(waiting)
                    waiting, written = [], time.monotonic()
                yield self._kept(name)
        finally:
            self._write(waiting)

    def all(self, watch: Callable[[float], object] | None = None) -> list[KeptRun]:
        """All runs; reads what is not known. `watch` is called with the share that is done, 0…1, and may raise."""
        runs, stale = self.look()
        for number, run in enumerate(self.read(stale), 1):
            runs.append(run)
            if watch is not None:
                watch(number / len(stale))
        return runs

    def rebuild(self) -> None:
        """Forget everything that was read off the logs."""
        self._runs, self._notes, self._loaded = {}, {}, True
        for place in self._places():
            _remove(place)

    def annotated(self, run: KeptRun) -> KeptRun:
        """The run with its notes as they are on disk now: somebody has just written them."""
        state = _state_of(notes_path(run.path))
        row = self._notes_row(run.path.name, state) if state is not None else None
        if row is not None:
            self._write([row])
        else:
            self._notes.pop(run.path.name, None)
        return self._kept(run.path.name)

    def _kept(self, name: str) -> KeptRun:
        row = self._notes.get(name)
        path, summary = self.folder / name, self._runs[name]
        running = not summary.end and not summary.problem and goes_on(path)
        return KeptRun(path, summary, Notes() if row is None else row.notes, running)

    def _scan(self) -> tuple[dict[str, _State], dict[str, _State]]:
        """When and how large the logs are, and their notes, by the log's name."""
        logs, notes = dict[str, _State](), dict[str, _State]()
        try:
            with os.scandir(self.folder) as found:
                for entry in found:
                    name = entry.name
                    into = logs if name.endswith(SUFFIX) else notes if name.endswith(SUFFIX + NOTES) else None
                    if into is None:
                        continue
                    with suppress(OSError):
                        facts = entry.stat()
                        into[name.removesuffix(NOTES)] = facts.st_mtime_ns, facts.st_size
        except OSError:
            return {}, {}
        return logs, notes

    def _fresh_notes(self, logs: dict[str, _State], notes: dict[str, _State]) -> list[_NotesRow]:
        """Read the notes that are not known as they are now."""
        for name in [name for name in self._notes if name not in notes]:
            del self._notes[name]
        changed = [name for name in notes if name in logs and _state(self._notes.get(name)) != notes[name]]
        self._unread = set()
        return [row for name in changed if (row := self._notes_row(name, notes[name])) is not None]

    def _notes_row(self, name: str, state: _State) -> _NotesRow | None:
        """None where they cannot be read."""
        try:
            notes = stored_notes(self.folder / name)
        except (OSError, ValueError):
            self._unread.add(name)
            self._notes.pop(name, None)
            return None
        row = self._notes[name] = _NotesRow(name, *state, notes.name, notes.note, notes.star)
        return row

    # ---------------------------------------------------------------- the file
    def _places(self) -> list[Path]:
        """Where the index may be, the best place first."""
        name = hashlib.sha256(os.fsencode(os.path.abspath(self.folder))).hexdigest()[:16]
        return [self.folder / NAME, config_folder() / f"runs-{name}.sqlite"]

    def _with_file(self, use: Callable[[sqlite3.Connection], T]) -> T | None:
        """Use the first place that can be used; one that is damaged is built again. None where there is none, or
        another program holds it for too long."""
        for place in self._places():
            for _ in range(2):
                try:
                    if place.parent != self.folder:
                        place.parent.mkdir(parents=True, exist_ok=True)
                    with closing(_connect(place)) as connection:
                        return use(connection)
                except (sqlite3.OperationalError, OSError) as error:
                    if "locked" in str(error):
                        return None
                    if not _is_wrong(error):
                        break
                    _remove(place)
                except (sqlite3.Error, ValueError, OverflowError):
                    _remove(place)
        return None

    def _load(self, connection: sqlite3.Connection) -> None:
        self._runs = {row.file: row for row in _rows(connection, RunSummary)}
        self._notes = {row.file: row for row in _rows(connection, _NotesRow)}

    def _write(self, rows: Sequence[RunSummary | _NotesRow]) -> None:
        """Keep these, and forget those whose logs are gone. Where that cannot be done they are read again some day."""
        if not rows or not self.folder.is_dir():
            return

        def write(connection: sqlite3.Connection) -> None:
            with connection:
                for kind, table in _TABLES.items():
                    some = [_plain(row) for row in rows if isinstance(row, kind)]
                    marks = ", ".join("?" * len(fields(kind)))
                    connection.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", some)
                    known = self._runs if kind is RunSummary else self._notes
                    there = {bytes(name) for (name,) in connection.execute(f"SELECT file FROM {table}")}
                    gone = there - {os.fsencode(name) for name in known}
                    gone = {name for name in gone if not os.path.exists(self.folder / os.fsdecode(name))}
                    connection.executemany(f"DELETE FROM {table} WHERE file = ?", [(name,) for name in gone])

        self._with_file(write)


def _connect(place: Path) -> sqlite3.Connection:
    """The index at `place`, with its tables; whatever is in it of another form or program goes."""
    connection = sqlite3.connect(place, timeout=PATIENCE)
    try:
        connection.execute("PRAGMA synchronous = OFF")  # what the computer takes along is built again
        wanted = f"{FORM} {__version__}"
        try:
            found = connection.execute("SELECT value FROM about").fetchall()
        except sqlite3.OperationalError as error:
            if "no such" not in str(error):
                raise
            found = []
        if found != [(wanted,)]:
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                for table in ("about", *_TABLES.values()):
                    connection.execute(f"DROP TABLE IF EXISTS {table}")
                connection.execute("CREATE TABLE about (value)")
                connection.execute("INSERT INTO about VALUES (?)", (wanted,))
                for kind, table in _TABLES.items():
                    columns = ", ".join(item.name for item in fields(kind)[1:])
                    connection.execute(f"CREATE TABLE {table} (file PRIMARY KEY, {columns})")
    except BaseException:
        connection.close()
        raise
    return connection


def _is_wrong(error: Exception) -> bool:
    """True for a file that is there and no index of ours, False for a place that cannot be used."""
    text = str(error)
    return any(words in text for words in ("no such", "has no column", "columns but", "malformed", "not a database"))


def _rows(connection: sqlite3.Connection, kind: type[_Row]) -> list[_Row]:
    """The rows of a table whose values are of the right types."""
    names = [item.name for item in fields(kind)]
    types = [_TYPES[str(item.type)] for item in fields(kind)]
    flags = [number for number, item in enumerate(fields(kind)) if item.type == "bool"]
    found: list[_Row] = []
    for row in connection.execute(f"SELECT {', '.join(names)} FROM {_TABLES[kind]}"):
        values: list[Any] = list(row)
        if isinstance(values[0], bytes):
            values[0] = os.fsdecode(values[0])
        if all(isinstance(value, type_) for value, type_ in zip(values, types, strict=True)):
            for number in flags:
                values[number] = bool(values[number])
            found.append(kind(*values))
    return found


def _plain(row: RunSummary | _NotesRow) -> list[Any]:
    """The values of a row, as SQLite takes them: a name need not be text for it."""
    name, *values = astuple(row)
    texts = (value.encode(errors="replace").decode() if isinstance(value, str) else value for value in values)
    return [os.fsencode(name), *(float(value) if isinstance(value, float) else value for value in texts)]


def _state(row: RunSummary | _NotesRow | None) -> _State | None:
    return None if row is None else (row.changed, row.size)


def _state_of(path: Path) -> _State | None:
    try:
        facts = os.stat(path)
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_size


def _remove(place: Path) -> None:
    for path in (place, place.with_name(place.name + "-journal")):
        with suppress(OSError):
            os.remove(path)

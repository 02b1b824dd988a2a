"""The runs of the runs folder as the window knows them: read in the background, annotated, deleted and put back."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from lrgui.core.phrases import listed
from lrgui.gui.background import Background
from lrgui.runs import trash
from lrgui.runs.going_on import goes_on
from lrgui.runs.index import KeptRun, RunIndex
from lrgui.runs.notes import Notes, write_notes

#: Logs are read for so long, in seconds, before the list shows them.
AT_ONCE = 0.4

Looked = tuple[list[KeptRun], list[str]]


class RunShelf(QObject):
    """Knows all runs, and no widget."""

    changed = Signal()
    """The runs, or what is added to them, are others."""
    failed = Signal(str)
    """What could not be done, in a sentence."""

    def __init__(self, parent: QObject | None = None, folder: Path | None = None) -> None:
        super().__init__(parent)
        self._index = RunIndex(folder)
        self._background = Background(self)
        self._stale: list[str] = []
        self._trouble = ""
        """What could not be read when the folder was looked at last, in a sentence."""
        self.runs: dict[Path, KeptRun] = {}
        self.deleted: list[trash.Deleted] = []
        """What was deleted last, and can be put back."""

    @property
    def folder(self) -> Path:
        """Where the runs are."""
        return self._index.folder

    @property
    def left(self) -> int:
        """Logs that are still to be read."""
        return len(self._stale)

    def close(self) -> None:
        """Give up reading; returns when that has ended."""
        self._background.close()

    @Slot()
    def refresh(self) -> None:
        """Look at the folder again."""

        def look(_watch: object) -> Looked:
            trash.empty(self.folder)
            return self._index.look()

        self._background.start(look, self._on_looked)

    def _on_looked(self, looked: Looked | None, error: Exception | None) -> None:
        if looked is None:
            self._fail(error)
            return
        runs, self._stale = looked
        self.runs = {run.path: run for run in runs}
        self.changed.emit()
        before, self._trouble = self._trouble, self._index.trouble
        if self._trouble not in ("", before):  # said once: it would take the place of an offer to put back
            self.failed.emit(self._trouble)
        self._read_on()

    def _read_on(self) -> None:
        if not self._stale:
            return
        stale, index = self._stale, self._index

        def read(_watch: object) -> tuple[int, list[KeptRun]]:
            begin, found, done = time.monotonic(), list[KeptRun](), 0
            for name in stale:
                found += index.read([name])
                done += 1
                if time.monotonic() - begin > AT_ONCE:
                    break
                time.sleep(0.001)  # the window comes first
            return done, found

        self._background.start(read, self._on_read)

    def _on_read(self, read: tuple[int, list[KeptRun]] | None, error: Exception | None) -> None:
        if read is None:
            self._fail(error)
            return
        done, found = read
        self._stale = self._stale[done:]
        self.runs.update((run.path, run) for run in found)
        self.changed.emit()
        self._read_on()

    def _fail(self, error: Exception | None) -> None:
        self._stale = []
        if isinstance(error, OSError):
            self.failed.emit(f"The runs in {self.folder} could not be read: {error.strerror}.")
        elif error is not None:
            raise error

    # ---------------------------------------------------------------- what the person does
    def annotate(self, path: Path, **changes: object) -> None:
        """Change the name, the note or the star of a run."""
        run = self.runs.get(path)
        if run is None:
            return
        notes: Notes = replace(run.notes, **changes)  # type: ignore[arg-type]
        if notes == run.notes:
            return
        try:
            write_notes(path, notes)
        except OSError as error:
            self.failed.emit(f"{run.name} could not be changed: {error.strerror}.")
            return
        self.runs[path] = self._index.annotated(run)
        self.changed.emit()

    def delete(self, paths: Sequence[Path]) -> None:
        """Move these runs to the trash, from where `undo` brings them back."""
        runs = [self.runs[path] for path in paths if path in self.runs]
        kept = [run for run in runs if run.running and goes_on(run.path)]  # it may have ended since they were listed
        deleted, problems = list[trash.Deleted](), list[str]()
        for run in runs:
            if run in kept:
                continue
            try:
                deleted.append(trash.delete(run.path))
            except OSError as error:
                problems.append(f"{run.name} could not be deleted: {error.strerror}.")
            else:
                del self.runs[run.path]
        if kept:
            problems.append(f"Still running, so not deleted: {listed([run.name for run in kept])}.")
        if deleted:
            self.deleted = deleted
            self.changed.emit()
        if problems:
            self.failed.emit(" ".join(problems))

    @Slot()
    def undo(self) -> None:
        """Put back what was deleted last."""
        deleted, self.deleted = self.deleted, []
        for each in deleted:
            try:
                trash.restore(each)
            except OSError as error:
                self.failed.emit(
                    f"{each.log.name} could not be put back: {error.strerror}. It is in {each.now.parent}."
                )
        if deleted:
            self.refresh()

"""The code of the task on disk: what it says of itself, whether it may run, and whether it changed."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from lrgui.gui.watch import FileWatch
from lrgui.runs.trust import Trust
from lrgui.tasks.user.task_outline import Outline


class TaskCode(QObject):
    """Follows one task file (or module). It is read, never imported."""

    outline_changed = Signal(object)
    """The Outline, None where there is no file to read."""
    saved = Signal()
    """The file, or a module of it, was saved with other contents."""

    def __init__(self, trust: Trust, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._trust = trust
        self._path = ""
        self._is_script = False
        self._watch = FileWatch(self)
        self._watch.changed.connect(self._on_saved)
        self._digest: str | None = ""
        """None where it is still to be worked out."""
        self.outline: Outline | None = None
        self.changed = False
        """True where the code was saved since it last ran or, before a run, since it was opened."""

    @property
    def file(self) -> Path | None:
        """The file that is followed; None for a module that is not found here, and where there is none."""
        return None if self.outline is None else self.outline.file

    def digest(self) -> str:
        """What `runs.task_files.code_digest` makes of the code as it was read last; empty where there is none."""
        if self._digest is None:
            from lrgui.runs.task_files import code_digest
            from lrgui.tasks.user.target import Target

            file = Target.parse(self._path).file if self._path and self.file is not None else None
            # Not the path's own question, which raises where a name is too long for a file.
            self._digest = "" if file is None or not os.path.isfile(file) else code_digest(file)
        return self._digest

    def follow(self, path: str, script: bool = False) -> None:
        """Look after the code of `path` (see `Target`) from now on; an empty path is no code.

        A `script` is no task: what it offers as one, or lacks, is nothing to tell of.
        """
        if (path, script) != (self._path, self._is_script):
            self._path, self._is_script, self.changed = path, script, False
            self._read()

    def close(self) -> None:
        """Look after nothing any more; what was edited in this session is known in the next."""
        if self._path:
            self._trust.ran(self._path)
        self._path = ""
        self._watch.close()

    def look(self) -> None:
        """See at once what is on disk, in case nobody told of a change."""
        self._watch.look()

    @property
    def problem(self) -> str:
        """What is wrong with the code, with its line; empty where nothing is seen without running it."""
        found = self.outline.problem if self.outline is not None else None
        if found is None:
            return ""
        line = f"line {found.line}"
        if not found.line or line in found.sentence or self.file is None:
            return found.sentence
        return f"{self.file.name}, {line}: {found.sentence}"

    def started(self) -> str:
        """A run of the code begins, with what is on disk now. Returns a sentence like `Trust.ran`."""
        self.changed = False
        return self._trust.ran(self._path) if self._path else ""

    @Slot()
    def _on_saved(self) -> None:
        self._read()
        self.changed = True
        self.saved.emit()

    def _read(self) -> None:
        from lrgui.tasks.user.outline import outline

        self._digest = None
        before = self.outline
        found = outline(self._path) if self._path else None
        self.outline = Outline(modules=found.modules, file=found.file) if found and self._is_script else found
        file = self.file
        self._watch.watch(() if file is None or self.outline is None else (file, *self.outline.modules))
        if self._path:
            self._trust.question(self._path)  # what is trusted as it is now may be edited from here on
        if self.outline != before:
            self.outline_changed.emit(self.outline)

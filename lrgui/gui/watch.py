"""Notices when files get other contents, however an editor saves them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal, Slot

#: An editor writes in several steps; this many milliseconds after the last one it is over.
QUIET_MS = 150


class FileWatch(QObject):
    """Watches a few files and their folders: many editors save by renaming, which makes another file of it."""

    changed = Signal()
    """A watched file has other contents than before; once per change, and not while it is missing."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._files: tuple[Path, ...] = ()
        self._known: dict[Path, bytes] = {}
        """Digest of the contents that were seen last."""
        self._watcher = QFileSystemWatcher(self)
        self._quiet = QTimer(self, singleShot=True, interval=QUIET_MS)
        self._quiet.timeout.connect(self.look)
        self._watcher.fileChanged.connect(self._wait)
        self._watcher.directoryChanged.connect(self._look_soon)

    @property
    def files(self) -> tuple[Path, ...]:
        """What is watched."""
        return self._files

    def watch(self, files: Sequence[Path]) -> None:
        """Watch these files, and no others."""
        self._files = tuple(files)
        known = self._known
        self._known = {file: known.get(file, b"") or _digest(file) for file in self._files}
        there = [*self._watcher.files(), *self._watcher.directories()]
        if there:
            self._watcher.removePaths(there)
        self._add()

    def close(self) -> None:
        """Watch nothing any more."""
        self._quiet.stop()
        self.watch(())

    @Slot()
    def look(self) -> None:
        """See at once whether something changed: some folders (of networks) tell nobody."""
        self._add()
        changed = False
        for file, before in self._known.items():
            now = _digest(file)
            if now and now != before:  # a missing file is about to be written, or the run will say so
                self._known[file] = now
                changed = True
        if changed:
            self.changed.emit()

    @Slot()
    def _wait(self) -> None:
        self._quiet.start()

    @Slot()
    def _look_soon(self) -> None:
        """Other files may come and go in the folder all the time: that must not put it off."""
        if not self._quiet.isActive():
            self._quiet.start()

    def _add(self) -> None:
        """Watch what is not watched (any more): a file that was replaced is lost to the watcher."""
        watched = {*self._watcher.files(), *self._watcher.directories()}
        places = (path for file in self._files for path in (file, file.parent))
        wanted = dict.fromkeys(str(path) for path in places if os.path.exists(path))
        missing = [path for path in wanted if path not in watched]
        if missing:
            self._watcher.addPaths(missing)


def _digest(file: Path) -> bytes:
    """Of a file's contents; empty where it cannot be read, or is no plain file: a pipe would be waited for."""
    import hashlib  # loads OpenSSL: at the start nothing is watched yet

    try:
        return hashlib.sha256(file.read_bytes()).digest() if os.path.isfile(file) else b""
    except OSError:
        return b""

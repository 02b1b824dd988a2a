"""Dialogs that ask for a file or a folder. They block nothing: `then` gets the path once one is chosen."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from lrgui import places
from lrgui.gui.session import Session
from lrgui.tasks.user.target import Target

ALL_FILES = "All files (*)"


def ask_file(
    parent: QWidget, start: Path, title: str, kinds: Sequence[str], then: Callable[[str], object]
) -> QFileDialog:
    """Ask for a file that is there, beginning in the folder `start`; `kinds` are Qt's filters, the first is set."""
    dialog = _dialog(parent, start, title, then)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setNameFilters(kinds)
    dialog.open()
    return dialog


def ask_new_file(
    parent: QWidget, start: Path, title: str, suffixes: Sequence[str], then: Callable[[str], object]
) -> QFileDialog:
    """Ask where to write a file, beginning with the name `start`."""
    dialog = _dialog(parent, start.parent, title, then)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setNameFilters(filters(suffixes))
    dialog.setDefaultSuffix(suffixes[0].removeprefix("."))
    dialog.selectFile(start.name)
    dialog.open()
    return dialog


def ask_folder(parent: QWidget, start: Path, title: str, then: Callable[[str], object]) -> QFileDialog:
    """Ask for a folder that is there, beginning in the folder `start`."""
    dialog = _dialog(parent, start, title, then)
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    dialog.open()
    return dialog


def _dialog(parent: QWidget, start: Path, title: str, then: Callable[[str], object]) -> QFileDialog:
    dialog = QFileDialog(parent.window(), title, str(start))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(then)
    return dialog


def start_folder(session: Session, usual: str = "", *, for_code: bool = False) -> Path:
    """Where to begin: beside the task, else beside the last one that is still there, else in `usual`, else at home.

    With `for_code` only beside tasks that are code: a new file has no place among images.
    """
    for path in (session.job.task.path, *session.tasks.recent):
        place = Target.parse(path).file if path else None
        if place is None or (for_code and place.suffix != ".py"):
            continue
        if os.path.isdir(place):
            return _around_study(place)
        if os.path.isfile(place):
            return _around_study(place.parent)
    return _around_study(Path(usual)) if os.path.isdir(usual) else places.home_or_temporary()


def _around_study(folder: Path) -> Path:
    """The folder, or the one around it where it is a study's: files of the person's have no place in there."""
    from lrgui.studies.opened import study_at  # nobody waits for it when the window opens

    while study_at(str(folder)) is not None and folder.parent != folder:
        folder = folder.parent
    return folder


def filters(suffixes: Sequence[str] = (), name: str = "") -> list[str]:
    """Files with these endings (with their dots) as Qt's filters, and all files; none is all files only."""
    if not suffixes:
        return [ALL_FILES]
    return [f"{name or ', '.join(suffixes)} ({' '.join(f'*{suffix}' for suffix in suffixes)})", ALL_FILES]

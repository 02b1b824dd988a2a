"""Dialogs that ask for a file or a folder. They block nothing: `then` gets the path once one is chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from lrgui.gui.workspace import Workspace
from lrgui.tasks.target import Target


def ask_file(
    parent: QWidget, workspace: Workspace, title: str, suffixes: Sequence[str], then: Callable[[str], object]
) -> QFileDialog:
    """Ask for a file that is there; `suffixes` (with their dots) are shown first, none shows all files."""
    dialog = _dialog(parent, workspace, title, then)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setNameFilters(_filters(suffixes))
    dialog.open()
    return dialog


def ask_folder(parent: QWidget, workspace: Workspace, title: str, then: Callable[[str], object]) -> QFileDialog:
    """Ask for a folder that is there."""
    dialog = _dialog(parent, workspace, title, then)
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    dialog.open()
    return dialog


def _dialog(parent: QWidget, workspace: Workspace, title: str, then: Callable[[str], object]) -> QFileDialog:
    dialog = QFileDialog(parent.window(), title, str(start_folder(workspace)))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(then)
    return dialog


def start_folder(workspace: Workspace) -> Path:
    """Where to begin: beside the task, else beside the last one that is still there, else in the person's folder."""
    for path in (workspace.job.task.path, *workspace.recent):
        place = Target.parse(path).file if path else None
        if place is not None and place.is_dir():
            return place
        if place is not None and place.is_file():
            return place.parent
    return Path.home()


def _filters(suffixes: Sequence[str]) -> list[str]:
    if not suffixes:
        return ["All files (*)"]
    return [f"{', '.join(suffixes)} ({' '.join(f'*{suffix}' for suffix in suffixes)})", "All files (*)"]

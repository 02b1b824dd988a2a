"""The menu of the tasks that were used last."""

from __future__ import annotations

import os

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QMenu, QWidget

from lrgui.gui.plain_text import without_mnemonic
from lrgui.gui.session import Session
from lrgui.tasks.user.target import Target

#: Characters of a name and of a folder that the menu shows.
MOST_NAME, MOST_FOLDER = 40, 44


class RecentMenu(QMenu):
    """Filled when it opens, with what is there; choosing one uses it."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__("Recent tasks", parent)
        self._session = session
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self.fill)
        self.fill()

    @Slot()
    def fill(self) -> None:
        """Show the tasks whose files are there, the last one first."""
        self.clear()
        there = [path for path in self._session.tasks.recent if _is_there(path)]
        for path in there:
            action = self.addAction(without_mnemonic(label(path)))
            action.setToolTip(path)
            action.triggered.connect(lambda _checked=False, path=path: self._session.use(path))
        if there:
            self.addSeparator()
            self.addAction("Clear list").triggered.connect(self._forget)
        else:
            self.addAction("No recent files").setEnabled(False)

    @Slot()
    def _forget(self) -> None:
        self._session.tasks.recent.clear()
        self._session.tasks.recent_changed.emit()


def label(path: str) -> str:
    """A task as the menu shows it: its name, and the end of its folder."""
    target = Target.parse(path)
    if target.file is None:
        return path
    folder = str(target.file.parent)
    shown = folder if len(folder) <= MOST_FOLDER else f"…{folder[1 - MOST_FOLDER :]}"
    name = f"{target.file.name}:{target.name}" if target.name else target.file.name
    return f"{_middle(name)}   {shown}"


def _middle(name: str) -> str:
    """A long name without its middle: its ending says most."""
    half = MOST_NAME // 2
    return name if len(name) <= MOST_NAME else f"{name[: half - 1]}…{name[-half:]}"


def _is_there(path: str) -> bool:
    """True for what is on disk, and for a module, whose place is not known."""
    file = Target.parse(path).file
    return file is None or os.path.exists(file) or os.path.exists(path)

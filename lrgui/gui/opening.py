"""What comes into the window: files, folders, new tasks, and the dialogs that a task's code brings with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QAction, QIcon
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMenu, QPushButton, QWidget

from lrgui.gui.recent import RecentMenu
from lrgui.gui.session import Session
from lrgui.gui.settings import Settings
from lrgui.places import runs_folder
from lrgui.runs.library import SUFFIX
from lrgui.runs.trust import Question

if TYPE_CHECKING:
    from lrgui.gui.dialogs.check import CheckDialog


class Opening(QObject):
    """The window's ways in. Its dialogs leave the event loop as it is; there is one at a time."""

    def __init__(self, session: Session, settings: Settings, say: Callable[[str], object], window: QWidget) -> None:
        """`say` shows a line of text; `window` is what the dialogs belong to."""
        super().__init__(window)
        self._session = session
        self._settings = settings
        self._say = say
        self._window = window
        self._check: CheckDialog | None = None
        self.recent = RecentMenu(session, window)
        self._session.tasks.trust_wanted.connect(self._ask_for_trust)
        self._session.check_started.connect(self._show_check)

    def menu(self, actions: Mapping[str, QAction]) -> QMenu:
        """Everything that brings something into the window; `actions` by key."""
        menu = QMenu(self._window)
        menu.setToolTipsVisible(True)
        for key in ("open", "open_folder", "open_run", "follow"):
            menu.addAction(actions[key])
        menu.addSeparator()
        menu.addAction(actions["new"])
        menu.addMenu(self.recent)
        return menu

    def open_paths(self, paths: Sequence[str]) -> None:
        """Open the first of these files and folders that can be used; what is wrong is said of the first one."""
        from lrgui.studies.opened import study_at  # nobody waits for it when the window opens
        from lrgui.tasks.recognise import recognise

        usable = [path for path in paths if path.endswith(SUFFIX) or study_at(path) or not recognise(path).problem]
        chosen = (usable or list(paths))[0]
        if self._session.use(chosen):
            self._say(f"Opened {chosen}")

    def open_run(self) -> None:
        """Ask for a run's log, and show it."""
        folder = str(runs_folder())
        chosen, _ = QFileDialog.getOpenFileName(self._window, "Open run", folder, f"Runs (*{SUFFIX})")
        if chosen:
            self._session.open_run(Path(chosen))

    def open_file(self) -> None:
        """Ask for a task, a data file or a run, and open it."""
        from lrgui.gui.file_dialogs import ALL_FILES, ask_file, filters
        from lrgui.tasks.recognise import READERS

        kinds = {
            "Tasks": (".py",),
            "Data": tuple(suffix for suffixes in READERS.values() for suffix in suffixes),
            "Runs": (SUFFIX,),
        }
        every = [suffix for suffixes in kinds.values() for suffix in suffixes]
        lines = [filters(every, "Tasks, data, runs")[0], *(filters(kinds[name], name)[0] for name in kinds), ALL_FILES]
        ask_file(self._window, self._folder(), "Open", lines, self._take)

    def open_folder(self) -> None:
        """Ask for a folder (of a task, of data, of a study), and open it."""
        from lrgui.gui.file_dialogs import ask_folder

        ask_folder(self._window, self._folder(), "Open folder", self._take)

    def follow_run(self) -> None:
        """Ask for the log of a run that somebody else computes, and follow it."""
        dialog = QInputDialog(self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle("Follow a run")
        dialog.setLabelText("Path of its log, or ssh://[user@]host[:port]/path/run.lrrun")
        dialog.setOkButtonText("Follow")
        for button in dialog.findChildren(QPushButton):
            button.setIcon(QIcon())  # the others have none
        dialog.resize(520, dialog.sizeHint().height())
        dialog.textValueSelected.connect(self._session.follow_run)
        dialog.open()

    def new_task(self) -> None:
        """Choose a template, and write it to a new file."""
        from lrgui.gui.dialogs.new_task import NewTaskDialog  # nobody waits for it when the window opens
        from lrgui.gui.file_dialogs import start_folder

        folder = start_folder(self._session, self._settings.folder, for_code=True)
        dialog = NewTaskDialog(self._session, folder, self._window)
        dialog.written.connect(self._remember_folder)
        dialog.open()

    @Slot(str)
    def _take(self, path: str) -> None:
        from lrgui.studies.opened import study_at

        if study_at(path):
            self._remember_folder(str(Path(path).parent))
        elif not path.endswith(SUFFIX):  # where runs are kept is no place to look for tasks
            self._remember_folder(path)
        self.open_paths([path])

    @Slot(str)
    def _remember_folder(self, path: str) -> None:
        self._settings.folder = path if Path(path).is_dir() else str(Path(path).parent)

    def _folder(self) -> Path:
        from lrgui.gui.file_dialogs import start_folder

        return start_folder(self._session, self._settings.folder)

    @Slot(object)
    def _ask_for_trust(self, question: Question) -> None:
        from lrgui.gui.dialogs.trust import TrustDialog

        dialog = TrustDialog(question, self._window)
        dialog.granted.connect(self._session.tasks.grant)
        dialog.refused.connect(self._session.tasks.refuse)
        dialog.open()

    @Slot()
    def _show_check(self) -> None:
        """A check has begun: its steps are shown beside the window, which stays usable."""
        from lrgui.gui.dialogs.check import CheckDialog

        if self._check is not None:
            self._check.close()
        self._check = dialog = CheckDialog(self._session, self._window)
        dialog.finished.connect(self._forget_check)
        dialog.show()

    @Slot()
    def _forget_check(self) -> None:
        self._check = None

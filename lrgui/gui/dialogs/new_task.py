"""Writes a template of a task to a new file."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from lrgui.gui.fitting import Dialog
from lrgui.gui.labels import breakable, wrapped
from lrgui.gui.session import Session
from lrgui.gui.typing_keys import TypingKeys
from lrgui.tasks.user.templates import TEMPLATES


class NewTaskDialog(Dialog):
    """Choose a template, a name and a folder; afterwards the file can be opened at once."""

    written = Signal(str)
    """Path of the new file."""

    def __init__(self, session: Session, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._path: Path | None = None
        self._own_name = False
        self.setWindowTitle("New task")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(10)
        column.addWidget(wrapped("Which of these is closest to what you train?", "cardTitle"))
        self.templates = QListWidget()
        self.templates.setAccessibleName("Templates")
        self.templates.setToolTip("Each is a complete, commented Python file, ready to run")
        for row in TEMPLATES.values():
            item = QListWidgetItem(row.label, self.templates)
            item.setData(Qt.ItemDataRole.UserRole, row.key)
        self.templates.setMinimumHeight(80)
        column.addWidget(self.templates, 1)
        self.detail = wrapped("", "muted")
        self.detail.setMinimumHeight(36)
        self.detail.setAlignment(Qt.AlignmentFlag.AlignTop)
        column.addWidget(self.detail)
        self.said = wrapped("")
        column.addLayout(self._place(folder))
        self.said.setAccessibleName("Message")
        self.said.hide()
        column.addWidget(self.said)
        column.addLayout(self._buttons())
        self.templates.currentItemChanged.connect(self._on_template)
        self.templates.setCurrentRow(0)
        self.resize(560, 480)

    def _place(self, folder: Path) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(6)
        self.name, self.folder = QLineEdit(), QLineEdit(str(folder))
        self.choose = QPushButton("Choose…")
        self.choose.setToolTip("Choose the folder")
        self.choose.setAccessibleName("Choose the folder")
        self.choose.clicked.connect(self._choose_folder)
        for row, (label, tip, line) in enumerate(
            (
                ("File name", "A new file; existing files are not overwritten", self.name),
                ("Folder", "Folder of the file; created if it does not exist", self.folder),
            )
        ):
            name = QLabel(label)
            name.setObjectName("fieldName")
            name.setBuddy(line)
            line.setAccessibleName(label)
            line.setToolTip(tip)
            TypingKeys(line)
            grid.addWidget(name, row, 0)
            grid.addWidget(line, row, 1, 1, 1 if line is self.folder else 2)
        grid.addWidget(self.choose, 1, 2)
        self.name.textEdited.connect(self._on_typed)
        for line in (self.name, self.folder):
            line.textChanged.connect(self.said.hide)  # it was about another name
        return grid

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("Close without creating a file (Esc)")
        self.cancel.clicked.connect(self.reject)
        self.create_file = QPushButton("Create the file")
        self.create_file.setToolTip("Write the template to the new file")
        self.create_file.clicked.connect(self._write)
        self.open_it = QPushButton("Open it", self)
        self.open_it.setToolTip("Open the new file as the task")
        self.open_it.clicked.connect(self._open)
        row.addStretch(1)
        for button in (self.cancel, self.create_file, self.open_it):
            row.addWidget(button)
        for button in (self.create_file, self.open_it):
            button.setObjectName("primary")
        self.open_it.hide()
        self.create_file.setDefault(True)
        return row

    @property
    def template(self) -> str:
        """Key of the chosen template."""
        return str(self.templates.currentItem().data(Qt.ItemDataRole.UserRole))

    @Slot()
    def _on_template(self) -> None:
        row = TEMPLATES[self.template]
        needs = f" Needs {', '.join(row.needs)}." if row.needs else ""
        self.detail.setText(f"{row.detail.rstrip('.')}.{needs}")
        if not self._own_name:
            self.name.setText(_free(row.file_name, Path(os.path.expanduser(self.folder.text()))))

    @Slot()
    def _on_typed(self) -> None:
        self._own_name = True

    @Slot()
    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder of the new task", self.folder.text())
        if chosen:
            self.folder.setText(chosen)
            self._on_template()

    @Slot()
    def _write(self) -> None:
        name, folder = self.name.text().strip(), self.folder.text().strip()
        problem = _problem(name, folder)
        path = Path(os.path.expanduser(folder)).absolute() / (name if name.endswith(".py") else f"{name}.py")
        problem = problem or self._session.tasks.new_task(self.template, str(path))
        if problem:
            self._say(problem, "problem")
            return
        self._path = path
        self._say(f"Created {path}. Trusted: written by LR Finder.", "good")
        for widget in (self.templates, self.name, self.folder, self.choose):
            widget.setEnabled(False)
        self.create_file.hide()
        self.open_it.show()
        self.open_it.setDefault(True)
        self.open_it.setFocus()
        self.cancel.setText("Close")
        self.cancel.setToolTip("Close without changing the task (Esc)")
        self.written.emit(str(path))

    @Slot()
    def _open(self) -> None:
        self.accept()
        self._session.use(str(self._path))

    def _say(self, text: str, style: str) -> None:
        self.said.setObjectName(style)
        self.said.style().unpolish(self.said)
        self.said.style().polish(self.said)
        self.said.setText(breakable(text))
        self.said.show()


def _free(name: str, folder: Path) -> str:
    """`name`, or with a number in it where the folder has such a file."""
    stem, number = Path(name).stem, 1
    while (folder / name).exists():
        number += 1
        name = f"{stem}_{number}.py"
    return name


def _problem(name: str, folder: str) -> str:
    """What is wrong with what was typed, empty where nothing is."""
    if not folder:
        return "Choose a folder."
    if not name or name in (".", "..", ".py") or any(sign in name for sign in '/\\:*?"<>|\0'):
        return "Not a valid file name: use letters, digits and _."
    return ""

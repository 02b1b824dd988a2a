"""Asks before code of the person's runs: what it is, where it is from, why it is asked."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from lrgui.gui.dialogs.words import short, wrapped
from lrgui.runs.trust import Question
from lrgui.tasks.listing import listed

WARNING = (
    "It can do all that you can do on this computer: read and delete files, use the network. "
    "Run it only if you know where it comes from."
)


class TrustDialog(QDialog):
    """One Question. Enter, Esc and the window's × mean no."""

    granted = Signal(object, bool)
    """The Question, and True for its whole folder."""
    refused = Signal(object)
    """The Question."""

    def __init__(self, question: Question, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._question = question
        name = Path(question.path).name
        self.setWindowTitle("Run this code?")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(600)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(10)
        heading = wrapped(f"Run the code of {name}?", "emptyTitle")
        column.addWidget(heading)
        self.reason = wrapped(question.sentence)
        column.addWidget(self.reason)
        column.addLayout(self._facts())
        if question.shows.text:
            self.code = QPlainTextEdit(question.shows.text, readOnly=True)
            self.code.setAccessibleName("The code that would run")
            self.code.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
            self.code.setTabChangesFocus(True)
            self.code.setMinimumHeight(180)
            column.addWidget(self.code, 1)
        column.addWidget(wrapped(WARNING, "muted"))
        column.addLayout(self._buttons())
        for first, then in pairwise((self.trust_file, self.trust_folder, self.refuse)):
            self.setTabOrder(first, then)
        self.setAccessibleDescription(f"{heading.text()} {question.sentence} {WARNING}")
        column.addStretch(0 if question.shows.text else 1)
        self.resize(660, 540 if question.shows.text else 200)
        self.refuse.setDefault(True)
        self.refuse.setFocus()
        self.rejected.connect(lambda: self.refused.emit(question))

    def _facts(self) -> QGridLayout:
        question, shows = self._question, self._question.shows
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        folder = question.folder
        rows = [
            ("File" if folder is not None else "Module", question.path),
            ("Works in", "" if folder is None else str(folder)),
            ("Defines", listed(shows.names, 12)),
            ("Imports", listed(shows.imports, 12)),
            ("Own modules", listed([file.name for file in shows.files[1:]], 8)),
        ]
        for row, (label, text) in enumerate((label, text) for label, text in rows if text):
            name = QLabel(label)
            name.setObjectName("fieldName")
            grid.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(wrapped(text), row, 1, Qt.AlignmentFlag.AlignTop)
        return grid

    def _buttons(self) -> QHBoxLayout:
        question, row = self._question, QHBoxLayout()
        row.setSpacing(8)
        module = question.folder is None
        self.trust_file = QPushButton("Trust this module" if module else "Trust this file")
        self.trust_file.setToolTip(
            "Run it, until the program is closed"
            if module
            else "Run it, and don't ask again; if it is changed while this program is closed, you are asked again"
        )
        self.trust_file.clicked.connect(lambda: self._grant(False))
        self.trust_folder = QPushButton(self)
        self.trust_folder.setVisible(question.offers_folder)
        if question.folder is not None:
            self.trust_folder.setText(f"Trust the folder “{short(question.folder.name).replace('&', '&&')}”")
            self.trust_folder.setToolTip(
                f"Everything in {question.folder} and below may run from now on, also what is added or changed later"
            )
        self.trust_folder.clicked.connect(lambda: self._grant(True))
        self.refuse = QPushButton("Don't run")
        self.refuse.setObjectName("primary")
        self.refuse.setToolTip("Execute nothing of it (Enter or Esc)")
        self.refuse.clicked.connect(self.reject)
        for button in (self.trust_file, self.trust_folder):
            button.setAutoDefault(False)
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(self.refuse)
        return row

    def _grant(self, folder: bool) -> None:
        self.accept()
        self.granted.emit(self._question, folder)

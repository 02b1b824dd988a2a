"""Asks before code of the person's runs: what it is, where it is from, why it is asked."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from lrgui.core.phrases import listed
from lrgui.gui.fitting import Dialog, scrolling, whole_height
from lrgui.gui.labels import short, wrapped
from lrgui.gui.plain_text import without_mnemonic
from lrgui.runs.task_files import visible
from lrgui.runs.trust import Question

WARNING = (
    "It can do anything you can do on this computer: read and delete files, use the network. "
    "Run it only if you know where it comes from."
)


class TrustDialog(Dialog):
    """One Question. Enter (until another button has the focus), Esc and the window's × mean no."""

    granted = Signal(object, bool)
    """The Question, and True for its whole folder."""
    refused = Signal(object)
    """The Question."""

    def __init__(self, question: Question, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._question = question
        name = visible(Path(question.path).name)
        self.setWindowTitle("Run this code?")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(600)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(10)
        title = f"Run the code of {name}?"
        self.reason = wrapped(question.sentence)
        area = self._what_it_is(wrapped(title, "emptyTitle"))
        column.addWidget(area, 1)
        column.addWidget(wrapped(WARNING, "muted"))
        column.addLayout(self._choices())
        for first, then in pairwise((self.trust_file, self.trust_folder, self.refuse)):
            self.setTabOrder(first, then)
        self.setAccessibleDescription(f"{title} {question.sentence} {WARNING}")
        self.resize(660, self._good_height(area))
        self.refuse.setDefault(True)
        self.refuse.setFocus()
        self.rejected.connect(lambda: self.refused.emit(question))

    def _what_it_is(self, heading: QLabel) -> QScrollArea:
        """All that is known of the code; it scrolls where names are long and the screen is low."""
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(heading)
        column.addWidget(self.reason)
        column.addLayout(self._facts())
        if self._question.shows.text:
            self.code = QPlainTextEdit(self._question.shows.text, readOnly=True)
            self.code.setAccessibleName("The code that would run")
            self.code.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
            self.code.setTabChangesFocus(True)
            self.code.setMinimumHeight(180)
            column.addWidget(self.code, 1)
        else:
            column.addStretch(1)
        return scrolling(inner)

    def _good_height(self, area: QScrollArea) -> int:
        """Pixels in which nothing needs to scroll, as far as the screen has them."""
        usual = 540 if self._question.shows.text else 200
        return min(max(usual, whole_height(self, area, 620)), self.screen().availableGeometry().height() - 60)

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
            ("Local modules", listed([file.name for file in shows.files[1:]], 8)),
        ]
        all_of = {
            "Defines": shows.names,
            "Imports": shows.imports,
            "Local modules": [str(file) for file in shows.files[1:]],
        }
        for row, (label, text) in enumerate((label, text) for label, text in rows if text):
            name = QLabel(label)
            name.setObjectName("fieldName")
            grid.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop)
            words = wrapped(visible(text))
            words.setToolTip(listed(all_of.get(label, ()), 40).replace(", ", "\n"))
            grid.addWidget(words, row, 1, Qt.AlignmentFlag.AlignTop)
        return grid

    def _choices(self) -> QGridLayout:
        """The three answers below each other, each with what it means."""
        question, grid = self._question, QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        module, folder = question.folder is None, Path() if question.folder is None else question.folder
        self.trust_file, of_file = self._choice(
            "Trust this module" if module else "Trust this file",
            "It runs until the program is closed."
            if module
            else "It runs from this path without asking again, even after changes.",
        )
        self.trust_folder, of_folder = self._choice(
            f"Trust the folder “{without_mnemonic(short(visible(folder.name)))}”",
            "All code in it and its sub-folders may run, including what is added or changed later.",
        )
        self.refuse, of_refusal = self._choice("Don't trust", "None of it runs.")
        self.refuse.setObjectName("primary")
        self.trust_file.clicked.connect(lambda: self._grant(False))
        self.trust_folder.clicked.connect(lambda: self._grant(True))
        self.refuse.clicked.connect(self.reject)
        rows = [(self.trust_file, of_file), (self.trust_folder, of_folder), (self.refuse, of_refusal)]
        for row, (button, meaning) in enumerate(rows):
            grid.addWidget(button, row, 0)
            grid.addWidget(meaning, row, 1, Qt.AlignmentFlag.AlignVCenter)
        for widget in rows[1]:
            widget.setVisible(question.offers_folder)
        return grid

    def _choice(self, text: str, meaning: str) -> tuple[QPushButton, QLabel]:
        button = QPushButton(text, self)
        button.setToolTip(meaning)
        button.setAccessibleDescription(meaning)
        label = wrapped(meaning, "muted")
        label.setParent(self)
        return button, label

    def _grant(self, folder: bool) -> None:
        self.accept()
        self.granted.emit(self._question, folder)

"""Code that trains with the selected learning rate, to copy: one snippet for each package or script."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from lrgui.export.snippets import SNIPPETS, Facts, SnippetError, snippet
from lrgui.gui.dialogs.closing import close_button
from lrgui.gui.fitting import Dialog
from lrgui.gui.labels import breakable, wrapped
from lrgui.gui.settings import Settings

#: Milliseconds for which the button says that the code was copied.
COPIED = 2000


class UseItDialog(Dialog):
    """Choose what the code is for and copy it; the choice is remembered."""

    def __init__(self, facts: Facts, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._facts, self._settings = facts, settings
        self.setWindowTitle("Use the learning rate")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.targets = QListWidget()
        self.targets.setAccessibleName("What the code is for")
        self.targets.setToolTip("The package or script that you train with")
        self.targets.setFixedWidth(170)
        for row in SNIPPETS.values():
            item = QListWidgetItem(row.label, self.targets)
            item.setData(Qt.ItemDataRole.UserRole, row.key)
        self.code = QPlainTextEdit()
        self.code.setReadOnly(True)
        self.code.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.code.setAccessibleName("Code")
        self.code.setTabChangesFocus(True)
        self.code.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.why = wrapped("", "muted")
        self.why.setAccessibleName("Why there is no code")
        self.why.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.why.setMargin(8)
        right = QVBoxLayout()
        right.addWidget(self.code, 1)
        right.addWidget(self.why, 1)
        middle = QHBoxLayout()
        middle.setSpacing(10)
        middle.addWidget(self.targets)
        middle.addLayout(right, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(10)
        column.addWidget(wrapped("Paste this into your code to train with the selected learning rate.", "cardTitle"))
        column.addLayout(middle, 1)
        column.addLayout(self._buttons())
        self._said = QTimer(self)
        self._said.setSingleShot(True)
        self._said.setInterval(COPIED)
        self._said.timeout.connect(self._forget_copied)
        self.targets.currentItemChanged.connect(self._show)
        keys = list(SNIPPETS)
        self.targets.setCurrentRow(keys.index(settings.snippet) if settings.snippet in keys else 0)
        self.targets.setFocus()
        self.resize(900, 560)

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        self.close_it = close_button(self)
        self.copy = QPushButton()
        self.copy.setObjectName("primary")
        self.copy.setToolTip("Copy the code to the clipboard (Enter)")
        self.copy.setDefault(True)
        self.copy.clicked.connect(self._copy)
        # As wide as its longer text: it is not to jump.
        self.copy.setText("✓ Copied")
        self.copy.setMinimumWidth(self.copy.sizeHint().width() + 8)
        self._forget_copied()
        row.addStretch(1)
        row.addWidget(self.close_it)
        row.addWidget(self.copy)
        return row

    @property
    def key(self) -> str:
        """What the code that is shown is for: one of `SNIPPETS`."""
        return str(self.targets.currentItem().data(Qt.ItemDataRole.UserRole))

    @Slot()
    def _show(self) -> None:
        self._settings.snippet = self.key
        self._forget_copied()
        text = why = ""
        try:
            text = snippet(self._facts, self.key)
        except SnippetError as error:
            why = str(error)
        self.code.setPlainText(text.rstrip("\n"))
        self.code.setVisible(bool(text))
        self.why.setText(breakable(why))
        self.why.setVisible(bool(why))
        self.copy.setEnabled(bool(text))

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(f"{self.code.toPlainText()}\n")
        self.copy.setText("✓ Copied")
        self.copy.setAccessibleName("Copied")
        self._said.start()

    @Slot()
    def _forget_copied(self) -> None:
        self.copy.setText("Copy")
        self.copy.setAccessibleName("Copy the code")

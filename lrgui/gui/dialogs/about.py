"""What this program is, and what it runs on: to copy into a report."""

from __future__ import annotations

import platform
import sys

import numpy
import PySide6
from PySide6.QtCore import QLibraryInfo, Qt, QTimer, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

import lrgui
from lrgui import frozen, places
from lrgui.core.formats import exact_number
from lrgui.gui.dialogs.closing import close_button
from lrgui.gui.dialogs.use_it import COPIED
from lrgui.gui.environments import Environments
from lrgui.gui.fitting import Dialog


def diagnostics(environments: Environments | None) -> str:
    """Versions, system, screen and folders, a line each; nothing of the person's tasks."""
    screen = QGuiApplication.primaryScreen()
    lines = [
        ("LR Finder", f"{lrgui.__version__}{' (bundle)' if frozen.is_frozen() else ''}"),
        ("System", platform.platform()),
        ("Python", f"{platform.python_version()} ({sys.executable})"),
        ("Qt", f"{QLibraryInfo.version().toString()}, PySide6 {PySide6.__version__}"),
        ("pyqtgraph", getattr(sys.modules.get("pyqtgraph"), "__version__", "?")),
        ("NumPy", numpy.__version__),
        ("Computes with", _computes(environments)),
        ("Display", QGuiApplication.platformName()),
    ]
    if screen is not None:
        size = screen.availableGeometry()
        lines.append(("Screen", f"{size.width()}×{size.height()} at {exact_number(screen.devicePixelRatio())}×"))
    lines += [("Settings", str(places.config_folder())), ("Runs", str(places.runs_folder()))]
    return "\n".join(f"{name}: {words}" for name, words in lines)


def _computes(environments: Environments | None) -> str:
    found = None if environments is None else environments.current
    if found is None:
        return "not looked at yet"
    own = f"Python {found.version or '?'}, torch {found.torch or 'none'}, NumPy {found.numpy or 'none'}"
    return f"{own} ({found.python})" if found.python else own


class AboutDialog(Dialog):
    """Shows them, with a button that copies."""

    def __init__(self, environments: Environments | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("About LR Finder")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        name = QLabel(f"LR Finder {lrgui.__version__}")
        name.setObjectName("cardTitle")
        what = QLabel("Finds a good learning rate for your own model and data, shows why, and proves it.")
        what.setWordWrap(True)
        self.text = QPlainTextEdit(diagnostics(environments))
        self.text.setReadOnly(True)
        self.text.setAccessibleName("Diagnostics")
        self.text.setTabChangesFocus(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.copy = QPushButton("Copy diagnostics")
        self.copy.setToolTip("Copy versions and folders for a bug report")
        self.copy.clicked.connect(self._copy)
        self.copy.setMinimumWidth(self.copy.sizeHint().width() + 8)
        row = QHBoxLayout()
        row.addWidget(self.copy)
        row.addStretch(1)
        row.addWidget(close_button(self, default=True))
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(10)
        for widget in (name, what, self.text):
            column.addWidget(widget)
        column.addLayout(row)
        self._said = QTimer(self, singleShot=True, interval=COPIED)
        self._said.timeout.connect(lambda: self.copy.setText("Copy diagnostics"))
        self.resize(620, 360)

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(f"{self.text.toPlainText()}\n")
        self.copy.setText("✓ Copied")
        self._said.start()

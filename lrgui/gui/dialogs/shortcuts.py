"""All keys of the window and of its plot."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from lrgui.gui.actions import ACTIONS, PLOT_KEYS


class ShortcutsDialog(QDialog):
    """Scrolls where the screen is low."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        inside = QWidget()
        inside.setObjectName("scrolled")
        grid = QGridLayout(inside)
        grid.setContentsMargins(20, 16, 20, 16)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(7)
        rows = [(" or ".join(row.shortcuts), row.tip) for row in ACTIONS if row.shortcuts]
        for index, (keys, words) in enumerate((*rows, *PLOT_KEYS)):
            name = QLabel(keys)
            name.setObjectName("cardTitle")
            grid.addWidget(name, index, 0)
            grid.addWidget(QLabel(words), index, 1)
        area = QScrollArea()
        area.setAccessibleName("Keyboard shortcuts")
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setWidget(inside)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(area)
        wanted = inside.sizeHint()
        room = parent.height() if parent is not None else wanted.height()
        self.resize(wanted.width() + 24, min(wanted.height(), max(room - 60, 300)))

"""All keys of the window and of its plot."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from lrgui.gui.actions import ACTIONS, PLOT_KEYS
from lrgui.gui.fitting import Dialog, scrolling

#: Room for most lines without a break.
WIDTH = 760


class ShortcutsDialog(Dialog):
    """Scrolls where the screen is low."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        inside = QWidget()
        grid = QGridLayout(inside)
        grid.setContentsMargins(20, 16, 20, 16)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(7)
        rows = [(" or ".join(row.shortcuts), row.tip) for row in ACTIONS if row.shortcuts]
        for index, (keys, words) in enumerate((*rows, *PLOT_KEYS)):
            name = QLabel(keys)
            name.setObjectName("cardTitle")
            grid.addWidget(name, index, 0, Qt.AlignmentFlag.AlignTop)
            what = QLabel(words)
            what.setWordWrap(True)  # a line that is longer than the window is wide would be cut
            grid.addWidget(what, index, 1)
        grid.setColumnStretch(1, 1)
        area = scrolling(inside, "Keyboard shortcuts")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(area)
        high = inside.heightForWidth(WIDTH)
        room = parent.height() if parent is not None else high
        self.resize(WIDTH, min(high, max(room - 60, 300)))

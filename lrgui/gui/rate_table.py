"""A table of learning rates by rule."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QHeaderView, QTableWidget, QTableWidgetItem

from lrgui.gui.labels import with_tabular_figures


class RateTable(QTableWidget):
    """The first column takes the room that is left; all rows are in sight, as it is the side that scrolls."""

    def __init__(self, columns: Sequence[str], name: str, row_height: int) -> None:
        super().__init__(0, len(columns))
        self._row_height = row_height
        with_tabular_figures(self)
        self.setHorizontalHeaderLabels(list(columns))
        self.setAccessibleName(name)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(row_height)
        self.setShowGrid(False)
        self.setCornerButtonEnabled(False)
        self.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)

    def number(self, numbers: Sequence[str]) -> None:
        """Put these before the rows, as the plot calls them; an empty text for one that it does not show."""
        self.setVerticalHeaderLabels(list(numbers))
        self.verticalHeader().setVisible(any(numbers))
        self.verticalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignCenter)
        corner = self.findChild(QAbstractButton)
        if corner is not None:
            corner.setAccessibleName("Number in the plot")
            corner.setToolTip("The number of its mark in the plot, where there is no room for the name")

    def fill(self, rows: Sequence[tuple[Sequence[str], str]]) -> None:
        """Show these rows: the texts of their cells, and their tooltip."""
        self.setRowCount(len(rows))
        for row, (texts, tip) in enumerate(rows):
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                item.setToolTip(tip)
                self.setItem(row, column, item)
        self.setFixedHeight(self.horizontalHeader().sizeHint().height() + self._row_height * len(rows) + 4)

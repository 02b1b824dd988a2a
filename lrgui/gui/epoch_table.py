"""The epochs of a training as a table, the best one marked."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHeaderView, QTableWidget, QTableWidgetItem

from lrgui.export.training import epoch_table
from lrgui.gui.labels import with_tabular_figures
from lrgui.runs.epochs import best_epoch
from lrgui.runs.record import Record


class EpochTable(QTableWidget):
    """One row per epoch; follows the last one while it is in sight."""

    def __init__(self) -> None:
        super().__init__(0, 0)
        with_tabular_figures(self)
        self.setAccessibleName("Epochs")
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)

    def show_epochs(self, record: Record) -> None:
        """Show all epochs so far."""
        if not record.epochs:
            self.setRowCount(0)
            return
        heads, rows = epoch_table(record)
        bar = self.verticalScrollBar()
        follows = bar.value() == bar.maximum()
        self.setColumnCount(len(heads))
        self.setHorizontalHeaderLabels([head[:1].upper() + head[1:] for head in heads])
        self.setRowCount(len(rows))
        best = best_epoch(record.epochs)
        for row, (texts, epoch) in enumerate(zip(rows, record.epochs, strict=True)):
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
                if epoch is best:
                    font = item.font()
                    font.setBold(True)
                    item.setFont(font)
                    item.setToolTip("The best epoch: the lowest validation loss")
                self.setItem(row, column, item)
        if follows:
            self.scrollToBottom()

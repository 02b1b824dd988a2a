"""A table whose rows are dragged to another place; whoever owns them moves them."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QDrag, QDropEvent
from PySide6.QtWidgets import QAbstractItemView, QTableWidget


class MovableTable(QTableWidget):
    """Tells where the selected rows were dropped; only rows of `set_movable` can be dragged, none at first."""

    rows_dropped = Signal(int)
    """The selected rows were dropped in front of this row, or behind the last one, whose number is the next."""

    def __init__(self) -> None:
        super().__init__(0, 0)
        self._movable: frozenset[int] = frozenset()

    def set_movable(self, rows: Collection[int]) -> None:
        """Let these rows be dragged."""
        if self._movable == frozenset(rows):
            return
        self._movable = frozenset(rows)
        self.setDragEnabled(bool(rows))
        self.setDragDropOverwriteMode(False)
        mode = QAbstractItemView.DragDropMode
        self.setDragDropMode(mode.InternalMove if rows else mode.NoDragDrop)

    def drag_flags(self, row: int) -> Qt.ItemFlag:
        """What the items of a row are allowed besides what they are: to be dragged, never to be dropped on."""
        return Qt.ItemFlag.ItemIsDragEnabled if row in self._movable else Qt.ItemFlag.NoItemFlags

    def startDrag(self, supported: Qt.DropAction) -> None:
        """Drag the selected rows that can be; Qt would take away what was dropped elsewhere."""
        drag = QDrag(self)
        chosen = [index for index in self.selectedIndexes() if index.row() in self._movable]
        if chosen:
            drag.setMimeData(self.model().mimeData(chosen))
            drag.exec(Qt.DropAction.MoveAction)

    def row_at(self, at: QPoint) -> int:
        """The row in front of which something is dropped there, in pixels of the viewport."""
        index = self.indexAt(at)
        if not index.isValid():
            return self.rowCount()
        return index.row() + int(at.y() > self.visualRect(index).center().y())

    def dropEvent(self, event: QDropEvent) -> None:
        """Tell where; the items stay where they are."""
        if event.source() is self:
            event.accept()
            self.rows_dropped.emit(self.row_at(event.position().toPoint()))
        else:
            event.ignore()

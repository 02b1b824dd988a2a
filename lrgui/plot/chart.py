"""One chart: title and legend rows, two axes, a grid and a view, and the widget that shows charts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGraphicsGridLayout, QGraphicsWidget

from lrgui.plot.axis import Axis
from lrgui.plot.layers import Grid
from lrgui.plot.legend import Entry, Legend, Title
from lrgui.plot.theme import Palette
from lrgui.plot.view import PlotView, forget_mouse


class Chart(QGraphicsWidget):
    """A view with axes to its left and below."""

    def __init__(self, view: PlotView, left: Axis, bottom: Axis, title: str, palette: Palette) -> None:
        super().__init__()
        self.view, self.left, self.bottom = view, left, bottom
        self.legend = Legend()
        left.linkToView(view)
        bottom.linkToView(view)
        self.grid = Grid(view, -40, bottom.ticks, left.ticks)
        layout = QGraphicsGridLayout()
        layout.setContentsMargins(2, 2, 16, 2)
        layout.setSpacing(0)
        self._rows = layout
        self.title: Title | None = None
        if title:
            self.set_title(title, palette)
        layout.addItem(self.legend, 1, 1)
        layout.addItem(left, 2, 0)
        layout.addItem(view, 2, 1)
        layout.addItem(bottom, 3, 1)
        layout.setRowStretchFactor(2, 1)
        layout.setColumnStretchFactor(1, 1)
        self.setLayout(layout)
        Chart.set_palette(self, palette)  # a subclass paints its own parts once it has them

    def set_palette(self, palette: Palette) -> None:
        """Paint axes and grid in other colours."""
        self.left.set_palette(palette)
        self.bottom.set_palette(palette)
        self.grid.set_colour(palette.grid)

    def set_title(self, text: str, palette: Palette) -> None:
        """Show this above everything, in the place of another title; nothing for an empty one."""
        if self.title is not None:
            self._rows.removeItem(self.title)
            self.title.setParentItem(None)  # type: ignore[arg-type]  # Qt takes it, its types do not say so
        self.title = Title(text, palette.text) if text else None
        if self.title is not None:
            self._rows.addItem(self.title, 0, 0, 1, 2)

    def hide_legend(self) -> None:
        """Let the plot have the legend's room."""
        self.legend.hide()
        self.legend.setMaximumHeight(0)

    def set_legend(self, entries: Sequence[Entry], palette: Palette) -> None:
        """Show these entries above the plot."""
        self.legend.set_entries(entries, palette.muted, palette.background)


class Canvas(pg.GraphicsView):  # type: ignore[misc]  # pyqtgraph has no types
    """The widget around a scene of charts, without a frame and without scrolling."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent, background=None)
        self.setFrameShape(self.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(240, 180)
        self.give_up: Callable[[], bool] = lambda: False
        """Ends the drag that goes on as if it had not begun; False where there is none for which that can be done."""

    def event(self, event: QEvent) -> bool:
        """Esc gives up a drag before it means anything to the window."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
            and self.give_up()
        ):
            event.accept()
            return True
        return bool(super().event(event))

    def show_items(self, item: QGraphicsWidget, palette: Palette) -> None:
        """Fill the widget with one item."""
        self.setCentralItem(item)
        self.setBackground(palette.background)

    def forget_mouse(self) -> None:
        """End a drag or click whose release will never come here."""
        self.give_up()
        forget_mouse(self.scene())

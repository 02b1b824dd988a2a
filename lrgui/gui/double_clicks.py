"""A double click belongs to what its first click was on, whatever that brought under the mouse."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QWidget

from lrgui.gui.window_filter import WindowFilter


class DoubleClicks(WindowFilter):
    """Drops the second click of a double click where the first one put another widget in its place.

    A button may give way to others, or its tab to another one: who clicks "Resume" twice must not change the rate too.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._before: QWidget | None = None
        self._pressed: QWidget | None = None
        """What was under the mouse at the last press, and at the one before: the second press of a double click comes
        here, too, but to no widget."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Watch where presses go."""
        if event.type() == QEvent.Type.MouseButtonPress and isinstance(event, QMouseEvent):
            self._before, self._pressed = self._pressed, self._window.childAt(event.position().toPoint())
        elif event.type() == QEvent.Type.MouseButtonDblClick:
            return self._pressed is not self._before
        return False

"""No window of the program is larger than what the desktop leaves free, however few pixels that are."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QScrollArea, QWidget

#: Width and height that a desktop's frame around a window takes, in pixels: nobody knows it before it is shown.
FRAME = (8, 36)


def fit(window: QWidget) -> None:
    """Make a window that is larger than its screen as large as what the desktop leaves free, less its own frame."""
    if window.isMaximized() or window.isFullScreen():
        return
    room = window.screen().availableSize() - QSize(*FRAME)
    window.resize(window.size().boundedTo(room).expandedTo(window.minimumSize()))


class Dialog(QDialog):
    """A dialog whose buttons can be reached on any screen."""

    def showEvent(self, event: QShowEvent) -> None:
        """Come to lie within the screen."""
        layout = self.layout()
        if layout is not None:
            layout.activate()  # its least size is known only then
        fit(self)
        super().showEvent(event)


def scrolling(inner: QWidget, name: str = "") -> QScrollArea:
    """`inner` as the part of a dialog that scrolls where the screen is low. Where nothing in it takes the focus, the
    area does, so that keys scroll it, and a screen reader says its `name`."""
    inner.setObjectName("scrolled")
    area = QScrollArea(widgetResizable=True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    if name:
        area.setAccessibleName(name)
    else:
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(inner)
    area.viewport().setAutoFillBackground(False)
    return area


def whole_height(dialog: QDialog, area: QScrollArea, width: int) -> int:
    """Pixels in which nothing in `area`, `width` pixels wide, needs to scroll."""
    dialog.ensurePolished()
    inner = area.widget()
    assert inner is not None
    return inner.heightForWidth(width) + dialog.sizeHint().height() - area.sizeHint().height()

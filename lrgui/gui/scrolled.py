"""What scrolls up and down where the window is too low for it, and how much height it needs."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, Slot
from PySide6.QtWidgets import QApplication, QScrollArea, QStackedLayout, QVBoxLayout, QWidget

#: No window is so low that less of what scrolls is in sight.
LEAST_IN_SIGHT = 120
#: A plot is no lower than this, in pixels.
LEAST_PLOT = 180


class Scrolled(QScrollArea):
    """A column that scrolls up and down, never sideways; `name` is what a screen reader calls it."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.inner = QWidget()
        self.inner.setObjectName("scrolled")
        self.column = QVBoxLayout(self.inner)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.setWidget(self.inner)
        self.viewport().setAutoFillBackground(False)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._on_focus)

    @Slot()
    def to_top(self) -> None:
        """Show its beginning."""
        self.verticalScrollBar().setValue(0)

    @Slot(QWidget, QWidget)
    def _on_focus(self, _before: QWidget | None, now: QWidget | None) -> None:
        """Tab that comes in from elsewhere scrolls to where it arrives: Qt does only within. A click needs none."""
        if now is not None and self.inner.isAncestorOf(now) and not QApplication.mouseButtons():
            self.ensureWidgetVisible(now)

    def least_width(self) -> int:
        """The width that its content needs beside a scroll bar: it does not scroll sideways."""
        return self.inner.minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width()

    def minimumSizeHint(self) -> QSize:
        return QSize(self.least_width(), LEAST_IN_SIGHT)


class _Stacked(QStackedLayout):
    """Needs as much height as the page in sight does, not as the highest of all."""

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return least_height(self.currentWidget(), width)

    def minimumSize(self) -> QSize:
        return QSize(super().minimumSize().width(), 0)


class Pages(QWidget):
    """One of several pages, which is as high as that one needs."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pages = _Stacked(self)

    def addWidget(self, page: QWidget) -> None:
        """Add a page; the first one is in sight."""
        self._pages.addWidget(page)

    def currentWidget(self) -> QWidget | None:
        """The page in sight."""
        return self._pages.currentWidget()

    def currentIndex(self) -> int:
        """The number of the page in sight."""
        return self._pages.currentIndex()

    def setCurrentWidget(self, page: QWidget) -> None:
        """Show another page."""
        self._pages.setCurrentWidget(page)
        self.updateGeometry()

    def setCurrentIndex(self, index: int) -> None:
        """Show another page, by its number."""
        self._pages.setCurrentIndex(index)
        self.updateGeometry()


def least_height(widget: QWidget | None, width: int) -> int:
    """The least height, in pixels, at which nothing in a widget of this width is cut."""
    if widget is None:
        return 0
    layout = widget.layout()
    if layout is None:
        own = widget.heightForWidth(width) if widget.hasHeightForWidth() else widget.minimumSizeHint().height()
    elif layout.hasHeightForWidth():
        own = layout.minimumHeightForWidth(width)
    else:
        own = layout.minimumSize().height()
    return max(own, widget.minimumHeight())


def in_sight(widget: QWidget) -> QRect:
    """What can be seen of a widget, in its own coordinates: the rest lies outside of what it is scrolled in."""
    seen, around, at = widget.rect(), widget.parentWidget(), widget.pos()
    while around is not None and not seen.isEmpty():
        seen &= around.rect().translated(-at)
        around, at = (None, at) if around.isWindow() else (around.parentWidget(), at + around.pos())
    return seen

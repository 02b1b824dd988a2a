"""What is wrong with a field, beside its form: it moves no row, covers none, and lets the mouse through."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, QTimer, Slot
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from lrgui.gui.labels import breakable

#: Pixels between a form and the words about its fields, and the room that these need there; at most they take so much.
_GAP, _LEAST, _MOST = 10, 220, 440


class ProblemLabel(QLabel):
    """Words to the right of a field; where the window ends there below it, or above where the focus is below.

    They follow the field wherever it goes in its window, and are seen only while it is.
    """

    def __init__(self, field: QWidget) -> None:
        super().__init__()
        self._field = field
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setObjectName("problem")
        self.setWordWrap(True)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        self._wanted = False
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._place)
        self._watched: list[QWidget] = []

    def say(self, text: str) -> None:
        """Show `text`, or nothing where that is empty."""
        if text == self.text() and self._wanted == bool(text):
            return
        self.setText(breakable(text))
        self._wanted = bool(text)
        if self._wanted:
            self._watch()
            self._place()
        else:
            self.take_away()

    def take_away(self) -> None:
        """Hide it, and look at nothing any more."""
        self._wanted = False
        self._later.stop()
        self.hide()
        for widget in self._watched:
            widget.removeEventFilter(self)
        if self._watched:
            QApplication.instance().focusChanged.disconnect(self._on_focus)  # type: ignore[union-attr]
        self._watched = []

    def _watch(self) -> None:
        """Follow whatever moves the field: all that it lies in, up to the window."""
        if self._watched:
            return
        QApplication.instance().focusChanged.connect(self._on_focus)  # type: ignore[union-attr]
        widget: QWidget | None = self._field
        while widget is not None:
            widget.installEventFilter(self)
            self._watched.append(widget)
            if widget.isWindow():
                break
            widget = widget.parentWidget()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide):
            self._later.start()
        return super().eventFilter(watched, event)

    @Slot()
    def _on_focus(self) -> None:
        self._later.start()

    @Slot()
    def _place(self) -> None:
        window, field = self._watched[-1] if self._watched else None, self._field
        if window is not None and self.parentWidget() is not window:
            self.setParent(window)
        self.ensurePolished()  # its padding counts
        if window is None or not self._wanted or not field.isVisibleTo(window) or self._scrolled_away():
            self.hide()
            return
        self.setGeometry(self._beside(window) or self._over(window))
        self.show()
        self.raise_()

    def _scrolled_away(self) -> bool:
        return self._field.isVisible() and self._field.visibleRegion().isEmpty()

    def _beside(self, window: QWidget) -> QRect | None:
        """The place to the right of the form; None where the window has no room there."""
        field, form = _place_in(window, self._field), _place_in(window, self._field.parentWidget() or self._field)
        left = form.right() + _GAP
        room = window.width() - left - _GAP
        if room < _LEAST:
            return None
        width = min(room, _MOST, self.fontMetrics().horizontalAdvance(self.text()) + 24)
        height = self.heightForWidth(width)
        return QRect(left, max(0, field.center().y() - height // 2), width, height)

    def _over(self, window: QWidget) -> QRect:
        """The place below the field, or above it where what has the focus, or no room, is below."""
        field, form = _place_in(window, self._field), _place_in(window, self._field.parentWidget() or self._field)
        below = QRect(form.left(), field.bottom() + 2, form.width(), self.heightForWidth(form.width()))
        above = QRect(below)
        above.moveBottom(field.top() - 2)
        focus = QApplication.focusWidget()
        covers = focus is not None and window.isAncestorOf(focus) and focus is not self._field
        if covers and focus is not None and _place_in(window, focus).intersects(below):
            return above
        return below if below.bottom() < window.height() else above


def _place_in(window: QWidget, widget: QWidget) -> QRect:
    return QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())

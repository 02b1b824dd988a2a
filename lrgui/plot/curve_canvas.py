"""The keys of a curve's plot: which handle they move, and the focus that goes from handle to handle; the space bar
turns the pointer into a hand."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QMetaMethod, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QWidget

from lrgui.plot.chart import Canvas
from lrgui.plot.curve_view import CurveView
from lrgui.plot.handles import SELECTION


class CurveCanvas(Canvas):
    """The focused widget: moves the view's handles by keys, as `CurveView` does with the mouse, and says so alike."""

    moved = Signal(str)  # handle: it is elsewhere, live
    dropped = Signal(str, object, object)  # handle, old, new: selection float|None, or borders
    focus_shown = Signal(object)  # the handle that the keys move, where that is to be seen, else None
    reset = Signal()  # the default view is wanted
    tapped = Signal()  # Space was pressed and nothing panned: what it means elsewhere is wanted

    def __init__(self, parent: QWidget, view: CurveView) -> None:
        super().__init__(parent)
        self._curve = view
        self._handle = SELECTION
        self._showing_focus = False
        self._panned = False
        view.sigRangeChangedManually.connect(self._on_panned)
        self._start: tuple[str, object] | None = None  # handle and where it was when a key went down

    @property
    def handle(self) -> str:
        """The handle that keys move."""
        return self._handle

    @handle.setter
    def handle(self, handle: str) -> None:
        self._handle = handle
        if self._showing_focus:
            self.show_focus(True)

    def show_focus(self, shown: bool) -> None:
        """Show which handle the keys move."""
        self._showing_focus = shown
        self.focus_shown.emit(self._handle if shown else None)

    def event(self, event: QEvent) -> bool:
        """Take Space for panning while the pointer is here; the window's own meaning of it is `tapped`."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._is_hand(event):
            event.accept()
            return True
        return bool(super().event(event))

    def _is_hand(self, event: QKeyEvent) -> bool:
        plain = event.key() == Qt.Key.Key_Space and event.modifiers() == Qt.KeyboardModifier.NoModifier
        heard = self.isSignalConnected(QMetaMethod.fromSignal(self.tapped))
        return plain and heard and (self.underMouse() or self._curve.hand)

    def _on_panned(self, *_: object) -> None:
        self._panned = True

    def _lift_hand(self) -> bool:
        """The key is up again; True if it was down."""
        down, self._curve.hand = self._curve.hand, False
        return down

    def keyPressEvent(self, ev: QKeyEvent) -> None:
        """Move the handle, or leave the key to the window."""
        if self._is_hand(ev):
            if not ev.isAutoRepeat():
                self._curve.hand, self._panned = True, False
                self._curve.setCursor(Qt.CursorShape.OpenHandCursor)
            ev.accept()
        elif self._press(ev):
            ev.accept()
        else:
            ev.ignore()

    def keyReleaseEvent(self, ev: QKeyEvent) -> None:
        """The end of a move by keys; a held key repeats without one."""
        if ev.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right) and not ev.isAutoRepeat():
            self.finish_keys()
        if ev.key() == Qt.Key.Key_Space and not ev.isAutoRepeat() and self._lift_hand():
            self._curve.unsetCursor()
            if not self._panned:
                self.tapped.emit()
        ev.ignore()

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes through the handles first, then on to the next widget."""
        order = self._curve.handles.in_order()
        if self._handle in order:
            at = order.index(self._handle) + (1 if forward else -1)
            if 0 <= at < len(order):
                self.finish_keys()
                self.handle = order[at]
                self.show_focus(True)
                return True
        return bool(super().focusNextPrevChild(forward))

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the handle to those who came by key."""
        reason = event.reason()
        if reason in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            backward = reason == Qt.FocusReason.BacktabFocusReason
            order = self._curve.handles.in_order()
            self.handle = order[-1] if backward and order else SELECTION
            self.show_focus(True)
        super().focusInEvent(event)

    def _press(self, event: QKeyEvent) -> bool:
        """Act on a key; False for keys that are not ours."""
        key, modifiers = event.key(), event.modifiers()
        if key == Qt.Key.Key_0 and not modifiers & ~Qt.KeyboardModifier.KeypadModifier:
            self.reset.emit()
            return True
        if modifiers & Qt.KeyboardModifier.AltModifier:  # the window's, also while they mean nothing there
            return False
        if key not in (Qt.Key.Key_Left, Qt.Key.Key_Right) or self._curve.held is not None:
            return False
        handle, direction = self._handle, -1 if key == Qt.Key.Key_Left else 1
        handles = self._curve.handles
        x = handles.position(handle)
        if x is None:
            return False
        if modifiers & Qt.KeyboardModifier.ControlModifier:
            to = handles.next_mark(x, direction)
            if to is None:
                return True
        else:
            to = x + direction * (0.1 if modifiers & Qt.KeyboardModifier.ShiftModifier else 0.01)
        before = handles.value(handle)
        if self._start is None:
            self._start = (handle, before)
        handles.move(handle, to)
        if handles.value(handle) != before:
            self.moved.emit(handle)
        self.show_focus(True)
        return True

    def finish_keys(self) -> None:
        """The key was let go (or the focus went): what was moved by keys counts as finished, once."""
        start, self._start = self._start, None
        if start is None:
            return
        handle, old = start
        new = self._curve.handles.value(handle)
        if new is not None and new != old:
            self.dropped.emit(handle, old, new)

    def forget_keys(self) -> None:
        """End a move by keys without a word: what was moved is gone."""
        self._start = None

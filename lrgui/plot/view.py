"""The view of a curve's plot: all picking, dragging and cursor shapes are here and nowhere else.

Lines and labels are painted by layers that take no mouse. Coordinates are the axis' own: log10 of the
learning rate, and the loss.
"""

from __future__ import annotations

import math
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Signal

from lrgui.plot.handles import HIGH, LOW, NAME, SELECTION, Handles, Mark

#: How near the pointer must be, in logical pixels.
REACH, REACH_TOUCH = 7.0, 20.0
SNAP = 8.0
#: Lines nearer than this to each other count as lying at the same place.
SAME_PLACE = 4.0

_FREE = Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ControlModifier


class PlotView(pg.ViewBox):  # type: ignore[misc]  # pyqtgraph has no types
    """A view without auto-ranging or menu, whose range is set by its owner and by the mouse."""

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.disableAutoRange()
        self.setDefaultPadding(0.0)
        self.setFlag(self.GraphicsItemFlag.ItemIsFocusable, False)


class CurveView(PlotView):
    """Moves the selection and the zone borders with the mouse.

    The owner keeps `handles` up to date. While something is dragged the view moves it there and emits;
    nothing is emitted for what the owner sets.
    """

    moved = Signal(str)  # handle: it is elsewhere, live
    dropped = Signal(str, object, object)  # handle, old, new: selection float|None, or borders
    mark_clicked = Signal(str)
    picked = Signal(float)  # double click
    hovered = Signal(float, float)
    left = Signal()
    touched = Signal(str)  # a handle was pressed
    highlighted = Signal(str)  # the handle under the pointer, or ""

    def __init__(self) -> None:
        super().__init__()
        self.handles = Handles()
        self.name_rect: QRectF | None = None
        """Where the optimal zone's name is painted, in pixels of the view."""
        self._held: str | None = None
        self._offset = 0.0
        self._before: object = None
        self._touch = False
        self._panning = False
        self._highlight = ""

    # Coordinates ----------------------------------------------------------------------------------

    def pixel_x(self, x: float) -> float:
        """Logical pixels from the view's left edge."""
        (low, high), _ = self.viewRange()
        return float((x - low) / (high - low) * self.rect().width())

    def pixel_y(self, y: float) -> float:
        """Logical pixels from the view's top edge."""
        _, (low, high) = self.viewRange()
        return float((high - y) / (high - low) * self.rect().height())

    def value_x(self, pixel: float) -> float:
        """The axis coordinate at a pixel."""
        (low, high), _ = self.viewRange()
        return float(low + pixel / max(self.rect().width(), 1.0) * (high - low))

    def value_y(self, pixel: float) -> float:
        """The loss at a pixel."""
        _, (low, high) = self.viewRange()
        return float(high - pixel / max(self.rect().height(), 1.0) * (high - low))

    # Picking --------------------------------------------------------------------------------------

    @property
    def held(self) -> str | None:
        """The handle that is being dragged."""
        return self._held

    def pick(self, at: QPointF, direction: float = 0.0, reach: float = REACH) -> str | None:
        """The handle under the pointer.

        The nearest line within reach. Where selection and border lie at the same place the top half of the
        plot takes the selection, the bottom half the border; of two borders too close to tell, the
        `direction` of the drag (its sign) decides, as the other one could not go that way.
        """
        distances = {
            handle: abs(self.pixel_x(x) - at.x())
            for handle in (SELECTION, LOW, HIGH)
            if (x := self.handles.position(handle)) is not None
        }
        near = {handle: distance for handle, distance in distances.items() if distance <= reach}
        on_name = self.name_rect is not None and self.name_rect.contains(at) and self.handles.borders is not None
        if on_name:
            near.pop(SELECTION, None)  # its line ends below the names
        if not near:
            return NAME if on_name else None
        border = self._pick_border(near, direction)
        if SELECTION not in near or border is None:
            return border or SELECTION
        apart = abs(self.pixel_x(self._at(SELECTION)) - self.pixel_x(self._at(border)))
        if apart <= SAME_PLACE:
            return SELECTION if at.y() < self.rect().height() / 2 else border
        return SELECTION if near[SELECTION] <= near[border] else border

    def pick_mark(self, at: QPointF, reach: float = REACH + 2) -> Mark | None:
        """The mark under the pointer."""
        near = [
            (distance, i)
            for i, mark in enumerate(self.handles.marks)
            if (distance := math.hypot(self.pixel_x(mark.x) - at.x(), self.pixel_y(mark.y) - at.y())) <= reach
        ]
        return self.handles.marks[min(near)[1]] if near else None

    def _pick_border(self, near: dict[str, float], direction: float) -> str | None:
        if LOW in near and HIGH in near:
            apart = abs(self.pixel_x(self._at(HIGH)) - self.pixel_x(self._at(LOW)))
            if direction and apart <= REACH + 1:
                return LOW if direction < 0 else HIGH
            return LOW if near[LOW] <= near[HIGH] else HIGH
        return LOW if LOW in near else HIGH if HIGH in near else None

    def _at(self, handle: str) -> float:
        x = self.handles.position(handle)
        assert x is not None
        return x

    # The mouse ------------------------------------------------------------------------------------

    def mousePressEvent(self, event: Any) -> None:
        """Remember what kind of pointer it is; pyqtgraph turns the rest into drags and clicks."""
        self._touch = event.source() != Qt.MouseEventSource.MouseEventNotSynthesized
        event.ignore()

    def mouseDragEvent(self, ev: Any, axis: int | None = None) -> None:
        """Drag the handle that was under the press, else pan."""
        if axis is not None or ev.button() != Qt.MouseButton.LeftButton:
            super().mouseDragEvent(ev, axis)
            return
        ev.accept()
        if ev.isStart():
            self._start(QPointF(ev.buttonDownPos()), QPointF(ev.pos()))
        if self._held is None:
            if self._panning:
                super().mouseDragEvent(ev, axis)
                self.setCursor(Qt.CursorShape.ClosedHandCursor)
        else:
            self._drag_to(float(ev.pos().x()), bool(ev.modifiers() & _FREE))
        if ev.isFinish():
            self._finish()

    def _start(self, down: QPointF, now: QPointF) -> None:
        handle = self.pick(down, now.x() - down.x(), REACH_TOUCH if self._touch else REACH)
        self._held, self._panning = handle, handle is None
        if handle is not None:
            self._offset = self.pixel_x(self._at(handle)) - down.x()
            self._before = self.handles.value(handle)
            self.touched.emit(handle)
            self.setCursor(Qt.CursorShape.ClosedHandCursor if handle == NAME else Qt.CursorShape.SizeHorCursor)

    def _drag_to(self, pixel: float, free: bool) -> None:
        handle = self._held
        if handle is None or self.handles.position(handle) is None:
            return
        before = self.handles.value(handle)
        to = self.handles.clamp(handle, self.value_x(pixel + self._offset))
        if handle == SELECTION and not free:
            to = self.handles.snapped(to, abs(self.value_x(SNAP) - self.value_x(0)))
        self.handles.move(handle, to)
        if self.handles.value(handle) != before:
            self.moved.emit(handle)

    def _finish(self) -> None:
        handle, self._held, self._panning = self._held, None, False
        self.unsetCursor()
        if handle is not None and self._before != self.handles.value(handle):
            self.dropped.emit(handle, self._before, self.handles.value(handle))

    def cancel_drag(self) -> None:
        """End a drag whose release will never come (the plot was hidden or lost the focus).

        What was dragged stays where it is and counts as dropped there.
        """
        scene = self.scene()
        if scene is not None:
            forget_mouse(scene)
        self._finish()

    def forget_drag(self) -> None:
        """End a drag without a word: what was dragged is gone."""
        self._held = None
        self.cancel_drag()

    def mouseClickEvent(self, ev: Any) -> None:
        """A click on a mark selects it, a double click selects where it is."""
        if ev.button() != Qt.MouseButton.LeftButton:
            return
        at = QPointF(ev.pos())
        mark = self.pick_mark(at, REACH_TOUCH if self._touch else REACH + 2)
        if mark is not None:
            if not ev.double():
                self.mark_clicked.emit(mark.key)
            ev.accept()
        elif ev.double():
            self.picked.emit(self.value_x(at.x()))
            ev.accept()
        elif (handle := self.pick(at)) is not None:
            self.touched.emit(handle)
            ev.accept()

    def hoverEvent(self, ev: Any) -> None:
        """Show what can be done here by the cursor's shape; say where the pointer is."""
        if ev.isExit():
            self._show_hover("", Qt.CursorShape.ArrowCursor, "")
            self.left.emit()
            return
        at = QPointF(ev.pos())
        self.hovered.emit(self.value_x(at.x()), self.value_y(at.y()))
        if self._held is not None or self._panning:
            return
        mark = self.pick_mark(at)
        if mark is not None:
            words = " · ".join(m.label for m in self.handles.marks if _near(self, m, mark))
            self._show_hover("", Qt.CursorShape.PointingHandCursor, f"{words}: click to select")
            return
        handle = self.pick(at)
        if handle == NAME:
            self._show_hover(handle, Qt.CursorShape.OpenHandCursor, "Drag to move the whole optimal zone")
        elif handle is not None:
            self._show_hover(handle, Qt.CursorShape.SizeHorCursor, "")
        else:
            self._show_hover("", Qt.CursorShape.CrossCursor, "")

    def _show_hover(self, handle: str, shape: Qt.CursorShape, tip: str) -> None:
        self.setCursor(shape)
        if self.toolTip() != tip:
            self.setToolTip(tip)
        if handle != self._highlight:
            self._highlight = handle
            self.highlighted.emit(handle)


def forget_mouse(scene: Any) -> None:
    """Clear the lists of a pyqtgraph scene whose drag or click will never end: it would swallow the next one."""
    scene.dragItem = scene.lastDrag = None
    scene.dragButtons, scene.clickEvents = [], []


def _near(view: CurveView, one: Mark, other: Mark) -> bool:
    across, up = view.pixel_x(one.x) - view.pixel_x(other.x), view.pixel_y(one.y) - view.pixel_y(other.y)
    return math.hypot(across, up) <= REACH + 2

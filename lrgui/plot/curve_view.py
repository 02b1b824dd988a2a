"""The view of a curve's plot: all picking, dragging and cursor shapes are here and nowhere else.

Lines and labels are painted by layers that take no mouse. Coordinates are the axis' own: log10 of the
learning rate, and the loss.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt, Signal

from lrgui.plot.handles import HIGH, LOW, SELECTION, ZONES, Handles, Mark
from lrgui.plot.view import REACH, REACH_TOUCH, PlotView, forget_mouse

#: So near the selection goes to a mark, in logical pixels.
SNAP = 8.0
#: Lines nearer than this to each other count as lying at the same place.
SAME_PLACE = 4.0
#: A drag on free ground shows after this many pixels what it is, and a smaller area counts as none.
DECIDED = 8.0

_FREE = Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ControlModifier


class CurveView(PlotView):
    """Moves the selection, the zones and their borders with the mouse.

    A drag that begins on a line or a zone's name moves that. On free ground it selects the rate under the pointer,
    or, where it sets out up or down, the range of rates that it crosses; with Shift it zooms, with Space or the middle
    button it pans.

    The owner keeps `handles` up to date. While something is dragged the view moves it there and emits;
    nothing is emitted for what the owner sets.
    """

    moved = Signal(str)  # handle: it is elsewhere, live
    dropped = Signal(str, object, object)  # handle, old, new: selection float|None, or borders
    mark_clicked = Signal(str)
    picked = Signal(float)  # double click
    candidate_clicked = Signal(float)  # with Ctrl: a place, or that of a candidate under the pointer
    range_picked = Signal(float, float, object)  # from, to, and the pointer on the screen; `area` stays until cleared
    area_changed = Signal()
    touched = Signal(str)  # a handle was pressed
    released = Signal()  # the drag that the press began is over, whether or not anything was moved
    highlighted = Signal(str)  # the handle under the pointer, or ""

    def __init__(self) -> None:
        super().__init__()
        self.handles = Handles()
        self.name_rects: dict[str, QRectF] = {}
        """Where the zones' names are painted, by the handle that each one is, in pixels of the view."""
        self.selectable: Callable[[], bool] = lambda: False
        """Whether there is something to select on."""
        self.tips: dict[str, str] = {}
        """What is said over a zone's name, by its handle."""
        self.ranges = False
        """Whether ranges can be selected."""
        self.hand = False
        """True while the key is down with which a drag pans."""
        self.area: QRectF | None = None
        """What a drag encloses, in pixels of the view: a box to zoom to, or (as high as the view) a range."""
        self._mode = ""  # of the drag that goes on: "handle", "pan", "box", "range", or "?" where it is not decided
        self._held: str | None = None
        self._offset = 0.0
        self._before: object = None
        self._touch = False
        self._highlight = ""

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
        names = self.name_rects.items() if self.handles.borders is not None else ()
        on_name = next((handle for handle, rect in names if rect.contains(at)), None)
        if on_name is not None:
            near.pop(SELECTION, None)  # its line ends below the names
        if not near:
            return on_name
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
        """Do what the press began."""
        if axis is not None or ev.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            super().mouseDragEvent(ev, axis)
            return
        ev.accept()
        down, now = QPointF(ev.buttonDownPos()), QPointF(ev.pos())
        if ev.isStart():
            self._start(ev, down, now)
        if self._mode == "?" and math.hypot(now.x() - down.x(), now.y() - down.y()) >= DECIDED:
            self._decide(down, now)
        if self._mode == "pan":
            super().mouseDragEvent(ev, axis)
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif self._mode == "handle":
            self._drag_to(float(ev.pos().x()), bool(ev.modifiers() & _FREE))
        elif self._mode in ("box", "range"):
            self._set_area(self._enclosed(down, now))
        if ev.isFinish():
            self._finish(ev.screenPos())

    def _start(self, ev: Any, down: QPointF, now: QPointF) -> None:
        self._set_area(None)
        if ev.button() == Qt.MouseButton.MiddleButton or self.hand:
            self._mode = "pan"
        elif ev.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._mode = "box"
        elif (handle := self.pick(down, now.x() - down.x(), REACH_TOUCH if self._touch else REACH)) is not None:
            self._hold(handle, self.pixel_x(self._at(handle)) - down.x())
        else:
            self._mode = "?" if self.selectable() else "pan"

    def _hold(self, handle: str, offset: float) -> None:
        """Drag this handle, which stays `offset` pixels right of the pointer."""
        self._mode, self._held, self._offset = "handle", handle, offset
        self._before = self.handles.value(handle)
        self.touched.emit(handle)
        whole = handle in ZONES.values()
        self.setCursor(Qt.CursorShape.ClosedHandCursor if whole else Qt.CursorShape.SizeHorCursor)

    def _decide(self, down: QPointF, now: QPointF) -> None:
        if self.ranges and abs(now.y() - down.y()) > abs(now.x() - down.x()):
            self._mode = "range"
            self.setCursor(Qt.CursorShape.SizeHorCursor)
        else:
            self._hold(SELECTION, 0.0)

    def _enclosed(self, down: QPointF, now: QPointF) -> QRectF:
        """The area from the press to the pointer, within the view; of a range, within the sweep."""
        area = QRectF(down, now).normalized()
        if self._mode == "range":
            left, right = (self.pixel_x(x) for x in self.handles.limits)
            area.setLeft(min(max(area.left(), left), right))
            area.setRight(min(max(area.right(), left), right))
            area.setTop(0.0)
            area.setBottom(self.rect().height())
        return area.intersected(QRectF(self.rect()))

    def _set_area(self, area: QRectF | None) -> None:
        if area != self.area:
            self.area = area
            self.area_changed.emit()

    def clear_area(self) -> None:
        """Show no range any more."""
        self._set_area(None)

    def _drag_to(self, pixel: float, free: bool) -> None:
        handle = self._held
        if handle is None or (handle != SELECTION and self.handles.position(handle) is None):
            return
        before = self.handles.value(handle)
        to = self.handles.clamp(handle, self.value_x(pixel + self._offset))
        if handle == SELECTION and not free:
            to = self.handles.snapped(to, abs(self.value_x(SNAP) - self.value_x(0)))
        self.handles.move(handle, to)
        if self.handles.value(handle) != before:
            self.moved.emit(handle)

    def _finish(self, pointer: object = None) -> None:
        """The drag is over; `pointer` is where on the screen, None where it was interrupted."""
        handle, self._held = self._held, None
        mode, self._mode = self._mode, ""
        self.unsetCursor()
        if handle is not None and self._before != self.handles.value(handle):
            self.dropped.emit(handle, self._before, self.handles.value(handle))
        if handle is not None:
            self.released.emit()
        if mode in ("box", "range"):
            self._use_area(mode, pointer)

    def _use_area(self, mode: str, pointer: object) -> None:
        area = self.area
        if area is None or pointer is None or max(area.width(), area.height()) < DECIDED:
            self._set_area(None)
            return
        across = (self.value_x(area.left()), self.value_x(area.right()))
        if mode == "range":
            if area.width() < DECIDED:
                self._set_area(None)
            else:
                self.range_picked.emit(*across, pointer)
            return
        self._set_area(None)
        # A flat or thin box is meant for one axis.
        up = (self.value_y(area.bottom()), self.value_y(area.top())) if area.height() >= DECIDED else None
        self.setRange(xRange=across if area.width() >= DECIDED else None, yRange=up, padding=0)
        self.sigRangeChangedManually.emit([True, True])

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
        self._set_area(None)
        self.cancel_drag()

    def mouseClickEvent(self, ev: Any) -> None:
        """A click on a mark selects it, a double click selects where it is; with Ctrl a click marks a candidate."""
        if ev.button() != Qt.MouseButton.LeftButton:
            return
        at = QPointF(ev.pos())
        mark = self.pick_mark(at, REACH_TOUCH if self._touch else REACH + 2)
        if ev.modifiers() & Qt.KeyboardModifier.ControlModifier and self.selectable():
            if not ev.double():
                self.candidate_clicked.emit(self._candidate_at(at, mark))
            ev.accept()
        elif mark is not None:
            if not ev.double():
                self.mark_clicked.emit(mark.key)
            ev.accept()
        elif ev.double():
            self.picked.emit(self.value_x(at.x()))
            ev.accept()
        elif (handle := self.pick(at)) is not None:
            self.touched.emit(handle)
            ev.accept()

    def _candidate_at(self, at: QPointF, mark: Mark | None) -> float:
        """Where a candidate is marked, or its mark taken away: that of one under the pointer, a mark, or there."""
        near = [x for x in self.handles.candidates if abs(self.pixel_x(x) - at.x()) <= REACH]
        if near:
            return min(near, key=lambda x: abs(self.pixel_x(x) - at.x()))
        low, high = self.handles.limits
        return mark.x if mark is not None else min(max(self.value_x(at.x()), low), high)

    def hoverEvent(self, ev: Any) -> None:
        """Show what can be done here by the cursor's shape; say where the pointer is."""
        super().hoverEvent(ev)
        if ev.isExit():
            self._show_hover("", Qt.CursorShape.ArrowCursor, "")
            return
        at = QPointF(ev.pos())
        if self._mode:
            return
        if self.hand:
            self._show_hover("", Qt.CursorShape.OpenHandCursor, "")
            return
        mark = self.pick_mark(at)
        if mark is not None:
            words = " · ".join(m.label for m in self.handles.marks if _near(self, m, mark))
            self._show_hover("", Qt.CursorShape.PointingHandCursor, f"{words}: click to select")
            return
        handle = self.pick(at)
        if handle is not None and handle in ZONES.values():
            self._show_hover(handle, Qt.CursorShape.OpenHandCursor, self.tips.get(handle, ""))
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


def _near(view: CurveView, one: Mark, other: Mark) -> bool:
    across, up = view.pixel_x(one.x) - view.pixel_x(other.x), view.pixel_y(one.y) - view.pixel_y(other.y)
    return math.hypot(across, up) <= REACH + 2

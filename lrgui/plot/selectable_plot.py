"""A plot over learning rates on which one is selected, and on which the zones' borders are dragged.

Here learning rates become the axis' coordinates (log10), and these become learning rates. Everything below (view,
handles, layers) knows axis coordinates only, everything above knows learning rates only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from weakref import WeakMethod

from PySide6.QtCore import QPoint, QPointF, Signal, Slot
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QApplication, QGraphicsItem, QWidget
from shiboken6 import isValid

from lrgui.core.curve.zones import ZONE_NAMES, Zones
from lrgui.core.formats import format_loss
from lrgui.core.learning_rate import format_lr
from lrgui.plot.annotations import Annotations, Crosshair, ZoneTints
from lrgui.plot.candidates import CandidateLines, CandidateMarks
from lrgui.plot.curve_canvas import CurveCanvas
from lrgui.plot.curve_view import CurveView
from lrgui.plot.drag_area import DragArea
from lrgui.plot.handles import SELECTION, ZONES
from lrgui.plot.plots import RatePlot
from lrgui.plot.theme import Palette


class SelectablePlot(RatePlot):
    """What the person can choose on a curve: a rate and the two borders of the optimal zone.

    Signals are emitted for what the person does, never for what the program sets:
    `selection_moved(lr)` live; `selection_finished(old or None, new)` once, at the release of mouse or key;
    `zones_moved(low_end, high_start)` live; `zones_finished(old, new)` with `Zones`; `mark_clicked(key)`
    after the selection has moved to the mark; `range_selected(low, high, point)` for a range of rates that was dragged
    over, shown until `forget_range`; `hovered(lr, loss)` with the curve's loss at the pointer's rate (NaN where it was
    not measured) and `left()`; `candidate_clicked(lr)` for a rate, or a candidate's own, that was clicked with Ctrl.
    """

    selection_moved = Signal(float)
    selection_finished = Signal(object, float)
    zones_moved = Signal(float, float)
    zones_finished = Signal(object, object)
    mark_clicked = Signal(str)
    range_selected = Signal(float, float, QPoint)
    candidate_clicked = Signal(float)
    hovered = Signal(float, float)
    left = Signal()

    canvas: CurveCanvas

    def __init__(self, parent: QWidget | None, palette: Palette, *, title: str, y_title: str, grips: bool) -> None:
        """`grips` is False in pictures, where nothing can be dragged."""
        self.view = CurveView()
        super().__init__(parent, palette, self.view, title=title, y_title=y_title)
        self._zones: Zones | None = None
        self._outside: float | None = None  # the selected rate where the axis does not reach it
        self._fill(CurveCanvas(self, self.view), "Learning-rate curve", [self.chart], self.chart)
        self.tints = ZoneTints(self.view, -50)
        self.crosshair = Crosshair(self.view, 15)
        self.annotations = self._make_annotations()
        self.annotations.grips = grips
        self.candidate_lines = CandidateLines(self.view, 18)
        self.candidates = CandidateMarks(self.view, 22, self.annotations)
        self.drag_area = DragArea(self.view, 30)
        measured = WeakMethod(self._can_select)
        self.view.selectable = lambda: (known := measured()) is not None and known()
        self.view.tips = {
            handle: f"{ZONE_NAMES[key][1]}\nDrag to move the whole zone; click, then ← → moves it"
            for key, handle in ZONES.items()
        }
        tag_text = WeakMethod(self._tag_text)
        self.annotations.set_tag_text(lambda x: text(x) if (text := tag_text()) is not None else ())

        self.view.moved.connect(self._emit_moved)
        self.view.dropped.connect(self._emit_finished)
        self.view.mark_clicked.connect(self._select_mark)
        self.view.picked.connect(self._select_at)
        self.view.candidate_clicked.connect(self._click_candidate)
        self.view.range_picked.connect(self._range_picked)
        self.view.hovered.connect(self._hover)
        self.view.left.connect(self._leave)
        self.view.touched.connect(self._touched)
        self.view.released.connect(self._released)
        self.view.highlighted.connect(self._highlight)
        self.canvas.moved.connect(self._emit_moved)
        self.canvas.dropped.connect(self._emit_finished)
        self.canvas.focus_shown.connect(self._show_focus)
        self.canvas.reset.connect(self.reset_view)
        # Not by overriding focusOutEvent: Qt calls that once more while the interpreter is going away, and crashes.
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._focus_changed)

    def _make_annotations(self) -> Annotations:
        return Annotations(self.view, 20, self.tints)

    @property
    def _measured(self) -> bool:
        """True once there is a curve to choose on."""
        raise NotImplementedError

    def _loss_at(self, lr: float) -> float | None:
        """The curve's loss at a rate, NaN where it was not measured; None while there is no curve that was read."""
        raise NotImplementedError

    def set_palette(self, palette: Palette) -> None:
        """Paint in other colours."""
        super().set_palette(palette)
        self.tints.set_palette(palette)
        self.annotations.set_palette(palette)
        self.crosshair.set_palette(palette)
        self.drag_area.set_palette(palette)
        self.candidate_lines.set_palette(palette)
        self.candidates.set_palette(palette)

    # What is chosen -------------------------------------------------------------------------------

    def set_selection(self, lr: float | None) -> None:
        """Select a learning rate or none, without a signal; one outside the sweep's range is shown at its edge."""
        handles = self.view.handles
        if lr is None and self.view.held == SELECTION:
            self.view.forget_drag()
        wanted = None if lr is None else math.log10(lr)
        handles.selection = None if wanted is None else handles.clamp(SELECTION, wanted)
        self._outside = lr if handles.selection != wanted else None
        self.annotations.refresh()

    def set_zones(self, zones: Zones | None) -> None:
        """Show these zones or none, without a signal."""
        handles = self.view.handles
        if zones is None and self.view.held not in (None, SELECTION):
            self.view.forget_drag()
        self._zones = zones
        low, high = handles.limits
        handles.borders = None
        if zones is not None:
            borders = (math.log10(zones.low_end), math.log10(zones.high_start))
            handles.borders = (min(max(borders[0], low), high), min(max(borders[1], low), high))
        self._keep_focus_possible()
        self.tints.update()
        self.annotations.refresh()

    def set_candidates(self, rates: Sequence[float]) -> None:
        """Mark these rates as candidates for trainings, without a signal; those that the axis does not reach stand at
        its edge."""
        low, high = self._limits
        self.candidates.show_rates(rates, [min(max(math.log10(lr), low), high) for lr in rates])
        self.candidate_lines.update()
        self.annotations.refresh()

    def _click_candidate(self, x: float) -> None:
        marks, known = self.candidates.rates, self.view.handles.candidates
        self.candidate_clicked.emit(marks[known.index(x)] if x in known else 10.0**x)

    @property
    def selection(self) -> float | None:
        """The selected learning rate."""
        x = self.view.handles.selection
        return None if x is None else 10.0**x

    @property
    def zones(self) -> Zones | None:
        """The zones as they are on screen."""
        borders = self.view.handles.borders
        if self._zones is None or borders is None:
            return None
        zones = self._zones
        low, high = 10.0 ** borders[0], 10.0 ** borders[1]
        # A border that was not moved keeps its exact value.
        low = zones.low_end if math.isclose(low, zones.low_end, rel_tol=1e-9) else low
        high = zones.high_start if math.isclose(high, zones.high_start, rel_tol=1e-9) else high
        high = min(max(high, zones.start), zones.end)
        return replace(zones, low_end=min(max(low, zones.start), high), high_start=high)

    # Signals from the view, in learning rates -----------------------------------------------------

    def _emit_moved(self, handle: str) -> None:
        self.annotations.refresh()
        self.tints.update()
        if handle == SELECTION:
            self.selection_moved.emit(self.selection)
        elif (zones := self.zones) is not None:
            self.zones_moved.emit(zones.low_end, zones.high_start)

    def _emit_finished(self, handle: str, old: object, new: object) -> None:
        if handle == SELECTION:
            assert old is None or isinstance(old, float)
            self.selection_finished.emit(None if old is None else 10.0**old, self.selection)
        elif (zones := self.zones) is not None and self._zones is not None:
            before, self._zones = self._zones_before(old), zones
            self.zones_finished.emit(before, zones)

    def _zones_before(self, borders: object) -> Zones:
        """The zones at the time when their borders were these."""
        handles = self.view.handles
        now = handles.borders
        assert isinstance(borders, tuple)
        handles.borders = (float(borders[0]), float(borders[1]))
        try:
            zones = self.zones
        finally:
            handles.borders = now
        assert zones is not None
        return zones

    def _select_mark(self, key: str) -> None:
        mark = next((m for m in self.view.handles.marks if m.key == key), None)
        if mark is not None:
            self._select_at(mark.x)
            self.mark_clicked.emit(key)

    def _select_at(self, x: float) -> None:
        """Select by one act of the person: live and finished signals in one go."""
        handles = self.view.handles
        if not self._measured:
            return
        self.canvas.handle = SELECTION
        old = handles.selection
        handles.move(SELECTION, x)
        if handles.selection != old:
            self._emit_moved(SELECTION)
            self._emit_finished(SELECTION, old, handles.selection)

    def _hover(self, x: float, y: float) -> None:
        if not self._measured or not -300 < x < 300:
            self.crosshair.show_at(None)
            return
        loss = self._loss_near(x)
        self.crosshair.show_at((x, loss) if self.view.held is None else None)
        self.hovered.emit(10.0**x, loss)

    def _loss_near(self, x: float) -> float:
        """The curve's loss at an axis coordinate, NaN where it was not measured."""
        loss = self._loss_at(10.0**x)
        return math.nan if loss is None else loss

    def _leave(self) -> None:
        self.crosshair.show_at(None)
        self.left.emit()

    def _highlight(self, handle: str) -> None:
        self.annotations.highlight = handle
        self.annotations.update()

    def _show_focus(self, handle: str | None) -> None:
        self.annotations.focused = handle
        self.annotations.update()

    def _touched(self, handle: str) -> None:
        self.crosshair.show_at(None)
        self._hold_painted(True)
        self.canvas.handle = handle
        if handle in ZONES.values():
            self.canvas.show_focus(True)  # a zone has no line or grip of its own that would show it

    def _released(self) -> None:
        self._hold_painted(False)

    def _hold_painted(self, held: bool) -> None:
        """While a handle is dragged, what stays as it is is painted once and then copied: lines, dots, axes, grid."""
        cache = QGraphicsItem.CacheMode
        chart = self.chart
        items: list[QGraphicsItem] = [chart.left, chart.bottom, chart.grid, chart.legend, *self._layers_that_stay()]
        for item in items:
            item.setCacheMode(cache.DeviceCoordinateCache if held else cache.NoCache)

    def _layers_that_stay(self) -> Sequence[QGraphicsItem]:
        """The layers that a drag of the selection or of a border leaves alone."""
        return ()

    def _can_select(self) -> bool:
        return self._measured

    def _range_picked(self, low: float, high: float, pointer: object) -> None:
        at = QPointF(pointer).toPoint()  # type: ignore[call-overload]  # pyqtgraph's point is a QPointF
        self.range_selected.emit(10.0**low, 10.0**high, at)

    def forget_range(self) -> None:
        """Show no range any more."""
        self.view.clear_area()

    def interrupt(self) -> None:
        """Focus or sight was lost: no release will come."""
        self.view.hand = False
        self.view.cancel_drag()
        self.canvas.finish_keys()

    @Slot("QWidget*", "QWidget*")
    def _focus_changed(self, old: QWidget | None, now: QWidget | None) -> None:
        # A canvas that is being destroyed loses the focus, too, and what it showed has gone before it.
        if old is self.canvas and now is not self.canvas and isValid(self.annotations):
            self.canvas.show_focus(False)
            self.interrupt()

    def hideEvent(self, event: QHideEvent) -> None:
        """End what was held."""
        self.interrupt()
        super().hideEvent(event)

    # Inside ---------------------------------------------------------------------------------------

    def _forget_choice(self) -> None:
        """Another curve begins: nothing is chosen, marked or dragged."""
        self.canvas.forget_keys()
        self.view.forget_drag()
        self.view.handles.marks = ()
        self.view.handles.selection = None
        self.annotations.set_curves(())
        self.crosshair.show_at(None)
        self.set_zones(None)

    def _tag_text(self, x: float) -> tuple[str, ...]:
        at_edge = x == self.view.handles.selection and x in self._limits
        lr = self._outside if self._outside is not None and at_edge else 10.0**x
        number = format_lr(lr)
        loss = self._loss_at(lr)
        if loss is not None:
            words = f"loss {format_loss(loss)}" if math.isfinite(loss) else "not measured"
            return (f"selected {number} · {words}", f"{number} · {words}", number)
        return (f"selected {number}", number)

    def _apply_limits(self) -> None:
        super()._apply_limits()
        self.view.handles.limits = self._limits

    def _keep_focus_possible(self) -> None:
        if self.view.handles.position(self.canvas.handle) is None:
            self.canvas.handle = SELECTION

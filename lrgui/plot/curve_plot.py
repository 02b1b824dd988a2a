"""The plot of a sweep: a live curve, then zones, marks and a selection that can be dragged.

This is the one class that converts learning rates to the axis' coordinates (log10) and back. Everything below
it (view, handles, layers) knows axis coordinates only, everything above it knows learning rates only.
"""

from __future__ import annotations

import math
from dataclasses import replace
from weakref import WeakMethod

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QHideEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from lrgui.core.curve.sweep_reading import SweepReading
from lrgui.core.curve.zones import Zones
from lrgui.core.learning_rate import format_lr
from lrgui.plot.annotations import HEADER, Annotations, Crosshair, ZoneTints
from lrgui.plot.axis import log_axis, number_axis
from lrgui.plot.chart import Canvas, Chart
from lrgui.plot.handles import HIGH, LOW, SELECTION, Mark
from lrgui.plot.layers import Band, Dots, Line, pen
from lrgui.plot.legend import Entry
from lrgui.plot.live_average import LiveAverage
from lrgui.plot.ranges import curve_range, live_range
from lrgui.plot.theme import LIGHT, Palette
from lrgui.plot.view import CurveView

Floats = NDArray[np.float64]

#: Opacity of the band around repeats.
BAND_ALPHA = 0.2
RECOMMENDED = "recommended"
"""Key of our own recommendation's mark."""


class CurvePlot(QWidget):
    """The learning-rate curve.

    Signals are emitted for what the person does, never for what the program sets:
    `selection_moved(lr)` live; `selection_finished(old or None, new)` once, at the release of mouse or key;
    `zones_moved(low_end, high_start)` live; `zones_finished(old, new)` with `Zones`; `mark_clicked(key)`
    after the selection has moved to the mark; `hovered(lr, loss)` and `left()` for the pointer.
    """

    selection_moved = Signal(float)
    selection_finished = Signal(object, float)
    zones_moved = Signal(float, float)
    zones_finished = Signal(object, object)
    mark_clicked = Signal(str)
    hovered = Signal(float, float)
    left = Signal()

    def __init__(
        self,
        parent: QWidget | None = None,
        palette: Palette = LIGHT,
        *,
        title: str = "",
        y_title: str = "Loss",
        grips: bool = True,
    ) -> None:
        super().__init__(parent)
        self._palette = palette
        self._limits = (-6.0, 0.0)
        self._reading: SweepReading | None = None
        self._zones: Zones | None = None
        self._live = LiveAverage()
        self._showing_rules = True
        self._home: tuple[float, float] | None = None  # the y range of the default view
        self._at_home = True
        self._previous_shown = False
        self._previous_home: tuple[float, float] | None = None  # the y range of the faded curve
        self._outside: float | None = None  # the selected rate where the axis does not reach it
        self._key_start: tuple[str, object] | None = None  # handle and where it was when a key went down

        self.view = CurveView()
        left, bottom = number_axis("left", y_title, palette), log_axis("Learning rate (log scale)", palette)
        self.chart = Chart(self.view, left, bottom, title, palette)
        self.canvas = _CurveCanvas(self)
        self.canvas.show_items(self.chart, palette)
        self.canvas.setAccessibleName("Learning-rate curve")
        self.setFocusProxy(self.canvas)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.canvas)

        self.tints = ZoneTints(self.view, -50)
        self.band = Band(self.view, -20)
        self.dots = Dots(self.view, -10)
        self.previous = Line(self.view, 0)
        self.average = Line(self.view, 5)
        self.line = Line(self.view, 10)
        self.crosshair = Crosshair(self.view, 15)
        self.annotations = self._make_annotations()
        self.annotations.grips = grips
        tag_text = WeakMethod(self._tag_text)
        self.annotations.set_tag_text(lambda x: text(x) if (text := tag_text()) is not None else ())

        self.view.moved.connect(self._emit_moved)
        self.view.dropped.connect(self._emit_finished)
        self.view.mark_clicked.connect(self._select_mark)
        self.view.picked.connect(self._select_at)
        self.view.hovered.connect(self._hover)
        self.view.left.connect(self._leave)
        self.view.touched.connect(self._touched)
        self.view.highlighted.connect(self._highlight)
        self.view.sigRangeChangedManually.connect(self._left_home)
        self.view.sigResized.connect(self._fit_result)
        # Not by overriding focusOutEvent: Qt calls that once more while the interpreter is going away, and crashes.
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._focus_changed)
        self.set_palette(palette)
        self._apply_limits()
        self.reset_view()

    def _make_annotations(self) -> Annotations:
        return Annotations(self.view, 20, self.tints)

    # What to show ---------------------------------------------------------------------------------

    def set_palette(self, palette: Palette) -> None:
        """Paint in other colours."""
        self._palette = palette
        self.canvas.setBackground(palette.background)
        self.chart.set_palette(palette)
        self.tints.set_palette(palette)
        self.annotations.set_palette(palette)
        self.crosshair.set_palette(palette)
        self.band.set_fill(palette.curve, BAND_ALPHA)
        self.dots.set_style(palette.dots)
        self.previous.set_pen(pen(palette.previous, 1.6, "dash"))
        self.average.set_pen(pen(palette.average, 1.2, "dash"))
        self.line.set_pen(pen(palette.curve, 2.2))
        self._update_legend()

    def clear(self) -> None:
        """Show nothing but the axes."""
        self._forget_result()
        self._previous_shown, self._previous_home = False, None
        for layer in (self.line, self.previous, self.average, self.dots):
            layer.set_data(np.empty(0), np.empty(0))
        self.band.set_data(_NONE, _NONE, _NONE)
        self._home = None
        self.reset_view()
        self._update_legend()

    def begin(self, start_lr: float, end_lr: float, planned_steps: int, keep_previous: bool = False) -> None:
        """A sweep from `start_lr` to `end_lr` starts; `keep_previous` keeps the last curve, faded, and its scale
        until something is measured."""
        kept, home = self.line.points, self._home
        self.clear()
        if keep_previous and len(kept[0]) > 1:
            self.previous.set_data(*kept)
            self._previous_shown, self._previous_home = True, home
        self._limits = (math.log10(start_lr), math.log10(end_lr))
        self._live.begin(planned_steps)
        self._apply_limits()
        self.reset_view()
        self._update_legend()

    def set_live(self, lr: Floats, loss: Floats) -> None:
        """All raw points measured so far, arrays of shape (n,); the first ones are those shown already."""
        n = len(loss)
        if n == 0:
            return
        x = np.log10(lr)
        self.dots.extend(x, loss)
        self._live.extend(loss)
        self.line.set_data(*self._live.thinned(x))
        finite = loss[np.isfinite(loss)]
        if len(finite):
            sample = finite if len(finite) <= 4000 else np.append(finite[:10], finite[10 :: len(finite) // 2000])
            home = live_range(sample, self._home)
            if home != self._home:
                self._home = home
                self._follow_home()
        self._update_legend()

    def begin_repeat(self, lr: Floats, loss: Floats) -> None:
        """The next sweep over the same rates begins; the one before, arrays of shape (n,), is drawn faded."""
        average = LiveAverage()
        average.begin(self._live.planned_steps)
        average.extend(loss)
        self.previous.set_data(*average.thinned(np.log10(lr)))
        self._previous_shown = len(lr) > 1
        self._live.begin(self._live.planned_steps)
        self.dots.set_data(_NONE, _NONE)
        self.line.set_data(_NONE, _NONE)
        self._update_legend()

    def set_finished(self, reading: SweepReading) -> None:
        """The sweep ended: the centred line, zones and marks of its reading; the selection stays as it
        is."""
        self.dots.set_data(reading.curve.log_lr, reading.curve.loss)
        band = reading.band
        self.band.set_data(*((np.log10(band.lr), band.low, band.high) if band is not None else (_NONE, _NONE, _NONE)))
        if band is not None:
            # What the band shows better.
            self._previous_shown = False
            self.previous.set_data(_NONE, _NONE)
        self.set_reading(reading)
        self._at_home = True
        self._fit_result()

    def set_reading(self, reading: SweepReading) -> None:
        """Another reading of the points on screen (β changed, another smoothing): the view stays."""
        self._reading = reading
        curve = reading.curve
        ends = [self._limits[0], self._limits[1]] if self._live.planned_steps else []
        ends += [float(curve.log_lr[0]), float(curve.log_lr[-1])] if len(curve) else []
        if reading.zones is not None:
            ends += [math.log10(reading.zones.start), math.log10(reading.zones.end)]
        if ends and max(ends) > min(ends):
            self._limits = (min(ends), max(ends))
            self._apply_limits()
        self.line.set_data(curve.log_lr, curve.smoothed)
        self._set_marks(reading)
        self.set_zones(reading.zones)
        self._update_legend()

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

    def show_rules(self, shown: bool) -> None:
        """Show the classic average with the marks of the rules that read it, or none of them."""
        self._showing_rules = shown
        if self._reading is not None:
            self._set_marks(self._reading)
            self._update_legend()

    def reset_view(self) -> None:
        """Show the whole sweep, and of the losses the part that matters."""
        self._at_home = True
        self._follow_home()

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
        if self._reading is None and not self._live.count:
            return
        self.canvas.handle = SELECTION
        old = handles.selection
        handles.move(SELECTION, x)
        if handles.selection != old:
            self._emit_moved(SELECTION)
            self._emit_finished(SELECTION, old, handles.selection)

    def _hover(self, x: float, y: float) -> None:
        measured = self._reading is not None or self._live.count > 0
        self.crosshair.show_at((x, y) if measured and self.view.held is None else None)
        if measured and -300 < x < 300:
            self.hovered.emit(10.0**x, y)

    def _leave(self) -> None:
        self.crosshair.show_at(None)
        self.left.emit()

    def _highlight(self, handle: str) -> None:
        self.annotations.highlight = handle
        self.annotations.update()

    def _touched(self, handle: str) -> None:
        self.crosshair.show_at(None)
        self.canvas.handle = handle if handle in (SELECTION, LOW, HIGH) else LOW

    # Keyboard -------------------------------------------------------------------------------------

    def press_key(self, event: QKeyEvent) -> bool:
        """Act on a key; False for keys that are not ours."""
        key, modifiers = event.key(), event.modifiers()
        if key == Qt.Key.Key_0 and not modifiers & ~Qt.KeyboardModifier.KeypadModifier:
            self.reset_view()
            return True
        if key not in (Qt.Key.Key_Left, Qt.Key.Key_Right) or self.view.held is not None:
            return False
        handle, direction = self.canvas.handle, -1 if key == Qt.Key.Key_Left else 1
        handles = self.view.handles
        x = handles.position(handle)
        if x is None:
            return False
        if modifiers & Qt.KeyboardModifier.ControlModifier:
            to = handles.next_mark(x, direction)
            if to is None:
                return True
        else:
            to = x + direction * (0.1 if modifiers & Qt.KeyboardModifier.ShiftModifier else 0.01)
        before = handles.selection if handle == SELECTION else handles.borders
        if self._key_start is None:
            self._key_start = (handle, before)
        handles.move(handle, to)
        if (handles.selection if handle == SELECTION else handles.borders) != before:
            self._emit_moved(handle)
        self.canvas.show_focus(True)
        return True

    def finish_keys(self) -> None:
        """The key was let go (or the focus went): what was moved by keys counts as finished, once."""
        start, self._key_start = self._key_start, None
        if start is None:
            return
        handle, old = start
        handles = self.view.handles
        new: object = handles.selection if handle == SELECTION else handles.borders
        if new is not None and new != old:
            self._emit_finished(handle, old, new)

    def interrupt(self) -> None:
        """Focus or sight was lost: no release will come."""
        self.view.cancel_drag()
        self.finish_keys()

    @Slot("QWidget*", "QWidget*")
    def _focus_changed(self, old: QWidget | None, now: QWidget | None) -> None:
        if old is self.canvas and now is not self.canvas:
            self.canvas.show_focus(False)
            self.interrupt()

    def hideEvent(self, event: QHideEvent) -> None:
        """End what was held."""
        self.interrupt()
        super().hideEvent(event)

    # Inside ---------------------------------------------------------------------------------------

    def _forget_result(self) -> None:
        self._key_start = None
        self.view.forget_drag()
        self._reading = None
        self._live.begin(0)
        self.view.handles.marks = ()
        self.view.handles.selection = None
        self.annotations.set_curves(())
        self.crosshair.show_at(None)
        self.set_zones(None)

    def _set_marks(self, reading: SweepReading) -> None:
        """The recommended rate on the smoothed line; the rules on the average that they read, as one group with it."""
        curve, lr, rules = reading.curve, reading.recommendation.lr, reading.marks if self._showing_rules else ()
        marks = [Mark(rule.key, rule.label, math.log10(rule.lr), rule.loss) for rule in rules]
        if lr is not None and math.isfinite(loss := curve.loss_at(lr)):
            marks.insert(0, Mark(RECOMMENDED, RECOMMENDED, math.log10(lr), loss))
        self.view.handles.marks = tuple(marks)
        self.average.set_data(*((curve.log_lr, curve.average) if rules else (_NONE, _NONE)))
        self.annotations.set_curves([line.points for line in (self.line, self.average) if len(line.points[0])])

    def _tag_text(self, x: float) -> tuple[str, ...]:
        at_edge = x == self.view.handles.selection and x in self._limits
        lr = self._outside if self._outside is not None and at_edge else 10.0**x
        number = format_lr(lr)
        if self._reading is not None:
            loss = self._reading.curve.loss_at(lr)
            words = f"loss {loss:.3g}" if math.isfinite(loss) else "not measured"
            return (f"selected {number} · {words}", f"{number} · {words}", number)
        return (f"selected {number}", number)

    def _apply_limits(self) -> None:
        self.view.handles.limits = self._limits
        low, high = self._limits
        self.view.setLimits(xMin=low - 2, xMax=high + 2, minXRange=0.02, maxXRange=high - low + 4)

    def _follow_home(self) -> None:
        """Go to the default view, unless the person has moved away from it."""
        if not self._at_home:
            return
        low, high = self._limits
        margin = 0.02 * (high - low)
        home = self._home or self._previous_home
        self.view.setRange(xRange=(low - margin, high + margin), yRange=home or (0.0, 1.0), padding=0)
        # Without a measurement numbers of losses would be made up.
        self.chart.left.set_blank(home is None)

    def _fit_result(self, *_: object) -> None:
        """Choose the default view of a finished curve: below its names and label, whatever the size."""
        if self._reading is not None and len(self._reading.curve):
            height = max(1.0, float(self.view.rect().height()))
            self._home = curve_range(self._reading.curve.loss, self._reading.curve.smoothed, HEADER / height)
        self._follow_home()

    def _left_home(self, *_: object) -> None:
        self._at_home = False

    def _keep_focus_possible(self) -> None:
        if self.view.handles.position(self.canvas.handle) is None:
            self.canvas.handle = SELECTION

    def _update_legend(self) -> None:
        palette, entries = self._palette, []
        repeated = bool(len(self.band.points[0]))
        if len(self.dots.points[0]):
            entries.append(Entry("median loss" if repeated else "batch loss", palette.dots, sample="dots"))
        if len(self.line.points[0]):
            words = "smoothed" if self._reading is not None else "short average"
            entries.append(Entry(words, palette.curve, width=2.2))
        if repeated:
            entries.append(Entry("repeats", palette.curve, sample="band"))
        if self._reading is not None and len(self.average.points[0]):
            entries.append(Entry(self._reading.average_label, palette.average, "dash", width=1.2))
        if self._previous_shown:
            entries.append(Entry("previous", palette.previous, "dash", width=1.6))
        self.chart.set_legend(entries, palette)


class _CurveCanvas(Canvas):
    """The focused widget: keys, Tab between the handles, and the loss of focus."""

    def __init__(self, plot: CurvePlot) -> None:
        super().__init__(plot)
        self._handle = SELECTION

    @property
    def _plot(self) -> CurvePlot | None:
        # Looked up, not kept: a cycle of Python references would be torn down in any order by the collector.
        plot = self.parentWidget()
        return plot if isinstance(plot, CurvePlot) else None

    @property
    def handle(self) -> str:
        """The handle that keys move."""
        return self._handle

    @handle.setter
    def handle(self, handle: str) -> None:
        self._handle = handle
        if self._plot is not None and self._plot.annotations.focused is not None:
            self.show_focus(True)

    def show_focus(self, shown: bool) -> None:
        """Show which handle the keys move."""
        if self._plot is not None:
            self._plot.annotations.focused = self._handle if shown else None
            self._plot.annotations.update()

    def keyPressEvent(self, ev: QKeyEvent) -> None:
        """Move the handle, or leave the key to the window."""
        if self._plot is not None and self._plot.press_key(ev):
            ev.accept()
        else:
            ev.ignore()

    def keyReleaseEvent(self, ev: QKeyEvent) -> None:
        """The end of a move by keys; a held key repeats without one."""
        arrow = ev.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right)
        if self._plot is not None and arrow and not ev.isAutoRepeat():
            self._plot.finish_keys()
        ev.ignore()

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes through the handles first, then on to the next widget."""
        plot = self._plot
        order = [h for h in (SELECTION, LOW, HIGH) if plot and plot.view.handles.position(h) is not None]
        if plot is not None and self._handle in order:
            at = order.index(self._handle) + (1 if forward else -1)
            if 0 <= at < len(order):
                plot.finish_keys()
                self.handle = order[at]
                self.show_focus(True)
                return True
        return bool(super().focusNextPrevChild(forward))

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the handle to those who came by key."""
        reason = event.reason()
        came_by_key = reason in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        if came_by_key and self._plot is not None:
            handles = self._plot.view.handles
            backward = reason == Qt.FocusReason.BacktabFocusReason
            self.handle = HIGH if backward and handles.borders is not None else SELECTION
            self.show_focus(True)
        super().focusInEvent(event)


_NONE: Floats = np.empty(0)

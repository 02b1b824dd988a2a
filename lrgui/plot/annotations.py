"""What is written into a curve's plot: zones with their names, borders, marks, the selection, the
crosshair."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from lrgui.core.curve.zones import ZONE_NAMES
from lrgui.plot.curve_view import CurveView
from lrgui.plot.font import plot_font
from lrgui.plot.handles import HIGH, LOW, OPTIMAL_ZONE, SELECTION, ZONES
from lrgui.plot.layers import PaletteLayer, pen
from lrgui.plot.placing import Placed, Wanted, covers, place_far, place_labels, place_names, tag_places
from lrgui.plot.view import PlotView

NAMES_TOP, NAMES_HEIGHT = 6.0, 22.0
TAG_TOP, TAG_HEIGHT = 36.0, 24.0
#: Height of the strip at the top that names and label take.
HEADER = TAG_TOP + TAG_HEIGHT + 6
DIAMOND = 5.2
#: The strip of the zones' names.
STRIP = NAMES_TOP + NAMES_HEIGHT + NAMES_TOP
_CENTRE = Qt.AlignmentFlag.AlignCenter


class ZoneTints(PaletteLayer):
    """The three zones as tinted areas, behind everything."""

    def spans(self) -> list[tuple[str, float, float]]:
        """Key, left and right pixel of every zone that exists."""
        handles = self.view.handles
        if handles.borders is None:
            return []
        stops = [self.view.pixel_x(x) for x in (handles.limits[0], *handles.borders, handles.limits[1])]
        spans = [(key, stops[i], stops[i + 1]) for i, key in enumerate(ZONES)]
        return [span for span in spans if span[2] > span[1]]

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        """Paint the areas."""
        rect = self.boundingRect()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        for key, left, right in self.spans():
            area = QRectF(left, 0, right - left, rect.height()).intersected(rect)
            painter.fillRect(area, QColor(self._palette.zone(key)[1]))


class Annotations(PaletteLayer):
    """Borders, names, marks and the selection, above the curve.

    Where everything goes is worked out once per change (`names`, `labels`, `tag`), painted as often as
    wanted.
    """

    strip = True
    """The names stand in a strip of their own above the curve."""

    def __init__(self, view: CurveView, z: float, tints: ZoneTints) -> None:
        super().__init__(view, z)
        self._tints = tints
        self._font = plot_font(12)
        self._bold = plot_font(12, bold=True)
        self._metrics = QFontMetricsF(self._font)
        self._bold_metrics = QFontMetricsF(self._bold)
        self._tag_text: Callable[[float], tuple[str, ...]] = lambda x: ()
        self._points: NDArray[np.float64] = np.empty((0, 2))
        self._curves: tuple[tuple[NDArray[np.float64], NDArray[np.float64]], ...] = ()
        self._stale = True
        self._passed: tuple[object, NDArray[np.float64]] | None = None  # a view, and the pixels of the curves in it
        self._labels_view: object = None  # the view for which the labels were placed
        self._names: list[Placed] = []
        self._labels: list[Placed] = []
        self._tag: Placed | None = None
        self.highlight = ""
        self.focused: str | None = None
        self.grips = True
        """False in pictures, where nothing can be dragged."""

    # What to show ---------------------------------------------------------------------------------

    def set_tag_text(self, text: Callable[[float], tuple[str, ...]]) -> None:
        """What the selection's label reads at an axis coordinate, forms from long to short."""
        self._tag_text = text
        self.refresh()

    def set_curves(self, curves: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]]) -> None:
        """The curves that names and labels should leave visible, pairs of arrays of shape (n,)."""
        self._curves, self._passed = tuple(curves), None
        self.refresh()

    def refresh(self, *_: object) -> None:
        """Something moved: arrange anew at the next look."""
        self._stale = True
        self.update()

    @property
    def names(self) -> list[Placed]:
        """The zones' names where they are painted."""
        self._arrange()
        return self._names

    @property
    def labels(self) -> list[Placed]:
        """The marks' labels where they are painted."""
        self._arrange()
        return self._labels

    @property
    def tag(self) -> Placed | None:
        """The selection's label where it is painted."""
        self._arrange()
        return self._tag

    @property
    def words(self) -> list[QRectF]:
        """Where something is written below the strip of the zones' names."""
        return [label.rect for label in (*self.labels, *([] if self.tag is None else [self.tag]))]

    # Arranging ------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        if not self._stale:
            return
        self._stale = False
        view: CurveView = self.view
        rect = self.boundingRect()
        self._names = self._place_names(rect)
        view.name_rects = {ZONES[name.key]: name.rect for name in self._names if name.key in ZONES}
        self._tag = self._place_tag(rect)
        self._labels = self._place_labels(rect)

    def _place_names(self, rect: QRectF) -> list[Placed]:
        spans = [(key, ZONE_NAMES[key], left, right) for key, left, right in self._tints.spans()]
        width = self._bold_metrics.horizontalAdvance
        return place_names(spans, rect.width(), width, NAMES_TOP, NAMES_HEIGHT)

    def _curve_pixels(self, rect: QRectF) -> NDArray[np.float64]:
        """Pixels that a curve passes, close to each other, found once for a view. Shape (n, 2)."""
        key = self._view_key(rect)
        if self._passed is None or self._passed[0] != key:
            self._passed = (key, self._find_curve_pixels(rect))
        return self._passed[1]

    def _view_key(self, rect: QRectF) -> object:
        return (*self.visible_range, rect.width(), rect.height(), self.view.log_y)

    def _find_curve_pixels(self, rect: QRectF) -> NDArray[np.float64]:
        pieces = [np.empty((0, 2))]
        for curve in self._curves:
            x, y = self.thinned_pixels(*curve)
            inside = (x > -50) & (x < rect.width() + 50)
            pieces.append(dense(np.column_stack([x[inside], np.clip(y[inside], -1e5, 1e5)])))
        return np.vstack(pieces)

    def _place_tag(self, rect: QRectF) -> Placed | None:
        selection = self.view.handles.selection
        if selection is None or not 0 <= self.view.pixel_x(selection) <= rect.width():
            return None
        if rect.height() < TAG_TOP + TAG_HEIGHT:
            return None
        at, points = self.view.pixel_x(selection), self._curve_pixels(rect)
        forms = [(text, self._bold_metrics.horizontalAdvance(text) + 16) for text in self._tag_text(selection)]
        first: Placed | None = None
        # At the top, else at the bottom, else wherever the curve leaves room; shortened where it leaves none.
        lowest = rect.height() - TAG_HEIGHT - 8
        for text, width in forms:
            for top in (TAG_TOP, lowest, *np.arange(TAG_TOP + TAG_HEIGHT, lowest, TAG_HEIGHT)):
                for left in tag_places(at, width, rect.width()):
                    place = Placed(SELECTION, text, QRectF(left, float(top), width, TAG_HEIGHT))
                    if not covers(place.rect, points):
                        return place
                    first = first or place
        return first

    def _place_labels(self, rect: QRectF) -> list[Placed]:
        view: CurveView = self.view
        shown = [(mark, QPointF(view.pixel_x(mark.x), view.pixel_y(mark.y))) for mark in view.handles.marks]
        shown = [(mark, at) for mark, at in shown if rect.contains(at)]
        if not shown:
            return []
        taken = [QRectF(at.x() - 7, at.y() - 7, 14, 14) for _, at in shown]
        taken += [name.rect for name in self._names]
        if self._tag is not None:
            taken.append(self._tag.rect.adjusted(-10, -3, 10, 3))
        key = self._view_key(rect)
        if view.held == SELECTION and self._labels_view == key and self._labels_stand([mark.key for mark, _ in shown]):
            return self._labels
        self._labels_view = key
        points = self._curve_pixels(rect)
        lines = (view.handles.selection, *(view.handles.borders or ()), *view.handles.candidates)
        walls = [view.pixel_x(at) for at in lines if at is not None]
        # A label that has to give way to a line that passes comes back behind it.
        wanted = [Wanted(mark.key, mark.label, at) for mark, at in shown]
        room, height = rect.adjusted(4, STRIP + 2 if self.strip else 4, -4, -4), self._metrics.height()

        def width(text: str) -> float:
            return self._metrics.horizontalAdvance(text) + 2

        near = place_labels(wanted, room, width, height, taken, points, walls)
        named = {label.key for label in near}
        left_over = [label for label in wanted if label.key not in named]
        taken += [label.rect.adjusted(-2, -1, 2, 1) for label in near]
        if self.grips:  # a pointer over the mark tells its name, and so does the table, by this number
            numbers = {mark.key: mark.number for mark, _ in shown}
            brief = [Wanted(label.key, numbers[label.key], label.at) for label in left_over]
            return near + place_labels(brief, room, width, height, taken, points, walls)
        taken += [QRectF(wall - 5, 0, 10, rect.height()) for wall in walls]
        return near + place_far(left_over, room, width, height, taken, points)

    def _labels_stand(self, keys: list[str]) -> bool:
        """Whether the labels are those of these marks and keep off the selection: they stay while it is dragged."""
        if sorted(label.key for label in self._labels) != sorted(keys):
            return False
        at = self.view.pixel_x(self.view.handles.selection)
        line = [QRectF(at - 4, 0, 8, self.boundingRect().height())]
        if self._tag is not None:
            line.append(self._tag.rect.adjusted(-10, -3, 10, 3))
        return not any(label.rect.intersects(rect) for label in self._labels for rect in line)

    # Painting -------------------------------------------------------------------------------------

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        """Paint everything, the selection last."""
        self._arrange()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        self._paint_zones(painter)
        self._paint_borders(painter)
        self._paint_names(painter)
        self._paint_marks(painter)
        self._paint_selection(painter)

    def _paint_zones(self, painter: QPainter) -> None:
        """The strip behind the names, and the zone that the pointer or the focus is on."""
        rect = self.boundingRect()
        for key, left, right in self._tints.spans():
            line, tint, _ = self._palette.zone(key)
            area = QRectF(left, 0, right - left, rect.height()).intersected(rect)
            if self.strip:
                painter.fillRect(QRectF(area.left(), 0, area.width(), STRIP), QColor(tint))
            if self.highlight == ZONES[key]:
                stronger = QColor(line)
                stronger.setAlphaF(0.12)
                painter.fillRect(area, stronger)
            if self.focused == ZONES[key]:
                painter.setPen(QPen(QColor(self._palette.accent), 2.0))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(area.adjusted(1, 1, -1, -1))
        if self.strip and self._names:
            painter.setPen(QPen(QColor(self._palette.grid), 1.0))
            painter.drawLine(QLineF(0, STRIP, rect.width(), STRIP))

    def _paint_borders(self, painter: QPainter) -> None:
        handles, height = self.view.handles, self.boundingRect().height()
        if handles.borders is None:
            return
        diverges = handles.borders[1] < handles.limits[1] - 1e-9
        for handle, x, key, dash in (
            (LOW, handles.borders[0], "optimal", "dash"),
            # Without a divergence zone the border waits at the end of the sweep, in the optimal zone's
            # colour.
            (HIGH, handles.borders[1], "divergence" if diverges else "optimal", "dashdot"),
        ):
            at = self.view.pixel_x(x)
            colour = self._palette.zone(key)[0]
            strong = self.highlight in (handle, OPTIMAL_ZONE) or self.focused == handle
            painter.setPen(pen(colour, 2.4 if strong else 1.5, dash))
            painter.drawLine(QLineF(at, 0, at, height))
            if self.grips:
                self._paint_grip(painter, at, 0.75 * height, colour, self._palette.background, handle)

    def _paint_names(self, painter: QPainter) -> None:
        painter.setFont(self._bold)
        for name in self._names:
            _, tint, text = self._palette.zone(name.key)
            # On its zone's own tint, so that a curve that passes behind never touches the letters.
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tint))
            painter.drawRoundedRect(name.rect, 4, 4)
            if self.grips and name.key in ZONES and self.highlight == ZONES[name.key]:
                painter.setPen(QPen(QColor(self._palette.zone(name.key)[0]), 1.2))
                painter.drawRoundedRect(name.rect, 4, 4)
            painter.setPen(QColor(text))
            painter.drawText(name.rect, _CENTRE, name.text)

    def _paint_marks(self, painter: QPainter) -> None:
        rect = self.boundingRect()
        painter.setFont(self._font)
        painter.setPen(QColor(self._palette.text))
        marks = {mark.key: mark for mark in self.view.handles.marks}
        for label in self._labels:
            if (mark := marks.get(label.key)) is not None:
                self._paint_leader(painter, QPointF(self.view.pixel_x(mark.x), self.view.pixel_y(mark.y)), label.rect)
            painter.drawText(label.rect, _CENTRE, label.text)
        painter.setPen(QPen(QColor(self._palette.mark), 1.4))
        selection = self.view.handles.selection
        for mark in self.view.handles.marks:
            at = QPointF(self.view.pixel_x(mark.x), self.view.pixel_y(mark.y))
            if not rect.adjusted(-DIAMOND, -DIAMOND, DIAMOND, DIAMOND).contains(at):
                continue
            chosen = selection is not None and abs(selection - mark.x) < 1e-9
            painter.setBrush(QColor(self._palette.accent if chosen else self._palette.background))
            corners = ((0, -DIAMOND), (DIAMOND, 0), (0, DIAMOND), (-DIAMOND, 0))
            painter.drawPolygon(QPolygonF([at + QPointF(dx, dy) for dx, dy in corners]))

    def _paint_leader(self, painter: QPainter, at: QPointF, label: QRectF) -> None:
        """A fine line from a mark to a label that found no place beside it."""
        end = QPointF(
            min(max(at.x(), label.left()), label.right()),
            min(max(at.y(), label.top()), label.bottom()),
        )
        if QLineF(at, end).length() > 26:
            painter.save()
            painter.setPen(pen(self._palette.muted, 0.8))
            painter.drawLine(QLineF(at, end))
            painter.restore()

    def _paint_selection(self, painter: QPainter) -> None:
        selection, rect = self.view.handles.selection, self.boundingRect()
        if selection is None:
            return
        at = self.view.pixel_x(selection)
        if not -4 <= at <= rect.width() + 4:
            return
        colour = self._palette.selection
        strong = self.highlight == SELECTION or self.focused == SELECTION
        # Below the names, so that it never strikes one through.
        top = NAMES_TOP + NAMES_HEIGHT + 2 if self._names else 0.0
        line = pen(colour, 2.6 if strong else 2.0)
        line.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(line)
        painter.drawLine(QLineF(at, top, at, rect.height()))
        if self.grips:
            middle = TAG_TOP + TAG_HEIGHT / 2
            self._paint_grip(painter, at, middle, colour, self._palette.background, SELECTION)
        if self._tag is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colour))
            painter.drawRoundedRect(self._tag.rect, 5, 5)
            painter.setFont(self._bold)
            painter.setPen(QColor(self._palette.selection_text))
            painter.drawText(self._tag.rect, _CENTRE, self._tag.text)

    def _paint_grip(self, painter: QPainter, x: float, y: float, colour: str, fill: str, handle: str) -> None:
        if self.focused == handle:
            painter.setPen(QPen(QColor(self._palette.accent), 2.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(x - 8, y - 16, 16, 32), 6, 6)
        painter.setPen(QPen(QColor(colour), 1.5))
        painter.setBrush(QColor(fill))
        painter.drawRoundedRect(QRectF(x - 4.5, y - 12, 9, 24), 4, 4)
        for dx in (-1.25, 1.25):
            painter.drawLine(QLineF(x + dx, y - 5, x + dx, y + 5))


class Crosshair(PaletteLayer):
    """Two fine lines: through the pointer, and at the curve's loss there."""

    def __init__(self, view: PlotView, z: float) -> None:
        super().__init__(view, z)
        self._at: tuple[float, float] | None = None

    def show_at(self, at: tuple[float, float] | None) -> None:
        """Cross at this point in axis coordinates, or nowhere; without a level line where the loss is NaN."""
        self._at = at
        self.update()

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        """Paint the cross."""
        if self._at is None:
            return
        rect, at = self.boundingRect(), self.to_px(*self._at)
        painter.setOpacity(0.55)
        painter.setPen(pen(self._palette.muted, 1.0, "dot"))
        x, y = int(at.x()) + 0.5, int(at.y()) + 0.5 if np.isfinite(self._at[1]) else 0.5
        painter.drawLine(QLineF(x, 0, x, rect.height()))
        if np.isfinite(self._at[1]):
            painter.drawLine(QLineF(0, y, rect.width(), y))


def dense(points: NDArray[np.float64], step: float = 3.0) -> NDArray[np.float64]:
    """Points along a polyline of shape (n, 2), not farther than about `step` pixels apart where it is in
    sight."""
    if len(points) < 2:
        return points
    spread = np.abs(np.diff(points, axis=0)).max(axis=1)
    pieces = np.clip(np.ceil(spread / step), 1, 400).astype(int)
    starts = np.repeat(np.arange(len(pieces)), pieces)
    first = np.repeat(np.cumsum(pieces) - pieces, pieces)
    share = ((np.arange(len(starts)) - first) / np.repeat(pieces, pieces))[:, None]
    filled: NDArray[np.float64] = points[starts] * (1 - share) + points[starts + 1] * share
    return np.vstack([filled, points[-1:]])

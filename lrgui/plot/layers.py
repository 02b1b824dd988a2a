"""What a plot is made of: layers that paint themselves over a view in its logical pixels.

All layers are children of the view itself, not of its scaled group. They map their data by the view's range
and paint with pens that are not cosmetic; so they never take part in auto-ranging, a value of 1e5 in a view
of 0…3 cannot overflow Qt's rasteriser, and a picture at another resolution looks like the screen.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPainterPathStroker, QPdfWriter, QPen, QPolygonF
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QGraphicsObject

from lrgui.plot.theme import LIGHT, Palette
from lrgui.plot.ticks import Tick

Floats = NDArray[np.float64]

#: Farther than this outside of the view (logical pixels) nothing can be seen; nearer, slopes stay right.
_FAR = 1e5
#: More points than this in sight lie closer together than their corners are wide.
_DENSE = 300
#: Radius of the circles on a line, in logical pixels.
_CIRCLE = 3.4
#: And at most so much of the space between them: more of it than is covered shows the line.
_PER_SPACE = 0.28
#: Smaller circles would be specks.
_LEAST_CIRCLE = 1.2
#: Nobody sees that one is so much larger than another.
_SAME_RADIUS = 0.02

DASHES: dict[str, tuple[float, ...]] = {
    "solid": (),
    "dash": (6.0, 4.0),
    "dot": (1.5, 3.0),
    "dashdot": (8.0, 3.0, 1.5, 3.0),
}


def pen(colour: str, width: float = 1.0, dash: str = "solid") -> QPen:
    """A pen whose width and dashes are in logical pixels, scaled with the picture."""
    made = QPen(QColor(colour), width)
    if DASHES[dash]:
        made.setDashPattern([length / width for length in DASHES[dash]])
        made.setCapStyle(Qt.PenCapStyle.FlatCap)
    else:
        made.setCapStyle(Qt.PenCapStyle.RoundCap)
    made.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return made


def draws_shapes(painter: QPainter) -> bool:
    """True for a vector picture, which has no pixels and no clipping that one can rely on."""
    return isinstance(painter.device(), QSvgGenerator | QPdfWriter)


class Layer(QGraphicsObject):
    """One layer over a pyqtgraph view: knows where a value lies in pixels, repaints when the view changes."""

    def __init__(self, view: Any, z: float) -> None:
        super().__init__(view)
        self.view = view
        self.setZValue(z)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        view.sigRangeChanged.connect(self.refresh)
        view.sigResized.connect(self._resized)

    def refresh(self, *_: object) -> None:
        """Paint again soon."""
        self.update()

    def update_around(self, px: Floats, py: Floats, margin: float) -> None:
        """Paint again soon what lies within `margin` of these points, in pixels, arrays of shape (n,); the rest stays
        as it is."""
        if len(px):
            low, high = QPointF(float(px.min()), float(py.min())), QPointF(float(px.max()), float(py.max()))
            area = QRectF(low, high).adjusted(-margin, -margin, margin, margin)
            self.update(area.intersected(self.boundingRect()))

    def _resized(self, *_: object) -> None:
        self.prepareGeometryChange()
        self.refresh()

    def boundingRect(self) -> QRectF:
        """The whole view."""
        return QRectF(self.view.rect())

    def shape(self) -> QPainterPath:
        """Nothing to hit: the view does all picking."""
        return QPainterPath()

    @property
    def visible_range(self) -> tuple[float, float, float, float]:
        """Left, right, bottom and top of the view in axis coordinates."""
        (left, right), (bottom, top) = self.view.viewRange()
        return float(left), float(right), float(bottom), float(top)

    def to_px(self, x: float, y: float) -> QPointF:
        """A point in axis coordinates in logical pixels of the view."""
        xs, ys = self.to_pixels(np.array([x]), np.array([y]))
        return QPointF(float(xs[0]), float(ys[0]))

    def to_pixels(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """The same for arrays of shape (n,)."""
        return self.across(x), self.down(self.view.axis_y(y) if getattr(self.view, "log_y", False) else y)

    def across(self, x: Floats) -> Floats:
        """Pixels from the view's left edge of places on the bottom axis. Shape kept."""
        left, right, _, _ = self.visible_range
        pixels: Floats = (x - left) * (self.boundingRect().width() / (right - left or 1.0))
        return pixels

    def down(self, y: Floats) -> Floats:
        """Pixels from the view's top edge of places on the left axis. Shape kept."""
        _, _, bottom, top = self.visible_range
        pixels: Floats = (top - y) * (self.boundingRect().height() / (top - bottom or 1.0))
        return pixels

    def thinned_pixels(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """The part of a smooth line that is in the view, in pixels.

        More points than pixel columns are thinned to one for two columns. `x` rises; both arrays have the shape (n,).
        """
        left, right, _, _ = self.visible_range
        first = max(0, int(np.searchsorted(x, left)) - 1)
        last = min(len(x), int(np.searchsorted(x, right, side="right")) + 1)
        x, y = x[first:last], y[first:last]
        most = max(64, int(self.boundingRect().width()))
        if len(x) > most:
            # The line is smooth at this distance: every n-th point shows it whole, and Qt needs nearly three times as
            # long for twice the points. The last point is kept.
            keep = np.linspace(0, len(x) - 1, most // 2).astype(np.intp)
            x, y = x[keep], y[keep]
        return self.to_pixels(x, y)


class PaletteLayer(Layer):
    """A layer that takes its colours from the palette."""

    def __init__(self, view: Any, z: float) -> None:
        super().__init__(view, z)
        self._palette = LIGHT

    def set_palette(self, palette: Palette) -> None:
        """Paint in other colours."""
        self._palette = palette
        self.update()


class Line(Layer):
    """A smooth line through points with rising x."""

    def __init__(self, view: Any, z: float) -> None:
        super().__init__(view, z)
        self._x: Floats = np.empty(0)
        self._y: Floats = np.empty(0)
        self._pen = QPen(Qt.PenStyle.NoPen)
        self._circles: tuple[QColor, QColor] | None = None
        self._grows = False
        self._radius: float | None = None
        """Of the circles when all of the line was painted last: what is painted beside them is of the same size."""
        self.setFlag(self.GraphicsItemFlag.ItemUsesExtendedStyleOption)  # it is told what of it is to be painted
        self.one_of_many = False
        """True where there are so many lines that they are drawn thin and solid while the view moves."""

    @property
    def points(self) -> tuple[Floats, Floats]:
        """The points, each array of shape (n,)."""
        return self._x, self._y

    def value_at(self, x: float) -> float | None:
        """The line's y at an x, between its points; None outside of them."""
        if not len(self._x) or not self._x[0] <= x <= self._x[-1]:
            return None
        return float(np.interp(x, self._x, self._y))

    def set_pen(self, line: QPen) -> None:
        """Change colour, width or dashes."""
        self._pen = line
        self.update()

    def set_circles(self, outline: str, fill: str) -> None:
        """Mark every point with a small circle."""
        self._circles = QColor(outline), QColor(fill)
        self.update()

    def no_circles(self) -> None:
        """Mark no points."""
        self._circles = None
        self.update()

    def set_data(self, x: Floats, y: Floats) -> None:
        """Show these points, each array of shape (n,), x rising; those that are not finite are left out."""
        x, y = _finite(x, y)
        if len(x) or len(self._x):
            self.update()
        self._x, self._y, self._grows = x, y, False

    def extend(self, x: Floats, y: Floats) -> None:
        """As `set_data`, for points of which the first ones are those shown already: only what is new is painted.

        The last one shown may be another: that is how a thinned line grows.
        """
        x, y = _finite(x, y)
        known, every = len(self._x), self._every()
        same = next((n for n in (known, known - 1) if 0 < n <= len(x) and self._is_shown(n - 1, x, y)), 0)
        grew, self._grows = self._grows, True
        if same == known == len(x) and grew:
            return
        self._x, self._y = x, y
        if not same or not grew or self._every() != every or self._circles_changed():
            self.update()
            return
        first = max(0, (same - 1) // every * every - every)
        px, py = self.to_pixels(x[first:], y[first:])
        wide = 2 * self._pen.widthF() + 2.0
        self.update_around(px, np.clip(py, -_FAR, _FAR), wide if self._circles is None else max(wide, _CIRCLE + 3.0))

    def _circles_changed(self) -> bool:
        """Whether those that are painted already are to be of another size now."""
        if self._circles is None or self._radius is None:
            return False
        return abs(circle_radius(self.visible_pixels()[0]) - self._radius) > _SAME_RADIUS

    def _is_shown(self, at: int, x: Floats, y: Floats) -> bool:
        return bool(self._x[at] == x[at] and self._y[at] == y[at])

    def _every(self) -> int:
        """Every how many-th point of a line that grows is painted: as it is, until there are twice as many."""
        first, last = self._in_view()
        return 1 << max(0, math.ceil(math.log2(max(1.0, (last - first) / max(64.0, self.boundingRect().width())))))

    def _in_view(self) -> tuple[int, int]:
        """From which point to which (not included) it is in the view."""
        left, right, _, _ = self.visible_range
        first = max(0, int(np.searchsorted(self._x, left)) - 1)
        return first, min(len(self._x), int(np.searchsorted(self._x, right, side="right")) + 1)

    def visible_pixels(self) -> tuple[Floats, Floats]:
        """The part of the line that is in the view, thinned."""
        if not len(self._x):
            return self._x, self._y
        if self._grows:  # always the same of its points, or what is painted later would not meet what is there
            every, (first, last) = self._every(), self._in_view()
            at = np.append(np.arange(first // every * every, last - 1, every), last - 1)
            px, py = self.to_pixels(self._x[at], self._y[at])
        else:
            px, py = self.thinned_pixels(self._x, self._y)
        return px, np.clip(py, -_FAR, _FAR)

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        """Paint the line, then its circles."""
        px, py = self.visible_pixels()
        if not len(px):
            return
        hasty = self.one_of_many and self.view.moving
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, not hasty)
        line = QPen(self._pen.color(), 0) if hasty else QPen(self._pen)
        if len(px) > _DENSE:
            line.setJoinStyle(Qt.PenJoinStyle.BevelJoin)  # a third of the time, and no eye sees these corners
        radius = circle_radius(px) if self._circles is not None else 0.0
        whole = not draws_shapes(painter)
        if whole:
            margin = 2 * self._pen.widthF() + _CIRCLE
            first = max(0, int(np.searchsorted(px, option.exposedRect.left() - margin)) - 2)
            last = int(np.searchsorted(px, option.exposedRect.right() + margin)) + 2
            if self._radius is None or (first == 0 and last >= len(px)):
                self._radius = radius
            radius = self._radius
            before = float(np.hypot(np.diff(px[: first + 1]), np.diff(py[: first + 1])).sum())
            px, py = px[first:last], py[first:last]
        painter.setPen(line)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if len(px) > 1 and whole and line.style() == Qt.PenStyle.CustomDashLine:
            line.setDashOffset(before / line.widthF())  # its dashes lie where those of the whole line do
            _draw_dashes(painter, line, _polygon(px, py))
        elif len(px) > 1:
            for xs, ys in [(px, py)] if whole else inside_pieces(px, py, self.boundingRect()):
                painter.drawPolyline(_polygon(xs, ys))
        if self._circles is not None and radius:
            outline, fill = self._circles
            painter.setPen(QPen(outline, 1.6 * radius / _CIRCLE))
            painter.setBrush(fill)
            for x, y in zip(px, py, strict=True):
                painter.drawEllipse(QPointF(float(x), float(y)), radius, radius)


def _draw_dashes(painter: QPainter, dashed: QPen, points: QPolygonF) -> None:
    """Draw a line as Qt does. But where only a part of the screen is painted, Qt itself leaves out what lies elsewhere,
    and then some dashes lie where those of the whole line do not."""
    path = QPainterPath()
    path.addPolygon(points)
    painter.fillPath(QPainterPathStroker(dashed).createStroke(path), dashed.brush())


def circle_radius(px: Floats) -> float:
    """Of the circles at these pixels, shape (n,): smaller where they lie close, 0 where there is no room for any."""
    room = _PER_SPACE * float(np.median(np.diff(px))) if len(px) > 1 else _CIRCLE
    return 0.0 if room < _LEAST_CIRCLE else min(_CIRCLE, room)


class Band(Layer):
    """A light area between two lines over the same rising x."""

    def __init__(self, view: Any, z: float) -> None:
        super().__init__(view, z)
        self._x: Floats = np.empty(0)
        self._low: Floats = np.empty(0)
        self._high: Floats = np.empty(0)
        self._fill = QColor("#000000")

    @property
    def points(self) -> tuple[Floats, Floats, Floats]:
        """x, lower and upper line, each array of shape (n,)."""
        return self._x, self._low, self._high

    def set_fill(self, colour: str, alpha: float) -> None:
        """Change colour and opacity (0…1)."""
        self._fill = QColor(colour)
        self._fill.setAlphaF(alpha)
        self.update()

    def set_data(self, x: Floats, low: Floats, high: Floats) -> None:
        """Show these, each array of shape (n,), x rising; points that are not finite are left out."""
        good = np.isfinite(x) & np.isfinite(low) & np.isfinite(high)
        self._x, self._low, self._high = x[good], low[good], high[good]
        self.update()

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        """Paint the area."""
        if len(self._x) < 2:
            return
        keep = np.unique(np.linspace(0, len(self._x) - 1, max(64, int(self.boundingRect().width()))).astype(np.intp))
        x, low, high = self._x[keep], self._low[keep], self._high[keep]
        around = self.to_pixels(np.concatenate([x, x[::-1]]), np.concatenate([low, high[::-1]]))
        path = QPainterPath()
        path.addPolygon(_polygon(around[0], np.clip(around[1], -_FAR, _FAR)))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.save()
        painter.setClipRect(self.boundingRect())
        painter.fillPath(path, self._fill)
        painter.restore()


class Grid(Layer):
    """Grid lines at the labelled ticks of two axes."""

    def __init__(self, view: Any, z: float, across: Callable[[], list[Tick]], up: Callable[[], list[Tick]]) -> None:
        super().__init__(view, z)
        self._across, self._up = across, up
        self._colour = QColor("#000000")

    def set_colour(self, colour: str) -> None:
        """Change the lines' colour."""
        self._colour = QColor(colour)
        self.update()

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        """Paint the lines."""
        rect = self.boundingRect()
        if rect.isEmpty():
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(QPen(self._colour, 1.0))
        for tick in self._across():
            if tick.major:
                x = int(self.to_px(tick.position, 0.0).x()) + 0.5
                painter.drawLine(QPointF(x, 0), QPointF(x, rect.height()))
        for tick in self._up():
            if tick.major:
                y = int(self.down(np.array([tick.position]))[0]) + 0.5
                painter.drawLine(QPointF(0, y), QPointF(rect.width(), y))


def inside_pieces(x: Floats, y: Floats, rect: QRectF) -> list[tuple[Floats, Floats]]:
    """The parts of a polyline, arrays of shape (n,), that lie within `rect`, cut exactly at its edges.

    For files that know no clipping. Liang and Barsky's method, segment by segment.
    """
    pieces: list[tuple[list[float], list[float]]] = []
    joined = False
    for x0, y0, x1, y1 in zip(x[:-1], y[:-1], x[1:], y[1:], strict=True):
        dx, dy = x1 - x0, y1 - y0
        first, last = 0.0, 1.0
        for step, room in (
            (-dx, x0 - rect.left()),
            (dx, rect.right() - x0),
            (-dy, y0 - rect.top()),
            (dy, rect.bottom() - y0),
        ):
            if step == 0:
                last = last if room >= 0 else -1.0
            elif step < 0:
                first = max(first, room / step)
            else:
                last = min(last, room / step)
        if first > last:
            joined = False
            continue
        if not joined or first > 0:
            pieces.append(([float(x0 + first * dx)], [float(y0 + first * dy)]))
        pieces[-1][0].append(float(x0 + last * dx))
        pieces[-1][1].append(float(y0 + last * dy))
        joined = last == 1.0
    return [(np.array(xs), np.array(ys)) for xs, ys in pieces]


def _finite(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """The points of which both numbers are finite, arrays of shape (m,) of (n,)."""
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    good = np.isfinite(x) & np.isfinite(y)
    return (x, y) if good.all() else (x[good], y[good])


def _polygon(x: Floats, y: Floats) -> QPolygonF:
    made: QPolygonF = pg.functions.arrayToQPolygonF(x, y)
    return made

"""What a plot is made of: layers that paint themselves over a view in its logical pixels.

All layers are children of the view itself, not of its scaled group. They map their data by the view's range
and paint with pens that are not cosmetic; so they never take part in auto-ranging, a value of 1e5 in a view
of 0…3 cannot overflow Qt's rasteriser, and a picture at another resolution looks like the screen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QGraphicsObject

from lrgui.plot.ticks import Tick

Floats = NDArray[np.float64]

#: Farther than this outside of the view (logical pixels) nothing can be seen; nearer, slopes stay right.
_FAR = 1e5
#: More points than this in sight lie closer together than their corners are wide.
_DENSE = 300
#: More dots than this are drawn small and light.
_MANY = 20_000

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
        left, right, bottom, top = self.visible_range
        rect = self.boundingRect()
        px = (x - left) * (rect.width() / (right - left or 1.0))
        py = (top - y) * (rect.height() / (top - bottom or 1.0))
        return px, py

    def thinned_pixels(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """The part of a smooth line that is in the view, in pixels, thinned to about one point per pixel column.

        `x` rises; both arrays have the shape (n,).
        """
        left, right, _, _ = self.visible_range
        first = max(0, int(np.searchsorted(x, left)) - 1)
        last = min(len(x), int(np.searchsorted(x, right, side="right")) + 1)
        x, y = x[first:last], y[first:last]
        most = max(64, int(self.boundingRect().width()))
        if len(x) > most:
            # The line is smooth at this distance: every n-th point shows it whole. The last point is kept.
            keep = np.unique(np.linspace(0, len(x) - 1, most).astype(np.intp))
            x, y = x[keep], y[keep]
        return self.to_pixels(x, y)


class Line(Layer):
    """A smooth line through points with rising x."""

    def __init__(self, view: Any, z: float) -> None:
        super().__init__(view, z)
        self._x: Floats = np.empty(0)
        self._y: Floats = np.empty(0)
        self._pen = QPen(Qt.PenStyle.NoPen)
        self._circles: tuple[QColor, QColor] | None = None

    @property
    def points(self) -> tuple[Floats, Floats]:
        """The points, each array of shape (n,)."""
        return self._x, self._y

    def set_pen(self, line: QPen) -> None:
        """Change colour, width or dashes."""
        self._pen = line
        self.update()

    def set_circles(self, outline: str, fill: str) -> None:
        """Mark every point with a small circle."""
        self._circles = QColor(outline), QColor(fill)
        self.update()

    def set_data(self, x: Floats, y: Floats) -> None:
        """Show these points, each array of shape (n,), x rising; those that are not finite are left out."""
        x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
        good = np.isfinite(x) & np.isfinite(y)
        self._x, self._y = (x, y) if good.all() else (x[good], y[good])
        self.update()

    def visible_pixels(self) -> tuple[Floats, Floats]:
        """The part of the line that is in the view, thinned to about one point per pixel column."""
        if not len(self._x):
            return self._x, self._y
        px, py = self.thinned_pixels(self._x, self._y)
        return px, np.clip(py, -_FAR, _FAR)

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        """Paint the line, then its circles."""
        px, py = self.visible_pixels()
        if not len(px):
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        line = QPen(self._pen)
        if len(px) > _DENSE:
            line.setJoinStyle(Qt.PenJoinStyle.BevelJoin)  # a third of the time, and no eye sees these corners
        painter.setPen(line)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if len(px) > 1:
            whole = not isinstance(painter.device(), QSvgGenerator)
            for xs, ys in [(px, py)] if whole else inside_pieces(px, py, self.boundingRect()):
                painter.drawPolyline(_polygon(xs, ys))
        if self._circles is not None:
            outline, fill = self._circles
            painter.setPen(QPen(outline, 1.6))
            painter.setBrush(fill)
            for x, y in zip(px, py, strict=True):
                painter.drawEllipse(QPointF(float(x), float(y)), 3.4, 3.4)


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


class Dots(Layer):
    """Raw measurements as faint dots, drawn into an image of the screen's own pixels.

    The image is kept: while the view stands still only the dots that are new are added, so that a run of 1e5
    batches costs no more per frame than one of 200.
    """

    def __init__(self, view: Any, z: float) -> None:
        super().__init__(view, z)
        self._x: Floats = np.empty(0)
        self._y: Floats = np.empty(0)
        self._colour = QColor("#000000")
        self._radius = 1.6
        self._alpha = 0.6
        self._pixels: NDArray[np.uint32] = np.zeros(0, np.uint32)
        self._image = QImage()
        self._rim = 0
        self._wide = 0
        self._key: tuple[object, ...] = ()
        self._drawn = 0

    @property
    def points(self) -> tuple[Floats, Floats]:
        """The points, each array of shape (n,)."""
        return self._x, self._y

    def set_style(self, colour: str, alpha: float = 0.6, radius: float = 1.6) -> None:
        """Colour, opacity (0…1) and radius in logical pixels."""
        self._colour, self._alpha, self._radius = QColor(colour), alpha, radius
        self._drawn = 0
        self._key = ()
        self.update()

    def set_data(self, x: Floats, y: Floats) -> None:
        """Show these points, each array of shape (n,). Those that are not finite are not drawn."""
        self._x, self._y = x, y
        self._key = ()
        self.update()

    def extend(self, x: Floats, y: Floats) -> None:
        """Show these points, of which the first ones are those shown already."""
        if len(x) < self._drawn:
            self._key = ()
        self._x, self._y = x, y
        self.update()

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        """Bring the image up to date and paint it pixel by pixel."""
        if not len(self._x):
            return
        ratio = painter.device().devicePixelRatioF()
        to_device = painter.worldTransform()
        rect = self.boundingRect()
        scale = to_device.m11() * ratio
        corner = to_device.map(rect.topLeft()) * ratio
        at_x, at_y = int(np.floor(corner.x())), int(np.floor(corner.y()))
        width, height = int(np.ceil(rect.width() * scale)) + 1, int(np.ceil(rect.height() * scale)) + 1
        many = len(self._x) > _MANY
        key = (self.visible_range, width, height, scale, corner.x() - at_x, corner.y() - at_y, many)
        radius = (0.8 if many else self._radius) * scale
        if key != self._key:
            # A rim around the image takes what dots at its edge leave outside, without a test for each pixel.
            self._rim = int(np.ceil(radius))
            self._wide = width + 2 * self._rim
            self._pixels = np.zeros(self._wide * (height + 2 * self._rim), np.uint32)
            inner = self._pixels[self._rim * self._wide + self._rim :]
            self._image = QImage(inner.data, width, height, 4 * self._wide, QImage.Format.Format_ARGB32_Premultiplied)
            self._key = key
            self._drawn = 0
        if self._drawn < len(self._x):
            px, py = self.to_pixels(self._x[self._drawn :], self._y[self._drawn :])
            px, py = px * scale + (corner.x() - at_x), py * scale + (corner.y() - at_y)
            self._stamp(px, py, width, height, radius, self._alpha * (0.6 if many else 1.0))
            self._drawn = len(self._x)
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        self._image.setDevicePixelRatio(ratio)
        painter.drawImage(QPointF(at_x / ratio, at_y / ratio), self._image)
        painter.restore()

    def _stamp(self, px: Floats, py: Floats, width: int, height: int, radius: float, alpha: float) -> None:
        rim, wide = self._rim, self._wide
        with np.errstate(invalid="ignore"):
            inside = (px >= 0) & (px < width) & (py >= 0) & (py < height)
        column = px[inside].astype(np.intp) + rim
        row = py[inside].astype(np.intp) + rim
        cells = np.unique(row * wide + column)
        for dy in range(-rim, rim + 1):
            for dx in range(-rim, rim + 1):
                cover = min(1.0, max(0.0, radius + 0.5 - float(np.hypot(dx, dy))))
                if cover > 0:
                    at = cells + dy * wide + dx
                    # One colour throughout: the larger number is the more opaque pixel.
                    value = np.uint32(_premultiplied(self._colour, alpha * cover))
                    self._pixels[at] = np.maximum(self._pixels[at], value)


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
                y = int(self.to_px(0.0, tick.position).y()) + 0.5
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


def _premultiplied(colour: QColor, alpha: float) -> int:
    def part(value: float) -> int:
        return round(255 * value * alpha)

    return round(255 * alpha) << 24 | part(colour.redF()) << 16 | part(colour.greenF()) << 8 | part(colour.blueF())


def _polygon(x: Floats, y: Floats) -> QPolygonF:
    made: QPolygonF = pg.functions.arrayToQPolygonF(x, y)
    return made

"""Raw measurements as dots: any number of them, at the screen's own pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath

from lrgui.plot.layers import Layer, draws_shapes

Floats = NDArray[np.float64]

#: More dots than this are drawn small and light.
_MANY = 20_000
#: Of more cells than this it is quicker to mark them in the whole image than to sort them.
_MANY_CELLS = 10_000
#: While the view moves, no more than about this many are drawn.
_MOST_MOVING = 20_000
#: More are pixels in a vector picture, too, which would be too large a file: so many for each logical one.
_MOST_SHAPES, _FINE = 5_000, 4.0


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
        self._step = 1
        """Every how many-th dot is in the image."""
        self._key: tuple[object, ...] = ()
        self._drawn = 0
        view.stopped.connect(self._complete)

    def _complete(self) -> None:
        """Draw the dots that were left out while the view moved."""
        if self._step > 1:
            self._key = ()
            self.update()

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
        shown = len(self._x)
        if len(x) < self._drawn:
            self._key = ()
        self._x, self._y = x, y
        if len(x) < shown or (len(x) > _MANY) != (shown > _MANY):  # all of them are drawn in another way
            self.update()
        elif len(x) > shown:
            px, py = self.to_pixels(x[shown:], y[shown:])
            good = np.isfinite(px) & np.isfinite(py)
            self.update_around(px[good], py[good], self._radius + 2.0)

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        """Bring the image up to date and paint it pixel by pixel."""
        if not len(self._x):
            return
        shapes = draws_shapes(painter)
        if shapes and len(self._x) <= _MOST_SHAPES:
            self._paint_shapes(painter)
            return
        ratio = _FINE if shapes else painter.device().devicePixelRatioF()
        to_device = painter.worldTransform()
        rect = self.boundingRect()
        scale = to_device.m11() * ratio
        corner = to_device.map(rect.topLeft()) * ratio
        at_x, at_y = int(np.floor(corner.x())), int(np.floor(corner.y()))
        width, height = int(np.ceil(rect.width() * scale)) + 1, int(np.ceil(rect.height() * scale)) + 1
        many = len(self._x) > _MANY
        key = (self.visible_range, self.view.log_y, width, height, scale, corner.x() - at_x, corner.y() - at_y, many)
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
            self._step = max(1, len(self._x) // _MOST_MOVING) if self.view.moving else 1
        if self._drawn < len(self._x):
            px, py = self.to_pixels(self._x[self._drawn :: self._step], self._y[self._drawn :: self._step])
            px, py = px * scale + (corner.x() - at_x), py * scale + (corner.y() - at_y)
            self._stamp(px, py, width, height, radius, self._alpha * (0.6 if many else 1.0))
            self._drawn = len(self._x)
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        self._image.setDevicePixelRatio(ratio)
        painter.drawImage(QPointF(at_x / ratio, at_y / ratio), self._image)
        painter.restore()

    def _paint_shapes(self, painter: QPainter) -> None:
        rect, circles = self.boundingRect(), QPainterPath()
        circles.setFillRule(Qt.FillRule.WindingFill)  # of one colour throughout, like the pixels
        for x, y in zip(*(part.tolist() for part in self.to_pixels(self._x, self._y)), strict=True):
            if rect.contains(x, y):
                circles.addEllipse(QPointF(x, y), self._radius, self._radius)
        colour = QColor(self._colour)
        colour.setAlphaF(self._alpha)
        painter.fillPath(circles, colour)

    def _stamp(self, px: Floats, py: Floats, width: int, height: int, radius: float, alpha: float) -> None:
        rim, wide = self._rim, self._wide
        with np.errstate(invalid="ignore"):
            inside = (px >= 0) & (px < width) & (py >= 0) & (py < height)
        column = px[inside].astype(np.intp) + rim
        row = py[inside].astype(np.intp) + rim
        cells = _distinct(row * wide + column, len(self._pixels))
        for dy in range(-rim, rim + 1):
            for dx in range(-rim, rim + 1):
                cover = min(1.0, max(0.0, radius + 0.5 - float(np.hypot(dx, dy))))
                if cover > 0:
                    at = cells + dy * wide + dx
                    # One colour throughout: the larger number is the more opaque pixel.
                    value = np.uint32(_premultiplied(self._colour, alpha * cover))
                    self._pixels[at] = np.maximum(self._pixels[at], value)


def _distinct(cells: NDArray[np.intp], size: int) -> NDArray[np.intp]:
    """The cells, shape (n,), of an image of `size` pixels, each one once."""
    if len(cells) < _MANY_CELLS:
        return np.unique(cells)
    marked = np.zeros(size, np.bool_)
    marked[cells] = True
    return np.flatnonzero(marked)


def _premultiplied(colour: QColor, alpha: float) -> int:
    def part(value: float) -> int:
        return round(255 * value * alpha)

    return round(255 * alpha) << 24 | part(colour.redF()) << 16 | part(colour.greenF()) << 8 | part(colour.blueF())

"""Pictures of the plots: the same widgets, never shown, rendered at another resolution.

Every layer paints in logical pixels (1/96 inch) with pens that scale, so a picture is the screen enlarged:
lines, dots and letters keep their proportions at every number of dots per inch.
"""

from __future__ import annotations

import os
import sys

from PySide6.QtCore import (
    QBuffer,
    QByteArray,
    QCoreApplication,
    QEvent,
    QIODevice,
    QMarginsF,
    QRectF,
    QSize,
    QSizeF,
    Qt,
)
from PySide6.QtGui import QColor, QImage, QImageWriter, QPageSize, QPaintDevice, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QApplication, QWidget

from lrgui.core.curve.sweep_reading import SweepReading
from lrgui.plot.chart import Canvas
from lrgui.plot.curve_plot import CurveLook, CurvePlot
from lrgui.plot.svg import outline_text
from lrgui.plot.theme import Palette

_LOGICAL_DPI = 96

_kept: list[QApplication] = []


def ensure_application() -> None:
    """Make sure that a Qt application exists, without a display where none was made before.

    The application is kept for the life of the process: Qt allows one only.
    """
    if QApplication.instance() is None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        _kept.append(QApplication(sys.argv[:1]))


def curve_plot(reading: SweepReading, palette: Palette, look: CurveLook | None = None) -> CurvePlot:
    """The plot of a sweep that was read, with its zones and its selection, for a picture; `look` is that of another
    plot of it."""
    plot = CurvePlot(None, palette, y_title="Smoothed loss", grips=False)
    plot.set_finished(reading)
    plot.set_selection(reading.selection)
    if look is not None:
        plot.show_like(look)
    return plot


def png_bytes(image: QImage) -> bytes:
    """The image as a PNG file, its dots per metre included. Raises OSError if it cannot be encoded."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    # Not `image.save`: its stubs ask for a format of bytes, which it refuses when it runs.
    if not QImageWriter(buffer, QByteArray(b"PNG")).write(image):
        raise OSError("The picture could not be saved as PNG.")
    return bytes(data.data())


def paint(
    plot: QWidget,
    canvas: Canvas,
    palette: Palette,
    size_inches: tuple[float, float],
    dpi: int,
    *,
    transparent: bool = False,
) -> QImage:
    """A plot that was never shown, as pixels; with nothing behind it where it is to be `transparent`."""
    _lay_out(plot, canvas, size_inches)
    image = QImage(round(size_inches[0] * dpi), round(size_inches[1] * dpi), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(_behind(canvas, palette, transparent))
    ratio = dpi / _LOGICAL_DPI
    image.setDevicePixelRatio(ratio)
    painter = QPainter(image)
    try:
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        target = QRectF(0, 0, image.width() / ratio, image.height() / ratio)
        canvas.scene().render(painter, target, canvas.sceneRect(), Qt.AspectRatioMode.IgnoreAspectRatio)
    finally:
        painter.end()
    image.setDevicePixelRatio(1.0)
    per_metre = round(dpi / 0.0254)
    image.setDotsPerMeterX(per_metre)
    image.setDotsPerMeterY(per_metre)
    return image if transparent else image.convertToFormat(QImage.Format.Format_RGB32)


def paint_svg(
    plot: QWidget,
    canvas: Canvas,
    palette: Palette,
    size_inches: tuple[float, float],
    title: str,
    *,
    transparent: bool = False,
) -> bytes:
    """A plot that was never shown, as an SVG document of the same size."""
    width, height = _lay_out(plot, canvas, size_inches)
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    # Qt writes no clipping (and in version 1.1 one that it never takes back): lines cut themselves, see layers.
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setTitle(title)
    generator.setSize(QSize(width, height))
    generator.setViewBox(QRectF(0, 0, width, height))
    generator.setResolution(_LOGICAL_DPI)
    _paint_shapes(generator, canvas, _behind(canvas, palette, transparent), width, height)
    return outline_text(bytes(data.data()).decode()).encode()


def paint_pdf(
    plot: QWidget,
    canvas: Canvas,
    palette: Palette,
    size_inches: tuple[float, float],
    title: str,
    *,
    transparent: bool = False,
) -> bytes:
    """A plot that was never shown, as a PDF document with one page of the same size."""
    width, height = _lay_out(plot, canvas, size_inches)
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setTitle(title)
    writer.setCreator("LR Finder")
    writer.setResolution(_LOGICAL_DPI)
    writer.setPageSize(QPageSize(QSizeF(*size_inches), QPageSize.Unit.Inch, "", QPageSize.SizeMatchPolicy.ExactMatch))
    writer.setPageMargins(QMarginsF())
    _paint_shapes(writer, canvas, _behind(canvas, palette, transparent), width, height)
    return bytes(data.data())


def _behind(canvas: Canvas, palette: Palette, transparent: bool) -> QColor:
    """The colour behind the plot."""
    if not transparent:
        return QColor(palette.background)
    canvas.setBackground(None)
    return QColor(Qt.GlobalColor.transparent)


def _paint_shapes(device: QPaintDevice, canvas: Canvas, behind: QColor, width: int, height: int) -> None:
    """Paint as vectors, on a device that takes them."""
    area, painter = QRectF(0, 0, width, height), QPainter(device)
    try:
        if behind.alpha():
            painter.fillRect(area, behind)
        canvas.scene().render(painter, area, canvas.sceneRect(), Qt.AspectRatioMode.IgnoreAspectRatio)
    finally:
        painter.end()


def _lay_out(plot: QWidget, canvas: Canvas, size_inches: tuple[float, float]) -> tuple[int, int]:
    if QApplication.instance() is None:
        raise RuntimeError("A picture needs a QApplication.")
    width, height = (round(inches * _LOGICAL_DPI) for inches in size_inches)
    plot.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    plot.resize(width, height)
    canvas.resize(width, height)
    # The first rendering of a widget that was never shown is wrong: its layout settles only then.
    plot.grab()
    # A legend that is as wide as this now may take another number of rows.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
    return width, height

"""Pictures of the plots: the same widgets, never shown, rendered at another resolution.

Every layer paints in logical pixels (1/96 inch) with pens that scale, so a picture is the screen enlarged:
lines, dots and letters keep their proportions at every number of dots per inch.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QImageWriter, QPainter
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import delete

from lrgui.core.analysis import Analysis
from lrgui.core.events import EpochEvent
from lrgui.core.zones import Zones
from lrgui.plot.chart import Canvas
from lrgui.plot.curve_plot import CurvePlot
from lrgui.plot.theme import LIGHT, Palette
from lrgui.plot.training_plot import Floats, TrainingPlot

_LOGICAL_DPI = 96


def curve_picture(
    analysis: Analysis,
    selection: float | None = None,
    zones: Zones | None = None,
    title: str = "LR Finder",
    palette: Palette = LIGHT,
    size_inches: tuple[float, float] = (8.0, 5.0),
    dpi: int = 300,
    average: bool = False,
) -> QImage:
    """The annotated curve, `size_inches` (width, height) at `dpi` dots per inch.

    `zones` and `selection` are those on screen. Needs a QApplication (any platform, `offscreen` too).
    """
    plot = CurvePlot(None, palette, title=title, y_title="Smoothed loss", grips=False)
    try:
        plot.show_average(average)
        plot.set_finished(analysis)
        plot.set_zones(zones)
        plot.set_selection(selection)
        return _render(plot, plot.canvas, palette, size_inches, dpi)
    finally:
        delete(plot)


def training_picture(
    planned_lr: Floats,
    batches_per_epoch: int,
    epochs: Sequence[EpochEvent],
    losses: Floats,
    lrs: Floats,
    title: str = "LR Finder: training",
    palette: Palette = LIGHT,
    size_inches: tuple[float, float] = (8.0, 6.0),
    dpi: int = 300,
) -> QImage:
    """A training's loss, accuracy and learning rate: arguments as `TrainingPlot` takes them."""
    plot = TrainingPlot(None, palette, title=title)
    try:
        plot.begin(planned_lr, batches_per_epoch, max([e.epoch for e in epochs], default=1))
        plot.set_live(losses, lrs)
        plot.set_epochs(epochs)
        plot.reset_view()
        return _render(plot, plot.canvas, palette, size_inches, dpi)
    finally:
        delete(plot)


def png_bytes(image: QImage) -> bytes:
    """The image as a PNG file, its dots per metre included. Raises OSError if it cannot be encoded."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    # Not `image.save`: its stubs ask for a format of bytes, which it refuses when it runs.
    if not QImageWriter(buffer, QByteArray(b"PNG")).write(image):
        raise OSError("The picture could not be encoded as PNG.")
    return bytes(data.data())


def _render(plot: QWidget, canvas: Canvas, palette: Palette, size_inches: tuple[float, float], dpi: int) -> QImage:
    if QApplication.instance() is None:
        raise RuntimeError("A picture needs a QApplication.")
    width, height = (round(inches * _LOGICAL_DPI) for inches in size_inches)
    plot.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    plot.resize(width, height)
    canvas.resize(width, height)
    # The first rendering of a widget that was never shown is wrong: its layout settles only then.
    plot.grab()
    image = QImage(round(size_inches[0] * dpi), round(size_inches[1] * dpi), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(QColor(palette.background))
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
    return image.convertToFormat(QImage.Format.Format_RGB32)

"""Pictures: their size, their dots per metre, and that they look like the screen."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from costs import costs_less
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from lrgui.core.curve.zones import Zones
from lrgui.export import pictures
from lrgui.export.report import Report
from lrgui.export.style import PictureStyle
from lrgui.plot import picture
from lrgui.plot.theme import DARK, LIGHT

ZONES = Zones(1e-6, 1e-3, 1e-1, 1.0)


def image_of(reading, **style):
    return pictures.image(Report(reading, name="digits"), PictureStyle(**style))


def column(image: QImage, lr: float) -> int:
    """The pixel column of a learning rate: the axis spans 2 % more than the sweep on either side."""
    left = 2 + 64  # margin and axis, in logical pixels
    right = 768 - 16
    share = (np.log10(lr) + 6.12) / 6.24
    return round((left + share * (right - left)) * image.width() / 768)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda p: p.name)
def test_zones_are_at_the_right_pixels(qtbot, reading, palette):
    image = image_of(reading.with_selection(1e-2, ZONES), theme=palette.name)
    y = image.height() - 190
    tints = {3.1e-6: palette.low_tint, 2.1e-3: palette.optimal_tint, 0.57: palette.divergence_tint}
    for lr, tint in tints.items():
        assert image.pixelColor(column(image, lr), y).name().upper() == tint
    assert image.pixelColor(column(image, 1e-2), y).name().upper() == palette.selection
    assert image.pixelColor(2, 2).name().upper() == palette.background


def test_the_default_is_8_by_5_inches_at_300_dpi(qtbot, reading):
    image = QImage.fromData(pictures.png(Report(reading.with_selection(1e-2, ZONES)), PictureStyle()), "PNG")
    assert (image.width(), image.height()) == (2400, 1500)
    assert (image.dotsPerMeterX(), image.dotsPerMeterY()) == (11811, 11811)


@pytest.mark.parametrize("dpi", [72, 96, 150, 600])
def test_any_size(qtbot, reading, dpi):
    image = image_of(reading, size=(6, 4), dpi=dpi)
    assert (image.width(), image.height()) == (6 * dpi, 4 * dpi)


def test_a_picture_is_the_screen_enlarged(qtbot, reading):
    small = image_of(reading.with_selection(1e-2, ZONES), dpi=96)
    large = image_of(reading.with_selection(1e-2, ZONES), dpi=288).scaled(
        small.size(), mode=picture.Qt.TransformationMode.SmoothTransformation
    )
    one, other = (
        np.frombuffer(i.convertToFormat(QImage.Format.Format_RGB32).constBits(), np.uint8).astype(int)
        for i in (small, large)
    )
    assert np.abs(one - other).mean() < 2.0


def test_nothing_is_left_behind(qtbot, reading, monkeypatch):
    made = []
    widget = picture.CurvePlot

    def remember(*args, **kwargs):
        plot = widget(*args, **kwargs)
        made.append(weakref.ref(plot))
        return plot

    gc.collect()  # what earlier tests left
    before = len(QApplication.allWidgets())
    monkeypatch.setattr(picture, "CurvePlot", remember)
    for _ in range(3):
        image_of(reading, dpi=96)
    gc.collect()
    assert [ref() for ref in made] == [None] * 3
    assert len(QApplication.allWidgets()) == before


def test_a_picture_costs_little_more_than_encoding_it(qtbot, reading):
    image = image_of(reading)
    # Encoding goes through the same dots once.
    assert costs_less(lambda: image_of(reading), 3, lambda: picture.png_bytes(image))

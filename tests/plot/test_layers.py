"""Dots and lines, pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage

from lrgui.plot.chart import Canvas
from lrgui.plot.layers import Dots, Line, pen
from lrgui.plot.view import PlotView


@pytest.fixture
def canvas(qtbot):
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.resize(300, 200)
    view = PlotView()
    canvas.setCentralItem(view)
    canvas.setBackground("#FFFFFF")
    view.setRange(xRange=(0, 300), yRange=(0, 200), padding=0)
    canvas.view = view
    canvas.grab()
    return canvas


def picture(canvas) -> QImage:
    return canvas.grab().toImage()


def dark_at(canvas, x: float, y: float) -> bool:
    image = picture(canvas)
    ratio = image.devicePixelRatio()
    return image.pixelColor(int(x * ratio), int((200 - y) * ratio)).lightness() < 200


def test_a_dot_is_where_its_value_is(canvas):
    dots = Dots(canvas.view, 0)
    dots.set_style("#000000", alpha=1.0)
    dots.set_data(np.array([100.0, 250.0]), np.array([50.0, np.nan]))
    assert dark_at(canvas, 100, 50)
    assert not dark_at(canvas, 150, 50)


def test_new_dots_are_added_to_those_drawn(canvas):
    dots = Dots(canvas.view, 0)
    dots.set_style("#000000", alpha=1.0)
    x, y = np.arange(10.0, 290), np.full(280, 120.0)
    for n in (1, 40, 280):
        dots.extend(x[:n], y[:n])
        assert dark_at(canvas, x[n - 1], 120)
    assert dark_at(canvas, 10, 120)
    dots.extend(x[:5], y[:5])  # another run
    assert not dark_at(canvas, 200, 120)


def test_dots_follow_the_view(canvas):
    dots = Dots(canvas.view, 0)
    dots.set_style("#000000", alpha=1.0)
    dots.set_data(np.array([100.0]), np.array([50.0]))
    picture(canvas)
    canvas.view.setRange(xRange=(50, 350), yRange=(0, 200), padding=0)
    assert dark_at(canvas, 50, 50)
    assert not dark_at(canvas, 100, 50)


def test_a_line_to_a_huge_value_keeps_its_direction(canvas):
    line = Line(canvas.view, 0)
    line.set_pen(pen("#000000", 3))
    line.set_data(np.array([0.0, 100.0, 101.0]), np.array([50.0, 50.0, 1e300]))
    assert dark_at(canvas, 50, 50)
    assert dark_at(canvas, 100, 150)


def test_a_long_line_is_thinned_and_keeps_its_ends(canvas):
    line = Line(canvas.view, 0)
    line.set_data(np.linspace(0, 300, 100_000), np.linspace(0, 200, 100_000))
    px, py = line.visible_pixels()
    assert len(px) <= 300
    assert (px[0], px[-1]) == pytest.approx((0, 300))
    assert (py[0], py[-1]) == pytest.approx((200, 0))


def test_dash_patterns_do_not_depend_on_the_width():
    thin, thick = pen("#000000", 1, "dash"), pen("#000000", 2, "dash")
    assert [d * 2 for d in thick.dashPattern()] == pytest.approx(list(thin.dashPattern()))
    assert pen("#123456").color() == QColor("#123456")

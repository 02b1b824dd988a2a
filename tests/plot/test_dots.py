"""Dots, pixel by pixel."""

from __future__ import annotations

import numpy as np

from lrgui.plot.dots import Dots, _distinct


def test_a_dot_is_where_its_value_is(canvas, dark_at):
    dots = Dots(canvas.view, 0)
    dots.set_style("#000000", alpha=1.0)
    dots.set_data(np.array([100.0, 250.0]), np.array([50.0, np.nan]))
    assert dark_at(100, 50)
    assert not dark_at(150, 50)


def test_new_dots_are_added_to_those_drawn(canvas, dark_at):
    dots = Dots(canvas.view, 0)
    dots.set_style("#000000", alpha=1.0)
    x, y = np.arange(10.0, 290), np.full(280, 120.0)
    for n in (1, 40, 280):
        dots.extend(x[:n], y[:n])
        assert dark_at(x[n - 1], 120)
    assert dark_at(10, 120)
    dots.extend(x[:5], y[:5])  # another run
    assert not dark_at(200, 120)


def test_dots_follow_the_view(canvas, dark_at):
    dots = Dots(canvas.view, 0)
    dots.set_style("#000000", alpha=1.0)
    dots.set_data(np.array([100.0]), np.array([50.0]))
    canvas.grab()
    canvas.view.setRange(xRange=(50, 350), yRange=(0, 200), padding=0)
    assert dark_at(50, 50)
    assert not dark_at(100, 50)


def test_while_the_view_moves_a_part_is_drawn_and_then_everything(canvas, qtbot):
    dots = Dots(canvas.view, 0)
    dots.set_style("#000000", alpha=1.0)
    x = np.linspace(0, 300, 200_000)
    dots.set_data(x, 100 + 90 * np.sin(x / 20))
    whole = canvas.grab().toImage()
    canvas.view.sigRangeChangedManually.emit([True, True])
    canvas.view.setRange(xRange=(0, 290), yRange=(0, 200), padding=0)
    canvas.grab()
    assert dots._step == 10
    with qtbot.waitSignal(canvas.view.stopped):
        canvas.view.setRange(xRange=(0, 300), yRange=(0, 200), padding=0)
    assert canvas.grab().toImage() == whole
    assert dots._step == 1


def test_cells_are_found_once_however_many_there_are():
    few = np.array([7, 3, 7, 0])
    assert _distinct(few, 10).tolist() == [0, 3, 7]
    many = np.random.default_rng(0).integers(0, 5_000, 50_000)
    assert np.array_equal(_distinct(many, 5_000), np.unique(many))

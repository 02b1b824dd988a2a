"""The curve's plot: live drawing, what is shown when."""

from __future__ import annotations

import gc
import subprocess
import sys

import numpy as np
import pytest
from painting import Painted, on_screen
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from lrgui.core.curve.curve import Curve
from lrgui.core.curve.sweep_reading import read_sweep
from lrgui.plot.curve_plot import CurvePlot
from lrgui.plot.theme import DARK, LIGHT


def colour_at(plot: CurvePlot, x: float, y: float) -> QColor:
    spot = plot.view.mapToScene(x, y)
    image = plot.canvas.grab().toImage()
    ratio = image.devicePixelRatio()
    return image.pixelColor(int(spot.x() * ratio), int(spot.y() * ratio))


def test_an_empty_plot_draws_nothing_that_was_not_measured(qtbot):
    plot = CurvePlot()
    qtbot.addWidget(plot)
    plot.resize(600, 400)
    plot.grab()
    assert plot.chart.left.ticks() == []
    assert plot.chart.legend.entries == ()
    assert plot.zones is None and plot.selection is None
    assert plot.annotations.tag is None and plot.annotations.names == []


def test_the_curve_grows_point_by_point(plot, reading):
    plot.begin(1e-6, 1.0, 200)
    curve = reading.curve
    for n in (1, 2, 50, 120):
        plot.set_live(curve.lr[:n], curve.loss[:n])
        plot.grab()
        assert len(plot.dots.points[0]) == n
        assert len(plot.line.points[0]) == n
    assert plot.zones is None
    assert [entry.text for entry in plot.chart.legend.entries] == ["batch loss", "short average"]


@pytest.mark.parametrize("steps", [90, 3000])
def test_a_curve_that_was_painted_bit_by_bit_looks_like_one_painted_at_once(plot, qtbot, steps):
    lr, random = np.geomspace(1e-6, 1.0, steps), np.random.default_rng(0)
    loss = 2.3 - np.linspace(0, 1.5, steps) + 0.2 * random.random(steps)
    loss[steps // 3] = np.nan
    plot.begin(1e-6, 1.0, steps)
    for n in range(steps // 30, steps, steps // 30):
        plot.set_live(lr[:n], loss[:n])
        QApplication.processEvents()
    grown = on_screen(plot, qtbot)
    plot.canvas.viewport().update()
    assert np.array_equal(grown, on_screen(plot, qtbot))


def test_of_a_growing_curve_only_what_is_new_is_painted(plot, qtbot):
    lr, loss = np.geomspace(1e-6, 1.0, 200), np.full(200, 2.0)
    plot.begin(1e-6, 1.0, 200)
    plot.set_live(lr[:100], loss[:100])
    on_screen(plot, qtbot)
    painted = Painted(plot)
    plot.set_live(lr[:105], loss[:105])
    on_screen(plot, qtbot)
    assert 0 < painted.widest < 60


def test_losses_that_are_not_finite_are_not_drawn(plot):
    plot.begin(1e-6, 1.0, 200)
    lr = np.geomspace(1e-6, 1e-3, 30)
    loss = np.full(30, 2.0)
    loss[10:13] = np.nan, np.inf, -np.inf
    plot.set_live(lr, loss)
    plot.grab()
    assert np.isfinite(plot.line.points[1]).all()
    assert len(plot.line.points[1]) == 27
    plot.begin(1e-6, 1.0, 200)
    plot.set_live(lr[:1], np.array([np.nan]))
    plot.grab()


def test_one_exploded_loss_does_not_flatten_the_curve(plot, qtbot):
    lr = np.geomspace(1e-6, 1.0, 200)
    loss = 2.3 - 1.5 / (1 + np.exp(-(np.log10(lr) + 2.5) * 3))
    loss[-1] = 1e5
    plot.begin(1e-6, 1.0, 200)
    plot.set_live(lr, loss)
    assert plot.view.viewRange()[1][1] < 5
    plot.set_finished(read_sweep(Curve.measured(lr, loss, 200), planned_range=(1e-6, 1.0)))
    low, high = plot.view.viewRange()[1]
    assert low < 0.8 and 2.3 < high < 5
    plot.grab()


def test_a_view_that_was_moved_stays_until_reset(plot, mouse, at, reading):
    mouse.middle_drag((at(2e-5), 300), (at(2e-5) + 60, 330))
    moved = plot.view.viewRange()
    plot.set_reading(read_sweep(reading.curve.with_beta(0.9), planned_range=(1e-6, 1.0)))
    plot.resize(780, 590)
    plot.grab()
    assert plot.view.viewRange() == moved
    plot.reset_view()
    assert plot.view.viewRange() != moved


def test_the_second_sweep_keeps_the_first_one_faded(plot, reading):
    plot.begin(1e-6, 1.0, 200, earlier=["previous"])
    assert np.array_equal(plot.previous.points[1], reading.curve.smoothed)
    assert "previous" in [entry.text for entry in plot.chart.legend.entries]
    plot.begin(1e-6, 1.0, 200)
    assert not len(plot.previous.points[0])


def test_the_faded_curve_keeps_its_scale_until_there_is_another(plot, reading):
    home = plot.view.viewRange()[1]
    plot.begin(1e-6, 1.0, 200, earlier=["previous"])
    assert plot.view.viewRange()[1] == pytest.approx(home)
    assert plot.chart.left.ticks(), "these numbers were measured"
    plot.set_live(np.array([1e-6, 1.1e-6]), np.array([70.0, 71.0]))
    low, high = plot.view.viewRange()[1]
    assert low < 70 < 71 < high
    plot.begin(1e-6, 1.0, 200)
    assert not plot.chart.left.ticks()


def test_the_rules_and_the_average_that_they_read_are_one_group(plot, reading):
    assert np.array_equal(plot.average.points[1], reading.curve.average)
    assert plot.chart.legend.entries[-1].text == "average, β 0.98"
    assert len(plot.view.handles.marks) > 4
    plot.show_rules(False)
    assert not len(plot.average.points[0]) and plot.chart.legend.entries[-1].text == "smoothed"
    assert [mark.key for mark in plot.view.handles.marks] == ["recommended"]
    plot.set_finished(read_sweep(reading.curve.with_beta(0.5)))
    assert not len(plot.average.points[0]), "another sweep does not bring them back"
    plot.show_rules(True)
    assert plot.chart.legend.entries[-1].text == "average, β 0.5"
    assert len(plot.view.handles.marks) > 4


def test_the_pick_and_the_rules_have_marks(plot, reading):
    marks = {m.key: m for m in plot.view.handles.marks}
    assert marks["recommended"].x == pytest.approx(np.log10(reading.recommendation.lr))
    assert marks["recommended"].y == pytest.approx(reading.curve.loss_at(reading.recommendation.lr))
    on_average = [key for key in marks if key != "recommended"]
    assert on_average == list(reading.suggestions)
    for key in on_average:
        x, y = plot.average.points
        assert marks[key].y == pytest.approx(np.interp(marks[key].x, x, y)), key
        assert marks[key].y == reading.curve.average_at(reading.suggestions[key].lr)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda p: p.name)
def test_zones_have_their_colours(plot, at, palette):
    plot.set_palette(palette)
    y = plot.view.rect().height() - 25.5
    for lr, tint in (
        (3.1e-6, palette.low_tint),
        (2.1e-3, palette.optimal_tint),
        (0.57, palette.divergence_tint),
    ):
        assert colour_at(plot, at(lr), y).name().upper() == tint


def test_the_left_axis_does_not_change_its_width(plot):
    before = plot.view.rect().width()
    plot.view.setYRange(0, 123456.0)
    plot.grab()
    assert plot.view.rect().width() == before


def test_opening_a_run_without_a_sweep(qtbot, reading):
    plot = CurvePlot()
    qtbot.addWidget(plot)
    plot.set_finished(reading)
    plot.grab()
    assert plot.view.handles.limits == pytest.approx((-6.0, 0.0))


def test_plots_are_given_back(qtbot, reading):
    for _ in range(3):
        plot = CurvePlot()
        plot.resize(300, 300)
        plot.set_finished(reading)
        plot.grab()
        del plot
        gc.collect()


def test_a_program_that_ends_with_a_plot_on_screen_ends_cleanly():
    program = (
        "import os; os.environ['QT_QPA_PLATFORM'] = 'offscreen'\n"
        "from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget\n"
        "app = QApplication([])\n"
        "from lrgui.plot.curve_plot import CurvePlot\n"
        "from lrgui.plot.training_plot import TrainingPlot\n"
        "window = QWidget(); layout = QVBoxLayout(window)\n"
        "plot, training = CurvePlot(), TrainingPlot()\n"
        "layout.addWidget(plot); layout.addWidget(training)\n"
        "window.show(); app.processEvents(); plot.canvas.setFocus(); app.processEvents()\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60)
    assert ended.returncode == 0, ended.stderr.decode()
    assert b"Error" not in ended.stderr, ended.stderr.decode()


def test_three_earlier_sweeps_stay_with_their_names(plot, reading):
    for name in ("SGD 15:46", "15:47", "batch 32 15:48", "Adam 15:49"):
        names = [name, *(entry.text for entry in plot.chart.legend.entries if entry.colour == LIGHT.previous)]
        plot.begin(1e-6, 1.0, 200, earlier=names)
        plot.set_finished(reading)
    shown = [entry for entry in plot.chart.legend.entries if entry.colour == LIGHT.previous]
    assert [entry.text for entry in shown] == ["Adam 15:49", "batch 32 15:48", "15:47"]
    assert len({entry.dash for entry in shown}) == 3, "never told apart by colour alone"
    assert all(len(line.points[0]) for line in (plot.previous, *plot.older))
    plot.begin(1e-6, 1.0, 200)
    assert not any(len(line.points[0]) for line in (plot.previous, *plot.older))


def test_zooming_ends_before_there_is_nothing_to_see(plot, reading):
    home = plot.view.viewRange()
    for _ in range(40):
        plot.view.scaleBy((2, 2))
    (left, right), (bottom, top) = plot.view.viewRange()
    assert right - left <= 1.6 * (home[0][1] - home[0][0])
    assert top <= max(home[1][1], reading.curve.loss.max()) + (home[1][1] - home[1][0])
    for _ in range(60):
        plot.view.scaleBy((0.5, 0.5))
    (left, right), (bottom, top) = plot.view.viewRange()
    assert right - left == pytest.approx(0.02)
    assert top - bottom == pytest.approx((home[1][1] - home[1][0]) / 1000)
    for way in (-100.0, 100.0):
        plot.reset_view()
        plot.view.translateBy(x=way, y=way)
        (left, right), (bottom, top) = plot.view.viewRange()
        assert left < 0 and right > -6 and bottom < reading.curve.loss.max() and top > reading.curve.loss.min()


def test_a_double_click_on_an_axis_is_the_way_back(plot, mouse, heard):
    home = plot.view.viewRange()
    plot.view.setRange(xRange=(-3, -2), yRange=(1, 2), padding=0)
    plot.view.sigRangeChangedManually.emit([True, True])
    mouse.double_click(300, plot.view.rect().height() + 12)
    assert plot.view.viewRange() == [pytest.approx(home[0]), pytest.approx(home[1])]
    assert heard.all == [], "the axis is no part of the curve"


def test_losses_on_a_logarithmic_axis(plot, reading, mouse, at):
    told = []
    plot.hovered.connect(lambda lr, loss: told.append((lr, loss)))
    linear = plot.view.viewRange()
    plot.set_log_loss(True)
    plot.grab()
    low, high = plot.view.viewRange()[1]
    assert -0.6 < low < np.log10(reading.curve.smoothed.min()) < np.log10(2.3) < high < 2
    assert plot.chart.left.title == "Loss (log scale)"
    texts = {tick.text for tick in plot.chart.left.ticks()}
    assert {"1", "2"} <= texts
    _, y = plot.line.visible_pixels()
    _, wanted = plot.line.to_pixels(reading.curve.log_lr, reading.curve.smoothed)
    assert y.min() == pytest.approx(np.clip(wanted, -1e5, 1e5).min())
    mark = plot.view.handles.marks[0]
    assert plot.view.pixel_y(mark.y) == pytest.approx(
        plot.view.rect().height() * (high - np.log10(mark.y)) / (high - low)
    )
    mouse.hover(at(1e-4), 300)
    assert told[-1][1] == pytest.approx(reading.curve.loss_at(told[-1][0]))
    plot.set_log_loss(False)
    assert plot.view.viewRange() == [pytest.approx(linear[0]), pytest.approx(linear[1])]
    assert plot.chart.left.title == "Loss"


def test_losses_without_a_logarithm_stay_out_of_sight(plot):
    plot.begin(1e-6, 1.0, 100)
    plot.set_log_loss(True)
    lr = np.geomspace(1e-6, 1e-2, 50)
    loss = np.linspace(2.0, -1.0, 50)
    plot.set_live(lr, loss)
    plot.grab()
    low, high = plot.view.viewRange()[1]
    assert np.isfinite([low, high]).all() and high > np.log10(2.0)
    plot.set_live(lr, np.full(50, -1.0))
    plot.grab()


def test_what_is_zoomed_to_is_told_as_losses(plot):
    plot.set_log_loss(True)
    plot.view.setRange(yRange=(-0.1, 0.3), padding=0)
    plot.view.sigRangeChangedManually.emit([True, True])
    [(_, losses)] = plot.views
    assert losses == pytest.approx((10**-0.1, 10**0.3))
    plot.show_views(plot.views)
    assert plot.view.viewRange()[1] == pytest.approx([-0.1, 0.3])

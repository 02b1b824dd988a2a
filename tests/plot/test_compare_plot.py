"""The plot of a comparison."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from lrgui.core.curve.comparison import Compared
from lrgui.core.curve.curve import Curve
from lrgui.core.curve.sweep_reading import read_sweep
from lrgui.export import pictures
from lrgui.export.comparison import ComparisonReport
from lrgui.export.style import PictureStyle
from lrgui.plot.compare_plot import ComparePlot
from lrgui.plot.theme import DARK, LIGHT
from lrgui.runs.job import Job


def _compared(key: str, label: str, factor: float = 1.0) -> Compared:
    lr = np.geomspace(1e-6, 1.0, 200)
    x = np.log10(lr)
    loss = 2.3 - 1.6 / (1 + np.exp(-(x + 2.3) * 3.2)) + np.exp((x + 0.75) * 9)
    loss += 0.02 * np.random.default_rng(0).standard_normal(200)
    moved = Curve.measured(lr * factor, loss, 200, end_reason="completed")
    return Compared(key, label, read_sweep(moved))


@pytest.fixture
def plot(qtbot: QtBot) -> ComparePlot:
    plot = ComparePlot()
    qtbot.addWidget(plot)
    plot.resize(800, 600)
    plot.begin(1e-6, 1.0, ["SGD, momentum 0.9", "Adam", "AdamW"], 200)
    plot.show()
    qtbot.waitExposed(plot)
    return plot


def test_each_curve_has_its_own_colour_and_dashes(plot: ComparePlot) -> None:
    for palette in (LIGHT, DARK):
        plot.set_palette(palette)
        looks = [palette.look(index) for index in range(4)]
        assert len({colour for colour, _ in looks}) == len({dash for _, dash in looks}) == 4
    entries = plot.chart.legend.entries
    assert [entry.text for entry in entries] == ["SGD, momentum 0.9", "Adam", "AdamW"]
    assert [(entry.colour, entry.dash) for entry in entries] == [DARK.look(index) for index in range(3)]


def test_a_curve_grows_and_then_has_its_pick(plot: ComparePlot) -> None:
    done = _compared("sgd", "SGD, momentum 0.9")
    curve = done.reading.curve
    plot.set_live(0, curve.lr[:50], curve.loss[:50])
    assert len(plot._lines[0].points[0]) == 50 and plot.picks.labels == []
    plot.set_finished(0, done)
    assert plot._lines[0].points[1] == pytest.approx(curve.smoothed)
    assert [place.text.split()[0] for place in plot.picks.labels] == ["SGD"]


def test_labels_of_picks_that_lie_together_do_not_overlap(plot: ComparePlot) -> None:
    for index, (key, factor) in enumerate((("sgd", 1.0), ("adam", 1.02), ("adamw", 0.98))):
        plot.set_finished(index, _compared(key, plot._labels[index], factor))
    labels = plot.picks.labels
    assert len(labels) == 3
    for i, one in enumerate(labels):
        assert plot.picks.boundingRect().contains(one.rect)
        assert all(not one.rect.intersects(other.rect) for other in labels[i + 1 :])


def test_in_a_low_plot_labels_without_room_are_left_out(plot: ComparePlot) -> None:
    plot.resize(400, 150)
    plot.begin(1e-6, 1.0, [f"run {number}" for number in range(9)], 100)
    for index in range(9):
        plot.set_finished(index, _compared("sgd", f"run {index}", 1 + index / 500))
    plot.grab()
    labels, whole = plot.picks.labels, plot.picks.boundingRect()
    assert 0 < len(labels) < 9
    assert all(whole.contains(label.rect) for label in labels), "none lies over the axis below"


def test_the_view_holds_all_curves_and_stays_where_the_person_went(plot: ComparePlot) -> None:
    plot.set_finished(0, _compared("sgd", "SGD, momentum 0.9"))
    (left, right), (bottom, top) = plot.view.viewRange()
    assert left < -6 and right > 0 and bottom < 0.7 and top > 2.3
    plot.view.setRange(xRange=(-3, -1), yRange=(0, 1), padding=0)
    plot._left_home()
    plot.set_finished(1, _compared("adam", "Adam", 0.1))
    assert plot.view.viewRange()[0] == pytest.approx([-3, -1])
    plot.reset_view()
    assert plot.view.viewRange()[0][0] < -6


def test_a_new_comparison_forgets_the_last_one(plot: ComparePlot) -> None:
    plot.set_finished(0, _compared("sgd", "SGD, momentum 0.9"))
    plot.begin(1e-5, 1.0, ["Adam", "AdamW"], 100)
    assert all(not len(line.points[0]) for line in plot._lines)
    assert plot.picks.labels == [] and len(plot.chart.legend.entries) == 2


def test_the_picture_shows_every_curve(qtbot: QtBot) -> None:
    found = (_compared("sgd", "SGD, momentum 0.9"), _compared("adam", "Adam", 0.1))
    image = pictures.image(ComparisonReport(found, (Job(), Job())), PictureStyle(dpi=96))
    assert (image.width(), image.height()) == (768, 480)
    pixels = image.convertToFormat(QImage.Format.Format_RGB32)
    seen = np.frombuffer(pixels.constBits(), np.uint32).reshape(480, 768) & 0xFFFFFF
    for colour in (LIGHT.curve, LIGHT.validation):
        assert (seen == int(colour[1:], 16)).sum() > 100


def test_every_curves_loss_is_read_off_at_a_rate(plot: ComparePlot) -> None:
    said: list[str] = []
    plot.read.connect(said.append)
    lr = np.geomspace(1e-6, 1e-2, 50)
    plot.set_live(0, lr, np.full(50, 2.0))
    words = plot.words_at(plot.chart, -4.0, 0.0)
    assert words.startswith("1e-4 · ") and words.endswith("2.00") and words.count("·") == 1
    assert plot.words_at(plot.chart, -0.5, 0.0) == ""
    plot.view.under_pointer = True
    plot.view.hovered.emit(-4.0, 1.0)
    plot.view.left.emit()
    assert said == [words, ""]

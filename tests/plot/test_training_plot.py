"""The training's plot."""

from __future__ import annotations

import math

import numpy as np
import pytest
from painting import Painted, on_screen
from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QApplication

from lrgui.core.events import EpochEvent, GradientEvent, RateEvent
from lrgui.plot.theme import DARK
from lrgui.plot.training_plot import TrainingPlot
from lrgui.runs.epochs import best_epoch

STEPS, PER_EPOCH = 276, 23
PLANNED = 0.032 * np.sin(np.pi * (np.arange(STEPS) + 1) / (STEPS + 2))
LOSSES = 2.3 * np.exp(-np.arange(STEPS) / 60) + 0.1


def epochs(count: int = 12) -> list[EpochEvent]:
    losses = [0.141 + 0.02 * abs(e - 11) for e in range(1, count + 1)]
    return [EpochEvent(e, x, x, 0.9, 0.969 if e == 11 else 0.9, 1e-3, float(e)) for e, x in enumerate(losses, 1)]


@pytest.fixture
def plot(qtbot) -> TrainingPlot:
    plot = TrainingPlot()
    qtbot.addWidget(plot)
    plot.resize(800, 700)
    plot.begin(PLANNED, PER_EPOCH, 12)
    plot.show()
    qtbot.waitExposed(plot)
    return plot


def test_the_best_epoch_is_marked(plot):
    plot.set_live(LOSSES, PLANNED)
    plot.set_epochs(epochs())
    plot.grab()
    label = plot.loss.best.label
    assert label.text == "best epoch 11 · validation loss 0.141 · 96.9 %"
    assert QRectF(plot.loss.view.rect()).contains(label.rect)


def test_the_best_is_by_finite_validation_loss():
    one, two = epochs(2)
    broken = EpochEvent(3, 1.0, math.nan, None, None, 1e-3, 3.0)
    unmeasured = EpochEvent(4, 1.0, None, None, None, 1e-3, 4.0)
    assert best_epoch([one, two, broken, unmeasured]) is two
    assert best_epoch([broken, unmeasured]) is None


def test_points_lie_at_the_end_of_their_epoch(plot):
    plot.set_epochs(epochs(3))
    assert plot.loss.epochs.validation.points[0].tolist() == [23, 46, 69]
    assert plot.middle.epochs.validation.points[0].tolist() == [23, 46, 69]


def test_a_training_that_was_painted_bit_by_bit_looks_like_one_painted_at_once(plot, qtbot):
    ended = epochs()
    for n in range(1, 13):
        plot.set_live(LOSSES[: n * PER_EPOCH], PLANNED[: n * PER_EPOCH])
        plot.set_epochs(ended[:n])
        QApplication.processEvents()
    grown = on_screen(plot, qtbot)
    plot.canvas.viewport().update()
    assert np.array_equal(grown, on_screen(plot, qtbot))


def test_of_an_epoch_only_what_is_new_is_painted(plot, qtbot):
    for n in (8, 9):  # the second is the best, and says so
        plot.set_live(LOSSES, PLANNED)
        plot.set_epochs(epochs(n))
    on_screen(plot, qtbot)
    painted, widths = Painted(plot), []
    for n in (10, 11, 12):
        painted.widest = 0
        plot.set_epochs(epochs(n))
        on_screen(plot, qtbot)
        widths.append(painted.widest)
    # The desktop may ask for all of it at any time, but not after each.
    assert 0 < min(widths) < 150


def test_planned_and_actual_rate(plot):
    plot.set_live(LOSSES[:100], PLANNED[:100])
    assert len(plot.rate.planned.points[0]) == STEPS
    assert len(plot.rate.actual.points[0]) == 100
    assert [entry.text for entry in plot.rate.legend.entries] == ["planned", "actual"]


def test_charts_share_their_batches(plot):
    plot.loss.view.setXRange(50, 100, padding=0)
    plot.grab()
    assert plot.rate.view.viewRange()[0] == pytest.approx([50, 100], abs=1)
    assert plot.middle.view.viewRange()[0] == pytest.approx([50, 100], abs=1)


def test_a_diverged_training_keeps_its_beginning_in_view(plot):
    losses = LOSSES.copy()
    losses[200:] = np.geomspace(1, 1e30, STEPS - 200)
    losses[-3:] = np.nan, np.inf, np.nan
    plot.set_live(losses, PLANNED)
    plot.grab()
    assert plot.loss.view.viewRange()[1][1] < 20


def test_missing_measurements(plot):
    plot.set_live(LOSSES[:23], PLANNED[:23])
    plot.set_epochs([EpochEvent(1, 1.0, None, None, None, 1e-3, 1.0)])
    plot.grab()
    assert plot.loss.best.label is None
    assert "validation" not in [entry.text for entry in plot.loss.legend.entries]


def test_clear_and_dark(plot):
    plot.set_live(LOSSES, PLANNED)
    plot.set_palette(DARK)
    plot.clear()
    plot.grab()
    assert plot.loss.left.ticks() == []
    assert plot.loss.legend.entries == ()


def test_a_metric_that_is_no_accuracy_has_its_own_scale_and_name(qtbot):
    plot = TrainingPlot()
    qtbot.addWidget(plot)
    plot.begin(np.ones(20), 10, 2)
    plot.set_epochs(
        [
            EpochEvent(1, 3.0, 3.2, None, None, 0.1, 1.0, 40.0, 44.0, "MAE"),
            EpochEvent(2, 2.0, 2.5, None, None, 0.1, 2.0, 30.0, 36.0, "MAE"),
        ]
    )
    assert plot.middle.left.title == "MAE"
    assert plot.middle.epochs.validation.points[1].tolist() == [44.0, 36.0]
    low, high = plot.middle.view.viewRange()[1]
    assert low < 30 and high > 44 and high - low < 25
    texts = [tick.text for tick in plot.middle.left.ticks()]
    assert any(texts) and not any("%" in text for text in texts)
    plot.set_epochs([EpochEvent(1, 3.0, 3.2, 0.5, 0.4, 0.1, 1.0)])
    assert plot.middle.left.title == "Accuracy"
    assert plot.middle.epochs.validation.points[1].tolist() == [0.4]


def test_what_is_measured_at_each_step_stands_in_the_place_of_the_accuracy(plot):
    norms = np.linspace(3.0, 1.0, 100)
    plot.set_live(LOSSES[:100], PLANNED[:100])
    plot.set_measured("gradient norm", norms)
    assert plot.middle.measured.points[1].tolist() == norms.tolist()
    low, high = plot.middle.view.viewRange()[1]
    assert low < 1.0 and 3.0 < high < 4.0
    assert [entry.text for entry in plot.middle.legend.entries] == ["gradient norm"]
    plot.begin(PLANNED, PER_EPOCH, 12)
    assert not len(plot.middle.measured.points[0])


def test_what_was_measured_at_a_step_is_read_off(plot):
    plot.begin(np.full(120, 1e-2), 10, 12)
    plot.set_live(np.linspace(2.0, 1.0, 40), np.full(40, 1e-2))
    words = plot.words_at(plot.rate, 20.2, 0.0)
    assert words.startswith("step 21 · loss 1.49") and words.endswith("LR 1e-2")
    assert plot.words_at(plot.loss, 60.0, 0.0) == "", "that step was not made yet"
    plot.set_epochs(epochs(3))
    assert "validation" in plot.words_at(plot.loss, 39.0, 0.0)


def test_a_change_of_the_rate_is_marked_and_the_plan_follows(plot):
    plot.set_live(LOSSES[:100], PLANNED[:100])
    plot.set_rate_changes([RateEvent(50, 0.5, 0.5, 0.01, "by hand"), RateEvent(55, 2.0, 1.0, 0.02, "by hand")])
    plot.grab()
    named = plot.rate.marks
    assert [label.text for label in named.labels] == ["×0.5 by hand", "×2 by hand"]
    first, second = (label.rect for label in named.labels)
    assert not first.intersects(second) and not plot.loss.marks.labels
    changed = PLANNED.copy()
    changed[50:55] *= 0.5
    np.testing.assert_allclose(plot.rate.planned.points[1], changed)


def test_steps_that_were_taken_back_make_the_training_longer(plot):
    plot.set_rate_changes([RateEvent(60, 0.1, 0.1, 0.001, "back to the end of epoch 2", 46)])
    assert len(plot.rate.planned.points[0]) == STEPS + 14
    assert plot.loss.view.viewRange()[0][1] > STEPS + 14
    plot.set_epochs(epochs(3), [23, 46, 83])
    assert plot.loss.epochs.validation.points[0].tolist() == [23, 46, 83]


def test_the_middle_chart_shows_what_is_chosen(plot):
    several = {"f1": 0.5, "accuracy": 0.9}
    told = [EpochEvent(1, 1.0, 1.0, None, None, 1e-3, 1.0, 0.5, 0.6, "f1", several, {**several, "f1": 0.6})]
    plot.set_epochs(told)
    plot.set_gradients([GradientEvent(0, 5.0, {"0": 3.0, "1": 4.0}), GradientEvent(10, 1.0, {"0": 1.0, "1": None})])
    groups = ["gradient norm", "gradient norm, group 0", "gradient norm, group 1"]
    assert plot.middle_choices == ["f1", "accuracy", *groups]
    assert plot.middle.epochs.validation.points[1].tolist() == [0.6] and plot.middle.left.title == "F1"
    plot.show_in_middle("accuracy")
    assert plot.middle.epochs.validation.points[1].tolist() == [0.9] and plot.middle.left.title == "Accuracy"
    plot.show_in_middle("gradient norm, group 1")
    assert plot.middle.measured.points[1].tolist() == [4.0]
    assert not len(plot.middle.epochs.validation.points[0])
    plot.show_in_middle("gradient norm")
    assert plot.middle.measured.points[1].tolist() == [5.0, 1.0]
    plot.set_live(LOSSES[:20], PLANNED[:20])
    assert "gradient norm 5" in plot.words_at(plot.middle, 9, 0)
    plot.show_in_middle("")
    assert plot.middle.epochs.validation.points[1].tolist() == [0.6] and not len(plot.middle.measured.points[0])


def test_losses_on_a_logarithmic_axis(plot):
    losses = LOSSES.copy()
    losses[3] = -1.0  # has no logarithm
    plot.set_live(losses, PLANNED)
    plot.set_epochs(epochs())
    plot.set_log_loss(True)
    low, high = plot.loss.view.viewRange()[1]
    assert -1.2 < low < math.log10(0.12) and math.log10(2.3) < high < 0.7
    plot.grab()
    plot.set_log_loss(False)
    assert plot.loss.view.viewRange()[1][1] > 2.3 and plot.loss.left.title == "Loss"


def test_a_task_without_a_metric_shows_its_gradients(plot):
    plot.set_gradients([GradientEvent(0, 5.0), GradientEvent(10, 1.0)])
    assert plot.middle_choices == ["accuracy", "gradient norm"] and plot.middle.left.title == "Accuracy"
    plot.set_epochs([EpochEvent(1, 1.0, 1.0, None, None, 1e-3, 1.0)])
    assert plot.middle_choices == ["gradient norm"] and plot.middle.left.title == "Gradient norm"
    plot.set_gradients([GradientEvent(0, 5.0), GradientEvent(10, 1.0), GradientEvent(20, 0.5)])
    assert plot.middle.measured.points[1].tolist() == [5.0, 1.0, 0.5]
    plot.set_live(LOSSES[:20], PLANNED[:20])
    assert "gradient norm 5" in plot.words_at(plot.middle, 9, 0)

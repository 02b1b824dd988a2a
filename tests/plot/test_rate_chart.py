"""The chart of a training's rates: what is left of the plan is dragged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from lrgui.core.events import RateEvent
from lrgui.plot.training_plot import TrainingPlot

STEPS, DONE = 200, 50
#: Rises to 0.1 at the middle, then falls to zero.
PLAN = 0.1 * np.sin(np.pi * np.arange(STEPS) / (STEPS - 1))


@pytest.fixture
def plot(qtbot: QtBot) -> TrainingPlot:
    plot = TrainingPlot()
    qtbot.addWidget(plot)
    plot.resize(800, 700)
    plot.begin(PLAN, 20, 10)
    plot.set_live(np.full(DONE, 2.0), PLAN[:DONE])
    plot.rate.draggable = lambda: True
    plot.rate.view.tip = "Drag me"
    plot.show()
    qtbot.waitExposed(plot)
    plot.grab()
    return plot


@pytest.fixture
def mouse(plot: TrainingPlot, mouse_over: Callable[..., Any]) -> Any:
    return mouse_over(plot, plot.rate.view)


def at(plot: TrainingPlot, step: int, factor: float = 1.0) -> tuple[float, float]:
    """Where a multiple of the planned rate of a step lies, in pixels."""
    view = plot.rate.view
    return view.pixel_x(step), view.pixel_y(factor * float(PLAN[step]))


@pytest.mark.parametrize("log", [False, True])
def test_the_rest_of_the_plan_is_dragged(plot: TrainingPlot, mouse: Any, qtbot: QtBot, log: bool) -> None:
    plot.set_log_rate(log)
    plot.grab()
    said: list[str] = []
    plot.read.connect(said.append)
    start, end = at(plot, 100), at(plot, 100, 0.5)
    mouse.press(*start)
    for share in (0.5, 1.0):
        mouse.move(start[0], start[1] + share * (end[1] - start[1]))
    x, y = plot.rate.dragged.points
    factor = y[0] / PLAN[DONE]
    assert factor == pytest.approx(0.5, rel=0.06) and x[0] == DONE and len(x) == STEPS - DONE
    assert y == pytest.approx(factor * PLAN[DONE:]) and plot.rate.badge.text == said[-1] != ""
    assert plot.rate.view.cursor().shape() == Qt.CursorShape.SizeVerCursor
    with qtbot.waitSignal(plot.rate.dropped) as dropped:
        mouse.release(*end)
    assert dropped.args == [pytest.approx(factor)]
    assert not len(plot.rate.dragged.points[0]) and not plot.rate.badge.text and said[-1] == ""
    assert plot.rate.view.viewRange()[0] == plot.loss.view.viewRange()[0]


def test_what_was_asked_for_is_shown_until_the_plan_has_it(plot: TrainingPlot, mouse: Any) -> None:
    plot.rate.dropped.connect(plot.rate.multiply_expected)
    mouse.drag(at(plot, 100), at(plot, 100, 0.5))
    asked = float(plot.rate.dragged.points[1].max()) / 0.1
    assert asked == pytest.approx(0.5, rel=0.06)
    mouse.drag(at(plot, 100, asked), at(plot, 100, 0.5 * asked))  # the line that is expected is held now
    assert float(plot.rate.dragged.points[1].max()) / 0.1 == pytest.approx(0.25, rel=0.1)
    plot.set_rate_changes([RateEvent(DONE, 0.25, 0.25, 0.01, "by hand")])
    assert not len(plot.rate.dragged.points[0]) and plot.rate.plan[100] == pytest.approx(0.25 * PLAN[100])


def test_escape_puts_it_back_and_means_nothing_else(plot: TrainingPlot, mouse: Any, qtbot: QtBot) -> None:
    heard: list[float] = []
    plot.rate.dropped.connect(heard.append)
    start, end = at(plot, 100), at(plot, 100, 0.5)
    mouse.press(*start)
    mouse.move(*end)
    assert plot.rate.view.held
    qtbot.keyClick(plot.canvas, Qt.Key.Key_Escape)
    assert not plot.rate.view.held and not len(plot.rate.dragged.points[0]) and not plot.rate.badge.text
    mouse.move(*at(plot, 100, 0.3))
    mouse.release(*end)
    assert not heard
    mouse.drag(start, end)
    assert len(heard) == 1
    mouse.press(*start)  # a plot that is hidden gets no release
    mouse.move(*end)
    plot.hide()
    assert not plot.rate.view.held and len(heard) == 1


def test_elsewhere_a_drag_pans(plot: TrainingPlot, mouse: Any) -> None:
    heard: list[float] = []
    plot.rate.dropped.connect(heard.append)
    before = plot.rate.view.viewRange()[0][0]
    places = [at(plot, 20), at(plot, STEPS - 1), at(plot, 100, 0.5)]  # done already; too near to zero; not on the line
    for x, y in places:
        mouse.drag((x, y), (x + 30, y - 20))
    assert not heard and plot.rate.view.viewRange()[0][0] < before
    plot.reset_view()
    plot.rate.draggable = lambda: False
    mouse.drag(at(plot, 100), at(plot, 100, 0.5))
    assert not heard


def test_the_cursor_and_a_tip_say_what_can_be_dragged(plot: TrainingPlot, mouse: Any) -> None:
    view = plot.rate.view
    mouse.hover(*at(plot, 100))
    assert view.cursor().shape() == Qt.CursorShape.SizeVerCursor and view.toolTip() == "Drag me"
    mouse.hover(*at(plot, 100, 0.5))
    assert view.cursor().shape() == Qt.CursorShape.ArrowCursor and not view.toolTip()


def test_a_line_that_drops_steeply_is_taken_anywhere(plot: TrainingPlot, mouse: Any) -> None:
    plan = np.where(np.arange(STEPS) < 100, 0.1, 0.01)
    plot.begin(plan, 20, 10)
    plot.grab()
    view = plot.rate.view
    mouse.hover(view.pixel_x(99.5), view.pixel_y(0.05))
    assert view.cursor().shape() == Qt.CursorShape.SizeVerCursor


def test_a_short_move_or_one_back_changes_nothing_and_far_ones_are_kept_in_bounds(
    plot: TrainingPlot, mouse: Any
) -> None:
    heard: list[float] = []
    plot.rate.dropped.connect(heard.append)
    x, y = at(plot, 100)
    mouse.press(x, y)
    for by in (10, 40, 1):
        mouse.move(x, y + by)
    mouse.release(x, y + 1)
    assert not heard
    mouse.drag((x, y), (x, y + 5000))
    assert heard == [0.01]
    plot.set_log_rate(True)
    plot.grab()
    mouse.drag(at(plot, 100), (x, y - 50_000))
    assert heard[1:] == [1e6]


def test_rates_on_a_logarithmic_axis_and_momenta_over_them(plot: TrainingPlot) -> None:
    plot.begin(PLAN, 20, 10, np.linspace(0.5, 1.0, STEPS))
    plot.set_log_rate(True)
    low, high = plot.rate.view.viewRange()[1]
    assert -1 < high < -0.5 and -3.5 < low < -2.5 and plot.rate.left.title == "Learning rate (log scale)"
    momenta = plot.rate.planned_momentum.points[1]
    assert momenta[-1] == pytest.approx(PLAN.max()) and 0.01 < momenta[0] < 0.02
    plot.set_log_rate(False)
    assert plot.rate.planned_momentum.points[1][0] == pytest.approx(PLAN.max() / 2)
    assert plot.rate.view.viewRange()[1][0] < 0 and plot.rate.left.title == "Learning rate"


def test_the_plan_follows_a_rate_that_fell_on_a_plateau(plot: TrainingPlot) -> None:
    plot.begin(np.full(STEPS, 0.1), 20, 10, waits=True)
    rates = np.concatenate([np.full(60, 0.1), np.full(40, 0.01)])
    for count in (55, 70, 80):  # plots are drawn every so many steps
        plot.set_live(np.full(count, 2.0), rates[:count])
    assert plot.rate.plan == pytest.approx(np.where(np.arange(STEPS) < 60, 0.1, 0.01))
    plot.set_rate_changes([RateEvent(80, 0.5, 0.5, 0.005, "by hand")])
    plot.set_live(np.full(81, 2.0), np.append(rates[:80], 0.005))
    assert plot.rate.plan[79:] == pytest.approx(np.append(0.01, np.full(STEPS - 80, 0.005)))
    rates = np.concatenate([np.full(20, 0.1), np.full(20, 0.05), np.full(20, 0.0), np.full(20, 0.025)])
    plot.begin(np.full(80, 0.1), 20, 4, waits=True)  # an opened run is there as a whole
    plot.set_live(np.full(80, 2.0), rates)
    assert plot.rate.plan == pytest.approx(np.where(np.arange(80) < 40, rates, 0.0))


def test_a_logarithmic_axis_follows_rates_that_fall(plot: TrainingPlot) -> None:
    plot.begin(np.full(STEPS, 0.1), 20, 10)
    plot.set_log_rate(True)
    assert plot.rate.view.viewRange()[1][0] > -3
    plot.set_rate_changes([RateEvent(50, 1e-3, 1e-3, 1e-4, "by hand")])
    assert -5 < plot.rate.view.viewRange()[1][0] < -4
    plot.begin(np.empty(0), STEPS, 1)  # of a script nobody knows the plan
    plot.set_live(np.full(2, 2.0), np.array([0.1, 0.1]))
    plot.set_live(np.full(3, 2.0), np.array([0.1, 0.1, 1e-5]))
    assert -6 < plot.rate.view.viewRange()[1][0] < -5

"""What the plots share."""

from __future__ import annotations

import pytest

from lrgui.plot.compare_plot import ComparePlot
from lrgui.plot.curve_plot import CurvePlot
from lrgui.plot.race_plot import RacePlot
from lrgui.plot.scenario_plot import ScenarioPlot
from lrgui.plot.theme import DARK
from lrgui.plot.training_plot import TrainingPlot

PLOTS = (CurvePlot, ScenarioPlot, TrainingPlot, RacePlot, ComparePlot)


@pytest.mark.parametrize("kind", PLOTS)
def test_a_pan_ends_where_the_plot_is_hidden(qtbot, kind):
    plot = kind()
    qtbot.addWidget(plot)
    plot.show()
    scene = plot.canvas.scene()
    scene.dragItem, scene.dragButtons, scene.clickEvents = object(), [1], [object()]
    plot.hide()
    assert scene.dragItem is None and scene.lastDrag is None
    assert scene.dragButtons == [] and scene.clickEvents == []


@pytest.mark.parametrize("kind", PLOTS)
def test_every_plot_can_be_dark_and_has_a_name(qtbot, kind):
    plot = kind()
    qtbot.addWidget(plot)
    plot.resize(400, 300)
    plot.set_palette(DARK)
    assert plot.grab().toImage().pixelColor(2, 2).name().upper() == DARK.background
    assert plot.canvas.accessibleName()
    assert plot.focusProxy() is plot.canvas


@pytest.mark.parametrize("kind", [CurvePlot, ComparePlot])
def test_the_default_view_is_left_by_hand_and_returned_to_on_demand(qtbot, kind):
    plot = kind()
    qtbot.addWidget(plot)
    home = plot.view.viewRange()
    plot.view.setXRange(-3, -2, padding=0)
    plot.view.sigRangeChangedManually.emit([True, True])
    away = plot.view.viewRange()
    plot._follow_home()
    assert plot.view.viewRange() == away != home
    plot.reset_view()
    assert plot.view.viewRange() == home
    assert plot.chart.left.ticks() == [], "nothing was measured"

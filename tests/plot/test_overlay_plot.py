"""The plot of runs laid over each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from pytestqt.qtbot import QtBot

from lrgui.core.events import BatchEvent, EndEvent, EpochEvent, Event, TaskEvent
from lrgui.core.run_settings import TrainSettings
from lrgui.plot.legend import ROW
from lrgui.plot.overlay_plot import OverlayPlot
from lrgui.plot.theme import DARK, LIGHT
from lrgui.runs.job import Job
from lrgui.runs.overlaid import OverlaidRun
from lrgui.runs.overlay import Overlay, View
from lrgui.runs.record import Record


def _run(lr: float) -> OverlaidRun:
    events: list[Event] = [TaskEvent("digits", "", 640, 100, 100, 10, "cpu", 10, 60)]
    events += [BatchEvent(0, i, lr, 2.0 - 0.03 * i, 0.1 * i) for i in range(60)]
    events += [EpochEvent(1, 1.0, 0.5, 0.8, 0.9, lr, 1.0), EndEvent("completed", "Done.")]
    return OverlaidRun(Job("train", train=TrainSettings(1, lr)), Record.of(events), "SGD")


@pytest.fixture
def overlay() -> Overlay:
    return Overlay.of([_run(1e-3), _run(1e-2)])


@pytest.fixture
def plot(qtbot: QtBot, overlay: Overlay) -> OverlayPlot:
    plot = OverlayPlot()
    qtbot.addWidget(plot)
    plot.resize(700, 500)
    plot.show_overlay(overlay)
    plot.show()
    qtbot.waitExposed(plot)
    return plot


def test_each_run_has_a_line_in_its_own_look(plot: OverlayPlot) -> None:
    for palette in (LIGHT, DARK):
        plot.set_palette(palette)
        entries = plot.chart.legend.entries
        assert [(one.colour, one.dash) for one in entries] == [palette.look(0), palette.look(1)]
    assert [len(lines[0].points[0]) for lines in plot._lines[:2]] == [60, 60]
    assert plot.words_at(plot.chart, 0.0, 1.0) == "step 0 · max LR 1e-3 2.00 · max LR 1e-2 2.00"


def test_a_hidden_run_keeps_its_entry(plot: OverlayPlot, overlay: Overlay) -> None:
    plot.show_overlay(overlay.shown_as(View(hidden=frozenset({0}))))
    assert [entry.shown for entry in plot.chart.legend.entries] == [False, True]
    assert not len(plot._lines[0][0].points[0]) and len(plot._lines[1][0].points[0]) == 60
    plot.show_overlay(overlay.shown_as(View(hidden=frozenset({0, 1}))))
    assert plot.words_at(plot.chart, 0.0, 1.0) == ""


def test_other_axes(plot: OverlayPlot, overlay: Overlay) -> None:
    plot.show_overlay(overlay.shown_as(View("lr", quantity="metric")))
    assert plot.chart.left.title == "Accuracy" and plot._lines[1][0].points[0].tolist() == [-2.0]
    plot.show_overlay(overlay.shown_as(View("time", log=True)))
    assert plot.view.log_y and plot.chart.left.title == "Loss (log scale)"
    top = plot.view.viewRange()[1][1]
    assert np.log10(2.0) < top < 1.0


def test_a_view_that_the_person_chose_stays_until_something_else_is_shown(plot: OverlayPlot, overlay: Overlay) -> None:
    plot.view.setRange(xRange=(10, 20), padding=0)
    plot.view.sigRangeChangedManually.emit([True, False])
    plot.show_overlay(overlay)
    assert plot.view.viewRange()[0] == pytest.approx([10, 20]) and plot.views is not None
    plot.show_overlay(overlay.shown_as(View("epoch")))
    assert plot.view.viewRange()[0][1] == pytest.approx(5.9, rel=0.05) and plot.views is None
    plot.reset_view()


def test_the_legend_takes_rows_and_tells_which_entry_is_clicked(plot: OverlayPlot, qtbot: QtBot) -> None:
    runs = [_run(10.0**-power) for power in range(1, 9)]
    many = replace(Overlay.of(runs), labels=tuple(f"max LR 1e-{power} with a long name" for power in range(1, 9)))
    plot.show_overlay(many)
    legend = plot.chart.legend
    qtbot.waitUntil(lambda: legend.size().height() >= 3 * ROW - 1)
    assert len(legend.placed()) == 8, "every run is named"
    assert legend.entry_at(QPointF(30, 5)) == 0 and legend.entry_at(QPointF(30, ROW + 5)) == 3
    assert legend.entry_at(QPointF(30, 20 * ROW)) is None
    plot.resize(1800, 500)
    qtbot.waitUntil(lambda: legend.size().height() <= 2 * ROW + 1)


def test_a_curve_that_falls_at_once_begins_in_sight(plot: OverlayPlot) -> None:
    losses = 2.3 * np.exp(-np.arange(400) / 20)
    events = [BatchEvent(0, step, 1e-2, float(loss), 0.1 * step) for step, loss in enumerate(losses)]
    run = OverlaidRun(Job("train"), Record.of([*events]), "SGD")
    plot.show_overlay(Overlay.of([run]))
    highest = float(plot._lines[0][0].points[1].max())
    assert plot.view.viewRange()[1][1] > highest > 2.0

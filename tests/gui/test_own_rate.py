"""The range of a sweep that nobody chose follows the optimizer, which is known once the task was built."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bench import Bench
from scripted import Scripted, points, task

from lrgui.core.events import EndEvent, StateEvent
from lrgui.gui.panels.selection import SelectionPanel
from lrgui.gui.panels.settings import SweepPanel
from lrgui.gui.window import MainWindow


def following() -> Scripted:
    """A sweep that reaches further than its settings say."""
    known = replace(task(), own_lr=20.0, optimizer="SGD", end_lr=200.0)
    return Scripted([[StateEvent("starting"), known, StateEvent("running"), *points(), EndEvent("completed", "All.")]])


def test_form_plot_and_report_show_the_range_that_is_swept(bench: Bench, window: MainWindow) -> None:
    bench.play(following())
    assert bench.jobs[-1].sweep.end_lr == 1
    assert bench.session.job.sweep.end_lr == 200 and not bench.session.job.sweep.end_chosen
    panel = window.findChild(SweepPanel)
    assert panel is not None and panel.forms[0].editors["end_lr"].text() == "200"
    report = bench.runs.report()
    assert report is not None and report.job is not None and report.job.sweep.end_lr == 200
    assert window.tabs.curve.plot._limits[1] == pytest.approx(2.301, abs=1e-3)
    card = window.findChild(SelectionPanel)
    assert card is not None and "Your optimizer's 20 is " in card._more.text() and not card.details.isHidden()


def test_another_task_begins_with_the_usual_range(bench: Bench) -> None:
    bench.play(following())
    bench.session.choose_source("breast_cancer")
    assert bench.session.job.sweep.end_lr == 1


def test_a_typed_range_is_chosen(bench: Bench, window: MainWindow) -> None:
    panel = window.findChild(SweepPanel)
    assert panel is not None
    panel.forms[0].edited.emit("end_lr", 1.0)
    assert bench.session.job.sweep.end_chosen

"""The schedule of a training: its rows, what is planned with it, and the plan that is drawn before the start."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from bench import Bench
from PySide6.QtWidgets import QLineEdit
from scripted import Scripted, points, task, training

from lrgui.core.events import BatchEvent, EndEvent, StateEvent
from lrgui.core.formats import format_figure
from lrgui.core.learning_rate import format_lr
from lrgui.core.run_settings import LOOP, TRAINED, TrainSettings
from lrgui.core.schedule_shapes import planned_lr, planned_momentum
from lrgui.core.settings import in_use
from lrgui.gui.editors import Choice
from lrgui.gui.panels.selection import SelectionPanel
from lrgui.gui.panels.settings import TrainingPanel
from lrgui.gui.window import MainWindow


@pytest.fixture
def panel(window: MainWindow) -> TrainingPanel:
    found = window.findChild(TrainingPanel)
    assert found is not None
    return found


def choose(panel: TrainingPanel, schedule: str) -> None:
    """As a person chooses it in the list."""
    box = panel.forms[0].editors["schedule"]
    assert isinstance(box, Choice)
    box.set_value(schedule)
    box.activated.emit(box.currentIndex())


def rows(panel: TrainingPanel) -> set[str]:
    return {name for form in panel.forms for name in form.editors if form.is_row_visible(name)}


def sweep(batches: int = 22) -> Scripted:
    known = replace(task(), batches_per_epoch=batches)
    return Scripted([[StateEvent("starting"), known, StateEvent("running"), *points(), EndEvent("completed", "All.")]])


@pytest.mark.parametrize("schedule", TRAINED)
def test_the_form_has_the_rows_of_the_schedule_that_is_chosen(panel: TrainingPanel, schedule: str) -> None:
    choose(panel, schedule)
    used = {option.name for option in in_use(TrainSettings(schedule=schedule))}
    assert rows(panel) == used - {*LOOP, "epochs", "steps"} | {"length"}


def test_a_text_that_nobody_can_see_any_more_stops_no_training(bench: Bench, panel: TrainingPanel) -> None:
    choose(panel, "step")
    line = panel.forms[0].editors["gamma"]
    assert isinstance(line, QLineEdit)
    line.setText("much")
    line.setModified(True)
    line.editingFinished.emit()
    bench.session.train()
    assert not bench.jobs, "the text cannot be read"
    choose(panel, "constant")
    bench.play(Scripted(training()), bench.session.train)
    assert bench.jobs[-1].kind == "train" and bench.jobs[-1].train.schedule == "constant"


def test_who_chooses_a_schedule_has_planned_it(bench: Bench, window: MainWindow, panel: TrainingPanel) -> None:
    bench.play()
    pick = bench.runs.reading.recommendation
    choose(panel, "constant")
    assert bench.session.job.sweep.planned_schedule == "constant"
    rate = pick.by_schedule["constant"]
    assert bench.runs.selection == rate == bench.session.job.train.max_lr < pick.lr
    card = window.findChild(SelectionPanel)
    assert card is not None
    said = card._verdict.text()
    assert "Train runs" not in said, "the selected rate, which needs no word"
    assert f"Verify runs OneCycle, whose maximum is then {format_lr(pick.lr)}." in said
    race = bench.session.job.verification(bench.runs.plan).race
    assert race.around == pytest.approx(pick.lr)
    choose(panel, "cosine")
    assert bench.session.job.sweep.planned_schedule == "warmup"
    assert bench.session.job.train.max_lr == bench.runs.selection == pick.by_schedule["warmup"]


def test_another_plan_afterwards_is_converted(bench: Bench, window: MainWindow, panel: TrainingPanel) -> None:
    bench.play()
    choose(panel, "constant")
    pick = bench.runs.reading.recommendation
    bench.session.edit(sweep=replace(bench.session.job.sweep, planned_schedule="onecycle"))
    assert bench.runs.selection == pick.by_schedule["onecycle"]
    assert bench.session.job.train.max_lr == pytest.approx(pick.by_schedule["constant"])
    card = window.findChild(SelectionPanel)
    assert card is not None
    rate = format_lr(bench.session.job.train.max_lr)
    assert f"Train runs a constant rate, with max LR {rate}." in card._verdict.text()
    line = panel.forms[0].editors["max_lr"]
    assert isinstance(line, QLineEdit)
    line.setText("1e-3")
    line.setModified(True)
    line.editingFinished.emit()
    assert bench.session.job.train.max_lr == pytest.approx(1e-3), "what was typed is what is trained with"
    assert bench.runs.selection == pytest.approx(bench.runs.plan.from_trained(1e-3, "constant")) != 1e-3


def test_the_plan_is_drawn_before_the_start(bench: Bench, window: MainWindow, panel: TrainingPanel) -> None:
    tab = window.tabs.training
    assert tab._stack.currentIndex() == 0, "nobody knows how long an epoch is"
    bench.play(sweep(22))
    train = bench.session.job.train
    assert tab._stack.currentIndex() == 1 and tab.heading.text().startswith("Planned: OneCycle, max LR ")
    assert tab.plot.rate.plan == pytest.approx(planned_lr(train, 12 * 22, 22))
    assert tab.plot.rate.planned_momentum.points[1] == pytest.approx(
        tab.plot.rate.top * planned_momentum(train, 12 * 22)
    )
    choose(panel, "step")
    train = bench.session.job.train
    assert tab.plot.rate.plan == pytest.approx(planned_lr(train, 12 * 22, 22))
    assert not len(tab.plot.rate.planned_momentum.points[0]) and "a rate that drops in steps" in tab.heading.text()
    assert tab.shown() is None, "nothing was trained"
    bench.source = Scripted([[StateEvent("starting")]], hold=True)
    bench.session.train()
    assert tab.heading.text() == "Starting…" and tab.plot.rate.plan == pytest.approx(planned_lr(train, 12 * 22, 22))
    with bench.qtbot.waitSignal(bench.session.run_ended):
        bench.session.stop()


def batches(**more: Any) -> list[BatchEvent]:
    return [BatchEvent(0, step, 1e-3, 2.0, 0.1, **more) for step in range(3)]


def test_the_actual_momentum_is_drawn_over_the_planned_one(bench: Bench, window: MainWindow) -> None:
    events = [StateEvent("running"), task(), *batches(momentum=0.9125), EndEvent("completed", "All.")]
    bench.play(Scripted([events]), bench.session.train)
    plot = window.tabs.training.plot
    assert plot.rate.actual_momentum.points[1] == pytest.approx([0.9125 * plot.rate.top] * 3)
    assert f"momentum {format_figure(0.9125, 3)}" in plot.words_at(plot.rate, 1, 0)
    bench.play(
        Scripted([[StateEvent("running"), task(), *batches(), EndEvent("completed", "All.")]]), bench.session.train
    )
    assert not len(plot.rate.actual_momentum.points[0])

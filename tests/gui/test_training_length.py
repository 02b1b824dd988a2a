"""One field says how long the training is: the recommendation is for it, the training makes it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bench import Bench
from PySide6.QtWidgets import QLineEdit
from scripted import Scripted, points, task

from lrgui.core.events import EndEvent, StateEvent
from lrgui.gui.panels.selection import SelectionPanel
from lrgui.gui.panels.settings import TrainingPanel
from lrgui.gui.run_jobs import agreed
from lrgui.gui.window import MainWindow
from lrgui.runs.job import Job
from lrgui.tasks.user.rows import SCRIPT


def scheduled(steps: int | None, batches: int = 22) -> Scripted:
    """A sweep whose optimizer has a OneCycle of so many steps."""
    known = replace(task(), batches_per_epoch=batches, schedule="onecycle" if steps else "", schedule_steps=steps)
    return Scripted([[StateEvent("starting"), known, StateEvent("running"), *points(), EndEvent("completed", "All.")]])


@pytest.fixture
def field(window: MainWindow) -> QLineEdit:
    panel = window.findChild(TrainingPanel)
    assert panel is not None
    editor = panel.forms[0].editors["length"]
    assert isinstance(editor, QLineEdit)
    return editor


def write(field: QLineEdit, text: str) -> None:
    field.setText(text)
    field.setModified(True)
    field.editingFinished.emit()


def test_the_pick_is_for_the_length_and_follows_it(bench: Bench, window: MainWindow, field: QLineEdit) -> None:
    card = window.findChild(SelectionPanel)
    assert card is not None and field.text() == "12 epochs"
    bench.play(scheduled(None))
    assert bench.jobs[-1].sweep.planned_epochs == 12, "whoever opens the run reads it the same"
    assert card.holds_for.text().endswith("OneCycle · 12 epochs (264 steps)")
    short = bench.runs.selection
    write(field, "200")
    assert field.text() == "200 epochs"
    assert card.holds_for.text().endswith("OneCycle · 200 epochs (4,400 steps)")
    assert bench.runs.selection is not None and short is not None and bench.runs.selection < 0.6 * short
    assert bench.session.job.training().train.epochs == 200
    write(field, "700 steps")
    assert card.holds_for.text().endswith("OneCycle · 700 steps")
    assert (bench.session.job.train.steps, bench.session.job.sweep.planned_steps) == (700, 700)
    write(field, "12 epochs")
    assert bench.runs.selection == short and bench.session.job.train.steps is None


def test_what_cannot_be_read_is_said_and_changes_nothing(bench: Bench, field: QLineEdit) -> None:
    write(field, "for ever")
    assert field.property("wrong") and field.text() == "for ever"
    assert bench.session.job.train.epochs == 12
    write(field, "30 epochs")
    assert not field.property("wrong") and bench.session.job.sweep.planned_epochs == 30


def test_a_length_that_nobody_chose_follows_the_schedule_of_the_code(bench: Bench, field: QLineEdit) -> None:
    bench.play(scheduled(5000))
    assert field.text() == "5000 steps" and bench.session.job.train.steps == 5000
    assert bench.runs.plan.steps == 5000
    bench.play(scheduled(8000))
    assert field.text() == "8000 steps", "the code has changed"
    bench.session.choose_source("breast_cancer")
    assert field.text() == "12 epochs" and bench.session.job.train.steps is None


def test_a_length_that_somebody_chose_stays(bench: Bench, field: QLineEdit) -> None:
    write(field, "40 epochs")
    bench.play(scheduled(5000))
    assert field.text() == "40 epochs"
    assert bench.runs.plan.steps == 880 and bench.runs.reading is not None
    assert bench.runs.reading.plan.words == "OneCycle · 40 epochs (880 steps)"


def test_it_can_be_changed_while_a_sweep_runs(bench: Bench, field: QLineEdit) -> None:
    bench.begin(Scripted([[StateEvent("running"), task(), *points()]], hold=True))
    assert field.isEnabled()
    write(field, "2000 steps")
    with bench.qtbot.waitSignal(bench.session.run_ended):
        bench.session.stop()
    assert bench.runs.plan.steps == 2000


def test_a_script_trains_by_itself(bench: Bench, field: QLineEdit) -> None:
    job = replace(bench.session.job, task=replace(bench.session.job.task, source=SCRIPT, path="train.py"))
    bench.session.set_job(job)
    assert field.text() == "auto" and bench.session.job.sweep.planned_epochs is None
    write(field, "20 epochs")
    assert field.property("wrong")
    write(field, "5000")
    assert bench.session.job.sweep.planned_steps == 5000 and bench.session.job.train.steps is None
    write(field, "auto")
    assert bench.session.job.sweep.planned_steps is None


def test_jobs_of_before_have_one_length() -> None:
    old = Job(sweep=replace(Job().sweep, planned_steps=4800))
    assert agreed(None, old).train.steps == 4800
    trained = agreed(None, Job(train=replace(Job().train, epochs=30)))
    assert trained.sweep.planned_epochs == 30 and not trained.sweep.length_usual
    usual = agreed(None, Job())
    assert usual.sweep.planned_epochs == 12 and usual.sweep.length_usual
    longer = agreed(usual, replace(usual, train=replace(usual.train, epochs=50)))
    assert longer.sweep.planned_epochs == 50 and not longer.sweep.length_usual
    assert agreed(None, longer) == longer

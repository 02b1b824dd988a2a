"""Saved runs and synthetic curves are only visited, and undo reaches back over runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from bench import Bench
from mutations import log_of
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from scripted import Scripted, points, sweep, task

from lrgui.core.events import EndEvent, StateEvent
from lrgui.gui.notice import Notice
from lrgui.gui.panels.task import TaskPanel
from lrgui.gui.status import READY
from lrgui.gui.visit_bar import VisitBar
from lrgui.gui.window import MainWindow


@pytest.fixture
def saved(bench: Bench, own_folders: Path) -> Path:
    """The log of a sweep that fell less, made with another batch size."""
    bench.session.edit(task=replace(bench.session.job.task, batch_size=32))
    bench.play(Scripted(sweep(depth=1.0)))
    bench.session.edit(task=replace(bench.session.job.task, batch_size=64))
    return next((own_folders / "runs").glob("*.lrrun"))


def _nothing_to_see() -> Scripted:
    return Scripted(sweep(depth=0.0))


def _broken() -> Scripted:
    return Scripted([[StateEvent("running"), task(), *points()[:60], EndEvent("failed", "It broke.")]])


def _press(button) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_an_opened_run_replaces_nothing(bench: Bench, saved: Path) -> None:
    session, runs = bench.session, bench.runs
    bench.play()
    runs.select(2e-3)
    job, record, zones = session.job, runs.sweep, runs.zones
    assert session.open_run(saved)
    assert runs.sweep is not record and runs.visit is not None
    assert session.job == job, "the form keeps the person's work"
    runs.select(0.5)
    assert session.job == job, "what is selected on another run is not what a training here takes"
    session.leave_visit()
    assert runs.visit is None and runs.sweep is record
    assert (runs.selection, runs.zones, session.job) == (2e-3, zones, job)


def test_what_was_said_of_a_run_that_is_left_is_over(window: MainWindow, bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "train.lrrun").write_bytes(log_of("train"))
    bench.session.open_run(tmp_path / "train.lrrun")
    assert window.status.text.text().startswith("Training ")
    bench.session.leave_visit()
    assert bench.runs.training is None and window.status.text.text() == READY
    bench.play()
    bench.session.open_run(tmp_path / "train.lrrun")
    bench.session.leave_visit()
    assert window.status.text.text() == READY, "nothing of the training that was left"


@pytest.mark.parametrize("way", ["back", "undo", "a sweep without a pick"])
def test_the_rate_of_a_training_stays_where_nothing_of_ones_own_was_on_screen(
    bench: Bench, tmp_path: Path, way: str
) -> None:
    session, runs = bench.session, bench.runs
    (tmp_path / "a.lrrun").write_bytes(log_of("sweep"))
    session.edit(train=replace(session.job.train, max_lr=0.5))
    job = session.job
    session.open_run(tmp_path / "a.lrrun")
    assert runs.selection is not None and session.job == job
    if way == "a sweep without a pick":
        bench.play(_nothing_to_see())
    else:
        session.leave_visit()
    if way == "undo":
        runs.undo_stack.undo()
        assert runs.visit is not None
        runs.undo_stack.redo()
    assert runs.visit is None and session.job.train.max_lr == 0.5


def test_its_settings_come_when_they_are_asked_for_and_go_with_the_way_back(bench: Bench, saved: Path) -> None:
    session, runs = bench.session, bench.runs
    bench.play()
    job = session.job
    session.open_run(saved)
    session.use_visited()
    assert session.job.task.batch_size == 32
    assert session.job.train.max_lr == runs.selection != job.train.max_lr
    session.leave_visit()
    assert session.job == job


def test_the_way_back_from_several_leads_to_the_person_s_own(bench: Bench, saved: Path) -> None:
    session, runs = bench.session, bench.runs
    bench.play()
    own = runs.sweep
    session.open_run(saved)
    session.open_run(saved)
    assert runs.reading is not None and runs.zones is not None
    session.show_synthetic("Noisy", runs.reading.curve, runs.zones)
    session.leave_visit()
    assert runs.sweep is own


def test_the_first_run_that_is_opened_can_be_closed(bench: Bench, saved: Path, qtbot) -> None:
    fresh = Bench(qtbot)
    try:
        assert fresh.session.open_run(saved)
        fresh.session.leave_visit()
        assert fresh.runs.sweep is None and fresh.runs.reading is None and fresh.runs.selection is None
    finally:
        fresh.session.close()
        fresh.session.deleteLater()


def test_a_sweep_during_a_visit_starts_from_what_the_person_held(bench: Bench, saved: Path) -> None:
    session, runs = bench.session, bench.runs
    bench.play()
    runs.select(2e-3)
    session.open_run(saved)
    bench.play()
    assert runs.visit is None and runs.selection == 2e-3
    runs.undo_stack.undo()
    assert runs.visit is not None, "undo goes back to the visit"
    runs.undo_stack.redo()
    assert runs.visit is None and runs.selection == 2e-3


@pytest.mark.parametrize("source", [_nothing_to_see, _broken])
def test_without_confidence_the_selection_stays_and_the_guess_is_offered(bench: Bench, source) -> None:
    bench.play()
    before = bench.runs.selection
    bench.play(source())
    runs = bench.runs
    assert runs.reading is not None and runs.reading.recommendation.lr is None
    assert runs.selection == before
    assert runs.offer == runs.reading.recommendation.best_guess


def test_a_rate_chosen_by_hand_survives_the_next_sweep_of_the_same_task(bench: Bench) -> None:
    bench.play()
    session, runs = bench.session, bench.runs
    runs.select(2e-3)
    bench.play()
    assert runs.reading is not None
    pick = runs.reading.recommendation.lr
    assert pick is not None
    assert (runs.selection, runs.offer) == (2e-3, pick)
    runs.select(pick)
    bench.play(Scripted(sweep(depth=1.0)))
    assert runs.selection == runs.reading.recommendation.lr, "the recommendation was chosen, and its successor follows"
    runs.select(2e-3)
    session.edit(task=replace(session.job.task, optimizer="adamw"))
    bench.play()
    assert runs.selection == runs.reading.recommendation.lr, "a rate chosen for one optimizer is none for another"


def test_undo_reaches_back_over_runs(bench: Bench) -> None:
    bench.play()
    runs, session = bench.runs, bench.session
    first, pick = runs.sweep, runs.selection
    runs.select(2e-3)
    zones = runs.zones
    assert zones is not None
    moved = replace(zones, low_end=zones.low_end / 2)
    runs.set_zones(moved)
    bench.play(Scripted(sweep(depth=1.0)))
    second = runs.sweep
    assert second is not first and runs.zones != moved
    assert "back to the sweep of" in runs.undo_stack.undoText()
    runs.undo_stack.undo()
    assert (runs.sweep, runs.selection, runs.zones) == (first, 2e-3, moved)
    runs.undo_stack.undo()
    runs.undo_stack.undo()
    assert (runs.selection, runs.zones) == (pick, zones)
    assert session.job.train.max_lr == pick
    for _ in range(3):
        runs.undo_stack.redo()
    assert runs.sweep is second and runs.reading is not None


def test_no_run_is_taken_away_while_another_goes_on(bench: Bench) -> None:
    bench.play()
    bench.play()
    assert bench.runs.undo_stack.canUndo()
    bench.begin(Scripted([[StateEvent("running"), task(), *points()[:50]]], hold=True))
    assert not bench.runs.undo_stack.canUndo()
    with bench.qtbot.waitSignal(bench.session.run_ended):
        bench.session.stop()
    assert bench.runs.undo_stack.canUndo()


def test_the_bar_shows_the_way_back(window: MainWindow, bench: Bench, saved: Path) -> None:
    bar = window.findChild(VisitBar)
    bench.play()
    assert bar.isHidden()
    window.session.open_run(saved)
    assert bar.isVisible() and "batch 32" in bar.words.text() and "saved run" in bar.words.text()
    _press(bar.use)
    assert bench.session.job.task.batch_size == 32 and bar.use.isHidden()
    _press(bar.back)
    assert bar.isHidden() and bench.session.job.task.batch_size == 64


def test_an_opened_run_says_nothing_of_the_task_in_the_form(window: MainWindow, bench: Bench, saved: Path) -> None:
    bench.session.choose_source("breast_cancer")
    panel = window.findChild(TaskPanel)
    assert panel is not None
    own = panel._detail.text()
    assert bench.session.open_run(saved) and bench.runs.visit is not None
    assert panel._detail.text() == own, "what the run was made of stands above its curve"
    bench.session.use_visited()
    bench.session.leave_visit()
    assert panel._detail.text() == own, "nor does the sweep of digits that is on screen again"
    bench.play(start=bench.session.compare)
    assert panel._detail.text() == own, "nor one beside it"
    bench.play()
    assert "3,818 parameters" in panel._detail.text()


def test_a_synthetic_curve_is_never_trained(window: MainWindow, bench: Bench) -> None:
    bench.play()
    runs, session = bench.runs, bench.session
    own, rate = runs.sweep, session.job.train.max_lr
    assert runs.reading is not None and runs.zones is not None
    session.show_synthetic("Noisy", runs.reading.curve, runs.zones)
    runs.select(0.5)
    assert session.job.train.max_lr == rate
    assert window.tabs.curve.badge.isVisible()
    closed = [window.actions_by_key[key] for key in ("train", "verify", "enqueue", "candidate", "use")]
    assert not any(action.isEnabled() for action in closed)
    assert window.status.text.text() == "A synthetic curve: Noisy. Nothing was trained."
    said: list[Notice] = []
    session.noticed.connect(lambda notice: said.append(notice) if notice is not None else None)
    count = len(bench.jobs)
    for act in (session.train, session.verify, session.enqueue):
        said.clear()
        act()
        assert len(bench.jobs) == count and not session.queue.waiting and "synthetic" in said[-1].text
    _press(window.findChild(VisitBar).back)
    assert runs.sweep is own and not window.tabs.curve.badge.isVisible()
    assert all(action.isEnabled() for action in closed)


def test_the_header_says_what_is_shown(window: MainWindow, bench: Bench) -> None:
    bench.play()
    assert bench.runs.headline.startswith("Digits · small CNN · SGD, momentum 0.9 · batch 64 · ")
    header = window.tabs.curve.header
    assert header.toolTip() == bench.runs.headline and header.accessibleName()
    window.resize(1600, 900)
    assert header.shown == bench.runs.headline
    window.resize(1366, 768)
    assert header.shown.startswith("Digits · small CNN · SGD · batch 64 · ") and "…" not in header.shown
    report = bench.runs.report()
    assert report is not None and bench.runs.headline in report.title

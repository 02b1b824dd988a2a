"""A rate is for the task that it was found on, or chosen for: another one does not train with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from bench import Bench
from scripted import Scripted, sweep

from lrgui.core.run_settings import TrainSettings
from lrgui.gui.panels.selection import SelectionPanel
from lrgui.gui.session import Session
from lrgui.gui.window import MainWindow

TASK = "def model(): ...\ndef train_loader(batch_size): ...\ndef loss(output, target): ...\n"
USUAL = TrainSettings().max_lr


def _file(session: Session, folder: Path) -> None:
    (folder / "task.py").write_text(TASK)
    assert session.use(str(folder / "task.py"))


def _typed_path(session: Session, folder: Path) -> None:
    session.edit(task=replace(session.job.task, path=str(folder / "another")))


WAYS: list[Callable[[Session, Path], None]] = [
    _file,
    _typed_path,
    lambda session, _folder: session.choose_source("breast_cancer"),
    lambda session, _folder: session.edit(task=replace(session.job.task, model="mlp")),
]


@pytest.mark.parametrize("another", WAYS)
def test_what_was_found_on_one_task_is_no_rate_for_another(
    window: MainWindow, bench: Bench, tmp_path: Path, another: Callable[[Session, Path], None]
) -> None:
    session, runs, button = bench.session, bench.runs, window.row.buttons["train"]
    card = window.findChild(SelectionPanel)
    bench.play()
    first, found = session.job, runs.selection
    assert found is not None and session.job.train.max_lr == found
    runs.toggle_candidate(2e-3)
    assert "Train with" in button.text()
    another(session, tmp_path)
    assert runs.selection is None and runs.candidates == () and runs.offer is None
    assert session.job.train.max_lr == USUAL and button.text() == "Train ▸"
    assert not window.actions_by_key["use"].isEnabled() and not window.actions_by_key["train_candidates"].isEnabled()
    assert card.number.text() == "" and card.confidence.graphicsEffect() is not None and card.offer.isHidden()
    assert card.graphicsEffect() is None and card.stale.graphicsEffect() is None
    assert "sweep again" in card.stale.text() and runs.sweep is not None, "its curve stays, with what it was made with"
    session.set_job(first)
    assert runs.selection == found == session.job.train.max_lr and runs.candidates == (2e-3,)
    assert card.confidence.graphicsEffect() is None and "Train with" in button.text()


def test_a_rate_that_is_chosen_for_the_new_task_survives_its_sweep(bench: Bench) -> None:
    session, runs = bench.session, bench.runs
    bench.play()
    session.choose_source("breast_cancer")
    runs.select(2e-3)
    assert session.job.train.max_lr == 2e-3 and runs.candidates == ()
    bench.play()
    assert runs.selection == 2e-3 == session.job.train.max_lr
    session.choose_source("diabetes")
    bench.play()
    assert runs.reading is not None and runs.selection == runs.reading.recommendation.lr


def test_a_drag_on_the_curve_of_another_task_is_one_step(bench: Bench) -> None:
    session, runs = bench.session, bench.runs
    bench.play()
    found = runs.selection
    session.choose_source("breast_cancer")
    runs.preview_selection(1e-3)
    runs.preview_selection(2e-3)
    runs.commit_selection(None, 2e-3)
    assert runs.selection == 2e-3
    runs.undo_stack.undo()
    assert runs.selection is None, "what was found on the task before comes back with that"
    session.choose_source("digits")
    assert runs.selection == found


def test_a_sweep_that_recommends_nothing_leaves_no_rate_of_another_task(bench: Bench) -> None:
    session, runs = bench.session, bench.runs
    bench.play()
    session.choose_source("breast_cancer")
    bench.play(Scripted(sweep(depth=0.0)))
    assert runs.reading is not None and runs.reading.recommendation.lr is None
    assert runs.selection is None and session.job.train.max_lr == USUAL


def test_a_rate_typed_or_kept_without_a_sweep_belongs_to_its_task_too(bench: Bench) -> None:
    session, runs = bench.session, bench.runs
    runs.select(2e-3)
    session.choose_source("breast_cancer")
    assert runs.selection is None and session.job.train.max_lr == USUAL
    bench.play()
    assert runs.reading is not None and runs.selection == runs.reading.recommendation.lr != 2e-3
    session.edit(train=replace(session.job.train, max_lr=0.3))  # as a start restores it
    session.choose_source("digits")
    assert session.job.train.max_lr == USUAL


def test_what_a_task_file_wants_is_its_own(bench: Bench, tmp_path: Path) -> None:
    session = bench.session
    bench.play()
    for name in ("one", "two"):
        (tmp_path / f"{name}.py").write_text(f"{TASK}defaults = {{'max_lr': 0.25}}\n")
        assert session.use(str(tmp_path / f"{name}.py"))
        assert session.job.train.max_lr == 0.25


def test_the_same_task_opened_again_keeps_its_rate(bench: Bench, tmp_path: Path) -> None:
    _file(bench.session, tmp_path)
    bench.runs.select(2e-3)
    _file(bench.session, tmp_path)
    assert bench.runs.selection == 2e-3 == bench.session.job.train.max_lr

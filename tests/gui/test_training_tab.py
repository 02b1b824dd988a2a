"""The Training tab: what it draws of a training that is opened from its file."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from bench import Bench
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication
from scripted import Scripted, training

from lrgui.core.events import BatchEvent, EndEvent, Event, GradientEvent, OutputEvent, RateEvent, TaskEvent
from lrgui.core.learning_rate import format_lr
from lrgui.core.run_settings import TrainSettings
from lrgui.gui.notice import Notice
from lrgui.gui.tabs import kept_training
from lrgui.gui.window import MainWindow
from lrgui.runs.job import Job
from lrgui.runs.library import runs_folder
from lrgui.runs.log import LogWriter


def test_an_opened_training_shows_its_steps(window: MainWindow, bench: Bench) -> None:
    bench.play(Scripted(training()), bench.session.train)
    (log,) = list(Path(runs_folder()).glob("*train*.lrrun"))
    plot = window.tabs.training.plot
    losses = list(plot.loss.losses)
    assert losses and len(plot.rate.plan)
    bench.session.open_run(log)
    assert list(plot.loss.losses) == losses and len(plot.rate.plan) and len(plot.loss.epochs.training.points[0])


def test_the_picture_says_when_the_training_began(window: MainWindow, bench: Bench) -> None:
    bench.play(Scripted(training()), bench.session.train)
    shown, began = window.tabs.training.shown(), bench.runs.training
    assert shown is not None and began is not None and began.started is not None
    assert shown.title.endswith(f" · {began.started:%H:%M}")
    path = Path(runs_folder()) / "old.lrrun"
    with LogWriter(path, Job(kind="train"), created=datetime(2020, 5, 4, 3, 2).astimezone()) as log:
        log.write([BatchEvent(0, 0, 1e-3, 2.0, 0.1), EndEvent("cancelled", "Stopped.")])
    assert bench.session.open_run(path)
    shown = window.tabs.training.shown()
    assert shown is not None and shown.title.endswith(" · 4 May 2020 03:02")


def test_a_training_of_impossibly_many_steps_is_opened_without_its_plan(
    window: MainWindow, bench: Bench, tmp_path: Path
) -> None:
    path = tmp_path / "a.lrrun"
    task = TaskEvent("x", "", 10, 0, 10, None, "cpu", 10**11, 10**12)
    with LogWriter(path, Job(kind="train", train=TrainSettings(epochs=10))) as log:
        log.write([task, BatchEvent(0, 0, 1e-3, 2.0, 0.1), EndEvent("cancelled", "Stopped.")])
    assert bench.session.open_run(path)
    assert list(window.tabs.training.plot.loss.losses) == [2.0] and not len(window.tabs.training.plot.rate.plan)


def test_an_interrupted_run_that_is_opened_was_not_stopped_here(
    window: MainWindow, bench: Bench, tmp_path: Path
) -> None:
    bench.session.state_changed.emit("stopping")
    bench.session.run_ended.emit(EndEvent("cancelled", "Stopped after epoch 1 of 2, as asked."))
    assert window.status.text.text().endswith(" stopped after epoch 1 of 2, as asked."), "that it stopped is said once"
    bench.session.state_changed.emit("idle")
    path = tmp_path / "a.lrrun"
    with LogWriter(path, Job(kind="train")) as log:
        log.write([BatchEvent(0, 0, 1e-3, 2.0, 0.1)])
    assert bench.session.open_run(path)
    assert window.status.text.text() == "a.lrrun is incomplete: the program ended during the run."


class Steered(Scripted):
    """A run that hears requests in words."""

    def ask(self, request: str) -> None:
        self.asked.append(request)


def steered() -> Steered:
    chunks: list[list[Event]] = [training()[0]]
    changes = [GradientEvent(0, 3.0), GradientEvent(10, 2.0), RateEvent(21, 0.5, 0.5, 5e-3, "by hand")]
    return Steered([*chunks, changes], hold=True)


def test_what_comes_and_goes_above_the_plot_leaves_it_where_it_is(
    window: MainWindow, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, tab, looks = bench.session, window.tabs.training, list[str]()
    monkeypatch.setattr(kept_training, "newest", lambda _folder, kind: looks.append(kind))
    window.show()
    bench.source = steered()
    session.train()
    bench.qtbot.waitUntil(tab.controls.isVisible)
    heights = [tab.plot.height()]
    assert not looks
    with bench.qtbot.waitSignal(session.run_ended):
        session.stop()
    QApplication.processEvents()
    heights.append(tab.plot.height())
    tab.kept.more.show()
    tab.heading.setText("Two lines of words. " * 8)
    QApplication.processEvents()
    assert {*heights, tab.plot.height()} == {heights[0]}
    assert looks == ["last", "best"], "its files are looked at once"


def test_the_rate_is_changed_and_the_training_stops_after_its_epoch(window: MainWindow, bench: Bench) -> None:
    source = bench.source = steered()
    tab, session = window.tabs.training, bench.session
    assert not tab.controls.isVisibleTo(tab)
    session.train()
    bench.qtbot.waitUntil(lambda: session.state == "running")
    window.tabs.setCurrentWidget(tab)
    bench.qtbot.waitUntil(lambda: tab.controls.isVisible())
    for text, usable in (
        ("÷10", True),
        ("0.3", True),
        ("", False),
        ("abc", False),
        ("-1", False),
        ("0", False),
        ("1", False),
    ):
        tab.controls.factor.setText(text)
        assert tab.controls.apply.isEnabled() == usable
    tab.controls.factor.setText("1/4")
    bench.qtbot.keyClick(tab.controls.factor, Qt.Key.Key_Return)
    bench.qtbot.mouseClick(tab.controls.apply, Qt.MouseButton.LeftButton)  # the second one of two quick clicks
    assert not tab.controls.apply.hasFocus() and not tab.controls.factor.hasFocus(), "Space pauses now"
    tab.controls.finish.click()
    assert source.asked == ["rate 0.25", "finish"]
    assert not tab.controls.finish.isEnabled() and "Stopping" in tab.controls.finish.text()
    assert window.actions_by_key["finish_epoch"].isEnabled()
    with bench.qtbot.waitSignal(session.run_ended):
        session.stop()
    assert not tab.controls.isVisible() and not window.actions_by_key["finish_epoch"].isEnabled()


def test_changes_gradients_and_epochs_are_shown_and_the_headline_names_the_run(
    window: MainWindow, bench: Bench
) -> None:
    bench.source = steered()
    session, tab = bench.session, window.tabs.training
    session.train()
    bench.qtbot.waitUntil(lambda: bool(tab.plot.rate.marks.marks))
    assert tab.plot.rate.marks.marks == ((21.0, "×0.5 by hand"),)
    assert tab.header.text().startswith("Digits · small CNN · SGD, momentum 0.9 · batch 64 · max LR 1e-2 · ")
    assert tab.view.choices == ["accuracy", "gradient norm"]
    tab.view.choose_middle("gradient norm")
    assert tab.plot.middle.measured.points[1].tolist() == [3.0, 2.0]
    tab.view.choose_middle("accuracy")
    assert not len(tab.plot.middle.measured.points[0]) and tab.plot.middle.epochs.training.points[1].tolist() == [0.4]
    tab.view.table.setChecked(True)
    assert tab.table.rowCount() == 1 and tab.table.item(0, 0).text() == "1" and tab.table.item(0, 0).font().bold()
    tab.view.log.setChecked(True)
    assert tab.plot.loss.left.title == "Loss (log scale)"
    low, high = tab.plot.loss.view.viewRange()[1]
    assert low < np.log10(1.5) and high > np.log10(2.3) and high < 1
    with bench.qtbot.waitSignal(session.run_ended):
        session.stop()


def test_a_validation_loss_that_rises_offers_a_lower_rate_at_once(window: MainWindow, bench: Bench) -> None:
    chunks = training()
    note = OutputEvent("The validation loss has risen for 3 epochs, from 0.2 in epoch 2 to 0.3. …", "note")
    source = bench.source = Steered([[*chunks[0], note]], hold=True)
    heard: list[Notice | None] = []
    bench.session.noticed.connect(heard.append)
    bench.session.train()
    bench.qtbot.waitUntil(lambda: bool(heard) and heard[-1] is not None)
    last = heard[-1]
    assert last is not None and last.action == "LR ×0.1" and last.act is not None
    last.act()
    assert source.asked == ["rate 0.1"]
    with bench.qtbot.waitSignal(bench.session.run_ended):
        bench.session.stop()


def test_a_training_with_other_settings_than_the_sweep_s_says_so(window: MainWindow, bench: Bench) -> None:
    bench.play()
    heard: list[Notice | None] = []
    bench.session.noticed.connect(heard.append)
    bench.session.edit(task=replace(bench.session.job.task, batch_size=128))
    bench.play(Scripted(training()), bench.session.train)
    said = [notice.text for notice in heard if notice is not None]
    assert any(text.startswith("The sweep was made with batch 64; for 128 an estimate is") for text in said)


def test_the_view_marks_what_the_chart_in_the_middle_shows(window: MainWindow, bench: Bench) -> None:
    view, heard = window.tabs.training.view, []
    view.middle_chosen.connect(heard.append)

    def marked() -> list[str]:
        return [action.data() for action in view._middle.actions() if action.isChecked()]

    view.offer(["accuracy", "gradient norm"])
    assert marked() == ["accuracy"] and heard == [""]
    view.choose_middle("gradient norm")
    view.offer(["f1", "precision", "gradient norm"])
    assert marked() == ["gradient norm"] and heard[-1] == "gradient norm"
    view.offer(["f1", "precision"])
    assert marked() == ["f1"] and heard[-1] == ""
    view.offer(["f1", "gradient norm"])
    assert marked() == ["gradient norm"] and heard[-1] == "gradient norm"


def test_dragging_what_is_left_of_the_plan_changes_the_rate_as_the_typed_factor_does(
    window: MainWindow, bench: Bench
) -> None:
    source = bench.source = steered()
    tab, session = window.tabs.training, bench.session
    rate = tab.plot.rate
    assert not rate._rest()[1].size
    session.train()
    bench.qtbot.waitUntil(lambda: session.state == "running" and bool(rate.marks.marks))
    first, rest = rate._rest()
    assert (first, len(rest)) == (21, 21) and "rest of the schedule" in rate.view.tip
    assert tab._drag_words(0.25, 4e-3) == "LR ×0.25: 1e-3 here"
    rate.dropped.emit(0.25)
    tab.controls.factor.setText("0.5")
    bench.qtbot.keyClick(tab.controls.factor, Qt.Key.Key_Return)
    assert source.asked == ["rate 0.25", "rate 0.5"]
    assert rate._rest()[1] == pytest.approx(rest / 8) and rate.dragged.points[1] == pytest.approx(rest / 8)
    with bench.qtbot.waitSignal(session.run_ended):
        session.stop()
    assert not rate._rest()[1].size and not len(rate.dragged.points[0])


def test_dragging_the_plan_before_the_start_changes_max_lr(window: MainWindow, bench: Bench) -> None:
    bench.play()
    tab, session = window.tabs.training, bench.session
    rate, before = tab.plot.rate, session.job.train.max_lr
    assert len(rate._rest()[1]) == len(rate.plan) > 0 and "max LR" in rate.view.tip
    assert tab._drag_words(0.5, 1.0) == f"Max LR {format_lr(before / 2)}"
    rate.dropped.emit(0.5)
    assert session.job.train.max_lr == pytest.approx(before / 2, rel=0.05)
    assert rate.plan.max() == pytest.approx(session.job.train.max_lr, rel=1e-3)
    assert bench.runs.undo_stack.canUndo()


def test_a_training_that_hears_nothing_has_no_controls(window: MainWindow, bench: Bench) -> None:
    bench.source = Scripted([training()[0]], hold=True)
    tab, session = window.tabs.training, bench.session
    session.train()
    bench.qtbot.waitUntil(lambda: session.state == "running")
    assert not tab.controls.isVisibleTo(tab) and not tab.plot.rate._rest()[1].size
    with bench.qtbot.waitSignal(session.run_ended):
        session.stop()


def test_the_focus_of_a_button_that_goes_is_not_passed_to_the_next_one(window: MainWindow, bench: Bench) -> None:
    bench.source = steered()
    tab, session = window.tabs.training, bench.session
    window.tabs.setCurrentWidget(tab)
    session.train()
    bench.qtbot.waitUntil(lambda: tab.controls.isVisible())
    tab.controls.finish.setFocus()
    tab.controls.finish.click()
    assert not tab.controls.finish.isEnabled() and not isinstance(window.focusWidget(), QAbstractButton)
    tab.controls.apply.setFocus()
    with bench.qtbot.waitSignal(session.run_ended):
        session.stop()
    assert not tab.controls.isVisible() and not isinstance(window.focusWidget(), QAbstractButton)


@pytest.mark.parametrize("text", ["abc", "-2", "1e9"])
def test_what_is_no_factor_is_marked_and_escape_takes_it_back(window: MainWindow, bench: Bench, text: str) -> None:
    source = bench.source = steered()
    session, controls = bench.session, window.tabs.training.controls
    session.train()
    bench.qtbot.waitUntil(lambda: session.state == "running")
    window.tabs.setCurrentWidget(window.tabs.training)
    bench.qtbot.waitUntil(controls.isVisible)
    controls.factor.setFocus()
    controls.factor.selectAll()
    bench.qtbot.keyClicks(controls.factor, text)
    bench.qtbot.keyClick(controls.factor, Qt.Key.Key_Return)
    assert source.asked == [] and controls.factor.property("wrong")
    assert "lies between 1e-6 and 1,000,000: 0.5 or ÷10" in controls._problem.text()
    bench.qtbot.keyClick(controls.factor, Qt.Key.Key_Escape)
    assert controls.factor.text() == "0.5" and not controls.factor.property("wrong") and session.state == "running"
    assert not controls._problem.isVisible()
    with bench.qtbot.waitSignal(session.run_ended):
        session.stop()

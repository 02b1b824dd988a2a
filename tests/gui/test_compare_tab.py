"""The comparison of optimizers in the window."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from bench import Bench
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from scripted import Scripted, points, race, sweep, task, training

from lrgui.core.events import EndEvent, Event, StateEvent
from lrgui.core.learning_rate import format_lr
from lrgui.core.run_settings import TrainSettings
from lrgui.export.overlay import OverlayReport
from lrgui.gui.window import MainWindow
from lrgui.places import runs_folder
from lrgui.plot.theme import DARK, LIGHT
from lrgui.runs.job import Job
from lrgui.runs.log import LogWriter
from lrgui.runs.trust import Question
from lrgui.tasks.spec import TaskSpec


def _compare(window: MainWindow, bench: Bench, source: Scripted | None = None) -> None:
    bench.source = source or Scripted(sweep())
    with bench.qtbot.waitSignal(bench.session.run_ended):
        window.actions_by_key["compare"].trigger()


def test_one_action_sweeps_all_ticked_optimizers(window: MainWindow, bench: Bench) -> None:
    bench.play()
    selection, reading = bench.runs.selection, bench.runs.reading
    _compare(window, bench)
    tab = window.tabs.compare
    assert window.tabs.currentWidget() is tab
    assert [job.task.optimizer for job in bench.jobs[1:]] == list(tab.boxes)
    assert [each.key for each in bench.runs.comparison] == list(tab.boxes)
    assert not tab.sentences.isHidden() and "shapes show how wide" in tab.sentences.text()
    assert len(tab.optimizers.picks.labels) == len(tab.boxes)
    # The sweep on screen is untouched.
    assert bench.runs.selection == selection and bench.runs.reading is reading
    assert window.status.text.text().startswith("Comparison finished")


def test_a_selection_of_two(window: MainWindow, bench: Bench) -> None:
    tab = window.tabs.compare
    tab.boxes["adamw"].setChecked(False)
    _compare(window, bench)
    assert [job.task.optimizer for job in bench.jobs] == ["sgd", "adam"]
    assert len(tab.optimizers.chart.legend.entries) == 2


def test_fewer_than_two_are_refused_with_the_way_out(window: MainWindow, bench: Bench) -> None:
    tab = window.tabs.compare
    for key in ("adam", "adamw"):
        tab.boxes[key].setChecked(False)
    tab.button.click()
    assert "Check at least two" in window.banner.text and not bench.session.busy and not bench.jobs


def test_cancel_keeps_what_there_is(window: MainWindow, bench: Bench, qtbot: QtBot) -> None:
    held = Scripted([[StateEvent("running"), task(), *points()[:60]]], hold=True)
    first = Scripted(sweep())
    sources = [first, held]
    bench.session._open_source = lambda _job: sources.pop(0)  # type: ignore[assignment]
    window.actions_by_key["compare"].trigger()
    tab = window.tabs.compare
    qtbot.waitUntil(lambda: bench.runs.compared is not None and len(bench.runs.compared) >= 260)
    qtbot.waitUntil(lambda: "2 of 3" in window.status.text.text())
    assert not tab.button.isEnabled()
    with qtbot.waitSignal(bench.session.run_ended):
        bench.session.stop()
    assert held.asked == ["cancel"]
    assert [each.key for each in bench.runs.comparison] == ["sgd"]
    assert len(tab.optimizers._lines[0].points[0]) == 200 and len(tab.optimizers._lines[1].points[0]) == 60
    assert "Only SGD" in tab.sentences.text() and tab.button.isEnabled()


def test_a_failure_says_which_optimizer(window: MainWindow, bench: Bench) -> None:
    broken = Scripted([[StateEvent("running"), task(), EndEvent("failed", "It broke.")]])
    _compare(window, bench, broken)
    assert "SGD, momentum 0.9: It broke." in window.banner.text
    assert "No sweep of the comparison finished" in window.tabs.compare.sentences.text()


def test_settings_that_cannot_run_start_nothing(window: MainWindow, bench: Bench) -> None:
    session = bench.session
    session.edit(sweep=replace(session.job.sweep, steps=1))
    window.actions_by_key["compare"].trigger()
    assert not session.busy and "Steps cannot be “1”" in window.banner.text


def test_a_second_comparison_replaces_the_first(window: MainWindow, bench: Bench) -> None:
    _compare(window, bench)
    window.tabs.compare.boxes["sgd"].setChecked(False)
    _compare(window, bench)
    assert [each.key for each in bench.runs.comparison] == ["adam", "adamw"]
    assert [entry.text for entry in window.tabs.compare.optimizers.chart.legend.entries] == ["Adam", "AdamW"]


def test_the_tasks_own_optimizer_takes_part_where_there_is_one(
    window: MainWindow, bench: Bench, tmp_path: Path
) -> None:
    tab = window.tabs.compare
    assert tab.own.isHidden()
    lines = ["def model(): ...", "def train_loader(batch_size): ...", "def loss(output, target): ..."]
    (tmp_path / "mine.py").write_text("\n".join([*lines, "def optimizer(params, lr): ..."]))
    assert bench.session.use(str(tmp_path / "mine.py"))
    assert not tab.own.isHidden()
    asked: list[Question] = []
    bench.session.tasks.trust_wanted.connect(asked.append)
    window.actions_by_key["compare"].trigger()
    assert not bench.jobs, "nothing runs before it is trusted"
    bench.source = Scripted(sweep())
    with bench.qtbot.waitSignal(bench.session.run_ended):
        bench.session.tasks.grant(asked[0], False)
    assert [job.task.optimizer for job in bench.jobs] == ["own", "sgd", "adam", "adamw"]
    assert bench.runs.comparison[0].label == "own optimizer"


def test_a_pick_can_be_used(window: MainWindow, bench: Bench) -> None:
    _compare(window, bench)
    tab = window.tabs.compare
    button = next(button for button in tab.pick_buttons if "Adam)" in button.text())
    lr = bench.runs.comparison[1].pick
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert bench.session.job.task.optimizer == "adam" and bench.runs.selection == lr
    window.actions_by_key["undo"].trigger()
    assert bench.runs.selection != lr


def _kept(name: str, job: Job, chunks: list[list[Event]]) -> Path:
    runs_folder().mkdir(parents=True, exist_ok=True)
    with LogWriter(runs_folder() / f"{name}.lrrun", job) as log:
        for chunk in chunks:
            log.write(chunk)
    return log.path


def test_saved_sweeps_are_laid_over_each_other(
    window: MainWindow, bench: Bench, qtbot: QtBot, read_here: list[bool]
) -> None:
    paths = [
        _kept(name, Job(task=TaskSpec(optimizer=optimizer, batch_size=size)), sweep())
        for name, optimizer, size in (("a", "sgd", 64), ("b", "adam", 64), ("c", "adam", 128))
    ]
    window.compare_runs(paths)
    tab = window.tabs.compare
    assert tab.waiting.isVisible() and tab.waiting.text() == "Reading 3 runs …"
    qtbot.waitUntil(lambda: len(tab.pick_buttons) == 1)
    assert not tab.waiting.isVisible()
    names = [entry.text for entry in tab.saved.plot.chart.legend.entries]
    assert names == ["SGD · batch 64", "Adam · batch 64", "Adam · batch 128"]
    assert read_here == [False] * 3, "each is read once, and the window does not wait for it"
    assert window.tabs.currentWidget() is tab and tab.saved.sentences.text() == "3 sweeps compared."
    assert window.tabs.plot is tab.saved.plot and len(tab.saved.plot.picks.labels) == 3
    tab.pick_buttons[0].menu().actions()[1].trigger()
    assert bench.session.job.task.optimizer == "adam" and bench.session.job.task.batch_size == 64
    assert not bench.jobs, "nothing runs"
    shown = tab.shown()
    assert isinstance(shown, OverlayReport) and list(shown.overlay.labels) == names, "what is exported"
    window.compare_runs(paths[:1])
    qtbot.waitUntil(lambda: "at least two runs" in window.banner.text)
    assert len(tab.pick_buttons) == 1, "what was shown stays"
    _compare(window, bench)
    assert len(tab.pick_buttons) == len(tab.boxes) and window.tabs.plot is tab.optimizers
    window.compare_runs(paths)
    qtbot.waitUntil(lambda: window.tabs.plot is tab.saved.plot)
    QTest.mouseClick(tab.back, Qt.MouseButton.LeftButton)
    assert window.tabs.plot is tab.optimizers and len(tab.pick_buttons) == len(tab.boxes)


def test_a_sweep_over_a_training_and_how_they_are_shown(window: MainWindow, bench: Bench, qtbot: QtBot) -> None:
    paths = [_kept("s", Job(), sweep()), _kept("t", Job("train"), training())]
    window.compare_runs(paths)
    tab, view = window.tabs.compare, window.tabs.compare.saved
    qtbot.waitUntil(lambda: view.overlay is not None)
    assert view.overlay is not None and view.overlay.align == "step"
    assert [view.align.itemText(i) for i in range(view.align.count())] == ["Step", "Epoch", "Time", "Learning rate"]
    heads = [view.table.horizontalHeaderItem(i).text() for i in range(view.table.columnCount())]
    assert heads[:3] == ["Run", "State", "Learning rate"] and "Kind" in heads and "Final accuracy" in heads
    assert view.table.item(1, heads.index("Final validation loss")).text() == "0.7500"
    view.align.setCurrentIndex(view.align.findData("lr"))
    view.align.activated.emit(view.align.currentIndex())
    assert view.plot.chart.bottom.title == "Learning rate (log scale)"
    view.scale.setCurrentIndex(view.scale.findData("first"))
    view.scale.activated.emit(view.scale.currentIndex())
    assert view.plot.chart.left.title == "Loss ÷ first"
    view.log.click()
    assert view.plot.view.log_y
    # A tick in the table and a click on the legend do the same.
    item = view.table.item(0, 0)
    item.setCheckState(Qt.CheckState.Unchecked)
    assert [entry.shown for entry in view.plot.chart.legend.entries] == [False, True]
    legend = view.plot.chart.legend
    place = legend.mapToScene(30.0, 10.0)
    at = view.plot.canvas.mapFromScene(place)
    QTest.mouseClick(view.plot.canvas.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert [entry.shown for entry in view.plot.chart.legend.entries] == [True, True]
    assert view.table.item(0, 0).checkState() == Qt.CheckState.Checked
    shown = tab.shown()
    assert isinstance(shown, OverlayReport) and shown.overlay.view.scale == "first", "exported as it is shown"


def test_each_curve_has_a_look_of_its_own() -> None:
    for palette in (LIGHT, DARK):
        assert len({palette.look(index) for index in range(16)}) == 16


def test_many_picks_are_in_a_menu(window: MainWindow, qtbot: QtBot) -> None:
    paths = [_kept(str(size), Job(task=TaskSpec(batch_size=size)), sweep()) for size in (8, 16, 32, 64, 128)]
    window.compare_runs(paths)
    tab = window.tabs.compare
    qtbot.waitUntil(lambda: len(tab.pick_buttons) == 1)
    actions = tab.pick_buttons[0].menu().actions()
    assert len(actions) == 5 and "batch 8" in actions[0].text()
    actions[0].trigger()
    assert window.runs.selection is not None


def _offered(window: MainWindow, qtbot: QtBot, paths: list[Path]) -> list[QAction]:
    """The entries of the menu of rates, once these runs are shown."""
    window.compare_runs(paths)
    tab = window.tabs.compare
    qtbot.waitUntil(lambda: window.tabs.plot is tab.saved.plot)
    return tab.pick_buttons[0].menu().actions()


def test_what_trainings_ran_with_and_races_measured_can_be_selected_too(
    window: MainWindow, bench: Bench, qtbot: QtBot
) -> None:
    session, runs = bench.session, bench.runs
    trained = Job("train", TaskSpec(optimizer="adam"), train=TrainSettings(max_lr=3e-3))
    raced = replace(Job(), train=TrainSettings(max_lr=0.04)).verification()
    paths = [_kept("s", Job(), sweep()), _kept("t", trained, training()), _kept("v", raced, race(raced.race))]
    entries = _offered(window, qtbot, paths)
    overlay = window.tabs.compare.saved.overlay
    assert overlay is not None
    measured, pick = overlay.runs[2].result.rate, overlay.runs[0].result.rate
    assert measured is not None and pick is not None
    names = overlay.labels
    assert names[1] == "Training · Adam" and names[2] == "Race · SGD"
    assert [entry.text() for entry in entries] == [
        f"Select {format_lr(pick)} ({names[0]})",
        f"Select 3e-3 ({names[1]}, max LR)",
        f"Select {format_lr(measured)} ({names[2]}, measured)",
    ]
    entries[1].trigger()
    assert session.job.task.optimizer == "adam" and session.job.train.max_lr == pytest.approx(3e-3)
    entries = window.tabs.compare.pick_buttons[0].menu().actions()
    entries[2].trigger()
    assert session.job.task.optimizer == "sgd" and session.job.train.max_lr == pytest.approx(measured)
    assert runs.selection == pytest.approx(runs.plan.from_one_cycle(measured))


def test_the_max_lr_of_a_training_is_one_of_its_schedule(window: MainWindow, bench: Bench, qtbot: QtBot) -> None:
    session, plan = bench.session, bench.runs.plan
    constant = TrainSettings(max_lr=3e-3, schedule="constant")
    paths = [_kept("s", Job(), sweep()), _kept("t", Job("train", train=constant), training())]
    _offered(window, qtbot, paths)[1].trigger()
    assert session.job.train.planned_schedule == "onecycle"
    assert bench.runs.selection == pytest.approx(plan.from_trained(3e-3, "constant"))
    assert session.job.train.max_lr == pytest.approx(plan.as_one_cycle(plan.from_trained(3e-3, "constant")))


def test_among_runs_of_one_kind_that_is_said_with_the_rate(window: MainWindow, bench: Bench, qtbot: QtBot) -> None:
    trained = [Job("train", TaskSpec(optimizer=name), train=TrainSettings(max_lr=3e-3)) for name in ("adam", "sgd")]
    raced = [replace(job, train=TrainSettings(max_lr=0.04)).verification() for job in trained]
    paths = [_kept(f"t{number}", job, training()) for number, job in enumerate(trained)]
    for entry in _offered(window, qtbot, paths):
        assert entry.text().endswith(", max LR of a training)")
    paths = [_kept(f"r{number}", job, race(job.race)) for number, job in enumerate(raced)]
    tab = window.tabs.compare
    window.compare_runs(paths)
    qtbot.waitUntil(lambda: "by a race" in tab.pick_buttons[0].menu().actions()[0].text())


def test_what_broke_or_measured_nothing_offers_no_rate(window: MainWindow, bench: Bench, qtbot: QtBot) -> None:
    script = Job("train", TaskSpec(source="script", path="train.py", optimizer="own"))
    paths = [
        _kept("s", Job(), sweep()),
        _kept("d", Job("train"), training("diverged")),
        _kept("p", script, training()),
    ]
    (entry,) = _offered(window, qtbot, paths)
    assert entry.text().startswith("Select ") and "max LR" not in entry.text()


def test_a_rate_of_another_task_or_batch_size_says_so(window: MainWindow, bench: Bench, qtbot: QtBot) -> None:
    other = TaskSpec(source="breast_cancer", model="mlp", batch_size=32)
    paths = [_kept("a", Job(task=other), sweep()), _kept("b", Job(task=replace(other, optimizer="adam")), sweep())]
    entries = _offered(window, qtbot, paths)
    for entry in entries:
        assert entry.text().endswith(f", {other.title.split(' · SGD')[0]}, batch 32)"), entry.text()
    bench.session.edit(task=other)
    entries = window.tabs.compare.pick_buttons[0].menu().actions()
    assert not [entry.text() for entry in entries if "batch 32" in entry.text()]

"""The queue of trainings in the window."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from bench import Bench
from PySide6.QtCore import QCoreApplication, QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from scripted import Scripted, points, task, training

from lrgui.core.events import EndEvent, StateEvent
from lrgui.export.overlay import OverlayReport
from lrgui.gui.notice import Notice
from lrgui.gui.session import Session
from lrgui.gui.window import MainWindow
from lrgui.runs.job import Job
from lrgui.runs.queue import queue_file
from lrgui.runs.trust import Question

Sources = Callable[[Job], Scripted]


def _serve(bench: Bench, sources: Sources) -> None:
    """Each run gets what `sources` makes for its job."""

    def open_source(job: Job) -> Scripted:
        bench.jobs.append(job)
        return sources(job)

    bench.session._open_source = open_source  # type: ignore[assignment]


def _held() -> Scripted:
    return Scripted([[StateEvent("running"), task(42), *points()[:20]]], hold=True)


def _states(bench: Bench) -> list[str]:
    queue = bench.session.queue
    return [queue.state_words(entry) for entry in queue.entries]


def _finished(bench: Bench) -> None:
    queue = bench.session.queue
    bench.qtbot.waitUntil(lambda: not queue.active and not bench.session.busy)


def test_candidates_train_one_after_the_other(bench: Bench) -> None:
    _serve(bench, lambda _job: Scripted(training()))
    form = bench.session.job
    bench.session.train_candidates([1e-3, 1e-2])
    _finished(bench)
    assert [job.train.max_lr for job in bench.jobs] == [1e-3, 1e-2]
    assert {job.kind for job in bench.jobs} == {"train"} and bench.session.job == form, "the form stays as it is"
    assert _states(bench) == ["finished", "finished"]
    assert bench.session.queue.names == ["max LR 1e-3", "max LR 1e-2"]
    assert [len(run.record) for run in bench.session.queue.runs] == [42, 42]


def test_what_was_drawn_of_one_that_is_over_is_kept(bench: Bench) -> None:
    _serve(bench, lambda _job: Scripted(training()))
    bench.session.train_candidates([1e-3])
    _finished(bench)
    [run] = bench.session.queue.runs
    traces = run.traces("step", "loss")
    bench.session.queue.add([Job("train")])
    again, waiting = bench.session.queue.runs
    assert again is run and again.traces("step", "loss") is traces and not len(waiting.record)


def test_a_failed_one_does_not_stop_the_others(bench: Bench) -> None:
    broken = [[StateEvent("running"), task(), EndEvent("failed", "It broke.")]]
    _serve(bench, lambda job: Scripted(broken if job.train.max_lr == 1e-2 else training("diverged")))
    told: list[str] = []
    bench.session.noticed.connect(lambda notice: told.append("" if notice is None else notice.text))
    bench.session.train_candidates([1e-2, 1e-1])
    _finished(bench)
    assert _states(bench) == ["failed", "diverged"]
    assert [words for words in told if words] == [
        "Queue finished: 0 of 2 trained. The table says how the others ended."
    ]


def test_the_next_ones_process_is_readied_while_one_trains(bench: Bench) -> None:
    seen: list[str] = []
    bench.session.ready = lambda: seen.append("ready")

    def source(_job: Job) -> Scripted:
        seen.append("train")
        return Scripted(training())

    _serve(bench, source)
    bench.session.train_candidates([1e-3, 1e-2, 1e-1])
    _finished(bench)
    assert seen == ["train", "ready", "train", "ready", "train"]


def test_seeds(bench: Bench) -> None:
    _serve(bench, lambda _job: Scripted(training()))
    bench.session.train_candidates([1e-3, 1e-2], seeds=2)
    _finished(bench)
    assert [(job.train.max_lr, job.task.seed) for job in bench.jobs] == [(1e-3, 0), (1e-3, 1), (1e-2, 0), (1e-2, 1)]


def test_order_removing_and_pausing(bench: Bench) -> None:
    _serve(bench, lambda _job: _held())
    queue, session = bench.session.queue, bench.session
    session.train_candidates([1e-4, 1e-3, 1e-2, 1e-1])
    bench.qtbot.waitUntil(lambda: session.state == "running")
    one, two, three, four = queue.entries
    queue.move(four, -1)
    queue.move(two, -1)  # it is the next already: the one that trains keeps its place
    assert queue.entries == [one, two, four, three]
    queue.cancel([two])
    assert queue.waiting == [four, three]
    queue.pause()
    assert queue.words == "1 training, 2 waiting · paused"
    with bench.qtbot.waitSignal(session.run_ended):
        queue.cancel([one])
    QCoreApplication.processEvents()
    assert not session.busy and queue.running is None and one.state == "ended", "none begins"
    queue.run()
    bench.qtbot.waitUntil(lambda: session.state == "running")
    assert bench.jobs[-1].train.max_lr == 1e-1
    with bench.qtbot.waitSignal(session.run_ended):
        queue.cancel([four])  # one: the next begins
    bench.qtbot.waitUntil(lambda: queue.running is three and session.state == "running")
    with bench.qtbot.waitSignal(session.run_ended):
        queue.cancel_all()
    assert not queue.waiting and not queue.active and three.said == "stopped"


def test_who_looks_elsewhere_is_told_once_at_the_end(
    window: MainWindow, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(window.attention, "_notify", told.append)
    monkeypatch.setattr(window, "isActiveWindow", lambda: False)
    _serve(bench, lambda _job: Scripted(training()))
    bench.session.train_candidates([1e-3, 1e-2, 1e-1])
    _finished(bench)
    assert told == ["Queue finished: 3 of 3 trained."]


def test_stop_pauses_the_queue_and_says_so(window: MainWindow, bench: Bench) -> None:
    _serve(bench, lambda _job: _held())
    bench.session.train_candidates([1e-3, 1e-2])
    bench.qtbot.waitUntil(lambda: bench.session.state == "running")
    with bench.qtbot.waitSignal(bench.session.run_ended):
        window.actions_by_key["stop"].trigger()
    assert window.banner.text == "Stopped. The queue is paused; 1 training is waiting."
    assert not bench.session.queue.active and len(bench.session.queue.waiting) == 1


def test_it_is_kept_and_asked_about_but_never_run_by_itself(bench: Bench, qtbot: QtBot) -> None:
    _serve(bench, lambda _job: _held())
    bench.session.train_candidates([1e-3, 1e-2, 1e-1])
    qtbot.waitUntil(lambda: bench.session.state == "running")
    bench.session.queue.cancel([bench.session.queue.entries[2]])
    bench.session.close()  # the one that trains waits again
    later = Session(Job(), lambda _job: pytest.fail("nothing may run"), QCoreApplication.instance())
    try:
        assert [entry.job.train.max_lr for entry in later.queue.entries] == [1e-3, 1e-2]
        assert not later.queue.active and not later.busy
        told: list[object] = []
        later.noticed.connect(told.append)
        later.queue.offer_kept()
        assert "2 trainings from last time are waiting" in str(told[0])
    finally:
        later.close()
        later.deleteLater()


def test_that_trainings_wait_is_said_until_one_begins(window: MainWindow, bench: Bench) -> None:
    bench.session.queue.add([Job("train"), Job("train")])
    bench.session.queue.offer_kept()
    assert "2 trainings from last time are waiting" in window.banner.text and window.banner.isVisible()
    bench.session.queue.run()
    assert not window.banner.isVisible()


def test_a_second_window_has_a_queue_of_its_own(bench: Bench) -> None:
    bench.session.queue.add([Job("train")])
    other = Session(Job(), lambda _job: Scripted(training()), QCoreApplication.instance())
    try:
        assert other.queue.entries == []
        other.queue.add([replace(Job("train"), train=replace(Job().train, max_lr=0.5))])
    finally:
        other.close()
        other.deleteLater()
    kept = json.loads(queue_file().read_text())
    assert [job["train"]["max_lr"] for job in kept["jobs"]] == [Job().train.max_lr]


def test_code_is_asked_about_before_it_runs(bench: Bench, tmp_path: Path) -> None:
    lines = ["def model(): ...", "def train_loader(batch_size): ...", "def loss(output, target): ..."]
    (tmp_path / "mine.py").write_text("\n".join(lines))
    assert bench.session.use(str(tmp_path / "mine.py"))
    _serve(bench, lambda _job: Scripted(training()))
    asked: list[Question] = []
    bench.session.tasks.trust_wanted.connect(asked.append)
    bench.session.train_candidates([1e-3])
    assert not bench.jobs and len(asked) == 1 and not bench.session.queue.active
    bench.session.tasks.grant(asked[0], False)
    _finished(bench)
    assert len(bench.jobs) == 1 and _states(bench) == ["finished"]


def test_settings_that_cannot_run_are_said_and_the_next_one_trains(bench: Bench) -> None:
    _serve(bench, lambda _job: Scripted(training()))
    wrong = Job("train", train=replace(Job().train, epochs=0))
    bench.session.queue.add([wrong, Job("train")])
    bench.session.queue.run()
    _finished(bench)
    assert _states(bench)[0].startswith("not run: ") and _states(bench)[1] == "finished"
    assert len(bench.jobs) == 1


def test_it_waits_for_the_run_that_goes_on(bench: Bench) -> None:
    held = _held()
    bench.begin(held)
    _serve(bench, lambda _job: Scripted(training()))
    bench.session.queue.add([Job("train")])
    bench.session.queue.run()
    assert bench.session.queue.active and bench.session.queue.running is None
    bench.session.stop()
    _finished(bench)
    assert _states(bench) == ["finished"]


# ---------------------------------------------------------------- the tab
def test_the_tab_shows_table_and_curves_while_they_train(window: MainWindow, bench: Bench) -> None:
    held = _held()
    sources = [Scripted(training()), held]
    _serve(bench, lambda _job: sources.pop(0))
    bench.session.train_candidates([1e-3, 1e-2])
    tab = window.tabs.queue
    assert window.tabs.currentWidget() is tab, "a queue that is run comes in sight"
    table = tab.view.table
    bench.qtbot.waitUntil(lambda: len(tab.view.plot._lines) > 1 and _drawn(tab.view.plot, 1) == 20)
    assert _drawn(tab.view.plot, 0) == 42 and window.tabs.currentWidget() is tab, "no training comes in its place"
    heads = [table.horizontalHeaderItem(column).text() for column in range(table.columnCount())]
    ended = heads.index("State")
    bench.qtbot.waitUntil(lambda: table.item(1, ended).text() == "48 %")
    heads = [table.horizontalHeaderItem(column).text() for column in range(table.columnCount())]
    final = heads.index("Final validation loss")
    assert table.item(0, ended).text() == "finished" and table.item(0, final).text() == "0.7500"
    assert table.item(1, final).text() == "–", "its first epoch is not over"
    shown = tab.shown()
    assert isinstance(shown, OverlayReport) and len(shown.overlay.runs) == 2
    with bench.qtbot.waitSignal(bench.session.run_ended):
        QTest.mouseClick(tab.cancel_all, Qt.MouseButton.LeftButton)
    QTest.mouseClick(tab.clear, Qt.MouseButton.LeftButton)
    assert bench.session.queue.entries == [] and tab.shown() is None


def _drawn(plot: object, number: int) -> int:
    lines = plot._lines[number]  # type: ignore[attr-defined]
    return len(lines[0].points[0]) if lines else 0


def test_buttons_and_keys_change_the_order(window: MainWindow, bench: Bench) -> None:
    tab = window.tabs.queue
    window.tabs.setCurrentWidget(tab)
    for size in (16, 32):
        bench.session.edit(task=replace(bench.session.job.task, batch_size=size))
        QTest.mouseClick(tab.add, Qt.MouseButton.LeftButton)
    first, second = bench.session.queue.entries
    assert window.tabs.tabText(window.tabs.indexOf(tab)) == "Queue (2)"
    assert not tab.up.isEnabled() and not tab.cancel.isEnabled()
    tab.view.select_rows([1])
    assert tab.up.isEnabled() and not tab.down.isEnabled()
    QTest.mouseClick(tab.up, Qt.MouseButton.LeftButton)
    assert bench.session.queue.entries == [second, first] and tab.view.selected_rows == [0], "still the selected one"
    with bench.qtbot.waitActive(window):
        window.activateWindow()
    tab.view.table.setFocus()
    QTest.keyClick(tab.view.table, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert bench.session.queue.entries == [first, second] and tab.view.selected_rows == [1]
    QTest.mouseClick(tab.cancel, Qt.MouseButton.LeftButton)
    assert bench.session.queue.entries == [first] and not bench.jobs


def test_rows_are_dragged(window: MainWindow, bench: Bench) -> None:
    queue, tab, held = bench.session.queue, window.tabs.queue, _held()
    window.tabs.setCurrentWidget(tab)
    _serve(bench, lambda _job: held)
    bench.session.train_candidates([1e-3, 2e-3, 3e-3, 4e-3])
    bench.qtbot.waitUntil(lambda: queue.running is not None)
    runs, two, three, four = queue.entries
    table, drag = tab.view.table, Qt.ItemFlag.ItemIsDragEnabled
    assert [bool(table.item(row, 1).flags() & drag) for row in range(4)] == [False, True, True, True]
    assert not any(table.item(row, 1).flags() & Qt.ItemFlag.ItemIsDropEnabled for row in range(4))
    middle = [table.visualItemRect(table.item(row, 0)).center() for row in range(4)]
    assert [table.row_at(middle[2] + QPoint(0, by)) for by in (-5, 5)] == [2, 3]
    assert table.row_at(middle[3] + QPoint(0, 500)) == table.rowCount()
    tab.view.select_rows([3])
    table.item(3, 0).setCheckState(Qt.CheckState.Unchecked)
    table.rows_dropped.emit(0)  # in front of the one that trains: it is the next one
    assert queue.entries == [runs, four, two, three] and tab.view.selected_rows == [1]
    overlay = tab.view.overlay
    assert overlay is not None and overlay.view.hidden == {1} and [overlay.place(n) for n in range(4)] == [0, 3, 1, 2]
    tab.view.select_rows([1, 2])
    table.rows_dropped.emit(table.rowCount())
    assert queue.entries == [runs, three, four, two] and tab.view.selected_rows == [2, 3]
    with bench.qtbot.waitSignal(bench.session.run_ended):
        queue.cancel_all()


def test_what_was_taken_out_by_a_slip_is_put_back(bench: Bench) -> None:
    queue, told = bench.session.queue, list[Notice | None]()
    queue.noticed.connect(told.append)
    bench.session.enqueue_training([1e-3, 2e-3, 3e-3])
    jobs = [entry.job for entry in queue.entries]
    queue.cancel_all()
    assert not queue.entries and told[-1] is not None and told[-1].text.startswith("3 trainings were taken out")
    assert told[-1].act is not None
    told[-1].act()
    assert [entry.job for entry in queue.waiting] == jobs and told[-1] is None and not bench.jobs
    queue.cancel(queue.entries[:1])
    assert told[-1] is not None and told[-1].text.startswith("1 training was taken out")
    told.clear()
    queue.cancel([])
    assert not told


def test_the_table_says_why_one_failed_and_it_trains_again(window: MainWindow, bench: Bench) -> None:
    queue, tab = bench.session.queue, window.tabs.queue
    failed = Scripted([[EndEvent("failed", "Out of memory. Use a smaller batch.")]])
    _serve(bench, lambda _job: failed)
    with bench.qtbot.waitSignal(bench.session.run_ended):
        bench.session.train_candidates([1e-3])
    bench.qtbot.waitUntil(lambda: not queue.active)
    table = tab.view.table
    heads = [table.horizontalHeaderItem(column).text() for column in range(table.columnCount())]
    cell = table.item(0, heads.index("State"))
    assert cell.text() == "failed" and cell.toolTip() == "Out of memory. Use a smaller batch."
    assert not tab.again.isEnabled()
    tab.view.select_rows([0])
    QTest.mouseClick(tab.again, Qt.MouseButton.LeftButton)
    assert [entry.job for entry in queue.waiting] == [queue.entries[0].job] and not queue.active

"""What is done with a range that was dragged over, and what the space bar means."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from bench import Bench
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot
from scripted import Scripted, sweep
from shiboken6 import delete

from lrgui.gui.earlier_sweeps import loss_of
from lrgui.gui.tabs.curve import CurveTab
from lrgui.plot.theme import LIGHT


class Tab:
    """A curve tab over a session whose runs a test writes."""

    def __init__(self, qtbot: QtBot) -> None:
        self.bench = Bench(qtbot)
        self.tab = CurveTab(self.bench.session, self.bench.runs, LIGHT)
        qtbot.addWidget(self.tab)
        self.tab.resize(800, 500)
        self.tab.show()
        qtbot.waitExposed(self.tab)

    def offered(self, low: float, high: float) -> dict[str, QAction]:
        """What the menu offers for a range."""
        self.tab.plot.range_selected.emit(low, high, QPoint(10, 10))
        self.menu = next(menu for menu in self.tab.findChildren(QMenu) if menu.isVisible())
        return {action.text(): action for action in self.menu.actions()}


@pytest.fixture
def tab(qtbot: QtBot) -> Tab:
    made = Tab(qtbot)
    made.bench.play()
    return made


def test_a_range_is_swept(tab: Tab, qtbot: QtBot) -> None:
    bench, action = tab.bench, tab.offered(1.234e-4, 5.6e-2)["Sweep this range"]
    bench.source = Scripted(sweep())
    with qtbot.waitSignal(bench.session.run_ended):
        action.trigger()
    assert (bench.jobs[-1].sweep.start_lr, bench.jobs[-1].sweep.end_lr) == (1.2e-4, 5.6e-2)
    tab.menu.close()


def test_a_range_becomes_the_optimal_zone_and_undo_takes_it_back(tab: Tab) -> None:
    runs = tab.bench.runs
    before = runs.zones
    tab.offered(2e-4, 5e-2)["Set as optimal zone"].trigger()
    assert runs.zones is not None
    assert (runs.zones.low_end, runs.zones.high_start) == pytest.approx((2e-4, 5e-2))
    assert tab.tab.plot.zones == runs.zones
    runs.undo_stack.undo()
    assert runs.zones == before
    tab.menu.close()


def test_a_range_is_zoomed_to_and_forgotten_when_the_menu_goes(tab: Tab, qtbot: QtBot) -> None:
    plot = tab.tab.plot
    plot.view.area = plot.view.boundingRect()
    tab.offered(1e-4, 1e-2)["Zoom to this range"].trigger()
    assert plot.view.viewRange()[0] == pytest.approx([-4, -2])
    tab.menu.close()
    assert plot.view.area is None


def test_nothing_is_swept_while_a_run_goes_on(tab: Tab, qtbot: QtBot) -> None:
    bench = tab.bench
    bench.begin(Scripted(sweep()[:1], hold=True))
    offered = tab.offered(1e-4, 1e-2)
    assert not offered["Sweep this range"].isEnabled()
    assert offered["Zoom to this range"].isEnabled()
    tab.menu.close()
    with qtbot.waitSignal(bench.session.run_ended):
        bench.session.stop()


def test_a_tap_of_space_over_the_plot_pauses_as_elsewhere(
    tab: Tab, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, canvas = tab.bench, tab.tab.plot.canvas
    monkeypatch.setattr(canvas, "underMouse", lambda: True)
    bench.begin(Scripted(sweep()[:1], hold=True))
    qtbot.keyClick(canvas, Qt.Key.Key_Space)
    assert bench.source.asked == ["pause"]
    with qtbot.waitSignal(bench.session.run_ended):
        bench.session.stop()


def test_the_help_button_says_what_the_mouse_does(tab: Tab) -> None:
    assert "Shift + drag: Zoom to a box" in tab.tab.help.toolTip()


def faded(tab: Tab) -> list[str]:
    """The names of the earlier curves."""
    return [entry.text for entry in tab.tab.plot.chart.legend.entries if entry.colour == LIGHT.previous]


def test_earlier_sweeps_are_named_by_what_differs(tab: Tab) -> None:
    bench = tab.bench
    task = bench.session.job.task
    bench.session.edit(task=replace(task, batch_size=32))
    bench.play()
    assert [name.rsplit(" ", 1)[0] for name in faded(tab)] == ["batch 64"]
    bench.session.edit(task=replace(task, optimizer="adam"))
    bench.play()
    assert [name.rsplit(" ", 1)[0] for name in faded(tab)] == [
        f"{task.optimizer_words} batch 32",
        task.optimizer_words,
    ]


def test_behind_a_sweep_that_begins_in_a_visit_is_the_persons_own(tab: Tab, own_folders: Path, qtbot: QtBot) -> None:
    """Curve, choice and recommendation that are faded belong to one sweep."""
    bench, runs = tab.bench, tab.bench.runs
    bench.session.edit(task=replace(bench.session.job.task, batch_size=32))
    bench.play(Scripted(sweep(depth=1.0)))
    visited = max((own_folders / "runs").glob("*.lrrun"), key=lambda path: path.stat().st_mtime_ns)
    bench.session.edit(task=replace(bench.session.job.task, batch_size=64))
    bench.play()
    own = runs.reading
    bench.session.open_run(visited)
    assert runs.reading.curve is not own.curve
    bench.begin(Scripted(sweep()[:1], hold=True))
    assert runs.last_reading is own and runs.holds_for.startswith("For ") and "batch 64" in runs.holds_for
    assert (tab.tab.plot.previous.points[1] == own.curve.smoothed).all()
    with qtbot.waitSignal(bench.session.run_ended):
        bench.session.stop()


def test_what_was_behind_a_sweep_comes_back_with_it(tab: Tab, own_folders: Path) -> None:
    bench, runs, plot = tab.bench, tab.bench.runs, tab.tab.plot
    visited = next((own_folders / "runs").glob("*.lrrun"))
    task = bench.session.job.task
    for size in (32, 16):
        bench.session.edit(task=replace(task, batch_size=size))
        bench.play()
    names, curves = faded(tab), [points.tolist() for _, points, _ in plot.look.earlier]
    assert [name.rsplit(" ", 1)[0] for name in names] == ["batch 32", "batch 64"]

    bench.session.open_run(visited)
    assert faded(tab) == [], "another run has nothing behind it"
    bench.session.leave_visit()
    assert faded(tab) == names
    assert [points.tolist() for _, points, _ in plot.look.earlier] == curves

    bench.session.edit(task=replace(task, batch_size=8))
    bench.play()
    now = faded(tab)
    assert [name.rsplit(" ", 1)[0] for name in now] == ["batch 16", "batch 32", "batch 64"]
    runs.undo_stack.undo()
    assert faded(tab) == names
    runs.undo_stack.redo()
    assert faded(tab) == now


def test_the_picture_shows_what_the_screen_shows(tab: Tab) -> None:
    bench, screen = tab.bench, tab.tab
    for batch_size in (32, 16):
        bench.session.edit(task=replace(bench.session.job.task, batch_size=batch_size))
        bench.play()
    screen.log.click()
    screen.rules.click()
    for lr in (1e-3, 1e-2):
        tab.bench.runs.toggle_candidate(lr)
    thing = screen.shown()
    assert thing is not None and "earlier" in thing.parts_there
    picture = thing.plot(LIGHT)
    try:
        assert picture.log_loss and len(picture.look.earlier) == 2
        names = [[entry.text for entry in plot.chart.legend.entries] for plot in (picture, screen.plot)]
        assert names[0] == names[1] and not any("average, β" in name for name in names[0])
        for ours, theirs in zip(picture.look.earlier, screen.plot.look.earlier, strict=True):
            assert ours[0] is theirs[0] or (ours[0] == theirs[0]).all()
            assert (ours[1] == theirs[1]).all()
        ranges = [plot.chart.view.viewRange()[0] for plot in (picture, screen.plot)]
        assert ranges[0] == pytest.approx(ranges[1])
        picture.leave_out(("earlier",))
        assert picture.look.earlier == () and picture.log_loss
        assert picture.candidates.rates == (1e-3, 1e-2) and "candidates" in thing.parts_there
        picture.leave_out(("candidates",))
        assert picture.candidates.rates == ()
    finally:
        delete(picture)


def test_without_candidates_and_earlier_sweeps_none_are_offered(tab: Tab) -> None:
    thing = tab.tab.shown()
    assert thing is not None and "earlier" not in thing.parts_there and thing.parts_there == thing.parts[:-2]


@pytest.mark.parametrize("change", [{"source": "diabetes"}, {"path": "other.csv"}, {"options": {"target": "price"}}])
def test_no_sweep_of_another_loss_is_drawn_behind(tab: Tab, change: dict[str, object]) -> None:
    job = tab.bench.session.job
    other = replace(job, task=replace(job.task, **change))
    assert loss_of(other) != loss_of(job)
    tab.tab._earlier.drawn = [(other, "15:46")]
    tab.bench.play()
    assert faded(tab) == []


def test_the_live_curve_follows_the_threads_signal(tab: Tab, qtbot: QtBot) -> None:
    bench, plot = tab.bench, tab.tab.plot
    bench.begin(Scripted(sweep()[:1], hold=True))
    qtbot.waitUntil(lambda: len(plot.dots.points[0]) == 100)
    bench.session.worker.batch.emit(100, 1e-3, 0.5)
    qtbot.waitUntil(lambda: len(plot.dots.points[0]) == 101)
    assert plot.dots.points[1][-1] == 0.5
    with qtbot.waitSignal(bench.session.run_ended):
        bench.session.stop()
    bench.session.worker.batch.emit(101, 1e-3, 0.5)
    assert len(tab.tab._points) == 101, "a training's batches are nothing to this curve"

"""Rates that are marked on the curve as candidates for trainings."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest
from bench import Bench
from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from scripted import Scripted, sweep, training

from lrgui.gui.candidate_bar import CandidateBar
from lrgui.gui.window import MainWindow
from lrgui.plot.curve_plot import CurvePlot

CTRL = Qt.KeyboardModifier.ControlModifier


def _click(plot: CurvePlot, lr: float, modifier: Qt.KeyboardModifier = CTRL) -> None:
    view = plot.view
    at = view.mapToScene(QPointF(view.pixel_x(math.log10(lr)), view.rect().height() * 0.6))
    QTest.mouseClick(plot.canvas.viewport(), Qt.MouseButton.LeftButton, modifier, plot.canvas.mapFromScene(at))


@pytest.fixture
def bar(window: MainWindow, bench: Bench) -> CandidateBar:
    bench.play()
    return window.tabs.curve.candidates


def test_a_click_with_ctrl_marks_a_rate_and_takes_its_mark_away(
    window: MainWindow, bench: Bench, bar: CandidateBar
) -> None:
    plot, selected = window.tabs.curve.plot, bench.runs.selection
    assert bar.isHidden()
    for lr in (1e-2, 1e-4, 1e-3):
        _click(plot, lr)
        QTest.qWait(2)
    assert bench.runs.candidates == pytest.approx((1e-4, 1e-3, 1e-2), rel=0.05)
    assert bench.runs.selection == selected, "the selection stays"
    assert [label.text[:3] for label in plot.candidates.labels] == ["A ·", "B ·", "C ·"]
    assert not bar.isHidden() and [chip.text()[0] for chip in bar.chips] == ["A", "B", "C"]
    _click(plot, bench.runs.candidates[1])
    assert len(bench.runs.candidates) == 2
    QTest.mouseClick(bar.chips[0], Qt.MouseButton.LeftButton)
    assert bench.runs.candidates == pytest.approx((1e-2,), rel=0.05)
    window.actions_by_key["undo"].trigger()
    assert len(bench.runs.candidates) == 2
    QTest.mouseClick(bar.clear, Qt.MouseButton.LeftButton)
    assert bench.runs.candidates == () and bar.isHidden() and not plot.candidates.labels


def test_in_a_low_plot_flags_are_shorter_and_cover_no_words(
    window: MainWindow, bench: Bench, bar: CandidateBar
) -> None:
    plot = window.tabs.curve.plot
    bench.runs.select(2e-4)
    for number in range(7):
        bench.runs.toggle_candidate(10.0 ** (-4.5 + number / 12))
    for height, short in ((500, False), (150, True)):
        plot.setFixedHeight(height)
        window.grab()
        flags = plot.candidates.labels
        assert len(flags) > 2 and all(("·" not in flag.text) == short for flag in flags)
        boxes = [*(flag.rect for flag in flags), *plot.annotations.words]
        assert not any(one.intersects(other) for one, other in itertools.combinations(boxes, 2))


def test_marks_that_are_undone_while_the_next_sweep_runs_leave_its_plot(
    window: MainWindow, bench: Bench, bar: CandidateBar
) -> None:
    plot = window.tabs.curve.plot
    for lr in (1e-4, 1e-2):
        _click(plot, lr)
    bench.begin(Scripted(sweep()[:1], hold=True))
    assert bench.runs.waiting and len(plot.candidates.labels) == 2
    window.actions_by_key["undo"].trigger()
    assert len(bench.runs.candidates) == len(plot.candidates.labels) == 1
    bar.clear.click()
    assert not plot.candidates.labels
    bench.session.stop()


def test_the_plot_stays_where_it_is_when_one_of_several_is_taken_away(
    window: MainWindow, bench: Bench, bar: CandidateBar
) -> None:
    class Moves(QObject):
        seen = 0

        def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
            self.seen += event.type() in (QEvent.Type.Move, QEvent.Type.Resize)
            return False

    for lr in (1e-4, 1e-3, 1e-2):
        bench.runs.toggle_candidate(lr)
    QApplication.processEvents()
    moves = Moves()
    for widget in (window.tabs.curve.plot, bar, bar.train):
        widget.installEventFilter(moves)
    for left in (2, 1):
        QTest.mouseClick(bar.chips[0], Qt.MouseButton.LeftButton)
        QTest.qWait(5)
        assert len(bench.runs.candidates) == left == sum(chip.isVisible() for chip in bar.chips)
    assert moves.seen == 0 and bar.chips[0].text().startswith("A · 1e-2")
    bench.runs.toggle_candidate(1e-3)
    assert [chip.text()[:8] for chip in bar.chips if chip.isVisible()] == ["A · 1e-3", "B · 1e-2"]


def test_train_these_trains_them_and_the_selected_rate(window: MainWindow, bench: Bench, bar: CandidateBar) -> None:
    bench.runs.toggle_candidate(1e-3)
    window.actions_by_key["candidate"].trigger()
    assert len(bench.runs.candidates) == 2 and bar.selected.isHidden(), "the selected one is among them"
    window.actions_by_key["candidate"].trigger()
    assert not bar.selected.isHidden() and len(bar.rates) == 2
    bench.source = Scripted(training())
    before = len(bench.jobs)
    QTest.mouseClick(bar.train, Qt.MouseButton.LeftButton)
    bench.qtbot.waitUntil(lambda: not bench.session.queue.active and not bench.session.busy)
    rates = [job.train.max_lr for job in bench.jobs[before:]]
    schedule = bench.session.job.train.planned_schedule
    assert rates == [bench.runs.plan.as_trained(lr, schedule) for lr in bar.rates]
    assert window.tabs.currentWidget() is window.tabs.queue


def test_no_name_covers_a_line_another_name_or_words_of_the_curve(
    window: MainWindow, bench: Bench, bar: CandidateBar
) -> None:
    plot, selected, zones = window.tabs.curve.plot, 3e-3, bench.runs.zones
    assert zones is not None
    bench.runs.select(selected)
    bench.runs.set_zones(replace(zones, low_end=1e-4, high_start=1e-1))
    for place in (selected, 1e-4):
        bench.runs.toggle_candidate(0.8 * place)
    handles = plot.view.handles
    assert handles.selection is not None and handles.borders is not None and len(plot.candidates.labels) == 2
    for label in plot.candidates.labels:
        for x in (handles.selection, *handles.borders):
            at = plot.view.pixel_x(x)
            assert not label.rect.left() - 2 < at < label.rect.right() + 2, f"{label.text} is on a line"
    for factor in (1.07, 1.2, 1.3):  # where lines are that near, words keep off each other at least
        bench.runs.toggle_candidate(factor * selected)
    labels = plot.candidates.labels
    assert len(labels) == len(handles.candidates) == 5
    for label, place in zip(labels, handles.candidates, strict=True):
        assert label.rect.left() < plot.view.pixel_x(place) < label.rect.right(), "a name stands on its own line"
        words = [*plot.annotations.words, *(other.rect for other in labels if other is not label)]
        assert not any(label.rect.intersects(rect) for rect in words), label.text


def test_menu_and_palette_train_and_clear_candidates_too(window: MainWindow, bench: Bench, bar: CandidateBar) -> None:
    actions = window.actions_by_key
    assert not actions["train_candidates"].isEnabled() and not actions["clear_candidates"].isEnabled()
    bench.runs.toggle_candidate(1e-3)
    assert {"Train candidates", "Clear candidates"} <= {command.text for command in window.commands()}
    bench.source = Scripted(training())
    before = len(bench.jobs)
    actions["train_candidates"].trigger()
    bench.qtbot.waitUntil(lambda: not bench.session.queue.active and not bench.session.busy)
    assert len(bench.jobs) - before == 2, "the candidate and the selected rate"
    assert window.tabs.currentWidget() is window.tabs.queue
    words = window.banner.text
    assert words.startswith("Queue finished") and window.banner._action.isHidden(), "the queue is in sight"
    window.tabs.setCurrentWidget(window.tabs.curve)
    assert window.banner.text == words and window.banner._action.text() == "Show queue"
    QTest.mouseClick(window.banner._action, Qt.MouseButton.LeftButton)
    assert window.tabs.currentWidget() is window.tabs.queue
    actions["clear_candidates"].trigger()
    assert not bench.runs.candidates and not actions["clear_candidates"].isEnabled()


def test_they_survive_the_next_sweep_of_the_task(bench: Bench, bar: CandidateBar) -> None:
    bench.runs.toggle_candidate(1e-3)
    bench.play(Scripted(sweep(1.8)))
    assert bench.runs.candidates == (1e-3,) and not bar.isHidden()


def test_a_made_up_curve_takes_none(window: MainWindow, bench: Bench, bar: CandidateBar) -> None:
    bench.runs.toggle_candidate(1e-3)
    runs = bench.runs
    assert runs.reading is not None and runs.zones is not None
    bench.session.show_synthetic("Noisy", runs.reading.curve, runs.zones)
    assert runs.candidates == () and bar.isHidden()
    _click(window.tabs.curve.plot, 1e-2)
    assert runs.candidates == (), "nothing can be trained there"
    bench.session.leave_visit()
    assert runs.candidates == (1e-3,) and not bar.isHidden()


def test_there_are_only_so_many(bench: Bench, bar: CandidateBar) -> None:
    for power in range(40):
        bench.runs.toggle_candidate(10.0 ** (-power / 8))
    assert len(bench.runs.candidates) == 10 == len(bar.chips)


def test_the_menu_of_the_plot_marks_too(window: MainWindow, bench: Bench, bar: CandidateBar) -> None:
    plot = window.tabs.curve.plot
    view = plot.view
    at = plot.canvas.mapFromScene(view.mapToScene(QPointF(view.pixel_x(-2.0), 150.0)))
    action = next(one for one in window.tabs.curve.menu_at(at).actions() if one.text().startswith("Add candidate"))
    action.trigger()
    [lr] = bench.runs.candidates
    assert lr == pytest.approx(1e-2, rel=0.05)
    assert any(one.text().startswith("Remove candidate") for one in window.tabs.curve.menu_at(at).actions())

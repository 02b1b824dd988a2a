"""The card of the answer: range, confidence, reason, what it holds for, and what else could be selected."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bench import Bench
from PySide6.QtCore import QPointF, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from scripted import Scripted, points, sweep, task

from lrgui.core.curve.rules import RULES
from lrgui.core.curve.sweep_reading import SweepReading
from lrgui.core.events import EndEvent, StateEvent
from lrgui.core.learning_rate import format_lr
from lrgui.gui.app import create_window
from lrgui.gui.panels.checklist import ChecklistPanel
from lrgui.gui.panels.selection import SelectionPanel
from lrgui.gui.panels.suggestions import SuggestionsPanel
from lrgui.gui.window import MainWindow


@pytest.fixture
def card(window: MainWindow) -> SelectionPanel:
    found = window.findChild(SelectionPanel)
    assert isinstance(found, SelectionPanel)
    return found


def _press(button) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a_sweep_is_read_beside_the_window_and_its_answer_is_shown_at_once(
    window: MainWindow,
    card: SelectionPanel,
    bench: Bench,
    read_here: list[bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plot, shown = window.tabs.curve.plot, list[tuple[bool, str]]()
    finish = plot.set_finished

    def note(reading: SweepReading) -> None:
        finish(reading)
        QTimer.singleShot(0, lambda: shown.append((plot.zones is not None, card.number.text())))

    monkeypatch.setattr(plot, "set_finished", note)
    bench.play()
    bench.qtbot.waitUntil(lambda: bool(shown))
    assert read_here == [False], "read once, and the window does not wait for it"
    assert bench.runs.selection is not None
    assert shown == [(True, format_lr(bench.runs.selection))], "zones and card have it in the same turn"


def test_the_range_bar_goes_from_conservative_to_the_upper_limit(card: SelectionPanel, bench: Bench) -> None:
    assert card.range.isHidden()
    bench.play()
    reading = bench.runs.reading
    assert reading is not None and reading.range is not None and reading.measured_zones is not None
    rates = reading.range
    pick = reading.recommendation
    assert pick.lr is not None and pick.factor is not None
    assert (rates.low, rates.recommended) == (pick.lr / pick.factor, pick.lr)
    assert rates.high == reading.measured_zones.high_start and rates.limit_name == "upper limit"
    assert not card.range.isHidden()
    places = [card.range.place(lr) for lr in (rates.low, rates.recommended, rates.high)]
    assert places == sorted(places) and 0 < places[0] < places[2] < card.range.width()
    bench.runs.select(2e-3)
    assert "Selected: 2e-3." in card.range.toolTip() == card.range.accessibleDescription()
    assert not card.range.grab().isNull()


def test_it_says_what_the_recommendation_holds_for(card: SelectionPanel, bench: Bench) -> None:
    bench.play()
    assert card.holds_for.text() == "For SGD, momentum 0.9 · batch 64 · OneCycle · 12 epochs (252 steps)"
    session = bench.session
    session.edit(sweep=replace(session.job.sweep, planned_steps=4000))
    assert card.holds_for.text().endswith("OneCycle · 4,000 steps")


def test_a_guess_is_a_button(card: SelectionPanel, bench: Bench) -> None:
    bench.play()
    bench.runs.select(2e-3)
    held = bench.runs.selection
    bench.play(Scripted([[StateEvent("running"), task(), *points()[:190], EndEvent("failed", "It broke.")]]))
    guess = bench.runs.offer
    assert guess is not None and bench.runs.selection == held
    assert card.offer.text() == f"Select {format_lr(guess)}, a guess"
    assert card.range.isHidden() and card.holds_for.isHidden()
    _press(card.offer)
    assert bench.runs.selection == guess and not card.offer.isEnabled()
    bench.runs.undo_stack.undo()
    assert bench.runs.selection == held


def test_the_recommendation_is_offered_beside_a_rate_chosen_by_hand(card: SelectionPanel, bench: Bench) -> None:
    bench.play()
    assert not card.offer.isEnabled()
    bench.runs.select(2e-3)
    bench.play()
    pick = bench.runs.offer
    assert pick is not None
    assert bench.runs.selection == 2e-3 and card.offer.text() == f"Select the recommended {format_lr(pick)}"
    _press(card.offer)
    assert bench.runs.selection == pick


def test_a_synthetic_curve_has_no_confidence(card: SelectionPanel, bench: Bench) -> None:
    bench.play()
    reading, zones = bench.runs.reading, bench.runs.zones
    assert reading is not None and zones is not None
    bench.session.show_synthetic("Noisy", reading.curve, zones)
    assert card._verdict.text().startswith("Synthetic example")
    assert card.confidence.isHidden() and card.range.isHidden() and card.offer.isHidden()
    bench.session.leave_visit()
    assert not card.confidence.isHidden() and not card.range.isHidden()


def test_the_card_stays_dimmed_until_the_new_reading_comes(card: SelectionPanel, bench: Bench) -> None:
    bench.play()
    words = card.confidence.text()
    bench.begin(Scripted([[StateEvent("running"), task(), *points()[:50]]], hold=True))
    assert card.graphicsEffect() is not None and card.confidence.text() == words and not card.range.isHidden()
    with bench.qtbot.waitSignal(bench.session.run_ended):
        bench.session.stop()
    assert card.graphicsEffect() is None


def test_all_rules_are_in_the_table_with_their_reasons_in_sight(window: MainWindow, bench: Bench) -> None:
    panel = window.findChild(SuggestionsPanel)
    assert panel.reason.isHidden()
    bench.play(Scripted(sweep()))
    table = panel.table
    names = [table.item(row, 0).text() for row in range(table.rowCount())]
    assert {rule.label for rule in RULES} <= set(names)
    reading = bench.runs.reading
    assert reading is not None
    for row in (1, len(names) - 1):
        table.setCurrentCell(row, 0)
        assert panel.reason.text().startswith(f"{names[row]}: ")
        assert reading.full_table[row].reason in panel.reason.text()


def test_the_other_rules_are_folded_below_the_answer_and_stay_as_they_were_left(
    window: MainWindow, bench: Bench, qtbot: QtBot
) -> None:
    bench.play()
    rules, card = window.findChild(SuggestionsPanel), window.findChild(SelectionPanel)
    classic = window.findChild(ChecklistPanel).classic
    folds = {"rules": rules.fold, "classic": classic, "details": card.details}
    assert not rules.table.isVisible() and not any(fold.button.isChecked() for fold in folds.values())
    for fold in folds.values():
        fold.button.click()
    assert rules.table.isVisible() and classic.isVisible()
    later = create_window(window.settings, lambda _job: bench.source)
    qtbot.addWidget(later)
    assert later.findChild(SuggestionsPanel).fold.button.isChecked()
    assert later.findChild(ChecklistPanel).classic.button.isChecked()
    assert later.findChild(SelectionPanel).details.button.isChecked()


def test_a_rule_has_one_name_in_plot_and_table(window: MainWindow, bench: Bench) -> None:
    bench.play()
    table = window.findChild(SuggestionsPanel).table
    names = {table.item(row, 0).text() for row in range(table.rowCount())}
    assert bench.runs.reading.marks
    assert {mark.label for mark in bench.runs.reading.marks} <= names


def test_a_mark_without_room_for_its_name_has_the_number_that_the_table_gives_it(
    window: MainWindow, bench: Bench
) -> None:
    bench.play()
    table, plot = window.findChild(SuggestionsPanel).table, window.tabs.curve.plot
    numbers = {}
    for row in range(table.rowCount()):
        item, head = table.item(row, 0), table.verticalHeaderItem(row)
        assert item is not None and head is not None
        numbers[item.text()] = head.text()
    marks = {mark.key: mark for mark in plot.view.handles.marks}
    assert {mark.label: mark.number for mark in marks.values() if mark.number != "★"} == {
        name: number for name, number in numbers.items() if number
    }
    for width in (1440, 1030, 700):
        window.resize(width, 700)
        QApplication.processEvents()
        labels = plot.annotations.labels
        assert {label.key for label in labels} == set(marks), "each mark is called something"
        for label in labels:
            assert label.text in (marks[label.key].label, marks[label.key].number)
            at = marks[label.key]
            point = QPointF(plot.view.pixel_x(at.x), plot.view.pixel_y(at.y))
            assert label.rect.adjusted(-30, -30, 30, 30).contains(point), "no line has to lead to it"

"""Lines for numbers: one click selects all, Esc restores, factors and integers are read as people write them."""

from __future__ import annotations

from typing import Any

import pytest
from bench import Bench
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot
from scripted import Scripted, points, task

from lrgui.core.events import StateEvent
from lrgui.gui.panels.config_card import ConfigCard
from lrgui.gui.panels.selection import SelectionPanel
from lrgui.gui.panels.settings import SweepPanel
from lrgui.gui.window import MainWindow


def line_of(window: MainWindow, card: str, name: str) -> QLineEdit:
    forms = next(c.forms for c in window.findChildren(ConfigCard) if c.heading.text() == card)
    line = next(form.editors[name] for form in forms if name in form.editors)
    assert isinstance(line, QLineEdit)
    return line


def type_in(line: QLineEdit, text: str) -> None:
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, text)
    QTest.keyClick(line, Qt.Key.Key_Return)
    QApplication.processEvents()


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [("steps", "1e3", 1000), ("steps", "2,000", 2000), ("stop_factor", "×3", 3.0), ("stop_factor", "5x", 5.0)],
)
def test_numbers_are_read_as_people_write_them(window: MainWindow, name: str, text: str, value: Any) -> None:
    line = line_of(window, "Sweep", name)
    type_in(line, text)
    assert getattr(window.session.job.sweep, name) == value and not line.property("wrong")


def test_one_click_selects_all_and_a_second_one_does_not(window: MainWindow) -> None:
    line = line_of(window, "Sweep", "steps")
    place = QPoint(12, line.height() // 2)
    QApplication.sendEvent(line, QFocusEvent(QEvent.Type.FocusIn, Qt.FocusReason.MouseFocusReason))
    QTest.mouseClick(line, Qt.MouseButton.LeftButton, pos=place)
    assert line.selectedText() == "200"
    QTest.qWait(QApplication.doubleClickInterval() + 20)
    QTest.mouseClick(line, Qt.MouseButton.LeftButton, pos=place)
    assert line.selectedText() == ""


def test_escape_restores_what_was_there_and_stops_nothing(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[bool] = []
    monkeypatch.setattr(window.session, "stop", lambda: stopped.append(True))
    line = line_of(window, "Sweep", "steps")
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, "77")
    QTest.keyClick(line, Qt.Key.Key_Escape)
    assert line.text() == "200" == line.selectedText() and stopped == []
    type_in(line, "many")
    assert line.property("wrong")
    QTest.keyClick(line, Qt.Key.Key_Escape)
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert line.text() == "200" and not line.property("wrong") and window.session.job.sweep.steps == 200


def test_a_rate_far_outside_the_sweep_is_refused(bench: Bench, window: MainWindow) -> None:
    bench.play()
    QApplication.processEvents()
    number = window.findChild(QLineEdit, "bigNumber")
    assert isinstance(number, QLineEdit)
    before = window.runs.selection
    type_in(number, "1.0e+9")
    assert number.property("wrong") and window.runs.selection == before
    QTest.keyClick(number, Qt.Key.Key_Escape)
    QTest.keyClick(number, Qt.Key.Key_Return)
    assert not number.property("wrong")
    type_in(number, "2e-2")
    assert window.runs.selection == pytest.approx(2e-2)


def test_enter_and_space_press_the_button_that_has_the_focus(window: MainWindow, bench: Bench, qtbot: QtBot) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    button = window.findChild(SweepPanel).more.button
    button.setFocus()
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
        before = button.isChecked()
        qtbot.keyClick(button, key)
        assert button.isChecked() is not before
    bench.begin(Scripted([[StateEvent("running"), task(), *points()[:50]]], hold=True))
    button.setFocus()
    assert window.actions_by_key["pause"].isEnabled()
    before = button.isChecked()
    qtbot.keyClick(button, Qt.Key.Key_Space)
    assert button.isChecked() is not before and bench.session.state == "running", "nothing was paused"
    window.tabs.curve.plot.canvas.setFocus()
    qtbot.keyClick(window.tabs.curve.plot.canvas, Qt.Key.Key_Space)
    bench.session.close()


def test_escape_takes_back_a_selected_rate_that_cannot_be_used(bench: Bench, window: MainWindow) -> None:
    bench.play()
    panel = window.findChild(SelectionPanel)
    shown, steps, said = panel.number.text(), bench.runs.undo_stack.count(), panel._verdict.text()
    type_in(panel.number, "1e9")
    assert panel.number.property("wrong") and panel._verdict.text().startswith("The selected rate cannot be")
    QTest.keyClick(panel.number, Qt.Key.Key_Escape)
    assert panel.number.text() == shown and not panel.number.property("wrong") and panel._verdict.text() == said
    window.session.about_to_run.emit()
    assert bench.runs.undo_stack.count() == steps, "nothing was changed"
    type_in(panel.low, "9")
    assert panel.low.property("wrong") and panel.high.property("wrong")
    QTest.keyClick(panel.low, Qt.Key.Key_Escape)
    assert not panel.low.property("wrong") and not panel.high.property("wrong")
    QTest.keyClick(panel.low, Qt.Key.Key_Return)
    assert bench.runs.undo_stack.count() == steps


def test_arrows_with_alt_are_the_window_s(bench: Bench, window: MainWindow) -> None:
    bench.play()
    canvas, before = window.tabs.curve.plot.canvas, bench.runs.selection
    QTest.keyClick(canvas, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert bench.runs.selection == before
    QTest.keyClick(canvas, Qt.Key.Key_Left)
    assert bench.runs.selection != before

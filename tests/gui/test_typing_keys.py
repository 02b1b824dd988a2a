"""Lines for numbers: one click selects all, Esc restores, factors and integers are read as people write them."""

from __future__ import annotations

from collections.abc import Iterator
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
from lrgui.core.options import NUMBERS, Option, read_option
from lrgui.gui.fields import Form
from lrgui.gui.panels.config_card import ConfigCard
from lrgui.gui.panels.selection import SelectionPanel
from lrgui.gui.panels.settings import SweepPanel
from lrgui.gui.window import MainWindow
from lrgui.studies.spec import values_in


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
    type_in(line, "150")
    QTest.qWait(QApplication.doubleClickInterval() + 20)
    QTest.mouseClick(line, Qt.MouseButton.LeftButton, pos=place)
    assert line.selectedText() == "150", "after Enter it is a whole number again"
    QTest.keyClicks(line, "7")
    QTest.mouseClick(line, Qt.MouseButton.LeftButton, pos=place)
    assert line.text() == "7" and line.selectedText() == "", "who types goes to a place in it"


def test_escape_restores_what_was_there_and_stops_nothing(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[bool] = []
    monkeypatch.setattr(window.session, "stop", lambda: stopped.append(True))
    line = line_of(window, "Sweep", "steps")
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, "77")
    QTest.keyClick(line, Qt.Key.Key_Escape)
    assert line.text() == "200" == line.selectedText() and stopped == []
    for wrong, read in (("many", 200), ("0", 0)):
        type_in(line, wrong)
        assert line.property("wrong") and window.session.job.sweep.steps == read
        QTest.keyClick(line, Qt.Key.Key_Escape)
        assert line.text() == "200" == line.selectedText() and not line.property("wrong")
        assert window.session.job.sweep.steps == 200, "at once: what is kept of the settings is what stands there"


#: Numbers of the task, which are no options.
OF_TASK = ("batch_size", "momentum", "weight_decay", "subset", "loader_workers", "threads", "seed")


def number_fields(window: MainWindow) -> Iterator[tuple[str, QLineEdit, Option | None]]:
    """Every line of the window's forms that takes a number."""
    for form in window.findChildren(Form):
        for name, editor in form.editors.items():
            option = form.option(name)
            number = name in OF_TASK if option is None else option.kind in ("whole", *NUMBERS)
            if isinstance(editor, QLineEdit) and number and form.is_row_visible(name):
                yield name, editor, option


def edit(line: QLineEdit, text: str) -> None:
    """Write it over what stands there, and Enter: the rest of the window follows once all are through."""
    line.selectAll()
    line.insert(text)
    line.setModified(True)
    line.editingFinished.emit()


def test_every_number_field_does_alike(window: MainWindow) -> None:
    window.tabs.setCurrentWidget(window.tabs.verify)
    seen = set()
    for name, line, option in number_fields(window):
        seen.add(name)
        before = line.text()
        QApplication.sendEvent(line, QFocusEvent(QEvent.Type.FocusIn, Qt.FocusReason.MouseFocusReason))
        line.setCursorPosition(0)
        QTest.mouseRelease(line, Qt.MouseButton.LeftButton)
        assert line.selectedText() == before, f"{name}: one click takes all of it"
        for text in ("many", *(["-7"] if option is None or option.problem(-7) is not None else [])):
            edit(line, text)
            assert line.property("wrong") and text in line.text(), f"{name}: {text} is refused"
            QTest.keyClick(line, Qt.Key.Key_Escape)
            assert line.text() == before and not line.property("wrong"), f"{name}: Esc brings back what was there"
        if option is None:
            edit(line, "2.5e1")
            assert line.text() in ("25", "2.5e1") and "integer" not in line.accessibleDescription(), name
            QTest.keyClick(line, Qt.Key.Key_Escape)
            continue
        least = option.minimum if option.minimum is not None else option.above
        most = option.maximum if option.maximum is not None else option.below
        assert least is not None and (most is not None or option.kind == "number"), f"{name} has limits"
        if option.kind == "whole":
            assert read_option(option, "1e5") == 100_000 == read_option(option, "100,000"), name
        elif option.kind == "number":
            assert read_option(option, "×4") == 4.0 == read_option(option, "4x"), name
    assert {
        "batch_size",
        "start_lr",
        "end_lr",
        "steps",
        "beta",
        "stop_factor",
        "repeats",
        "max_lr",
    } <= seen


@pytest.mark.parametrize(("text", "values"), [("1e2, 64", (100, 64)), ("1e-2, 1.5", (0.01, 1.5))])
def test_lists_of_a_study_are_read_alike(text: str, values: tuple[float, ...]) -> None:
    found = values_in(text)
    assert found == values and [type(value) for value in found] == [type(value) for value in values]


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

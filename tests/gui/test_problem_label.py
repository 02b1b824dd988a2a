"""What is wrong with a field is said over the other rows: nothing moves, and clicks land where they were aimed."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from lrgui.core.options import read_whole
from lrgui.gui.cards import Side
from lrgui.gui.fields import Form
from lrgui.gui.labels import BREAK
from lrgui.gui.panels.settings import SweepPanel
from lrgui.gui.problem_label import ProblemLabel
from lrgui.gui.window import MainWindow


@pytest.fixture
def panel(window: MainWindow, qtbot: QtBot) -> SweepPanel:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    found = window.findChild(SweepPanel)
    assert found is not None
    return found


def line(panel: SweepPanel, name: str) -> QLineEdit:
    found = panel.forms[0].editors[name]
    assert isinstance(found, QLineEdit)
    return found


def place(widget: QWidget) -> QRect:
    return QRect(widget.mapToGlobal(QPoint(0, 0)), widget.size())


def problem(panel: SweepPanel) -> ProblemLabel:
    (found,) = [one for one in panel.window().findChildren(ProblemLabel) if one.isVisible()]
    return found


def write(field: QLineEdit, text: str, key: Qt.Key) -> None:
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, key)


def test_it_moves_no_field_and_a_click_on_the_next_one_lands_there(panel: SweepPanel, qtbot: QtBot) -> None:
    first, second = line(panel, "start_lr"), line(panel, "end_lr")
    before = {name: place(editor) for name, editor in panel.forms[0].editors.items()}
    write(first, "abc", Qt.Key.Key_Return)
    label = problem(panel)
    assert label.text() == "“abc” is not a number; write a learning rate like 1e-3 or 0.001."
    assert {name: place(editor) for name, editor in panel.forms[0].editors.items()} == before
    assert not any(place(label).intersects(place(editor)) for editor in panel.forms[0].editors.values())
    assert place(label).left() > place(first).right() and abs(place(label).center().y() - place(first).center().y()) < 3
    assert label.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    QTest.mouseClick(second, Qt.MouseButton.LeftButton)
    assert second.hasFocus() and problem(panel) is label


def test_a_sentence_that_begins_with_the_field_s_name_stays_one(panel: SweepPanel) -> None:
    write(line(panel, "start_lr"), "1", Qt.Key.Key_Return)
    said = "The last learning rate (1) is not above the first (1). Sweep upward, for example from 1e-6 to 1."
    assert problem(panel).text().replace(BREAK, "") == said


def test_two_of_them_are_both_read(panel: SweepPanel) -> None:
    write(line(panel, "start_lr"), "abc", Qt.Key.Key_Tab)
    write(line(panel, "end_lr"), "1e9", Qt.Key.Key_Tab)
    first, second = [one for one in panel.window().findChildren(ProblemLabel) if one.isVisible()]
    assert not place(first).intersects(place(second))


def test_without_room_beside_the_form_it_makes_room_for_who_types(qtbot: QtBot) -> None:
    form = Form()
    for name in ("first", "second", "third"):
        form.add_text(name, name.title(), read_whole, str, "A number of something")
    qtbot.addWidget(form)
    form.resize(260, 110)
    form.show()
    form.activateWindow()
    qtbot.waitUntil(form.isActiveWindow)
    second, third = form.editors["second"], form.editors["third"]
    assert isinstance(second, QLineEdit)
    write(second, "abc", Qt.Key.Key_Return)
    (label,) = [one for one in form.findChildren(ProblemLabel) if one.isVisible()]
    assert place(label).top() > place(second).bottom()
    third.setFocus()
    qtbot.waitUntil(lambda: not place(label).intersects(place(third)))
    assert place(label).bottom() < place(second).top()


def test_it_goes_when_the_field_is_right(panel: SweepPanel) -> None:
    field = line(panel, "steps")
    write(field, "1", Qt.Key.Key_Return)
    assert problem(panel).text() == "Cannot be “1”. Use 2 to 1,000,000; 200 is usual."
    assert "Cannot be “1”" in field.accessibleDescription()
    write(field, "60", Qt.Key.Key_Return)
    assert not [one for one in panel.window().findChildren(ProblemLabel) if one.isVisible()]
    assert "Cannot be" not in field.accessibleDescription()


def test_it_is_seen_while_its_field_is(panel: SweepPanel, qtbot: QtBot) -> None:
    panel.more.button.click()
    field = panel.forms[1].editors["accumulation"]
    assert isinstance(field, QLineEdit)
    write(field, "0", Qt.Key.Key_Return)
    label = problem(panel)
    panel.more.button.click()
    qtbot.waitUntil(lambda: not label.isVisible())
    panel.more.button.click()
    qtbot.waitUntil(label.isVisible)
    assert not place(label).intersects(place(field))
    panel.more.button.click()
    side = panel.parentWidget().parentWidget().parentWidget()
    assert isinstance(side, Side)
    panel.more.button.click()
    side.verticalScrollBar().setValue(0)
    window = panel.window()
    window.resize(window.width(), 450)
    qtbot.waitUntil(lambda: not label.isVisible())


@pytest.mark.parametrize("text", ["1e9", "1e-40"])
def test_a_rate_that_nobody_can_mean_is_refused(panel: SweepPanel, text: str) -> None:
    write(line(panel, "end_lr"), text, Qt.Key.Key_Return)
    assert problem(panel).text() == f"Cannot be “{text}”. Use 1e-15 to 1e6; 1 is usual."

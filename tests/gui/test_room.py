"""Settings and result beside the tabs, or as drawers over them where the window is narrow."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from bench import Bench
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot
from scripted import Scripted, points, task

from lrgui.core.events import StateEvent
from lrgui.core.learning_rate import format_lr
from lrgui.gui.panels.checklist import ChecklistPanel
from lrgui.gui.panels.suggestions import SuggestionsPanel
from lrgui.gui.room import Handle
from lrgui.gui.runs_drawer import RunsDrawer
from lrgui.gui.settings import Settings, load_settings, save_settings
from lrgui.gui.window import MainWindow


def place(widget: QWidget, room: QWidget) -> QRect:
    """Where a widget stands in the room."""
    return QRect(widget.mapTo(room, QPoint(0, 0)), widget.size())


def click(handle: Handle) -> None:
    QTest.mouseClick(handle, Qt.MouseButton.LeftButton)


def drag(handle: Handle, by: int) -> None:
    """Drag with the left button, in small steps as a hand does."""
    start = handle.mapToGlobal(handle.rect().center())
    QTest.mousePress(handle, Qt.MouseButton.LeftButton, pos=handle.rect().center())
    for step in range(1, 9):
        QTest.mouseMove(handle, handle.mapFromGlobal(start + QPoint(by * step // 8, 0)))
    QTest.mouseRelease(handle, Qt.MouseButton.LeftButton, pos=handle.mapFromGlobal(start + QPoint(by, 0)))


def test_in_a_wide_window_both_sides_stand_beside_the_tabs(window: MainWindow) -> None:
    room = window.room
    window.resize(1366, 768)
    places = [place(each, room) for each in (room.left.side, room.left.handle, room.center)]
    places += [place(each, room) for each in (room.right.handle, room.right.side)]
    assert all(wing.side.isVisible() and not wing.backdrop.isVisible() for wing in room.wings)
    assert places[0].left() == 0 and places[-1].right() == room.width() - 1
    for left, right in itertools.pairwise(places):
        assert left.right() + 1 == right.left(), "no gap, and nothing over another"


def test_a_handle_folds_its_side_and_the_tabs_get_the_room(window: MainWindow) -> None:
    room = window.room
    before = room.center.width()
    click(room.left.handle)
    assert not room.left.side.isVisible() and room.center.width() > before + 200
    assert "Show the settings panel (F9)" in room.left.handle.toolTip()
    click(room.right.handle)
    assert not room.right.side.isVisible()
    window.actions_by_key["left_panel"].trigger()
    window.actions_by_key["right_panel"].trigger()
    assert room.left.side.isVisible() and room.right.side.isVisible() and room.center.width() == before


def test_a_side_is_as_wide_as_it_was_dragged(window: MainWindow) -> None:
    room = window.room
    left, right, tabs = room.left.side.width(), room.right.side.width(), room.center.width()
    drag(room.left.handle, 60)
    assert (room.left.side.width(), room.center.width()) == (left + 60, tabs - 60)
    drag(room.right.handle, -40)
    assert (room.right.side.width(), room.center.width()) == (right + 40, tabs - 100)
    assert room.left.side.isVisible(), "a drag is no click"
    drag(room.left.handle, -600)
    assert room.left.side.width() == room.left.side.least_width()
    drag(room.left.handle, 1200)
    assert room.center.width() >= 480


def test_keys_on_a_handle(window: MainWindow) -> None:
    handle, side = window.room.right.handle, window.room.right.side
    width = side.width()
    QTest.keyClick(handle, Qt.Key.Key_Left)
    assert side.width() == width + 16
    QTest.keyClick(handle, Qt.Key.Key_Return)
    assert not side.isVisible()
    QTest.keyClick(handle, Qt.Key.Key_Return)
    assert side.isVisible()


def test_widths_and_folds_are_remembered(bench: Bench, window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    drag(window.room.left.handle, 50)
    click(window.room.right.handle)
    kept = tmp_path / "settings.json"
    save_settings(window.settings, kept)
    settings, warnings = load_settings(kept)
    assert not warnings
    later = MainWindow(bench.session, settings)
    qtbot.addWidget(later)
    later.resize(1440, 900)
    later.show()
    assert later.room.left.side.width() == window.room.left.side.width()
    assert not later.room.right.side.isVisible()


@pytest.mark.parametrize("wrong", [{"left": "wide"}, {"left": 0}, {"right": True}, [300], {"left": 1e9}])
def test_widths_that_are_none_are_ignored(tmp_path: Path, wrong: object) -> None:
    kept = tmp_path / "settings.json"
    save_settings(Settings(panel_widths=wrong), kept)  # type: ignore[arg-type]
    settings, warnings = load_settings(kept)
    assert settings.panel_widths == {} and "panel_widths" in warnings[0]


class TestNarrow:
    @pytest.fixture(autouse=True)
    def _narrow(self, window: MainWindow) -> None:
        window.resize(1024, 700)
        self.window, self.room = window, window.room

    def test_the_tabs_have_all_of_it(self) -> None:
        assert not any(wing.side.isVisible() for wing in self.room.wings)
        assert self.room.center.width() > 900
        for wing in self.room.wings:
            assert wing.handle.isVisible()
            assert not place(wing.handle, self.room).intersects(place(self.room.center, self.room))

    def test_a_drawer_lies_over_the_tabs(self) -> None:
        tabs = place(self.room.center, self.room)
        click(self.room.left.handle)
        side = place(self.room.left.side, self.room)
        assert self.room.left.side.isVisible() and place(self.room.center, self.room) == tabs
        assert side.intersects(tabs)
        middle = side.center()
        top = self.room.childAt(middle)
        assert top is not None and self.room.left.side.isAncestorOf(top), "it can be used"

    def test_the_list_of_runs_stays_above_when_a_run_begins(self, bench: Bench, qtbot: QtBot) -> None:
        self.window.actions_by_key["runs"].trigger()
        drawer = self.window.findChild(RunsDrawer)
        bench.play()
        strip = place(self.room.right.handle, self.room).center()
        top = self.room.childAt(strip)
        assert top is drawer or drawer.isAncestorOf(top)
        self.room.toggle(self.room.right)
        top = self.room.childAt(place(self.room.right.side, self.room).center())
        assert self.room.right.side.isAncestorOf(top), "what is asked for last lies above"

    def test_one_drawer_at_a_time(self) -> None:
        click(self.room.left.handle)
        click(self.room.right.handle)
        assert not self.room.left.side.isVisible() and self.room.right.side.isVisible()
        click(self.room.right.handle)
        assert not self.room.right.side.isVisible()

    def test_whoever_goes_on_to_the_plot_closes_it(self, bench: Bench, qtbot: QtBot) -> None:
        self.window.activateWindow()
        qtbot.waitUntil(self.window.isActiveWindow)
        bench.play()
        click(self.room.right.handle)
        assert self.room.right.side.isVisible()
        self.window.tabs.curve.plot.setFocus()
        assert not self.room.right.side.isVisible()

    def test_escape_closes_it_before_it_stops_a_run(self, bench: Bench) -> None:
        self.window.activateWindow()
        bench.qtbot.waitUntil(self.window.isActiveWindow)
        bench.source = Scripted(
            [[StateEvent("starting"), task(200), StateEvent("running"), *points(200)[:30]]], hold=True
        )
        bench.session.find()
        bench.qtbot.waitUntil(lambda: bench.session.state == "running")
        for toggle in ("left_panel", "right_panel"):
            self.window.actions_by_key[toggle].trigger()
            assert self.room.drawer_open
            QTest.keyClick(self.window.focusWidget() or self.window, Qt.Key.Key_Escape)
            assert not self.room.drawer_open and bench.session.state == "running"
        self.window.tabs.setCurrentWidget(self.window.tabs.training)
        self.window.tabs.training.plot.canvas.setFocus()
        self.window.actions_by_key["left_panel"].trigger()
        QTest.keyClick(self.window.tabs.training.plot.canvas, Qt.Key.Key_Escape)
        assert not self.room.drawer_open and bench.session.state == "running"
        self.window.toggle_runs()
        drawer = self.window.findChild(RunsDrawer)
        drawer.sort.setFocus()
        QTest.keyClick(drawer.sort, Qt.Key.Key_Escape)
        assert not drawer.isVisible() and bench.session.state == "running"
        with bench.qtbot.waitSignal(bench.session.run_ended):
            QTest.keyClick(self.window.focusWidget() or self.window, Qt.Key.Key_Escape)

    def test_a_wide_window_again_shows_both(self) -> None:
        self.window.resize(1300, 700)
        assert all(wing.side.isVisible() for wing in self.room.wings)
        self.window.resize(1024, 700)
        assert not any(wing.side.isVisible() for wing in self.room.wings)

    def test_a_fold_in_a_wide_window_has_nothing_to_do_with_drawers(self) -> None:
        click(self.room.left.handle)
        click(self.room.left.handle)
        self.window.resize(1300, 700)
        assert self.room.left.side.isVisible()

    def test_the_result_s_handle_tells_the_number(self, bench: Bench) -> None:
        empty = self.room.right.handle.grab().toImage()
        bench.play()
        lr = bench.runs.selection
        assert lr is not None and format_lr(lr) in self.room.right.handle.accessibleDescription()
        assert self.room.right.handle.grab().toImage() != empty

    def test_a_field_that_keeps_a_run_from_starting_comes_into_sight(self) -> None:
        field = self.window.findChild(QLineEdit, "field_steps")
        field.setText("many")
        field.setModified(True)
        self.window.actions_by_key["find"].trigger()
        assert self.room.left.side.isVisible() and field.isVisible()


@pytest.mark.parametrize("width", [1440, 1024])
def test_a_setting_that_the_command_palette_names_comes_into_sight(window: MainWindow, width: int) -> None:
    window.resize(width, 800)
    if width == 1440:
        click(window.room.left.handle)
    field = window.findChild(QLineEdit, "field_clip_grad_norm")
    assert not field.isVisible()
    next(each for each in window.commands() if each.text.startswith("Clip gradients (")).act()
    assert field.isVisible() and window.room.left.side.isVisible()


def test_the_scenarios_have_the_whole_room(window: MainWindow) -> None:
    for width in (1440, 1024):
        window.resize(width, 900)
        window.tabs.setCurrentWidget(window.tabs.scenarios)
        assert not any(wing.side.isVisible() or wing.handle.isVisible() for wing in window.room.wings)
        assert window.room.center.geometry() == window.room.rect()
        window.actions_by_key["left_panel"].trigger()
        assert not window.room.left.side.isVisible()
        window.tabs.setCurrentWidget(window.tabs.curve)
        assert window.room.left.handle.isVisible()


def test_the_names_of_the_tabs_stay_in_their_place_on_the_scenarios(window: MainWindow) -> None:
    def edge() -> int:
        QApplication.processEvents()
        return window.tabs.tabBar().mapTo(window, QPoint(0, 0)).x()

    before = edge()
    assert before > 250
    window.tabs.setCurrentWidget(window.tabs.scenarios)
    assert abs(edge() - before) <= 2
    window.tabs.setCurrentWidget(window.tabs.curve)
    assert edge() == before


def test_tab_never_leads_out_of_sight(window: MainWindow, bench: Bench, qtbot: QtBot) -> None:
    window.resize(1366, 600)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    bench.play()
    window.tabs.curve.plot.setFocus()
    seen: list[QWidget] = []
    for _ in range(120):  # twice around: the second time the sides have been scrolled down
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        QApplication.processEvents()
        focus = QApplication.focusWidget()
        assert focus is not None
        seen.append(focus)
        if focus is not window.tabs.curve.plot.canvas:
            assert focus.visibleRegion().boundingRect().height() >= focus.height() - 2, focus.objectName()
    for wing in window.room.wings:
        assert sum(wing.side.isAncestorOf(each) for each in seen) > 20


def test_nothing_moves_up_and_down_while_the_selection_is_dragged(window: MainWindow, bench: Bench) -> None:
    window.resize(1366, 768)
    bench.play()
    places: list[list[int]] = []
    blocks = [window.findChild(SuggestionsPanel), window.findChild(ChecklistPanel)]
    blocks += [text for _, text in window.findChild(ChecklistPanel)._rows]

    def drag(lrs: Iterable[float]) -> None:
        for lr in lrs:
            bench.runs.preview_selection(float(lr))
            for _ in range(4):
                QApplication.processEvents()
            places.append([place(block, window.room).y() for block in blocks])

    drag(np.geomspace(1e-5, 0.5, 60))
    places.clear()  # once there was room for the longest texts
    drag(np.geomspace(0.5, 1e-5, 60))
    assert all(each == places[0] for each in places)
    bench.runs.commit_selection(None, 3e-2)
    QApplication.processEvents()
    assert not bench.runs.dragging and all(text._most is None for text in blocks[2:])


def test_the_theme_takes_no_focus(window: MainWindow) -> None:
    buttons = {button.accessibleName(): button for button in window.findChildren(QPushButton)}
    assert buttons["Toggle dark mode"].focusPolicy() == Qt.FocusPolicy.NoFocus


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_drawer_that_closes_leaves_nothing_over_the_list_of_runs(window: MainWindow, side: str) -> None:
    """Its handle lay over the button that closes the list."""
    window.resize(900, 664)
    window.toggle_runs()
    runs = window.findChild(RunsDrawer)
    assert isinstance(runs, RunsDrawer)
    for _ in range(2):  # open, and close again
        window.room.toggle(getattr(window.room, side))
    QApplication.processEvents()
    for button in runs.findChildren(QPushButton):
        if button.isVisible():
            edge = button.rect().center() + QPoint(button.width() // 2 - 4, 0)
            assert window.childAt(button.mapTo(window, edge)) is button, button.text()


def test_another_tab_begins_at_its_top(window: MainWindow, qtbot: QtBot) -> None:
    bar = window.room.center.verticalScrollBar()
    window.resize(683, 344)
    window.tabs.verify.more.open()
    window.tabs.setCurrentWidget(window.tabs.verify)
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    bar.setValue(bar.maximum())
    window.tabs.setCurrentWidget(window.tabs.queue)
    assert bar.value() == 0
    window.tabs.setCurrentWidget(window.tabs.verify)
    assert bar.value() == 0

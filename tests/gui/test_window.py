"""The main window, as a person sees it."""

from __future__ import annotations

import time
from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bench import Bench
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QSlider,
    QWidget,
)
from pytestqt.qtbot import QtBot
from scripted import Scripted, points, sweep, task, training

from lrgui.core.events import EndEvent, OutputEvent, StateEvent
from lrgui.core.learning_rate import format_lr
from lrgui.gui.actions import ACTIONS
from lrgui.gui.dialogs.new_task import NewTaskDialog
from lrgui.gui.panels.checklist import ChecklistPanel
from lrgui.gui.panels.selection import SelectionPanel
from lrgui.gui.panels.suggestions import SuggestionsPanel
from lrgui.gui.saving import proposed_name
from lrgui.gui.window import MainWindow
from lrgui.tasks.spec import TaskSpec

TASK = "def model(): ...\ndef train_loader(batch_size): ...\ndef loss(output, target): ...\n"


def field(window: MainWindow, name: str) -> QLineEdit:
    """The line of a form."""
    found = window.findChild(QLineEdit, f"field_{name}")
    assert isinstance(found, QLineEdit)
    return found


def retype(qtbot: QtBot, line: QLineEdit, text: str) -> None:
    """Type something else and press Enter."""
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, text)
    qtbot.keyClick(line, Qt.Key.Key_Return)


def test_every_action_has_a_tooltip_and_its_keys(window: MainWindow) -> None:
    for row in ACTIONS:
        action = window.actions_by_key[row.key]
        assert len(action.toolTip()) > 3 and (not row.shortcuts or row.shortcuts[0] in action.toolTip())
        assert [bool(keys.toString()) for keys in action.shortcuts()] == [True] * len(row.shortcuts)
        assert callable(attrgetter(row.slot)(window))


def test_every_control_has_a_name_and_a_tooltip(window: MainWindow) -> None:
    kinds = (QAbstractButton, QComboBox, QLineEdit, QSlider)
    controls = [
        w for kind in kinds for w in window.findChildren(kind) if not w.objectName().startswith(("qt_", "Scroll"))
    ]
    assert len(controls) > 30
    for control in controls:
        named = control.accessibleName() or (control.text() if isinstance(control, QAbstractButton) else "")
        assert named, control
        assert control.toolTip() or isinstance(control.parent(), QComboBox), f"no tooltip: {named}"


def test_the_whole_flow(bench: Bench, window: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(bench.session.run_ended):
        window.actions_by_key["find"].trigger()  # keys need a window manager: see the journeys
    plot = window.tabs.curve.plot
    selection = bench.runs.selection
    assert selection is not None
    assert plot.selection == pytest.approx(selection)
    assert plot.zones == bench.runs.zones
    bench.source = Scripted(training())
    with qtbot.waitSignal(bench.session.run_ended):
        window.actions_by_key["train"].trigger()
    assert window.tabs.currentWidget() is window.tabs.training
    assert "validation accuracy 90.0 %" in window.tabs.training.heading.text()
    assert bench.jobs[-1].train.max_lr == selection


def test_the_training_is_there_once_somebody_looks_at_it(bench: Bench, window: MainWindow, qtbot: QtBot) -> None:
    window.tabs.setCurrentIndex(1)
    tab = window.tabs.training
    assert window.tabs.currentWidget() is tab and window.tabs.tabText(1) == "Training"
    assert not tab.plot.isVisible()  # nothing was trained yet
    bench.source = Scripted(training())
    with qtbot.waitSignal(bench.session.run_ended):
        window.actions_by_key["train"].trigger()
    assert window.tabs.training is tab and tab.plot.isVisible()
    assert "validation accuracy 90.0 %" in tab.heading.text()


def test_a_typed_rate_is_selected_and_nonsense_is_marked(bench: Bench, window: MainWindow, qtbot: QtBot) -> None:
    bench.play()
    number = window.findChild(SelectionPanel).number
    retype(qtbot, number, "3e-3")
    assert bench.runs.selection == 3e-3
    assert window.tabs.curve.plot.selection == pytest.approx(3e-3)
    retype(qtbot, number, "fast")
    assert bench.runs.selection == 3e-3
    assert number.property("wrong")


def test_typed_zones(bench: Bench, window: MainWindow, qtbot: QtBot) -> None:
    bench.play()
    panel = window.findChild(SelectionPanel)
    retype(qtbot, panel.low, "1e-4")
    assert bench.runs.zones is not None
    assert bench.runs.zones.low_end == 1e-4
    before = bench.runs.zones
    retype(qtbot, panel.low, "0.9")
    assert bench.runs.zones == before, "borders must rise"


def test_a_row_of_the_table_selects(bench: Bench, window: MainWindow, qtbot: QtBot) -> None:
    bench.play()
    table = window.findChild(SuggestionsPanel).table
    cell = table.visualItemRect(table.item(3, 0)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=cell)
    assert bench.runs.reading is not None
    assert bench.runs.selection == bench.runs.reading.suggestions["minimum_div10"].lr


def test_checklist_and_button_follow_a_drag(bench: Bench, window: MainWindow) -> None:
    bench.play()
    bench.runs.preview_selection(1e-5)
    assert any("too-low zone" in text for text in window.findChild(ChecklistPanel).texts)
    assert any("Train with 1e-5" in b.text() for b in window.findChildren(QPushButton))
    assert window.findChild(SelectionPanel).number.text() == "1e-5"


def test_beta_stays_open_and_moves_the_marks(bench: Bench, window: MainWindow, qtbot: QtBot) -> None:
    bench.play()
    table = window.findChild(SuggestionsPanel).table
    before = table.item(3, 1).text()
    retype(qtbot, field(window, "beta"), "0.3")
    assert table.item(3, 1).text() != before


def test_a_bad_field_says_what_would_be_right(bench: Bench, window: MainWindow, qtbot: QtBot) -> None:
    retype(qtbot, field(window, "steps"), "1")
    said = [label.text() for label in window.findChildren(QLabel, "problem") if label.isVisible()]
    assert said == ["Cannot be “1”. Use 2 to 1,000,000; 200 is usual."]
    window.actions_by_key["find"].trigger()  # keys need a window manager: see the journeys
    assert bench.jobs == []
    said = [label.text() for label in window.findChildren(QLabel, "problem") if label.isVisible()]
    assert said == ["Cannot be “1”. Use 2 to 1,000,000; 200 is usual."], "the training's steps are others"
    retype(qtbot, field(window, "steps"), "abc")
    said = [label.text() for label in window.findChildren(QLabel, "problem") if label.isVisible()]
    assert said == ["“abc” is not an integer."]


def test_a_failure_shows_its_details(bench: Bench, window: MainWindow) -> None:
    bench.play(Scripted([[OutputEvent("line 3\n", "traceback"), EndEvent("failed", "It broke. Mend it.")]]))
    assert window.banner.text == "It broke. Mend it."
    assert bench.session.state == "idle"


def test_a_sweep_that_fails_at_once_leaves_the_curve_as_it_was(bench: Bench, window: MainWindow) -> None:
    bench.play()
    plot = window.tabs.curve.plot
    before = plot.view.viewRange()
    zones, entries = plot.zones, [entry.text for entry in plot.chart.legend.entries]
    bench.session.edit(sweep=replace(bench.session.job.sweep, start_lr=1e-9, end_lr=10.0))
    bench.play(Scripted([[StateEvent("starting"), EndEvent("failed", "It broke. Mend it.")]]))
    assert np.allclose(plot.view.viewRange(), before)
    assert plot.zones == zones
    assert [entry.text for entry in plot.chart.legend.entries] == entries
    assert plot.selection == pytest.approx(bench.runs.selection)
    assert not window.findChild(SuggestionsPanel).table.isHidden()


@pytest.mark.parametrize(("answer", "closes"), [("Stop and close", True), ("Keep running", False)])
def test_closing_while_a_run_goes_on_asks(
    bench: Bench, window: MainWindow, monkeypatch: pytest.MonkeyPatch, answer: str, closes: bool
) -> None:
    bench.begin(Scripted([[StateEvent("running"), task(), *points()[:30]]], hold=True))

    def press(box: QMessageBox) -> int:
        next(button for button in box.buttons() if button.text() == answer).click()
        return 0

    monkeypatch.setattr(QMessageBox, "exec", press)
    assert window.close() is closes
    assert ("cancel" in bench.source.asked) is closes


class Elsewhere(Scripted):
    """A source that a window can leave."""

    def leave(self) -> None:
        self.asked.append("leave")
        self._go.set()


@pytest.mark.parametrize(("answer", "closes"), [("Close", True), ("Keep open", False)])
def test_closing_does_not_speak_of_stopping_a_run_that_goes_on_elsewhere(
    bench: Bench, window: MainWindow, monkeypatch: pytest.MonkeyPatch, answer: str, closes: bool
) -> None:
    bench.begin(Elsewhere([[StateEvent("running"), task(), *points()[:30]]], hold=True))

    def press(box: QMessageBox) -> int:
        assert "goes on without this window" in box.text()
        next(button for button in box.buttons() if button.text() == answer).click()
        return 0

    monkeypatch.setattr(QMessageBox, "exec", press)
    assert window.close() is closes
    assert ("leave" in bench.source.asked) is closes and "cancel" not in bench.source.asked


def test_closing_while_a_run_stops_does_not_ask_again(
    bench: Bench, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.begin(Scripted([[StateEvent("running"), task(), *points()[:30]]], hold=True))
    monkeypatch.setattr(QMessageBox, "exec", lambda _box: pytest.fail("it asked"))
    bench.session.stop()
    assert window.close()


def test_closing_when_idle_does_not_ask(window: MainWindow) -> None:
    assert window.close()
    assert window.settings.job["kind"] == "sweep"


def test_export_without_a_sweep_says_so(window: MainWindow) -> None:
    window.exporting.export_as("png")
    assert "Nothing to export" in window.banner.text


def test_export_writes_and_a_failure_is_said(bench: Bench, window: MainWindow, tmp_path: Path) -> None:
    bench.play()
    window.exporting.export_as("csv", tmp_path / "points.csv")
    assert len((tmp_path / "points.csv").read_text().splitlines()) == 201
    window.exporting.export_as("csv", tmp_path / "none" / "points.csv")
    assert "could not be written" in window.banner.text


def test_the_curve_before_is_shown_below_one_of_the_same_data_only(bench: Bench, window: MainWindow) -> None:
    def there() -> int:
        return len(window.tabs.curve.plot.previous.points[0])

    bench.play()
    bench.play()
    assert there()
    bench.session.choose_source("breast_cancer")
    bench.play()
    assert not there()


def test_a_first_sweep_that_measured_nothing_leaves_the_way_to_the_next(bench: Bench, window: MainWindow) -> None:
    bench.play(Scripted([[StateEvent("starting"), EndEvent("failed", "PyTorch is missing there.")]]))
    words = [label.text() for label in window.tabs.curve.findChildren(QLabel) if label.isVisible()]
    assert "Find a learning rate" in words


def test_files_are_called_like_what_was_trained() -> None:
    def name(**changes: Any) -> str:
        return proposed_name(replace(TaskSpec(), **changes))

    assert name() == "lr-finder-digits-cnn-sgd"
    mine = name(source="task", model="", optimizer="own", path="/home/me/Möwen & co.py:small")
    assert mine == "lr-finder-small-own"
    assert name(source="table", model="mlp", path="/home/me/Möwen & co.csv") == "lr-finder-Möwen-co-mlp-sgd"
    assert len(name(source="table", model="mlp", path=f"/home/{'x' * 300}.csv")) <= 100


def test_all_ways_in_are_in_one_menu(bench: Bench, window: MainWindow, tmp_path: Path) -> None:
    button = next(b for b in window.findChildren(QPushButton) if b.text() == "Open ▾")
    texts = [action.text() for action in button.menu().actions() if not action.isSeparator()]
    assert texts == ["Open file…", "Open folder…", "Open run…", "Follow a run…", "New task…", "Recent tasks"]
    bench.begin(Scripted([[StateEvent("running")]], hold=True))
    assert not any(action.isEnabled() for action in button.menu().actions() if not action.isSeparator())
    with bench.qtbot.waitSignal(bench.session.run_ended):
        bench.session.stop()
    assert all(action.isEnabled() for action in button.menu().actions())


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_is_chosen_is_opened(bench: Bench, window: MainWindow, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "task.py"
    file.write_text(TASK)
    before = tmp_path / "before"
    before.mkdir()
    window.settings.folder = str(before)
    window.actions_by_key["open" if kind == "file" else "open_folder"].trigger()
    dialog = next(one for one in window.findChildren(QFileDialog) if one.isVisible())
    assert dialog.directory().path() == str(before)
    dialog.fileSelected.emit(str(file if kind == "file" else tmp_path))
    dialog.close()
    assert bench.session.job.task.path == str(file)
    assert window.settings.folder == str(tmp_path)
    if kind == "file":
        assert all(pattern in dialog.nameFilters()[0] for pattern in ("*.py", "*.csv", "*.npz", "*.lrrun"))


def test_a_button_of_a_card_does_what_the_windows_action_does(window: MainWindow) -> None:
    window.session.wanted.emit("new")
    dialog = window.findChild(NewTaskDialog)
    assert dialog is not None
    dialog.close()


def test_a_saved_task_is_told_and_so_is_what_is_wrong_with_it(
    bench: Bench, window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    file = tmp_path / "task.py"
    file.write_text(TASK)
    bench.session.use(str(file))
    file.write_text(f"{TASK}\n# more\n")
    qtbot.waitUntil(lambda: window.status.text.text() == "task.py was saved and will be used for the next run.")
    file.write_text(f"{TASK}\ndef (\n")
    qtbot.waitUntil(lambda: "task.py, line 5" in window.status.text.text())


def test_light_and_dark(window: MainWindow) -> None:
    def corner() -> str:
        return window.centralWidget().grab().toImage().pixelColor(3, 3).name()

    light = corner()
    window.theming.toggle()
    assert window.settings.theme == "dark"
    assert corner() != light
    window.theming.toggle()
    assert corner() == light


@pytest.mark.parametrize("size", [(1024, 700), (1440, 900)])
def test_no_text_is_cut(bench: Bench, window: MainWindow, size: tuple[int, int]) -> None:
    window.resize(*size)
    bench.play(Scripted(sweep()))
    QApplication.processEvents()  # what was said gets its place
    window.grab()
    for widget in [*window.findChildren(QPushButton), *window.findChildren(QLabel)]:
        if not widget.isVisible() or (isinstance(widget, QLabel) and widget.wordWrap()):
            continue
        if widget is window.status.text:
            continue  # gives way by design, its tooltip has it all
        needed = widget.minimumSizeHint().width() if isinstance(widget, QPushButton) else widget.sizeHint().width()
        assert widget.width() >= needed - 1, f"“{widget.text()}” is cut"  # type: ignore[attr-defined]
    for edge in window.findChildren(QWidget, "card"):
        parent = edge.parentWidget()
        if edge.isVisible():
            assert edge.geometry().right() <= parent.width(), f"{edge.accessibleName()} sticks out"


def test_the_number_is_what_is_selected(bench: Bench, window: MainWindow) -> None:
    bench.play()
    selection = bench.runs.selection
    assert selection is not None
    assert window.findChild(SelectionPanel).number.text() == format_lr(selection)


def test_a_run_that_has_said_its_end_is_no_reason_to_ask(window: MainWindow, bench: Bench) -> None:
    """Its process may take a moment to go, and its curve a moment to be read."""
    bench.source = Scripted(sweep())
    bench.session.find()
    until = time.monotonic() + 60
    while not bench.session.worker.end_read and time.monotonic() < until:
        time.sleep(0.005)  # the thread reads it; the window has not heard of it
    assert bench.session.busy and not bench.session.measuring
    assert window.close(), "a question would stay open here"


def test_the_question_says_when_the_run_has_ended_meanwhile(window: MainWindow, bench: Bench) -> None:
    bench.begin(Scripted(sweep()[:1], hold=True))
    asked: list[tuple[str, list[str]]] = []

    def look(box: QMessageBox) -> None:
        asked.append((box.text(), [button.text() for button in box.buttons()]))

    def answer() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        look(box)
        bench.session.run_ended.connect(lambda _end: (look(box), box.reject()))
        bench.session.stop()

    QTimer.singleShot(0, answer)
    assert not window.close()
    assert [text for text, _ in asked] == [
        "A run is in progress. Stop it and close?",
        "The run has ended. Close the window?",
    ]
    assert set(asked[1][1]) == {"Close", "Keep open"}


def test_the_words_at_the_end_of_a_run_have_the_room_of_the_bar(window: MainWindow, bench: Bench) -> None:
    status = window.status
    bench.play()
    QApplication.processEvents()
    wide = status.text.width()
    status.show_cursor("cursor 1e-3 · 2.30")
    QApplication.processEvents()
    at = status.cursor_text.geometry().right()
    assert at + status.bar.width() < status.width()
    bench.begin(Scripted(sweep()[:1], hold=True))
    QApplication.processEvents()
    assert status.bar.isVisible() and status.cursor_text.geometry().right() == at, "what is read moves with no run"
    with bench.qtbot.waitSignal(bench.session.run_ended):
        bench.session.stop()
    status.show_cursor("")
    QApplication.processEvents()
    assert status.text.width() >= wide > status.width() - status.bar.width()

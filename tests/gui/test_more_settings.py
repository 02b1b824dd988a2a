"""The sweep's further settings: folded away, read and shown like all others, and never forgotten while folded."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bench import Bench
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from lrgui.core.run_settings import SweepSettings
from lrgui.gui.app import create_window
from lrgui.gui.editors import Choice
from lrgui.gui.panels.settings import SweepPanel, TrainingPanel
from lrgui.gui.settings import Settings
from lrgui.gui.window import MainWindow
from lrgui.runs.job import Job
from lrgui.runs.library import new_path, runs_folder
from lrgui.runs.log import LogWriter, read_log

NAMES = ("schedule", "repeats", "batches_per_lr", "accumulation", "clip_grad_norm", "amp")
SWITCHES = ("label_smoothing", "decay_norms", "compile", "deterministic")
#: The window plans a training of so many epochs where nobody says how long it is to be.
USUAL = SweepSettings(planned_epochs=12, length_usual=True)
OTHER = replace(USUAL, schedule="linear", batches_per_lr=3, accumulation=2, clip_grad_norm=1.5, amp="bf16")


def editor(window: MainWindow, name: str) -> QWidget:
    """The editor of a setting."""
    found = window.findChild(QWidget, f"field_{name}")
    assert isinstance(found, QWidget)
    return found


def line(window: MainWindow, name: str) -> QLineEdit:
    """The line of a setting that is typed."""
    found = editor(window, name)
    assert isinstance(found, QLineEdit)
    return found


def shown(window: MainWindow) -> list[str]:
    """What stands in the fields."""
    return [
        found.currentText() if isinstance(found := editor(window, name), Choice) else line(window, name).text()
        for name in NAMES
    ]


def fold(window: MainWindow) -> QPushButton:
    """The line that opens them."""
    return window.findChild(SweepPanel).more.button


def choose(window: MainWindow, qtbot: QtBot, name: str, key: Qt.Key) -> None:
    """Choose in a list, by key."""
    box = editor(window, name)
    box.setFocus()
    qtbot.keyClick(box, key)


def retype(qtbot: QtBot, field: QLineEdit, text: str) -> None:
    """Type something else and press Enter."""
    field.setFocus()
    field.selectAll()
    qtbot.keyClick(field, Qt.Key.Key_Delete)
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)


def said(window: MainWindow) -> list[str]:
    """The problems that are shown."""
    return [label.text() for label in window.findChildren(QLabel, "problem") if label.isVisible()]


def test_they_are_folded_until_somebody_opens_them(window: MainWindow, qtbot: QtBot) -> None:
    button = fold(window)
    assert button.text() == "▸ More settings"
    assert not any(editor(window, name).isVisible() for name in NAMES)
    button.setFocus()
    qtbot.keyClick(button, Qt.Key.Key_Space)
    assert button.text() == "▾ More settings"
    assert all(editor(window, name).isVisible() for name in NAMES)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert not any(editor(window, name).isVisible() for name in NAMES)


def test_tab_goes_through_them_in_the_order_in_which_they_stand(window: MainWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    button = fold(window)
    button.click()
    editor(window, "planned_schedule").setFocus()
    visited = []
    for _ in range(len(NAMES) + len(SWITCHES) + 2):
        focused = QApplication.focusWidget()
        qtbot.keyClick(focused, Qt.Key.Key_Tab)
        visited.append(QApplication.focusWidget())
    panel = window.findChild(SweepPanel)
    assert panel is not None
    assert visited[:-1] == [button, *(editor(window, name) for name in (*NAMES, *SWITCHES))]
    assert visited[-1] is editor(window, "length")
    panel.proof.setFocus()
    qtbot.keyClick(panel.proof, Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is editor(window, "start_lr"), "it stands above the rows"


def test_what_is_chosen_and_typed_is_what_runs(bench: Bench, window: MainWindow, qtbot: QtBot) -> None:
    fold(window).click()
    assert shown(window) == ["Exponential", "1", "1", "1", "off", "Full"]
    choose(window, qtbot, "schedule", Qt.Key.Key_Down)
    retype(qtbot, line(window, "batches_per_lr"), "3")
    retype(qtbot, line(window, "accumulation"), "2")
    retype(qtbot, line(window, "clip_grad_norm"), "1,5")
    choose(window, qtbot, "amp", Qt.Key.Key_Down)
    bench.play()
    assert bench.jobs[-1].sweep == OTHER
    choose(window, qtbot, "amp", Qt.Key.Key_Up)
    bench.play()
    assert bench.jobs[-1].sweep.amp is None


@pytest.mark.parametrize("text", ["", "off", "None "])
def test_an_empty_clip_is_off(bench: Bench, window: MainWindow, qtbot: QtBot, text: str) -> None:
    fold(window).click()
    field = line(window, "clip_grad_norm")
    retype(qtbot, field, "2")
    assert bench.session.job.sweep.clip_grad_norm == 2.0
    retype(qtbot, field, text)
    assert bench.session.job.sweep.clip_grad_norm is None
    assert field.text() == "off"
    assert said(window) == []


@pytest.mark.parametrize(
    ("name", "text", "subject", "words"),
    [
        ("batches_per_lr", "0", "Steps per rate ", "cannot be “0”. Use 1 to 1,000,000; 1 is usual."),
        ("accumulation", "two", "Accumulation: ", "“two” is not an integer."),
        (
            "clip_grad_norm",
            "0",
            "The norm that gradients are clipped to ",
            "cannot be “0”. Use more than 0 and at most 1,000,000, or off.",
        ),
        ("clip_grad_norm", "nan", "Clip gradients: ", "“nan” is not a finite number."),
        ("clip_grad_norm", "1e400", "Clip gradients: ", "“1e400” is not a finite number."),
    ],
)
def test_a_bad_one_keeps_a_run_from_starting_and_is_not_hidden(
    bench: Bench, window: MainWindow, qtbot: QtBot, name: str, text: str, subject: str, words: str
) -> None:
    button = fold(window)
    button.click()
    retype(qtbot, line(window, name), text)
    below = [words[:1].upper() + words[1:]]
    assert said(window) == below, "the field's name stands beside it"
    button.click()
    window.actions_by_key["find"].trigger()
    assert bench.jobs == []
    assert subject + words in window.banner.text
    assert said(window) == below, "the fold opened again, or nobody could find the field"


def test_opening_a_run_shows_the_settings_it_had(bench: Bench, window: MainWindow, qtbot: QtBot) -> None:
    path = new_path(Job())
    LogWriter(path, Job(sweep=OTHER)).close()
    window.session.open_run(path)
    assert bench.session.job.sweep == USUAL, "the form is the person's until they ask"
    bench.session.use_visited()
    assert shown(window) == ["Linear", "1", "3", "2", "1.5", "bf16"]
    assert bench.session.job.sweep == OTHER
    LogWriter(path, Job(sweep=replace(OTHER, amp=None, clip_grad_norm=None))).close()
    window.session.open_run(path)
    bench.session.use_visited()
    assert shown(window) == ["Linear", "1", "3", "2", "off", "Full"]


def test_the_last_settings_are_shown_at_the_start(bench: Bench, qtbot: QtBot) -> None:
    settings = Settings(theme="light", job=Job(sweep=OTHER).to_dict())
    window = create_window(settings, lambda _job: bench.source)
    qtbot.addWidget(window)
    assert shown(window) == ["Linear", "1", "3", "2", "1.5", "bf16"]
    window.close()
    assert Job.from_dict(settings.job).sweep == OTHER


def test_folded_settings_that_are_not_the_usual_ones_are_told(bench: Bench, window: MainWindow) -> None:
    session, button = bench.session, fold(window)
    session.edit(sweep=replace(session.job.sweep, accumulation=4, amp="bf16"))
    assert button.text() == "▸ More settings · 2 changed"
    assert "Accumulation 4" in button.toolTip()
    assert "Precision bf16" in button.toolTip()
    button.click()
    assert button.text() == "▾ More settings"
    button.click()
    session.edit(sweep=SweepSettings())
    assert button.text() == "▸ More settings"


def test_the_fold_stays_as_it_was_left(bench: Bench, window: MainWindow, qtbot: QtBot) -> None:
    for opened in (True, False):
        fold(window).click()
        later = create_window(window.settings, lambda _job: bench.source)
        qtbot.addWidget(later)
        assert fold(later).isChecked() is opened


@pytest.mark.parametrize("size", [(1024, 700), (1440, 900)])
def test_they_stand_in_line_with_the_others(window: MainWindow, size: tuple[int, int]) -> None:
    window.resize(*size)
    if not fold(window).isVisible():  # in a drawer
        window.room.toggle_left()
    fold(window).click()
    window.grab()

    def left(widget: QWidget) -> int:
        return widget.mapTo(window, QPoint(0, 0)).x()

    def right(widget: QWidget) -> int:
        return left(widget) + widget.width()

    above = editor(window, "steps")
    for name in NAMES:
        field = editor(window, name)
        assert (left(field), right(field)) == (left(above), right(above))
        word = next(label for label in window.findChildren(QLabel, "fieldName") if label.buddy() is field)
        assert word.width() >= word.sizeHint().width(), f"“{word.text()}” is cut"
        assert right(word) < left(field)
    assert (window.width(), window.height()) == size


def test_every_one_says_what_it_is_for(window: MainWindow) -> None:
    for name in NAMES:
        field = editor(window, name)
        assert field.accessibleName()
        assert len(field.toolTip()) > 20
    assert "slow on a CPU" in editor(window, "amp").toolTip()


def test_a_training_makes_its_steps_like_the_sweep(bench: Bench, window: MainWindow, qtbot: QtBot) -> None:
    fold(window).click()
    retype(qtbot, line(window, "accumulation"), "2")
    window.actions_by_key["train"].trigger()
    assert bench.jobs[-1].kind == "train" and bench.jobs[-1].train.accumulation == 2


def test_a_bad_one_keeps_a_training_from_starting_too(bench: Bench, window: MainWindow, qtbot: QtBot) -> None:
    fold(window).click()
    retype(qtbot, line(window, "accumulation"), "two")
    window.actions_by_key["train"].trigger()
    assert bench.jobs == [] and "not an integer" in window.banner.text
    retype(qtbot, line(window, "batches_per_lr"), "none")
    retype(qtbot, line(window, "accumulation"), "1")
    window.actions_by_key["train"].trigger()
    assert bench.jobs[-1].kind == "train", "a training has one step per rate"


def test_a_number_that_is_not_finite_in_another_runs_settings_does_not_lose_the_sweep(
    bench: Bench, window: MainWindow, qtbot: QtBot
) -> None:
    """It was taken for the training's, and no log could be written: JSON has no such numbers."""
    more = window.findChild(TrainingPanel).findChild(QPushButton, "fold")
    more.click()
    retype(qtbot, line(window, "div_factor"), "inf")
    more.click()
    bench.play()
    assert bench.session.job.train.div_factor == Job().train.div_factor
    (log,) = runs_folder().glob("*.lrrun")
    assert read_log(log).warnings == []

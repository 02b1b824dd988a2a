"""What the window says when something went wrong: all of it, in the room there is."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import Bench
from PySide6.QtWidgets import QFileDialog, QMessageBox, QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot
from scripted import Scripted, points, sweep, task, training

from lrgui.core.events import EndEvent, OutputEvent, StateEvent
from lrgui.gui.status import Elided
from lrgui.gui.window import MainWindow
from lrgui.gui.workspace import Notice

LONG = "RuntimeError: an error at /home/somebody/a/path/without/spaces/model.py that goes on. " * 12


def test_a_long_error_leaves_room_for_the_curve(bench: Bench, window: MainWindow) -> None:
    window.resize(1024, 700)
    bench.play(Scripted(sweep()))
    bench.play(Scripted([[OutputEvent("line 3\n", "traceback"), EndEvent("failed", LONG)]]))
    more = next(b for b in window.banner.findChildren(QPushButton) if b.text() == "Details")
    details = window.banner.findChild(QPlainTextEdit)
    assert isinstance(details, QPlainTextEdit)
    assert LONG.strip() in details.toPlainText()
    assert "line 3" in details.toPlainText()
    for opened in (False, True):
        more.setChecked(opened)
        window.grab()
        text = window.banner._text
        assert text.height() >= text.heightForWidth(text.width()), "lines of the message are cut"
        assert window.curve_tab.plot.height() > 120
        assert window.width() == 1024


def test_the_status_line_never_widens_the_window(window: MainWindow) -> None:
    window.resize(1024, 700)
    before = window.minimumSizeHint().width()
    status = window.status.text
    status.setText(LONG)
    window.grab()
    assert isinstance(status, Elided)
    assert window.minimumSizeHint().width() == before
    assert status.width() < 1024
    assert status.toolTip() == LONG


def test_a_log_that_cannot_be_kept_is_told_beside_a_failure(bench: Bench, own_folders: Path) -> None:
    (own_folders / "runs").write_text("a file where the folder should be")
    heard: list[Notice | None] = []
    bench.workspace.noticed.connect(heard.append)
    bench.play(Scripted([[EndEvent("failed", "It broke. Mend it.")]]))
    last = heard[-1]
    assert last is not None
    assert last.kind == "error"
    assert "cannot be written" in last.text
    assert last.text.endswith("It broke. Mend it.")
    bench.play(Scripted(training("diverged")), bench.workspace.train)
    last = heard[-1]
    assert last is not None
    assert "cannot be written" in last.text
    assert last.action.startswith("Select")


def test_keep_running_keeps_the_window_even_if_the_run_has_ended_meanwhile(
    bench: Bench, window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.begin(Scripted([[StateEvent("running"), task(), *points()[:30]]], hold=True))

    def press(box: QMessageBox) -> int:
        bench.source.cancel()
        qtbot.waitUntil(lambda: not bench.workspace.busy)
        next(button for button in box.buttons() if button.text() == "Keep running").click()
        return 0

    monkeypatch.setattr(QMessageBox, "exec", press)
    assert not window.close()
    assert window.isVisible()
    assert window.close(), "without a run nothing is asked"


def test_a_name_with_a_dot_still_gets_its_suffix(
    bench: Bench, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.play()
    there = tmp_path / "lr-0.02.csv"
    there.write_text("old")
    answers = [str(tmp_path / "lr-0.01"), str(tmp_path / "lr-0.02"), ""]
    asked: list[str] = []

    def choose(*arguments: object) -> tuple[str, str]:
        asked.append(str(arguments[2]))
        return answers.pop(0), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    window.export_as("csv")
    assert (tmp_path / "lr-0.01.csv").exists()
    window.export_as("csv")
    assert there.read_text() == "old", "nobody was asked whether to replace this one"
    assert asked[-1] == str(there)

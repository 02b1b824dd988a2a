"""What went wrong and can be mended by one click is mended by one click."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from bench import Bench
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QPushButton
from pytestqt.qtbot import QtBot
from scripted import Scripted, sweep

from lrgui.core.events import EndEvent, OutputEvent
from lrgui.gui.window import MainWindow
from lrgui.runs import in_process
from lrgui.runs.in_process import InProcess
from lrgui.runs.launch import ChildProcess
from lrgui.tasks.spec import TaskSpec

FAKE = Path(__file__).resolve().parents[1] / "runs" / "fake_worker.py"
NO_MEMORY = [[EndEvent("out_of_memory", "Out of memory with batches of 64. Use half the batch size.")]]
NO_LOADER = [[EndEvent("loader_died", "A DataLoader worker was killed: set the DataLoader workers to 0.")]]


def mend(window: MainWindow) -> QPushButton | None:
    """The banner's button, where it has one."""
    buttons = (b for b in window.banner.findChildren(QPushButton) if b.accessibleName() == "Fix" and b.isVisible())
    return next(buttons, None)


def press(window: MainWindow, qtbot: QtBot, text: str) -> None:
    """Click on the button that says `text`."""
    button = mend(window)
    assert button is not None
    assert button.text() == text
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def numbers(bench: Bench) -> tuple[int, int]:
    """Batch size and accumulation."""
    return bench.session.job.task.batch_size, bench.session.job.sweep.accumulation


def test_half_the_batch_twice_the_accumulation(bench: Bench, window: MainWindow, qtbot: QtBot) -> None:
    bench.play(Scripted(NO_MEMORY))
    button = mend(window)
    assert button is not None
    assert "Batch size 32, accumulation 2" in button.toolTip()
    press(window, qtbot, "Use half the batch size")
    assert numbers(bench) == (32, 2)
    assert "F5" in window.banner.text
    assert mend(window) is None
    bench.play(Scripted(NO_MEMORY))
    assert bench.jobs[-1].task.batch_size == 32
    assert bench.jobs[-1].sweep.accumulation == 2
    press(window, qtbot, "Use half the batch size")
    assert numbers(bench) == (16, 4)
    bench.play(Scripted(sweep()))
    assert window.banner.text == ""
    assert bench.runs.reading is not None


@pytest.mark.parametrize("size", [(1024, 700), (1440, 900)])
def test_button_and_message_both_have_room(
    bench: Bench, window: MainWindow, qtbot: QtBot, size: tuple[int, int]
) -> None:
    window.resize(*size)
    told = "Out of memory with batches of 64. Use half the batch size (32) and an accumulation of 2, or less."
    bench.play(Scripted([[OutputEvent("line 3\n", "traceback"), EndEvent("out_of_memory", told)]]))
    banner = window.banner
    qtbot.waitUntil(lambda: banner.height() < 120)
    inside = banner.rect()
    shown = [b for b in banner.findChildren(QPushButton) if b.isVisible()]
    assert {b.text() for b in shown} == {"Use half the batch size", "Details", "×"}
    for button in shown:
        assert button.width() >= button.minimumSizeHint().width(), f"“{button.text()}” is cut"
        assert inside.contains(button.geometry())
        assert not button.geometry().intersects(banner._text.geometry())
    window.resize(1600, 900)
    qtbot.waitUntil(lambda: len({b.geometry().center().y() for b in shown}) == 1)


def test_a_batch_size_that_cannot_be_read_does_not_stand_in_the_way(
    bench: Bench, window: MainWindow, qtbot: QtBot
) -> None:
    bench.play(Scripted(NO_MEMORY))
    field = window.findChild(QLineEdit, "field_batch_size")
    assert isinstance(field, QLineEdit)
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "fewer")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    press(window, qtbot, "Use half the batch size")
    assert field.text() == "32"
    bench.play(Scripted(sweep()))
    assert bench.jobs[-1].task.batch_size == 32


def test_a_training_gets_half_the_batch_and_learns_alike(bench: Bench, window: MainWindow, qtbot: QtBot) -> None:
    bench.play(Scripted(NO_MEMORY), bench.session.train)
    press(window, qtbot, "Use half the batch size")
    assert numbers(bench) == (32, 2)
    assert "Start again with F6" in window.banner.text
    bench.play(Scripted(NO_MEMORY), bench.session.train)
    assert (bench.jobs[-1].task.batch_size, bench.jobs[-1].train.accumulation) == (32, 2)


def test_a_batch_of_one_cannot_be_halved(bench: Bench, window: MainWindow) -> None:
    bench.session.edit(task=replace(bench.session.job.task, batch_size=1))
    bench.play(Scripted(NO_MEMORY))
    assert mend(window) is None
    assert window.banner.text


def test_a_loader_that_died_is_done_without(bench: Bench, window: MainWindow, qtbot: QtBot) -> None:
    bench.session.edit(task=replace(bench.session.job.task, loader_workers=2))
    bench.play(Scripted(NO_LOADER))
    assert "A DataLoader worker was killed" in window.banner.text
    press(window, qtbot, "Use 0 workers")
    assert bench.session.job.task.loader_workers == 0
    bench.play(Scripted(NO_LOADER))
    assert mend(window) is None, "there is none left to do without"


def test_another_failure_has_no_button(bench: Bench, window: MainWindow) -> None:
    bench.play(Scripted([[EndEvent("failed", "It broke. Mend it.")]]))
    assert mend(window) is None


def test_an_error_of_torch_itself_gets_the_button(
    bench: Bench, window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def greedy(spec: TaskSpec) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")

    monkeypatch.setattr(in_process, "build_task", greedy)
    monkeypatch.setattr(bench.session, "_open_source", InProcess)
    with qtbot.waitSignal(bench.session.run_ended):
        bench.session.find()
    assert "Out of memory with batches of 64" in window.banner.text
    press(window, qtbot, "Use half the batch size")
    assert numbers(bench) == (32, 2)


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in needs POSIX")
def test_a_process_without_memory_gets_the_button(
    bench: Bench, window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [sys.executable, str(FAKE), "out_of_memory"]
    monkeypatch.setattr(bench.session, "_open_source", lambda job: ChildProcess(job, command=command))
    with qtbot.waitSignal(bench.session.run_ended):
        bench.session.find()
    press(window, qtbot, "Use half the batch size")
    assert numbers(bench) == (32, 2)

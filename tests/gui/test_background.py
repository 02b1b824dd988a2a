from __future__ import annotations

import threading
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from lrgui.gui.background import Background, Watch


class Waiting:
    """Work that goes on until it is let go; tells how far it is now and then."""

    def __init__(self, result: object) -> None:
        self.go, self.begun, self.over = threading.Event(), threading.Event(), False
        self._result = result

    def __call__(self, watch: Watch) -> object:
        self.begun.set()
        share = 0.0
        try:
            while not self.go.wait(0.005):
                share += 0.02
                watch(share)
        finally:
            self.over = True
        return self._result


@pytest.fixture
def background(qtbot: QtBot) -> Background:
    return Background(QCoreApplication.instance())


def test_the_result_comes_in_the_windows_thread(background: Background, qtbot: QtBot) -> None:
    got: list[Any] = []
    work = Waiting(7)
    with qtbot.waitSignal(background.told):
        background.start(work, lambda *found: got.append((*found, threading.current_thread())))
    assert background.running and got == []
    work.go.set()
    qtbot.waitUntil(lambda: bool(got))
    assert got == [(7, None, threading.main_thread())] and not background.running


def test_what_the_work_raises_is_handed_over(background: Background, qtbot: QtBot) -> None:
    got: list[Any] = []
    background.start(lambda _watch: 1 / 0, lambda *found: got.append(found))
    qtbot.waitUntil(lambda: bool(got))
    assert got[0][0] is None and isinstance(got[0][1], ZeroDivisionError)


def test_nobody_gets_what_was_given_up(background: Background, qtbot: QtBot) -> None:
    got: list[Any] = []
    first, second = Waiting(1), Waiting(2)
    background.start(first, lambda *found: got.append(found))
    assert first.begun.wait(60)
    background.start(second, lambda *found: got.append(found))
    qtbot.waitUntil(lambda: first.over)
    second.go.set()
    qtbot.waitUntil(lambda: bool(got))
    assert got == [(2, None)]
    third = Waiting(3)
    background.start(third, lambda *found: got.append(found))
    background.close()
    assert third.over or not third.begun.is_set()
    QCoreApplication.processEvents()
    assert got == [(2, None)] and not background.running

"""Random keys, clicks, drags and wheel turns, with runs going on: no crash, no exception, nothing left behind."""

from __future__ import annotations

import random

import pytest
from bench import Bench
from PySide6.QtCore import QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QDesktopServices, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QMenu, QWidget
from scripted import Scripted, sweep, training
from test_verify_tab import race

from lrgui.gui.actions import ACTIONS
from lrgui.gui.movable_table import MovableTable
from lrgui.gui.window import MainWindow
from lrgui.runs.job import Job

KEYS = [
    *(Qt.Key(key) for key in range(Qt.Key.Key_0.value, Qt.Key.Key_9.value + 1)),
    *(Qt.Key.Key_Tab, Qt.Key.Key_Backtab, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down),
    *(Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_Space, Qt.Key.Key_Delete, Qt.Key.Key_E, Qt.Key.Key_Period),
]
HELD = [Qt.KeyboardModifier.NoModifier] * 4 + [Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier]
#: Actions that a person has by key: a key reaches a window only where a window manager gives it the focus. All but
#: those that leave the window, or ask the system for a file.
LEFT_OUT = {"quit", "open", "open_folder", "open_run", "new"}
KEYED = [row.key for row in ACTIONS if row.key not in LEFT_OUT]
#: Those that runs come of have a greater share.
OFTEN = ["find", "train", "verify", "compare", "enqueue", "candidate", "train_candidates", "pause", "stop"]


class Monkey:
    """Does what `chance` says to a window."""

    def __init__(self, window: MainWindow, bench: Bench, seed: int) -> None:
        self.window, self.chance = window, random.Random(seed)
        bench.session._open_source = self._source  # type: ignore[assignment]

    def _source(self, job: Job) -> Scripted:
        """A run of the kind that was asked for; some go on until they are stopped."""
        chunks = race(job.race) if job.kind == "race" else training() if job.kind == "train" else sweep()
        return Scripted(chunks[:-1], hold=True) if self.chance.random() < 0.3 else Scripted(chunks)

    def _somewhere(self) -> tuple[QWidget, QPoint]:
        window = self.window
        point = QPoint(self.chance.randrange(window.width()), self.chance.randrange(window.height()))
        widget = window.childAt(point) or window
        return widget, widget.mapFrom(window, point)

    def act(self) -> None:
        """One event."""
        kind = self.chance.randrange(10)
        widget, at = self._somewhere()
        held = self.chance.choice(HELD)
        if kind < 3:
            QTest.mouseClick(widget, Qt.MouseButton.LeftButton, held, at)
        elif kind == 3:
            QTest.mouseDClick(widget, Qt.MouseButton.LeftButton, held, at)
        elif kind == 4:
            button = self.chance.choice([Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton])
            QTest.mousePress(widget, button, held, at)
            for _ in range(4):
                at += QPoint(self.chance.randint(-60, 60), self.chance.randint(-40, 40))
                QTest.mouseMove(widget, at)
            QTest.mouseRelease(widget, button, held, at)
        elif kind == 5:
            turn = QPoint(0, self.chance.choice([-120, 120]))
            place = QPointF(at), QPointF(widget.mapToGlobal(at))
            none, phase = Qt.MouseButton.NoButton, Qt.ScrollPhase.NoScrollPhase
            QApplication.sendEvent(widget, QWheelEvent(*place, QPoint(), turn, none, held, phase, False))
        elif kind < 9:
            QTest.keyClick(QApplication.focusWidget() or self.window, self.chance.choice(KEYS), held)
        elif self.chance.random() < 0.2:
            self.window.resize(self.chance.randint(680, 1600), self.chance.randint(320, 1000))
        else:
            action = self.window.actions_by_key[self.chance.choice(self.chance.choice((KEYED, OFTEN)))]
            if action.isEnabled():
                action.trigger()

    def tidy(self) -> None:
        """Close what lies over the window: it takes all events."""
        for _ in range(5):
            top = QApplication.activePopupWidget() or QApplication.activeModalWidget()
            if top is None:
                return
            top.close()


def _run(window: MainWindow, bench: Bench, monkeypatch: pytest.MonkeyPatch, seed: int, events: int) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_a, **_k: ("", ""))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, **_k: ("", ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_a, **_k: "")
    monkeypatch.setattr(QMenu, "exec", lambda *_a, **_k: None)
    monkeypatch.setattr(QDialog, "exec", lambda *_a, **_k: 0)
    # No test opens a browser: a link of the guide would, or say that there is none.
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda *_a: True)
    # The system's own drag waits for a button that no hand holds.
    monkeypatch.setattr(MovableTable, "startDrag", lambda *_a: None)
    monkey = Monkey(window, bench, seed)
    closer = QTimer(window, interval=200)  # some buttons of Qt's wait within the click until their menu is closed
    closer.timeout.connect(monkey.tidy)
    closer.start()
    for _ in range(events):
        monkey.act()
        QApplication.processEvents()
        monkey.tidy()
    bench.session.queue.pause()  # it would begin its next training once the run that goes on is stopped
    if bench.session.busy:
        bench.session.stop()
    bench.qtbot.waitUntil(lambda: not bench.session.busy)
    closer.stop()
    monkeypatch.undo()
    window.session._open_source = bench._open  # type: ignore[assignment]
    bench.session.set_job(Job())  # what was typed last may be nonsense, which starts no run
    bench.play()
    assert bench.runs.reading is not None and window.isVisible(), "it can be used as before"


@pytest.mark.parametrize("seed", [1, 2])
def test_random_events(window: MainWindow, bench: Bench, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    _run(window, bench, monkeypatch, seed, 200)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_many_random_events(window: MainWindow, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    _run(window, bench, monkeypatch, 3, 5000)

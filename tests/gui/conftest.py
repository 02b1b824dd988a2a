"""A session and a window over scripted runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from bench import Bench
from PySide6.QtCore import QCoreApplication, QEvent
from pytestqt.qtbot import QtBot

from lrgui.core.curve.sweep_reading import SweepReading, read_sweep
from lrgui.gui.settings import Settings
from lrgui.gui.window import MainWindow


@pytest.fixture
def bench(qtbot: QtBot) -> Iterator[Bench]:
    """A session without a window."""
    bench = Bench(qtbot)
    yield bench
    bench.session.close()
    bench.session.deleteLater()


@pytest.fixture
def window(bench: Bench, qtbot: QtBot) -> MainWindow:
    """The window over the bench's session, shown at 1440×900."""
    # Windows of earlier tests that still wait to be deleted would be painted anew with each style sheet.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    window = MainWindow(bench.session, Settings(theme="light"))
    qtbot.addWidget(window, before_close_func=lambda _window: bench.session.close())
    window.resize(1440, 900)
    window.show()
    qtbot.waitExposed(window)
    return window


@pytest.fixture
def read_here(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Of each sweep that is read from now on, whether the window's own thread did it."""
    noted: list[bool] = []

    def read(*arguments: object, **settings: object) -> SweepReading:
        noted.append(threading.current_thread() is threading.main_thread())
        return read_sweep(*arguments, **settings)  # type: ignore[arg-type]

    monkeypatch.setattr("lrgui.core.curve.sweep_reading.read_sweep", read)
    return noted

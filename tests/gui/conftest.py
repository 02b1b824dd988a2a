"""A session and a window over scripted runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bench import Bench
from PySide6.QtCore import QCoreApplication, QEvent
from pytestqt.qtbot import QtBot

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

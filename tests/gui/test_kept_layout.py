"""Where the window was and which folds are open is kept with the settings: by earlier versions in a file of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from bench import Bench
from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot

from lrgui.gui.app import create_window
from lrgui.gui.old_layout import forget_old_layout, old_layout_file, take_over
from lrgui.gui.panels.settings import SweepPanel
from lrgui.gui.settings import Settings, load_settings, settings_file
from lrgui.gui.window import MainWindow

#: Changes settings as a person would, and is killed two seconds later.
KILLED = """
import os, signal
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from lrgui.gui import app
from lrgui.gui.window import MainWindow
from lrgui.gui.panels.settings import SweepPanel

def change():
    window = next(one for one in QApplication.topLevelWidgets() if isinstance(one, MainWindow))
    panel = window.findChild(SweepPanel)
    panel.forms[0].edited.emit("steps", 77)
    panel.more.button.click()
    window.theming.choose("dark")
    window.tabs.curve.log.click()
    window.tabs.setCurrentWidget(window.tabs.compare)
    window.room.move_handle(window.room.left, 40)
    window.room.left.handle.dropped.emit()
    window.room.right.handle.click()
    window.resize(1300, 777)
    QTimer.singleShot(2000, lambda: os.kill(os.getpid(), signal.SIGKILL))

app.main(["--new-window"], before=lambda: QTimer.singleShot(300, change))
"""


def test_the_window_comes_back_where_it_was(window: MainWindow, bench: Bench, qtbot: QtBot) -> None:
    window.resize(1200, 800)
    window.place.keep()
    later = create_window(window.settings, lambda _job: bench.source)
    qtbot.addWidget(later)
    assert later.size() == window.size()


@pytest.mark.parametrize("geometry", ["!", "AAAA", "x" * 1000])
def test_a_place_that_is_none_is_ignored(bench: Bench, qtbot: QtBot, geometry: str) -> None:
    later = create_window(Settings(theme="light", geometry=geometry), lambda _job: bench.source)
    qtbot.addWidget(later)
    assert later.width() > 600


def test_what_an_earlier_version_kept_is_taken_over_once(window: MainWindow, bench: Bench, qtbot: QtBot) -> None:
    window.resize(1234, 765)
    old = QSettings(str(old_layout_file()), QSettings.Format.IniFormat)
    old.setValue("geometry", window.saveGeometry())
    old.setValue("unfolded/sweep", True)
    old.setValue("unfolded/train", False)
    old.sync()
    settings = Settings(theme="light")
    take_over(settings)
    assert settings.unfolded == ["sweep"]
    later = create_window(settings, lambda _job: bench.source)
    qtbot.addWidget(later)
    assert later.size() == window.size()
    panel = later.findChild(SweepPanel)
    assert panel is not None and panel.more.button.isChecked()
    panel.more.button.click()
    assert settings.unfolded == []
    take_over(settings)
    assert settings.unfolded == [], "settings that have a place of their own are newer"
    forget_old_layout()
    assert not old_layout_file().exists()


def test_a_kill_loses_nothing_that_was_changed_two_seconds_before(bench: Bench, qtbot: QtBot) -> None:
    ended = subprocess.run([sys.executable, "-c", KILLED], cwd=Path(__file__).parents[2], timeout=120, check=False)
    assert ended.returncode == -signal.SIGKILL
    settings, warnings = load_settings(settings_file())
    assert warnings == []
    assert settings.job["sweep"]["steps"] == 77 and "sweep" in settings.unfolded
    assert settings.theme == "dark" and settings.folded_panels == ["right"]
    assert settings.switches == {"curve.log": True} and settings.tab == "compare"
    assert settings.panel_widths["left"] > 320, "dragged by 40 pixels"
    later = create_window(settings, lambda _job: bench.source)
    qtbot.addWidget(later)
    assert later.size().toTuple() == (1300, 777)

"""What the person set with the switches of plots and lists, and the tab in sight, are there again at the next start."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
from bench import Bench
from pytestqt.qtbot import QtBot

from lrgui.gui.app import create_window
from lrgui.gui.settings import Settings, load_settings, save_settings
from lrgui.gui.window import MainWindow
from lrgui.runs.overlay import Scale

Restart = Callable[[], MainWindow]


@pytest.fixture
def restart(window: MainWindow, bench: Bench, qtbot: QtBot, tmp_path: Path) -> Restart:
    """Makes the window that the next start would make, from a file."""

    def made() -> MainWindow:
        file = tmp_path / "settings.json"
        assert save_settings(window.settings_now(), file) is None
        settings, warnings = load_settings(file)
        assert warnings == []
        later = create_window(settings, lambda _job: bench.source)
        qtbot.addWidget(later)
        return later

    return made


def test_the_switches_of_the_curve_come_back_and_the_plot_follows_them(window: MainWindow, restart: Restart) -> None:
    curve = window.tabs.curve
    assert not curve.log.isChecked() and curve.rules.isChecked()
    curve.log.click()
    curve.rules.click()
    later = restart().tabs.curve
    assert later.log.isChecked() and not later.rules.isChecked()
    assert later.plot.log_loss and not later.plot.look.rules


def test_the_view_of_the_training_comes_back(window: MainWindow, restart: Restart) -> None:
    view = window.tabs.training.view
    for action in (view.log, view.log_rate, view.table):
        action.trigger()
    view.offer(["accuracy", "gradient norm"])
    view.choose_middle("gradient norm")
    later = restart().tabs.training
    assert later.view.log.isChecked() and later.view.log_rate.isChecked()
    assert later.plot.loss.view.log_y and later.plot.rate.view.log_y
    assert not later.table.isHidden()
    chosen: list[str] = []
    later.view.middle_chosen.connect(chosen.append)
    later.view.offer(["accuracy", "F1"])  # of a training without gradients
    later.view.offer(["accuracy", "gradient norm"])
    assert chosen == ["", "gradient norm"]


def test_how_runs_are_compared_comes_back_for_each_table_of_its_own(window: MainWindow, restart: Restart) -> None:
    saved = window.tabs.compare.saved
    saved.log.click()
    saved.scale.addItem("of the best", Scale.BEST)
    saved.scale.setCurrentIndex(saved.scale.findData(Scale.BEST))
    saved.scale.activated.emit(saved.scale.currentIndex())
    window.tabs.compare.boxes["adamw"].click()
    later = restart().tabs
    assert later.compare.saved.log.isChecked() and later.compare.saved._view.log
    assert later.compare.saved._view.scale == Scale.BEST
    assert {key for key, box in later.compare.boxes.items() if not box.isChecked()} == {"adamw"}
    assert not later.queue.view.log.isChecked()


def test_the_order_of_the_runs_comes_back(window: MainWindow, restart: Restart) -> None:
    window.toggle_runs()
    assert window._drawer is not None
    last = window._drawer.sort.itemText(window._drawer.sort.count() - 1)
    window._drawer.sort.setCurrentText(last)
    later = restart()
    later.toggle_runs()
    assert later._drawer is not None and later._drawer.sort.currentText() == last


def test_only_what_differs_from_the_usual_is_kept_and_no_zoom(window: MainWindow) -> None:
    curve = window.tabs.curve
    curve.log.click()
    curve.plot.view.scaleBy((0.5, 0.5))
    assert window.settings_now().switches == {"curve.log": True}
    curve.log.click()
    assert asdict(window.settings_now())["switches"] == {}


@pytest.mark.parametrize("key", ["compare", "queue", "scenarios"])
def test_the_tab_in_sight_comes_back(window: MainWindow, restart: Restart, key: str) -> None:
    window.tabs.setCurrentWidget(getattr(window.tabs, key))
    later = restart()
    assert later.tabs.key == "", "what was named on the command line is shown before"
    later.tabs.show_again(later.settings.tab)
    assert later.tabs.key == key


@pytest.mark.parametrize("key", ["training", "verify", "study", "gone", ""])
def test_a_tab_that_has_nothing_to_show_yet_makes_room_for_the_curve_s(window: MainWindow, key: str) -> None:
    window.tabs.show_again(key)
    assert window.tabs.key == ""
    if hasattr(window.tabs, key):
        window.tabs.setCurrentWidget(getattr(window.tabs, key))
    assert window.settings_now().tab == ""


@pytest.mark.parametrize("value", [[], {"curve.log": 3}, "curve.log", {"curve.log": None}])
def test_switches_that_cannot_be_read_are_dropped_alone(tmp_path: Path, value: object) -> None:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"version": 1, "switches": value, "tab": "verify"}))
    settings, warnings = load_settings(file)
    assert settings == Settings(tab="verify")
    assert len(warnings) == 1 and "switches" in warnings[0]


def test_words_of_another_version_leave_the_usual(bench: Bench, qtbot: QtBot) -> None:
    odd: dict[str, bool | str] = {
        "curve.log": "yes",
        "training.log": "",
        "compare.scale": "of yesterday",
        "compare.align": True,
        "runs.sort": "by colour",
    }
    window = create_window(Settings(theme="light", switches=odd), lambda _job: bench.source)
    qtbot.addWidget(window)
    assert not window.tabs.curve.log.isChecked() and not window.tabs.training.view.log.isChecked()
    view = window.tabs.compare.saved._view
    assert (view.scale, view.align) == (Scale.RAW, "")
    window.toggle_runs()
    assert window._drawer is not None and window._drawer.sort.currentIndex() == 0

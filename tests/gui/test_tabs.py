"""The tabs: made when somebody first looks at them, each in its place."""

from __future__ import annotations

import pytest
from bench import Bench

from lrgui.gui.tabs.tabs import LATER
from lrgui.gui.window import MainWindow
from lrgui.plot.theme import DARK


def names(window: MainWindow) -> list[str]:
    return [window.tabs.tabText(index) for index in range(window.tabs.count())]


@pytest.mark.parametrize("key", list(LATER))
def test_a_tab_is_made_when_it_is_first_looked_at(window: MainWindow, key: str) -> None:
    before = names(window)
    assert key not in window.tabs._made
    window.tabs.setCurrentIndex(before.index(LATER[key]))
    assert list(window.tabs._made) == [key], "and no other"
    assert window.tabs.currentWidget() is getattr(window.tabs, key)
    assert names(window) == before


def test_a_tab_made_aside_is_not_looked_at(window: MainWindow) -> None:
    assert window.tabs.training is window.tabs.training
    assert window.tabs.currentWidget() is window.tabs.curve


def test_a_tab_that_is_made_later_has_the_colours_of_now(window: MainWindow) -> None:
    window.tabs.set_palette(DARK)
    plot = window.tabs.training.plot
    plot.resize(300, 200)
    assert plot.grab().toImage().pixelColor(2, 2).name().upper() == DARK.background


def test_undo_acts_on_the_scenarios_only_while_they_are_in_sight(window: MainWindow, bench: Bench) -> None:
    tabs, changes = window.tabs, list[bool]()
    tabs.undo_changed.connect(lambda: changes.append(tabs.on_scenarios))
    assert tabs.undo_stack is bench.runs.undo_stack
    tabs.setCurrentWidget(tabs.scenarios)
    assert tabs.undo_stack is tabs.scenarios.undo_stack
    tabs.scenarios._chosen.change("pick", selection=1e-3)
    tabs.setCurrentWidget(tabs.curve)
    assert tabs.undo_stack is bench.runs.undo_stack
    bench.runs.select(1e-3)
    assert changes == [True, False]

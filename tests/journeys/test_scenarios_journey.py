"""The lesson in the real window: sliders by mouse, the picking game, the way to the main plot."""

from __future__ import annotations

import time

import numpy as np
import pytest
from program import Program, Zones, until

from lrgui.plot.scenario_plot import ORANGE
from lrgui.plot.theme import LIGHT

#: In the window's own pixels; the font comes with the program.
TAB, REVEAL, SEND = (768, 82), (1260, 511), (1260, 373)


def click(program: Program, at: tuple[int, int]) -> None:
    program.desktop.do("mousemove", "--window", program.window, *at, "click", 1)


def selected(program: Program) -> int | None:
    """Where the line of the selection stands; None where there is none yet."""
    try:
        return program.selection_column(program.zones())
    except (AssertionError, ValueError):
        return None


def curve(program: Program, zones: Zones) -> np.ndarray:
    """Where the thick blue curve of the chosen scenario is drawn, inside the plot."""
    return program._pixels(LIGHT.curve, 30)[zones.top : zones.bottom, zones.left : zones.right]


def orange(program: Program) -> np.ndarray:
    """Where the noisy curve is drawn."""
    return program._pixels(ORANGE, 40)


def sliders(program: Program, zones: Zones) -> list[tuple[int, int]]:
    """The handles of the four sliders: where the filled part of each groove ends."""
    filled = program._pixels(LIGHT.accent, 4)[:, zones.right + 60 :]
    rows = np.flatnonzero(filled.sum(axis=1) >= 4)
    groups = np.split(rows, np.flatnonzero(np.diff(rows) > 6) + 1)
    found = []
    for group in groups:
        columns = np.flatnonzero(filled[group].any(axis=0))
        found.append((zones.right + 60 + int(columns.max()) - 8, int(group.mean())))
    return found


@pytest.mark.slow  # all of it is in tests/gui/test_scenarios_tab.py, with Qt's own events
@pytest.mark.timeout(180)
def test_slide_pick_reveal_and_show_on_the_main_plot(program: Program) -> None:
    program.start()
    click(program, TAB)
    until(lambda: orange(program).sum() > 500, "the noisy curve")
    zones = program.zones()
    assert zones.lr_at(zones.low_end) == pytest.approx(2e-3 / 3, rel=0.08)
    assert zones.lr_at(zones.high_start) == pytest.approx(6e-3, rel=0.08)

    # A slider, dragged: the curve follows while the button is still down, the noisy one stays.
    handles = sliders(program, zones)
    assert len(handles) == 4
    before, noisy = curve(program, zones), orange(program)
    x, y = handles[2]  # smoothness: the others keep their scale
    program.desktop.do("mousemove", x, y, "mousedown", 1)
    for step in range(1, 9):
        program.desktop.do("mousemove", x - 3 * step, y)
        time.sleep(0.03)
    until(lambda: (curve(program, zones) != before).sum() > 300, "the curve follows the slider")
    program.desktop.do("mouseup", 1)
    until(lambda: (noisy & orange(program)).sum() > 0.4 * noisy.sum(), "the noisy curve stays")

    # The game: a double click, then the answers, then another pick, and back.
    at = round(zones.left + (np.log10(1e-3) + 6) / 6 * (zones.right - zones.left))
    middle = (zones.top + zones.bottom) // 2
    program.desktop.do("mousemove", at, middle, "click", "--repeat", 2, "--delay", 60, 1)
    until(lambda: abs((selected(program) or 0) - at) <= 2, "the pick")
    first = program.settled(lambda: selected(program), "the pick, once it stays")
    assert first is not None
    hidden = program.screen().astype(int)
    click(program, REVEAL)
    side = slice(zones.right + 60, None)

    def changed(where: slice) -> int:
        return int((np.abs(program.screen().astype(int) - hidden)[:, where].max(axis=2) > 60).sum())

    until(lambda: changed(side) > 2000, "the table with the answers")
    until(lambda: changed(slice(zones.right)) > 100, "the rules' marks")
    row = zones.top + (zones.bottom - zones.top) // 3
    program.drag((first, row), (first - 150, row))
    until(lambda: abs((selected(program) or 0) - (first - 150)) <= 3, "another pick")
    program.key("ctrl+z")
    until(lambda: abs(program.selection_column(program.zones()) - first) <= 1, "the first pick is back")
    program.key("ctrl+y")
    until(lambda: abs(program.selection_column(program.zones()) - (first - 150)) <= 3, "the second pick again")

    # On the main plot the made-up curve stands in for a run; nothing was run.
    click(program, SEND)
    until(lambda: orange(program).sum() < 50, "the main plot")
    main = program.zones()
    assert main.lr_at(main.low_end) == pytest.approx(2e-3 / 3, rel=0.08)
    assert main.lr_at(main.high_start) == pytest.approx(6e-3, rel=0.08)
    program.selection_column(main)
    assert not list(program.runs_folder.glob("*.lrrun"))

    program.close()
    assert program.exit_status() == 0

"""The window in daily use, by mouse and keyboard: numbers, selections, runs, help and room. One window for all."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest
from program import Desktop, Program, until

from lrgui.plot.theme import DARK, LIGHT

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def program(desktop: Desktop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The program with a sweep on screen."""
    program = Program(desktop, tmp_path_factory.mktemp("window"))
    try:
        program.start(steps=120)
        program.key("F5")
        until(lambda: program.ended("sweep"), "the sweep")
        until(program.shown, "the zones")
        yield program
    finally:
        program.end()


@pytest.fixture(autouse=True)
def _on_the_curve(program: Program) -> None:
    """Each begins on the curve's tab, with nothing open."""
    program.command("Learning-rate curve")


def logs(program: Program) -> int:
    return len(list(program.runs_folder.glob("*.lrrun")))


def swept(program: Program) -> None:
    """Press F5, and wait for the end of a sweep that was not there before."""
    before = logs(program)
    program.key("F5")
    until(lambda: logs(program) > before and program.ended("sweep"), "another sweep")
    until(program.shown, "its zones")


def test_numbers_are_typed_as_people_write_them_and_kept_at_once(program: Program) -> None:
    def steps() -> int:
        return int(program.settings()["job"]["sweep"]["steps"])

    program.command("Steps (Sweep)")
    program.enter("1e2")
    until(lambda: steps() == 100, "1e2 is an integer, and the old number was replaced")
    program.type("777")
    program.key("Escape")
    program.key("Return")
    before, red, bar = logs(program), program.count(LIGHT.error), program.count(LIGHT.warning)
    program.key("ctrl+a")
    program.enter("0")
    until(lambda: program.count(LIGHT.error) > red + 100, "the field is marked, with what would be right")
    program.key("F5")
    until(lambda: program.count(LIGHT.warning) > bar + 50, "a message says why no run starts")
    assert logs(program) == before
    program.key("Escape")
    until(lambda: program.count(LIGHT.error) <= red, "Escape brings back what was right")
    program.key("Return")
    until(lambda: steps() == 100, "the number before")
    until(lambda: program.count(LIGHT.warning) <= bar, "the message holds no longer")
    program.command("Steps (Sweep)")
    program.enter("120")
    until(lambda: steps() == 120, "kept while the program runs")


def test_a_drag_selects_and_the_selection_survives_a_sweep(program: Program) -> None:
    zones = program.zones()
    row = zones.top + (zones.bottom - zones.top) * 6 // 10
    place = zones.low_end - (zones.low_end - zones.left) // 3
    program.drag((place - 60, row), (place, row))
    until(lambda: abs(program.selection_column(program.zones()) - place) <= 3, "the selection is under the pointer")
    program.command("Steps (Sweep)")
    program.enter("90")  # another curve, which does not cover the one before
    swept(program)
    until(lambda: program.count(LIGHT.previous) > 100, "the sweep before stays, faded")
    assert abs(program.selection_column(program.zones()) - place) <= 3
    program.key("ctrl+z")
    until(lambda: program.count(LIGHT.previous) < 30, "undo brings the sweep before back")
    program.key("ctrl+z")
    until(lambda: abs(program.selection_column(program.zones()) - place) > 20, "and then the selection before")


@pytest.mark.slow
def test_the_header_says_what_is_shown_and_a_new_run_leaves_the_old_one_in_sight(program: Program) -> None:
    zones = program.zones()
    header, told = program.header(zones), json.loads(program.copied("Whole", "{"))
    assert told["title"].startswith("LR Finder: Digits · small CNN · SGD, momentum 0.9 · batch 64 · ")
    tints = [LIGHT.zone(key)[1] for key in ("low", "optimal", "divergence")]
    assert not any(program.dimmed(tint) > 2000 for tint in tints) and program.count(LIGHT.optimal_line) > 300
    program.command("Batch size (Task)")
    program.enter("32")
    program.command("Steps (Sweep)")
    program.enter("50000")
    before = logs(program)
    program.key("F5")
    until(lambda: logs(program) > before and program.points() > 50, "another sweep goes on")
    until(lambda: all(program.dimmed(tint) > 2000 for tint in tints), "the zones stay, dimmed")
    until(lambda: program.dimmed(LIGHT.accent, LIGHT.window) > 100, "and so does the number on the card")
    assert (program.header(zones) != header).any(), "the header is of the sweep that goes on"
    program.key("Escape")
    until(lambda: program.ended("sweep"), "it was stopped")
    until(lambda: not any(program.dimmed(tint) > 2000 for tint in tints), "nothing is dimmed any more")
    again = json.loads(program.copied("Whole", "{"))
    assert " · batch 32 · " in again["title"]
    program.key("ctrl+z")
    until(lambda: program.shown() == zones and (program.header(zones) == header).all(), "undo brings back all of it")
    program.command("Batch size (Task)")
    program.enter("64")
    program.command("Steps (Sweep)")
    program.enter("120")


def test_a_longer_training_moves_the_recommendation(program: Program) -> None:
    program.command("recommended")
    zones = program.zones()
    before = program.selection_column(zones)
    program.command("Length (Training)")
    program.enter("2000 epochs")
    until(lambda: abs(program.selection_column(zones) - before) > 5, "the recommendation is for that length")
    program.key("ctrl+a")
    program.enter("12 epochs")
    until(lambda: abs(program.selection_column(zones) - before) <= 1, "and for this one")


def test_code_and_picture_are_copied(program: Program) -> None:
    program.key("ctrl+shift+c")
    program.wait_for_dialog("Use the learning rate")
    program.key("Return")
    until(lambda: "OneCycleLR" in program.clipboard(), "the code")
    program.key("Escape")
    program.wait_for_keyboard()
    zones = program.zones()
    program.key("ctrl+c")
    width = until(lambda: _width(program.clipboard()), "the picture")
    assert width > 2 * (zones.right - zones.left), "at twice the size of the plot"


def _width(size: str) -> int:
    width = size.partition("×")[0]
    return int(width) if width.isdigit() else 0


def test_a_run_is_named_deleted_brought_back_and_opened(program: Program) -> None:
    before = logs(program)
    program.key("ctrl+r")
    program.type("sgd")
    until(lambda: program.key("Down") or program.count(LIGHT.selected_row) > 2000, "a run is selected")
    program.key("F2")
    program.enter("mine")
    until(lambda: any("mine" in path.read_text() for path in program.runs_folder.glob("*.json")), "the name is kept")
    program.key("Delete")
    until(lambda: logs(program) == before - 1, "it is in the trash")
    program.key("ctrl+z")
    until(lambda: logs(program) == before, "it is back")
    job = program.settings()["job"]
    until(lambda: program.key("Down") or program.count(LIGHT.selected_row) > 2000, "a run is selected")
    program.key("Return")
    until(lambda: program.count(LIGHT.selected_row) < 500, "the list has closed")
    until(program.shown, "the run's curve")
    program.key("alt+Left")
    until(program.shown, "the curve that was there before")
    assert program.settings()["job"] == job, "what was set in the form stays"


def test_help_is_at_hand(program: Program) -> None:
    for key, title in (("F1", "Guide"), ("ctrl+comma", "Preferences"), ("ctrl+slash", "Keyboard shortcuts")):
        program.key(key)
        program.wait_for_dialog(title)
        program.key("Escape")
        program.wait_for_keyboard()


def test_panels_zoom_and_theme(program: Program) -> None:
    zones = program.zones()
    program.key("F9")
    until(lambda: (now := program.shown()) and now.left < zones.left - 100, "the plot has the room of the settings")
    until(lambda: program.settings()["folded_panels"] == ["left"], "kept while the program runs")
    program.key("F9")
    until(lambda: (now := program.shown()) and abs(now.left - zones.left) <= 1, "the settings are back")
    program.desktop.do("mousemove", zones.low_end, (zones.top + zones.bottom) // 2, "click", "--repeat", 3, 4)
    until(
        lambda: (now := program.shown()) is None or now.low_end - now.left > zones.low_end - zones.left + 20, "zoomed"
    )
    program.click((zones.left + 40, zones.bottom - 30))  # the plot has the keys now
    program.key("0")
    until(lambda: (now := program.shown()) and abs(now.low_end - zones.low_end) <= 1, "the whole sweep again")
    program.key("ctrl+shift+d")
    until(lambda: program.count(DARK.background) > 10_000, "dark")
    program.key("space")
    program.key("ctrl+shift+d")
    until(lambda: program.count(LIGHT.background) > 10_000 and program.shown(), "light: Space did not switch it before")


def test_a_range_that_was_dragged_over_is_swept(program: Program) -> None:
    zones = program.zones()
    top, left, right = zones.top + 150, zones.left + 60, zones.high_start
    whole = program.ended("sweep")
    assert whole is not None
    program.desktop.do("mousemove", left, top, "mousedown", 1)
    for x, y in [
        *((left, top + 8 * step) for step in range(8)),
        *((x, top + 60) for x in np.linspace(left, right, 12)),
    ]:
        program.desktop.do("mousemove", round(x), y)
    program.desktop.do("mouseup", 1)
    program.wait_for_menu()
    program.key("Down")
    program.key("Return")
    # A log that is just being made has nothing in it yet, and the one before is still the newest.
    run = until(lambda: (now := program.ended("sweep")) and now.job != whole.job and now, "its sweep")
    assert run.job.sweep.start_lr == pytest.approx(zones.lr_at(left), rel=0.1)
    assert run.job.sweep.end_lr == pytest.approx(zones.lr_at(right), rel=0.1)

"""The main job from start to end: find, drag, undo, train, export."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from program import Program, until

from lrgui.core.events import EndEvent, EpochEvent, StateEvent
from lrgui.plot.theme import LIGHT


@pytest.mark.timeout(240)
def test_find_drag_undo_train_export(program: Program) -> None:
    program.start(steps=3000)
    program.key("F5")
    until(lambda: program.points() > 100, "the first points")
    program.key("space")  # held: how long a sweep takes, and a picture of it, differs by machine
    until(lambda: (run := program.run("sweep")) and StateEvent("paused") in run.events, "paused")
    assert program.ended("sweep") is None, "points must arrive before the end"
    few = until(lambda: program.count(LIGHT.curve), "the first points are drawn")
    program.key("space")
    sweep = until(lambda: program.ended("sweep"), "the end of the sweep")
    end = sweep.events[-1]
    assert isinstance(end, EndEvent)
    assert end.reason in ("completed", "diverged")
    zones = until(program.shown, "the three zones")
    assert program.count(LIGHT.curve) > few

    # The selection follows the mouse, without snapping while Ctrl is held.
    column = program.selection_column(zones)
    row = zones.top + (zones.bottom - zones.top) // 3
    program.drag((column, row), (column - 30, row))
    moved = program.settled(lambda: program.selection_column(zones), "the selection")
    assert abs(moved - (column - 30)) <= 3

    # A border follows the mouse and comes back by undo; the selection stays.
    row = zones.top + (zones.bottom - zones.top) * 9 // 10
    program.drag((zones.low_end - 1, row), (zones.low_end - 71, row))
    assert abs(program.settled(program.zones, "the zones").low_end - (zones.low_end - 70)) <= 4
    program.key("ctrl+z")
    until(lambda: abs(program.zones().low_end - zones.low_end) <= 1, "the border is back")
    assert abs(program.selection_column(zones) - moved) <= 1

    # What is on the tab in sight is exported: the curve, before the training takes its place.
    program.key("ctrl+e")
    program.wait_for_dialog("Export")
    program.key("Return")
    program.wait_for_dialog("Picture")  # it asks for a file
    path = program.folder / "my picture.png"
    program.key("ctrl+a")
    program.type(str(path))
    program.key("Return")
    until(path.exists, "the picture")
    _check_picture(path, zones.lr_at(zones.low_end), zones.lr_at(zones.high_start))

    program.key("F6")
    training = until(lambda: program.ended("train"), "the end of the training")
    epochs = [event for event in training.events if isinstance(event, EpochEvent)]
    assert len(epochs) == 12
    assert max(epoch.val_accuracy or 0 for epoch in epochs) > 0.9
    assert training.job.train.max_lr == pytest.approx(zones.lr_at(moved), rel=0.06)

    program.close()
    assert program.exit_status() == 0


def _check_picture(path: object, low_end: float, high_start: float) -> None:
    with Image.open(str(path)) as image:
        assert image.size == (2400, 1500)
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.5)
        pixels = np.asarray(image.convert("RGB")).astype(int)
    row = pixels[1300]  # below the curve's left part, above the axis
    spans = []
    for key in ("low", "optimal", "divergence"):
        tint = np.array([int(LIGHT.zone(key)[1][i : i + 2], 16) for i in (1, 3, 5)])
        columns = np.flatnonzero((np.abs(row - tint) <= 2).all(axis=1))
        assert len(columns), f"no {key} zone"
        spans.append((columns.min(), columns.max()))
    left, right = spans[0][0], spans[2][1]
    decades = (right - left) / 6
    assert (spans[1][0] - left) / decades - 6 == pytest.approx(np.log10(low_end), abs=0.06)
    assert (spans[2][0] - left) / decades - 6 == pytest.approx(np.log10(high_start), abs=0.06)


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_second_sweep_keeps_the_first_faded(program: Program) -> None:
    program.start()
    program.key("F5")
    until(lambda: program.ended("sweep"), "the first sweep")
    until(program.shown, "the zones")
    assert program.count(LIGHT.previous) < 30
    first = sorted(program.runs_folder.glob("*.lrrun"))
    program.key("F5")
    until(lambda: len(list(program.runs_folder.glob("*.lrrun"))) > len(first), "the second sweep's log")
    until(lambda: program.ended("sweep"), "the second sweep")
    until(lambda: program.count(LIGHT.previous) > 100, "the faded curve")
    program.close()
    assert program.exit_status() == 0


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_typed_rate_and_keys_move_the_selection(program: Program) -> None:
    program.start()
    program.key("F5")
    until(lambda: program.ended("sweep"), "the sweep")
    zones = until(program.shown, "the zones")
    before = program.selection_column(zones)
    program.key("shift+Left")
    program.key("shift+Left")
    decade = (zones.right - zones.left) / 6
    until(lambda: abs(program.selection_column(zones) - (before - 0.2 * decade)) <= 2, "two tenths of a decade")
    program.key("ctrl+z")
    program.key("ctrl+z")
    until(lambda: abs(program.selection_column(zones) - before) <= 1, "undone")

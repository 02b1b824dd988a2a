"""Dragging with the mouse, as a person sees it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from lrgui.core.curve.zones import Zones
from lrgui.plot.handles import CLOSEST

FREE = (Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier)
TOP, BOTTOM = 120.0, 400.0


def test_drag_moves_the_selection_live_and_finishes_once(plot, mouse, at, heard):
    mouse.drag((at(1e-2), TOP), (at(3e-5), TOP))
    assert plot.selection == pytest.approx(3e-5, rel=0.02)
    assert len(heard.named("selection_moved")) == 4
    [(old, new)] = heard.named("selection_finished")
    assert old == pytest.approx(1e-2)
    assert new == plot.selection


def test_the_offset_at_the_press_is_kept(plot, mouse, at):
    mouse.drag((at(1e-2) + 5, TOP), (at(3e-5) + 5, TOP))
    assert plot.view.pixel_x(plot.view.handles.selection) == pytest.approx(at(3e-5), abs=0.6)


def test_a_drag_of_one_pixel_too_far_away_pans(plot, mouse, at, heard):
    before = plot.view.viewRange()[0]
    mouse.drag((at(3e-5), 300), (at(3e-5) + 40, 300))
    assert heard.all == []
    assert plot.view.viewRange()[0][0] < before[0]


def test_the_selection_stays_within_the_sweep(plot, mouse, at):
    mouse.drag((at(1e-2), TOP), (-500, TOP))
    assert plot.selection == pytest.approx(1e-6)
    mouse.drag((at(1e-6), TOP), (5000, TOP))
    assert plot.selection == pytest.approx(1.0)


def test_it_snaps_to_a_mark(plot, mouse, at, reading):
    mark = reading.suggestions["steepest_div10"].lr
    mouse.drag((at(1e-2), TOP), (at(mark) + 6, TOP))
    assert plot.selection == pytest.approx(mark, rel=1e-9)


@pytest.mark.parametrize("key", FREE)
def test_alt_or_ctrl_holds_the_snap_off(plot, mouse, at, reading, key):
    mark = reading.suggestions["steepest_div10"].lr
    mouse.drag((at(1e-2), TOP), (at(mark) + 6, TOP), modifiers=key)
    assert plot.view.pixel_x(plot.view.handles.selection) == pytest.approx(at(mark) + 6, abs=0.6)


def test_a_border_moves_and_zones_tile(plot, mouse, at, heard):
    mouse.drag((at(1e-3), BOTTOM), (at(1e-4), BOTTOM))
    assert plot.zones.low_end == pytest.approx(1e-4, rel=0.02)
    assert plot.zones.high_start == 1e-1  # exactly as it was
    [(old, new)] = heard.named("zones_finished")
    assert (old.low_end, old.high_start) == (1e-3, 1e-1)
    assert new == plot.zones
    assert len(heard.named("zones_moved")) == 4
    assert heard.named("selection_moved") == []


def test_borders_keep_their_distance_and_the_right_one_is_taken(plot, mouse, at):
    mouse.drag((at(1e-1), BOTTOM), (at(1e-5), BOTTOM))
    width = plot.view.handles.borders[1] - plot.view.handles.borders[0]
    assert width == pytest.approx(CLOSEST)
    # Between the two, a drag to the right takes the right border, a drag to the left the left one.
    middle = (plot.view.pixel_x(plot.view.handles.borders[0]) + plot.view.pixel_x(plot.view.handles.borders[1])) / 2
    mouse.drag((middle, BOTTOM), (middle + 200, BOTTOM))
    assert plot.zones.low_end == pytest.approx(1e-3)
    assert plot.zones.high_start > 5e-3
    plot.set_zones(Zones(1e-6, 1e-3, 10 ** (-3 + CLOSEST), 1.0))
    mouse.drag((middle + 2, BOTTOM), (middle - 200, BOTTOM))
    assert plot.zones.low_end < 2e-4
    assert plot.zones.high_start == pytest.approx(10 ** (-3 + CLOSEST))


@pytest.mark.parametrize(("y", "moves"), [(TOP, "selection_moved"), (BOTTOM, "zones_moved")])
def test_at_the_same_place_the_half_of_the_plot_decides(plot, mouse, at, heard, y, moves):
    plot.set_selection(1e-3)
    mouse.drag((at(1e-3), y), (at(1e-4), y))
    assert {entry[0] for entry in heard.all} == {moves, moves.replace("moved", "finished")}


def test_the_name_moves_the_whole_optimal_zone(plot, mouse, heard):
    spot = plot.view.name_rect.center()
    mouse.drag((spot.x(), spot.y()), (spot.x() - 120, spot.y()))
    low, high = plot.view.handles.borders
    assert high - low == pytest.approx(2.0)
    assert low < -3.5
    assert len(heard.named("zones_finished")) == 1
    plot.grab()  # the name is elsewhere now
    spot = plot.view.name_rect.center()
    mouse.drag((spot.x(), spot.y()), (spot.x() + 2000, spot.y()))
    assert plot.view.handles.borders == pytest.approx((-2.0, 0.0))
    assert not plot.zones.diverges


def test_click_on_a_mark_selects_it(plot, mouse, heard):
    mark = next(m for m in plot.view.handles.marks if m.key == "steepest_div10")
    mouse.click(plot.view.pixel_x(mark.x) + 3, plot.view.pixel_y(mark.y) - 2)
    assert plot.selection == pytest.approx(10**mark.x)
    assert [entry[0] for entry in heard.all] == ["selection_moved", "selection_finished", "mark_clicked"]
    assert heard.named("mark_clicked") == [("steepest_div10",)]


def test_double_click_selects_there(plot, mouse, at, heard):
    mouse.double_click(at(2e-5), 200)
    assert plot.selection == pytest.approx(2e-5, rel=0.02)
    assert len(heard.named("selection_finished")) == 1


def test_nothing_is_emitted_for_what_the_program_sets(plot, reading, heard):
    plot.set_selection(1e-4)
    plot.set_zones(Zones(1e-6, 1e-4, 1e-2, 1.0))
    plot.set_finished(reading)
    plot.show_rules(False)
    plot.clear()
    assert heard.all == []


@pytest.mark.parametrize("lose", ["hide", "focus"])
def test_a_drag_that_is_interrupted_ends_and_the_next_one_works(plot, mouse, at, heard, lose, qtbot):
    plot.activateWindow()
    plot.canvas.setFocus()
    qtbot.waitUntil(plot.canvas.hasFocus)
    mouse.press(at(1e-2), TOP)
    mouse.move(at(1e-4), TOP)
    mouse.move(at(1e-4), TOP)
    assert plot.view.held == "selection"
    if lose == "hide":
        plot.hide()
        plot.show()
        qtbot.waitExposed(plot)
    else:
        plot.canvas.clearFocus()
    assert plot.view.held is None
    assert len(heard.named("selection_finished")) == 1
    mouse.move(at(1e-1), TOP)  # the button is still down, but nothing is held
    assert plot.selection == pytest.approx(1e-4, rel=0.02)
    mouse.release(at(1e-1), TOP)
    mouse.drag((at(1e-4), TOP), (at(1e-5), TOP))
    assert plot.selection == pytest.approx(1e-5, rel=0.02)
    assert len(heard.named("selection_finished")) == 2


def test_a_result_that_goes_in_mid_drag_takes_the_drag_with_it(plot, mouse, at, heard):
    mouse.press(at(1e-2), TOP)
    mouse.move(at(1e-3), TOP)
    heard.all.clear()
    plot.begin(1e-5, 1.0, 100)
    mouse.move(at(1e-4), TOP)
    mouse.release(at(1e-4), TOP)
    assert heard.all == []
    assert plot.selection is None


@pytest.mark.parametrize(
    ("where", "shape"),
    [
        ("selection", Qt.CursorShape.SizeHorCursor),
        ("name", Qt.CursorShape.OpenHandCursor),
        ("mark", Qt.CursorShape.PointingHandCursor),
        ("empty", Qt.CursorShape.CrossCursor),
    ],
)
def test_the_cursor_says_what_can_be_done(plot, mouse, at, where, shape):
    mark = next(m for m in plot.view.handles.marks if m.key == "steepest_div10")
    spots = {
        "selection": (at(1e-2), 250),
        "name": (plot.view.name_rect.center().x(), plot.view.name_rect.center().y()),
        "mark": (plot.view.pixel_x(mark.x), plot.view.pixel_y(mark.y)),
        "empty": (at(2e-5), 350),
    }
    mouse.hover(*spots[where])
    assert plot.view.cursor().shape() == shape
    if where == "mark":
        assert "steepest" in plot.view.toolTip()


def test_the_pointer_is_told_in_learning_rate_and_loss(plot, mouse, at):
    told = []
    plot.hovered.connect(lambda lr, loss: told.append((lr, loss)))
    mouse.hover(at(1e-4), plot.view.pixel_y(1.5))
    assert told[-1][0] == pytest.approx(1e-4, rel=0.02)
    assert told[-1][1] == pytest.approx(1.5, abs=0.01)


def test_wheel_zooms_and_0_resets(plot, mouse, at, qtbot):
    home = plot.view.viewRange()
    plot.view.scaleBy((0.3, 0.3))
    plot._left_home()
    plot.resize(700, 500)
    assert plot.view.viewRange() != home
    plot.canvas.setFocus()
    qtbot.keyClick(plot.canvas, Qt.Key.Key_0)
    assert plot.view.viewRange()[0] == pytest.approx(home[0])

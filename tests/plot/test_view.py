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


def test_a_drag_on_free_ground_selects_live_and_snaps(plot, mouse, at, heard, reading):
    before = plot.view.viewRange()
    mouse.drag((at(3e-5), 300), (at(1e-4), 310))
    assert plot.selection == pytest.approx(1e-4, rel=0.02)
    assert plot.view.viewRange() == before
    assert len(heard.named("selection_moved")) >= 3
    assert [old for old, _ in heard.named("selection_finished")] == [pytest.approx(1e-2)]
    mark = reading.suggestions["steepest_div10"].lr
    mouse.drag((at(3e-5), 300), (at(mark) + 6, 300))
    assert plot.selection == pytest.approx(mark, rel=1e-9)


def test_a_drag_selects_where_nothing_was_selected(plot, mouse, at, heard):
    plot.set_selection(None)
    mouse.drag((at(3e-5), 300), (at(1e-4), 300))
    assert plot.selection == pytest.approx(1e-4, rel=0.02)
    assert heard.named("selection_finished")[0][0] is None


def test_a_drag_where_nothing_was_measured_pans(plot, mouse, heard):
    plot.clear()
    plot.view.scaleBy((0.5, 0.5))
    before = plot.view.viewRange()[0][0]
    mouse.drag((300, 300), (340, 300))
    assert heard.all == []
    assert plot.view.viewRange()[0][0] < before


def test_a_drag_that_sets_out_upright_selects_a_range(plot, mouse, at, heard, qtbot):
    got = []
    plot.range_selected.connect(lambda low, high, point: got.append((low, high)))
    x = at(1e-5)
    mouse.press(x, 250)
    mouse.move(x, 262)
    mouse.move(x + 30, 290)
    mouse.move(at(1e-2), 300)
    assert plot.drag_area.text == "1e-5 to 1e-2"
    mouse.release(at(1e-2), 300)
    assert heard.all == []
    [(low, high)] = got
    assert (low, high) == (pytest.approx(1e-5, rel=0.02), pytest.approx(1e-2, rel=0.02))
    assert plot.view.area is not None, "it stays for as long as somebody asks what to do with it"
    plot.forget_range()
    assert plot.view.area is None and plot.drag_area.text == ""


def test_an_upright_drag_across_nothing_is_no_range(plot, mouse, at, heard):
    got = []
    plot.range_selected.connect(lambda *given: got.append(given))
    mouse.drag((at(1e-5), 250), (at(1e-5) + 3, 320))
    assert got == [] and heard.all == []
    assert plot.view.area is None


def test_a_range_stays_within_the_sweep(plot, mouse, at):
    got = []
    plot.range_selected.connect(lambda low, high, point: got.append((low, high)))
    mouse.press(at(1e-5), 250)
    mouse.move(at(1e-5), 265)
    mouse.move(-50, 300)
    mouse.release(-50, 300)
    assert got[0][0] == pytest.approx(1e-6)


def test_shift_drag_zooms_to_the_box(plot, mouse, at, heard):
    wanted = [plot.view.value_y(400), plot.view.value_y(200)]
    mouse.drag((at(1e-5), 200), (at(1e-3), 400), modifiers=Qt.KeyboardModifier.ShiftModifier)
    x, y = plot.view.viewRange()
    assert x == pytest.approx([-5, -3], abs=0.01)
    assert y == pytest.approx(wanted, abs=0.01)
    assert heard.all == [] and plot.view.area is None
    plot.reset_view()
    up = plot.view.viewRange()[1]
    mouse.drag((at(1e-5), 300), (at(1e-3), 302), modifiers=Qt.KeyboardModifier.ShiftModifier)
    assert plot.view.viewRange() == [pytest.approx([-5, -3], abs=0.02), pytest.approx(up)]


def test_space_and_the_middle_button_pan(plot, mouse, heard, qtbot, monkeypatch):
    taps = []
    plot.canvas.tapped.connect(lambda: taps.append(1))
    monkeypatch.setattr(plot.canvas, "underMouse", lambda: True)
    plot.view.scaleBy((0.3, 0.3))
    qtbot.keyPress(plot.canvas, Qt.Key.Key_Space)
    before = plot.view.viewRange()[0][0]
    mouse.drag((200, 300), (240, 300))
    assert plot.view.viewRange()[0][0] < before
    qtbot.keyRelease(plot.canvas, Qt.Key.Key_Space)
    assert taps == [] and heard.all == []
    qtbot.keyClick(plot.canvas, Qt.Key.Key_Space)
    assert taps == [1], "a tap keeps what it means elsewhere"
    before = plot.view.viewRange()[0][0]
    mouse.middle_drag((200, 300), (240, 300))
    assert plot.view.viewRange()[0][0] < before
    assert heard.all == []


@pytest.mark.parametrize(
    ("zone", "moves", "stays"), [("low zone", "low_end", "high_start"), ("divergence zone", "high_start", "low_end")]
)
def test_a_zones_name_moves_its_inner_border(plot, mouse, at, heard, zone, moves, stays):
    before = plot.zones
    spot = plot.view.name_rects[zone].center()
    mouse.drag((spot.x(), spot.y()), (spot.x() - 60, spot.y()))
    assert getattr(plot.zones, moves) < getattr(before, moves) / 2
    assert getattr(plot.zones, stays) == getattr(before, stays)
    assert len(heard.named("zones_finished")) == 1


def test_a_zone_is_hovered_and_selected_and_moved_by_keys(plot, mouse, at, qtbot):
    plain = plot.canvas.grab().toImage()
    spot = plot.view.name_rects["optimal zone"].center()
    mouse.hover(spot.x(), spot.y())
    assert plot.annotations.highlight == "optimal zone"
    assert plot.view.toolTip().startswith("Optimal: steepest loss decline")
    assert plot.canvas.grab().toImage() != plain
    mouse.click(spot.x(), spot.y())
    assert plot.annotations.focused == "optimal zone"
    qtbot.keyClick(plot.canvas, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert plot.view.handles.borders == pytest.approx((-2.9, -0.9))


@pytest.mark.parametrize(("modifiers", "moves", "stays"), [("NoModifier", 0, 1), ("ControlModifier", 1, 0)])
def test_the_wheel_zooms_rates_and_with_ctrl_losses(plot, mouse, modifiers, moves, stays):
    before = plot.view.viewRange()
    mouse.wheel(400, 300, 120, getattr(Qt.KeyboardModifier, modifiers))
    after = plot.view.viewRange()
    assert after[moves][1] - after[moves][0] < before[moves][1] - before[moves][0]
    assert after[stays] == before[stays]


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
    spot = plot.view.name_rects["optimal zone"].center()
    mouse.drag((spot.x(), spot.y()), (spot.x() - 120, spot.y()))
    low, high = plot.view.handles.borders
    assert high - low == pytest.approx(2.0)
    assert low < -3.5
    assert len(heard.named("zones_finished")) == 1
    plot.grab()  # the name is elsewhere now
    spot = plot.view.name_rects["optimal zone"].center()
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
        "name": (plot.view.name_rects["optimal zone"].center().x(), plot.view.name_rects["optimal zone"].center().y()),
        "mark": (plot.view.pixel_x(mark.x), plot.view.pixel_y(mark.y)),
        "empty": (at(2e-5), 350),
    }
    mouse.hover(*spots[where])
    assert plot.view.cursor().shape() == shape
    if where == "mark":
        assert "steepest" in plot.view.toolTip()


def test_the_pointer_is_told_in_learning_rate_and_loss(plot, mouse, at, reading):
    told = []
    plot.hovered.connect(lambda lr, loss: told.append((lr, loss)))
    mouse.hover(at(1e-4), plot.view.pixel_y(1.5))
    assert told[-1][0] == pytest.approx(1e-4, rel=0.02)
    assert told[-1][1] == pytest.approx(reading.curve.loss_at(told[-1][0])), "the curve's, not the pointer's"


def test_wheel_zooms_and_0_resets(plot, mouse, at, qtbot):
    home = plot.view.viewRange()
    plot.view.scaleBy((0.3, 0.3))
    plot._left_home()
    plot.resize(700, 500)
    assert plot.view.viewRange() != home
    plot.canvas.setFocus()
    qtbot.keyClick(plot.canvas, Qt.Key.Key_0)
    assert plot.view.viewRange()[0] == pytest.approx(home[0])


def test_labels_of_marks_stay_in_their_places_while_the_selection_is_dragged(plot, mouse, at):
    def places():
        return {label.key: label.rect for label in plot.annotations.labels}

    plot.grab()
    before, moved = places(), 0
    assert before
    mouse.press(at(1e-2), TOP)
    for step in range(1, 41):
        mouse.move(at(1e-2) - 8 * step, TOP)
        line, now = plot.view.pixel_x(plot.view.handles.selection), places()
        assert now.keys() == before.keys()
        assert not any(rect.left() <= line <= rect.right() for rect in now.values())
        moved += now != before
        before = now
    assert moved <= 10
    mouse.release(at(1e-2) - 320, TOP)
    plot.set_selection(plot.selection)  # the answer of the window to a drag that has ended
    dragged = places()
    plot.annotations.refresh()
    assert places() == dragged  # no trace of how it came here

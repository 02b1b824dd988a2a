"""Where handles may go."""

from __future__ import annotations

import pytest

from lrgui.plot.handles import CLOSEST, DIVERGENCE_ZONE, HIGH, LOW, LOW_ZONE, OPTIMAL_ZONE, SELECTION, Handles, Mark


def test_the_selection_is_clamped_to_the_limits():
    handles = Handles(selection=-3.0, limits=(-6.0, 0.0))
    handles.move(SELECTION, -9.0)
    assert handles.selection == -6.0
    handles.move(SELECTION, 2.0)
    assert handles.selection == 0.0


def test_borders_do_not_pass_each_other():
    handles = Handles(borders=(-3.0, -1.0))
    handles.move(LOW, 0.0)
    assert handles.borders == pytest.approx((-1.0 - CLOSEST, -1.0))
    handles.move(HIGH, -9.0)
    assert handles.borders == pytest.approx((-1.0 - CLOSEST, -1.0))


def test_borders_that_were_measured_closer_do_not_jump():
    handles = Handles(borders=(-3.0, -2.99))
    handles.move(LOW, -2.0)
    assert handles.borders == pytest.approx((-3.0, -2.99))
    handles.move(HIGH, -2.5)
    assert handles.borders == pytest.approx((-3.0, -2.5))


def test_the_zone_keeps_its_width_at_the_ends():
    handles = Handles(borders=(-3.0, -1.0))
    handles.move(OPTIMAL_ZONE, -20.0)
    assert handles.borders == pytest.approx((-6.0, -4.0))
    handles.move(OPTIMAL_ZONE, 20.0)
    assert handles.borders == pytest.approx((-2.0, 0.0))


def test_marks_near_and_next():
    handles = Handles(marks=(Mark("a", "a", -4.0, 1.0), Mark("b", "b", -2.0, 1.0), Mark("out", "", 3.0, 1.0)))
    assert handles.snapped(-3.9, 0.2) == -4.0
    assert handles.snapped(-3.5, 0.2) == -3.5
    assert handles.next_mark(-4.0, 1) == -2.0
    assert handles.next_mark(-2.0, 1) is None
    assert handles.next_mark(-2.0, -1) == -4.0


def test_a_zone_moves_by_its_inner_border_and_the_optimal_one_by_both():
    handles = Handles(borders=(-4.0, -1.0))
    handles.move(LOW_ZONE, -3.0)
    assert handles.borders == (-3.0, -1.0)
    handles.move(DIVERGENCE_ZONE, -2.0)
    assert handles.borders == (-3.0, -2.0)
    handles.move(OPTIMAL_ZONE, -5.0)
    assert handles.borders == (-5.0, -4.0)
    handles.move(LOW_ZONE, 0.0)
    assert handles.borders == pytest.approx((-4.0 - CLOSEST, -4.0))


def test_tab_passes_what_there_is():
    assert Handles().in_order() == []
    assert Handles(selection=-2.0, borders=(-6.0, 0.0)).in_order() == [SELECTION, LOW, HIGH, OPTIMAL_ZONE]
    assert Handles(borders=(-4.0, -1.0)).in_order() == [LOW, HIGH, LOW_ZONE, OPTIMAL_ZONE, DIVERGENCE_ZONE]

"""Zones tile the axis and lie where the curve's truth says."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from lrgui.core.curve.curve import Curve
from lrgui.core.curve.landmarks import find_landmarks
from lrgui.core.curve.zones import ZONE_NAMES, Zones, find_zones
from lrgui.core.engine.schedules import exponential


def zones(
    x: list[float], y: list[float], reason: str = "completed", points: int = 200, noise: float = 0.02
) -> Zones | None:
    rates = exponential(1e-6, 1, 200)
    losses = np.interp(np.log10(rates), x, y) + np.random.default_rng(0).normal(0, noise, 200)
    marks = find_landmarks(Curve.measured(rates[:points], losses[:points], 200, end_reason=reason))
    assert marks is not None
    return find_zones(marks, 1e-6, 1.0)


def test_a_textbook_curve_has_three_zones_that_tile() -> None:
    found = zones([-6, -4, -2, -1, 0], [2.3, 2.3, 0.5, 0.5, 8.0])
    assert found is not None and found.diverges
    assert (found.start, found.end) == (1e-6, 1.0)
    assert math.log10(found.low_end) == pytest.approx(-3.9, abs=0.1)
    assert math.log10(found.high_start) == pytest.approx(-1.0, abs=0.15)
    assert found.note == ""


def test_without_a_rise_there_is_no_divergence_zone_and_a_note_says_so() -> None:
    found = zones([-6, -3, 0], [2.3, 2.3, 0.5])
    assert found is not None and not found.diverges
    assert found.high_start == found.end == 1.0
    assert "Extend the sweep to 10" in found.note


def test_a_sweep_that_stopped_while_falling_diverges_where_it_stopped() -> None:
    found = zones([-6, -4, -1, 0], [2.3, 2.3, 0.5, 0.5], reason="not_finite", points=160)
    assert found is not None and found.diverges
    assert found.high_start == pytest.approx(exponential(1e-6, 1, 200)[159])
    assert found.end == 1.0


@pytest.mark.parametrize("y", [[2.3, 2.3], [2.3, 5.0]])
def test_a_curve_that_never_falls_has_no_zones(y: list[float]) -> None:
    assert zones([-6, 0], y) is None


@pytest.mark.parametrize("bottom", [-4.0, -3.0, -2.0, -1.0])
@pytest.mark.parametrize("width", [0.5, 1.0, 2.0])
def test_valleys_of_every_place_and_width_are_in_the_optimal_zone(bottom: float, width: float) -> None:
    x = [-6, bottom - width, bottom, bottom + width / 2, 0.0]
    found = zones(sorted(x), [2.3, 2.3, 0.5, 2.3, 9.0])
    assert found is not None
    assert found.low_end < 10**bottom < found.high_start
    assert found.diverges


@pytest.mark.parametrize("order", [p for p in itertools.permutations((1e-6, 1e-4, 1e-2, 1.0)) if list(p) != sorted(p)])
def test_zones_that_do_not_rise_are_refused(order: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="must rise from left to right"):
        Zones(*order)


@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan])
def test_zones_on_a_log_axis_start_above_zero(bad: float) -> None:
    with pytest.raises(ValueError, match="must rise"):
        Zones(bad, 1e-4, 1e-2, 1.0)


def test_every_zone_has_names_that_get_shorter() -> None:
    assert list(ZONE_NAMES) == ["low", "optimal", "divergence"]
    for names in ZONE_NAMES.values():
        assert [len(n) for n in names] == sorted((len(n) for n in names), reverse=True)


@pytest.mark.parametrize("edges", [(1.0, 1.0, 2.0, 3.0), (1.0, 2.0, 2.0, 3.0), (1.0, 2.0, 3.0, 3.0)])
def test_a_zone_may_be_empty(edges: tuple[float, float, float, float]) -> None:
    found = Zones(*edges)
    assert found.diverges == (edges[2] < edges[3])

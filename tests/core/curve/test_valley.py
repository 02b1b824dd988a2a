"""The valley of curves of known shape: its middle, its far edge, and how noise moves them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lrgui.core.curve import valley
from lrgui.core.curve.curve import Curve
from lrgui.core.curve.smoothing import Floats, width_for
from lrgui.core.curve.valley import MOST_POINTS, find_valley
from lrgui.core.engine.schedules import exponential


def curve(
    x: list[float], y: list[float], noise: float = 0.01, points: int = 200, seed: int = 0, end: str = "completed"
) -> Curve:
    lr = exponential(1e-6, 10, points)
    loss = np.interp(np.log10(lr), x, y) + np.random.default_rng(seed).normal(0, noise, points)
    return Curve.measured(lr, loss, points, end_reason=end)


def test_the_middle_of_a_flat_valley() -> None:
    found = find_valley(curve([-6, -4, -3.9, -1.1, -1, 1], [2, 2, 0.5, 0.5, 2, 9]))
    assert found is not None
    assert found.middle == pytest.approx(-2.5, abs=0.05)
    assert found.edge == pytest.approx(-1.05, abs=0.06)
    assert found.level == pytest.approx(2, abs=0.02)
    assert found.fall == pytest.approx(1.5, abs=0.05)
    assert not found.open


def test_the_middle_lies_where_the_loss_is_low_not_where_it_begins_to_fall() -> None:
    found = find_valley(curve([-6, -5, -1.5, -1.2, 1], [2, 2, 0.5, 2, 9]))
    assert found is not None
    assert -2.5 < found.middle < -1.5


def test_the_fall_counts_from_guessing_where_the_start_is_worse() -> None:
    """What falls from 4 to guessing and stays there is a network that is dead."""
    whole = curve([-6, -4, -3.2, -2.6, -2, -1.8, 0, 1], [4, 4, 0.7, 0.7, 0.3, 0.7, 0.7, 9])
    found, blind = find_valley(replace(whole, guessing=0.693, uniform=0.693)), find_valley(whole)
    assert found is not None and blind is not None
    assert found.from_guessing and not blind.from_guessing
    assert found.level == 0.693
    assert -2.3 < found.middle < -1.95 < found.edge < -1.8
    assert blind.middle > -1.9 and blind.edge > 0


def test_a_fresh_network_falls_from_its_start_though_guessing_is_lower() -> None:
    """Letters of a text are not equally frequent: knowing how frequent they are is learned, too."""
    shape = curve([-6, -4, -3.9, -1.1, -1, 1], [4.86, 4.86, 2.5, 2.5, 4, 9])
    found = find_valley(replace(shape, guessing=3.0, uniform=float(np.log(128))))
    assert found is not None
    assert found.level == pytest.approx(4.86, abs=0.01)
    assert not found.from_guessing


def test_guessing_does_not_raise_a_start_that_is_better() -> None:
    shape = curve([-6, -4, -3.9, -1.1, -1, 1], [2, 2, 0.5, 0.5, 2, 9])
    found, same = find_valley(shape), find_valley(replace(shape, guessing=2.5, uniform=2.5))
    assert found is not None and same is not None
    assert (same.middle, same.edge, same.from_guessing) == (found.middle, found.edge, False)


@pytest.mark.parametrize("points", [60, 100, 200, 1000, 5000])
def test_the_number_of_steps_hardly_matters(points: int) -> None:
    found = find_valley(curve([-6, -4, -2, -1, 1], [2, 2, 0.5, 0.5, 9], points=points))
    reference = find_valley(curve([-6, -4, -2, -1, 1], [2, 2, 0.5, 0.5, 9], points=400))
    assert found is not None and reference is not None
    assert found.middle == pytest.approx(reference.middle, abs=0.06)
    assert found.edge == pytest.approx(reference.edge, abs=0.15)


def test_an_explosion_weighs_no_more_than_a_rise() -> None:
    gentle = find_valley(curve([-6, -4, -2, -1, -0.9, 1], [2, 2, 0.5, 0.5, 4, 4]))
    wild = find_valley(curve([-6, -4, -2, -1, -0.9, 1], [2, 2, 0.5, 0.5, 1e6, 1e6]))
    assert gentle is not None and wild is not None
    assert wild.middle == pytest.approx(gentle.middle, abs=0.02)
    assert wild.edge == pytest.approx(gentle.edge, abs=0.05)


def test_an_early_bump_is_not_the_edge() -> None:
    bump = [-6, -4, -2.6, -2.4, -2.2, -1, -0.8, 1]
    found = find_valley(curve(bump, [2, 2, 0.7, 1.2, 0.6, 0.5, 2.5, 9]))
    assert found is not None
    assert found.edge > -1.1
    assert found.middle > -2.2


def test_a_dip_of_noise_far_before_the_edge_does_not_count() -> None:
    dip = curve([-6, -5.6, -5.5, -5.4, -2.5, -1, -0.8, 1], [2, 2, 0.4, 2, 2, 0.5, 3, 9], noise=0.0)
    found = find_valley(dip)
    assert found is not None
    assert found.middle > -2.5


def test_a_curve_that_ends_low_is_open() -> None:
    found = find_valley(curve([-6, -3, 0, 1], [2, 2, 0.5, 0.5]))
    assert found is not None and found.open
    assert found.edge == pytest.approx(1.0, abs=0.01)
    broken = find_valley(curve([-6, -3, 0, 1], [2, 2, 0.5, 0.5], end="diverged"))
    assert broken is not None and not broken.open


@pytest.mark.parametrize(
    "losses", [np.full(50, 2.0), np.linspace(1, 9, 50), np.zeros(2)], ids=["flat", "rising", "two"]
)
def test_no_fall_no_valley(losses: np.ndarray) -> None:
    lr = exponential(1e-6, 1, 50)[: len(losses)]
    found = find_valley(Curve.measured(lr, losses, 50))
    assert found is None or found.fall < 0.2


def test_resampling_shows_how_far_noise_moves_it_and_is_repeatable() -> None:
    shape = ([-6.0, -4.0, -2.0, -1.0, 1.0], [2.0, 2.0, 0.5, 0.5, 9.0])
    spread = {}
    for noise in (0.02, 0.4):
        found = find_valley(curve(*shape, noise=noise), 40)
        again = find_valley(curve(*shape, noise=noise), 40)
        assert found is not None and again is not None
        assert found.middles.shape == found.edges.shape == (40,)
        assert np.array_equal(found.middles, again.middles)
        assert np.mean(found.middles) == pytest.approx(found.middle, abs=0.3)
        spread[noise] = np.std(found.middles)
    assert spread[0.02] < 0.05 < spread[0.4]


def test_scale_and_offset_of_the_loss_do_not_matter() -> None:
    one = curve([-6, -4, -2, -1, 1], [2, 2, 0.5, 0.5, 9])
    other = Curve.measured(one.lr, 1e-6 * one.loss - 5, 200, end_reason="completed")
    a, b = find_valley(one, 5), find_valley(other, 5)
    assert a is not None and b is not None
    assert b.middle == pytest.approx(a.middle, abs=1e-4)
    assert b.middles == pytest.approx(a.middles, abs=1e-3)


def test_long_curves_are_thinned_out() -> None:
    found = find_valley(curve([-6, -4, -2, -1, 1], [2, 2, 0.5, 0.5, 9], points=100 * MOST_POINTS), 3)
    assert found is not None
    assert found.middle == pytest.approx(-1.72, abs=0.05)


def test_a_dots_weight_falls_as_a_gaussians_with_its_distance() -> None:
    row = valley._smoother(101, 4.0)[50]
    assert row[54] / row[50] == pytest.approx(np.exp(-0.5))
    assert row[58] / row[50] == pytest.approx(np.exp(-2))


@pytest.mark.parametrize(("risen", "high"), [(0.48, False), (0.52, True)])
def test_a_rise_of_half_the_fall_above_the_level_ends_the_valley(risen: float, high: bool) -> None:
    line = np.array([2.0, 2.0, 1.0, 1.0, 2.0 + risen])
    measured = Curve.measured(exponential(1e-6, 10, 5), line, 5, end_reason="completed")
    assert valley._ends_high(measured, line, 2.0, 1.0) is high


def test_losses_count_up_to_three_times_the_noise_above_such_a_rise(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Floats] = []
    grouped = valley._grouped
    monkeypatch.setattr(valley, "_grouped", lambda values, group: seen.append(values) or grouped(values, group))
    measured = curve([-6, -4, -2, -1, -0.9, 1], [2, 2, 0.5, 0.5, 1e6, 1e6])
    assert find_valley(measured) is not None
    level = valley._level(measured)
    fall = level - float(np.min(measured.smoothed))
    assert seen[1].max() == pytest.approx(level + fall + 3 * measured.noise)


def test_resampling_keeps_the_size_of_the_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Floats] = []
    places = valley._places
    monkeypatch.setattr(valley, "_places", lambda x, lines, *rest: seen.append(lines) or places(x, lines, *rest))
    measured = curve([-6, -4, -2, -1, 1], [2, 2, 0.5, 0.5, 9], noise=0.3)
    assert find_valley(measured, 400) is not None
    first, *others = seen[0]
    fall = valley._level(measured) - float(np.min(measured.smoothed))
    wider = float(np.clip(measured.noise / (valley.NOISY * fall), 1.0, 8.0**0.5)) ** (2 / 3)
    smoother = valley._smoother(len(first), width_for(200) * wider)
    rest = (measured.loss - first) / np.sqrt(np.clip(1 - np.diag(smoother), 0.1, 1.0))
    expected = np.sqrt((smoother**2) @ rest**2)
    middle = slice(40, 120)  # before the explosion, which is cut off
    assert np.std(others, axis=0)[middle] == pytest.approx(expected[middle], rel=0.12)
    assert np.mean(others, axis=0)[middle] == pytest.approx((smoother @ first)[middle], abs=0.05)


@pytest.mark.parametrize(("points", "answers"), [(2, False), (3, True)])
def test_three_dots_are_the_fewest(points: int, answers: bool) -> None:
    loss = np.array([2.0, 1.0, 0.5])[:points]
    found = find_valley(Curve.measured(exponential(1e-3, 1e-1, points), loss, points, end_reason="completed"))
    assert (found is not None) is answers

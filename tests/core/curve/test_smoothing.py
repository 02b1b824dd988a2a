"""Smoothers: what they compute, and what they must not do to a curve."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from lrgui.core.curve import smoothing
from lrgui.core.curve.smoothing import DebiasedAverage, centred, debiased_average, noise_of, trailing_beta, width_for

WIDTH = width_for(200)


def valley(bottom: int = 120, n: int = 200) -> np.ndarray:
    """Falls to `bottom`, then rises twice as steeply."""
    steps = np.arange(n) - bottom
    return 2.0 + np.where(steps < 0, -0.01 * steps, 0.02 * steps) - 1.0


def test_debiased_average_by_hand() -> None:
    average = debiased_average(np.array([4.0, 2.0, 8.0]), 0.5)
    first = (0.5 * 4) / 0.5
    second = (0.5 * 2.0 + 0.5 * 2) / 0.75
    third = (0.5 * 2.0 + 0.5 * 8) / 0.875
    assert average == pytest.approx([first, second, third], rel=1e-15)


def test_array_and_one_by_one_agree() -> None:
    losses = np.random.default_rng(0).normal(2, 1, 50)
    one_by_one = DebiasedAverage(0.98)
    assert debiased_average(losses, 0.98).tolist() == [one_by_one.push(loss) for loss in losses]


def test_without_beta_nothing_is_smoothed() -> None:
    losses = np.array([3.0, 1.0, 2.0])
    assert debiased_average(losses, 0.0).tolist() == losses.tolist()


@pytest.mark.parametrize("constant", [2.3026, 0.0, -4.5, 1e-12, 1e9])
def test_a_constant_loss_is_constant_from_the_first_point(constant: float) -> None:
    losses = np.full(60, constant)
    for smooth in (debiased_average(losses, 0.98), centred(losses, WIDTH)):
        assert smooth == pytest.approx(losses, rel=1e-9, abs=1e-30)


def test_centred_finds_a_minimum_where_it_is_and_the_average_lags() -> None:
    losses = valley(bottom=120)
    assert abs(int(np.argmin(centred(losses, WIDTH))) - 120) <= 2
    assert int(np.argmin(debiased_average(losses, 0.98))) > 130


def test_centred_finds_the_minimum_in_noise() -> None:
    losses = valley(bottom=120) + np.random.default_rng(3).normal(0, 0.005, 200)
    assert abs(int(np.argmin(centred(losses, WIDTH))) - 120) <= 2


def test_one_exploded_value_does_not_drag_up_its_neighbours() -> None:
    losses = 2.3 - 0.005 * np.arange(200)
    calm = centred(losses, WIDTH)
    losses[100] = 1e6
    exploded = centred(losses, WIDTH)
    near = np.r_[80:91, 110:121]
    assert exploded[near] == pytest.approx(calm[near], abs=0.5)
    # A plain Gaussian of this width would stand at about 4,000 there.
    assert np.max(exploded[near]) < 2.5
    assert np.max(np.delete(exploded, range(88, 113)) - np.delete(calm, range(88, 113))) < 0.1


def test_centred_has_no_lag_at_the_ends_of_a_straight_line() -> None:
    # Lines are straight on the asinh scale only near the median; at the ends a thousandth of the range may be lost,
    # where a weighted mean would lose a hundredth.
    losses = 2.3 - 0.01 * np.arange(200)
    smooth = centred(losses, WIDTH)
    assert smooth == pytest.approx(losses, abs=1e-3 * 2.0)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5])
def test_short_curves_are_smoothed_without_complaint(n: int) -> None:
    losses = np.linspace(2, 1, n)
    assert centred(losses, WIDTH) == pytest.approx(losses, abs=0.02)
    assert debiased_average(losses, 0.98).shape == (n,)


def test_an_average_as_short_as_its_width_follows_the_last_points() -> None:
    losses = np.concatenate([np.full(50, 2.0), np.full(20, 1.0)])
    smooth = debiased_average(losses, trailing_beta(WIDTH))
    assert smooth[49] == pytest.approx(2.0)
    assert smooth[-1] == pytest.approx(1.0, abs=0.05)


def test_the_width_follows_the_planned_length() -> None:
    assert width_for(200) == pytest.approx(3.0)
    assert width_for(2000) == pytest.approx(30.0)
    assert width_for(10) == 1.0


@pytest.mark.parametrize("sigma", [0.01, 0.1, 1.0])
def test_noise_of_a_falling_curve_that_explodes(sigma: float) -> None:
    rng = np.random.default_rng(7)
    losses = np.linspace(10, 5, 2000) + rng.normal(0, sigma, 2000)
    assert noise_of(losses) == pytest.approx(sigma, rel=0.1)
    losses[1900:] *= np.exp(np.linspace(0, 20, 100))
    assert noise_of(losses) == pytest.approx(sigma, rel=0.2)


def test_noise_of_a_line_or_too_few_points_is_none() -> None:
    assert noise_of(np.linspace(3, 1, 100)) == pytest.approx(0, abs=1e-12)
    assert noise_of(np.array([1.0, 5.0])) == 0.0


def test_a_long_curve_is_smoothed_alike_whichever_way_the_sums_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.linspace(-6, 0, 6000)
    losses = 2.3 - 2 / (1 + np.exp(-4 * (x + 2.5))) + 3 * np.maximum(x + 1, 0) ** 2
    losses += 0.05 * np.random.default_rng(0).standard_normal(len(x))
    quick = centred(losses, width_for(6000))
    monkeypatch.setattr(smoothing, "DIRECT", 10**12)
    slow = centred(losses, width_for(6000))
    assert not np.array_equal(quick, slow), "two ways"
    assert quick == pytest.approx(slow, abs=1e-9)
    assert (centred(np.full(6000, 2.5), width_for(6000)) == 2.5).all()


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.98, 0.999, 1 - 1e-6])
@pytest.mark.parametrize("cuts", [(0, 0, 1, 9000, 10_000), (0, 3, 25_000, 60_001, 90_000)])
def test_losses_that_come_in_pieces_are_averaged_as_if_one_by_one(beta: float, cuts: tuple[int, ...]) -> None:
    losses = np.random.default_rng(0).normal(2, 1, cuts[-1])
    one_by_one, pieces = DebiasedAverage(beta), DebiasedAverage(beta)
    wanted = [one_by_one.push(loss) for loss in losses.tolist()]
    found = np.concatenate([pieces.push_all(losses[begin:end]) for begin, end in pairwise(cuts)])
    np.testing.assert_allclose(found, wanted, rtol=1e-9)
    assert pieces.push(1.0) == pytest.approx(one_by_one.push(1.0), rel=1e-9)


def test_many_losses_are_nan_from_the_first_nan_on() -> None:
    losses = np.ones(50_000)
    losses[30_000] = np.nan
    average = debiased_average(losses, 0.9)
    assert np.isfinite(average[:30_000]).all() and np.isnan(average[30_000:]).all()


# ------------------------------------------------------------------ the centred smoother, point by point
@pytest.mark.parametrize(("n", "width"), [(3, 1.0), (4, 2.0), (40, 1.3), (40, 3.0), (25, 30.0)])
def test_each_point_is_a_weighted_line_through_its_neighbours(n: int, width: float) -> None:
    """Gaussian weights up to four widths away, on an asinh scale: the losses' median, and the distance between their
    5th and 75th percentile."""
    losses = np.random.default_rng(n).standard_normal(n).cumsum() + 5
    losses[-1] = 1e4
    origin, scale = np.median(losses), np.percentile(losses, 75) - np.percentile(losses, 5)
    y = np.arcsinh((losses - origin) / scale)
    expected = []
    for i in range(n):
        away = np.arange(n) - i
        weights = np.exp(-0.5 * (away / width) ** 2) * (np.abs(away) <= math.ceil(4 * width))
        basis = np.column_stack([np.ones(n), away]) * np.sqrt(weights)[:, None]
        expected.append(np.linalg.lstsq(basis, y * np.sqrt(weights), rcond=None)[0][0])
    assert centred(losses, width) == pytest.approx(origin + scale * np.sinh(expected), rel=1e-6, abs=1e-6)


def test_two_points_are_left_as_they_are() -> None:
    assert centred(np.array([1.0, 5.0]), 3.0).tolist() == [1.0, 5.0]


def test_noise_is_read_off_second_differences() -> None:
    losses = np.random.default_rng(0).standard_normal(51)
    assert noise_of(losses) == pytest.approx(1.4826 * np.median(np.abs(np.diff(losses, n=2))) / math.sqrt(6))
    assert noise_of(np.array([0.0, 1.0, 0.0])) == pytest.approx(1.4826 * 2 / math.sqrt(6))
    assert noise_of(np.array([0.0, 1.0])) == 0.0


@pytest.mark.parametrize(("steps", "width"), [(10, 1.0), (66, 1.0), (68, 1.02), (1000, 15.0)])
def test_the_width_is_a_share_of_the_sweep(steps: int, width: float) -> None:
    assert width_for(steps) == pytest.approx(width)


def test_a_trailing_average_looks_back_about_its_width() -> None:
    assert trailing_beta(9.0) == pytest.approx(0.9)
    assert trailing_beta(3.0) == pytest.approx(0.75)

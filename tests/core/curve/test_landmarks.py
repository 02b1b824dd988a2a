"""The places of curves whose truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lrgui.core.curve.curve import Curve
from lrgui.core.curve.landmarks import find_landmarks
from lrgui.core.engine.schedules import exponential


def curve(
    x: list[float], y: list[float], noise: float = 0.02, seed: int = 0, n: int = 200, reason: str = "completed"
) -> Curve:
    """A curve from 1e-6 to 1 through points (log10 lr, loss)."""
    rates = exponential(1e-6, 1, n)
    losses = np.interp(np.log10(rates), x, y) + np.random.default_rng(seed).normal(0, noise, n)
    return Curve.measured(rates, losses, n, end_reason=reason)


def near(lr: float | None, log_lr: float, within: float) -> bool:
    return lr is not None and abs(math.log10(lr) - log_lr) <= within


@pytest.mark.parametrize("seed", range(5))
def test_a_textbook_curve(seed: int) -> None:
    marks = find_landmarks(curve([-6, -4, -2, -1, 0], [2.3, 2.3, 0.5, 0.5, 8.0], seed=seed))
    assert marks is not None and marks.falls
    assert marks.level == pytest.approx(2.3, abs=0.03)
    assert marks.lowest == pytest.approx(0.5, abs=0.05)
    assert marks.fall == pytest.approx(1.8, abs=0.06)
    assert near(marks.begins_at, -4 + 0.05 * 2, 0.1)
    assert near(marks.starts_falling_at, -4, 0.2)
    assert near(marks.fast_from, -4, 0.15)
    assert near(marks.fast_to, -2, 0.15)
    assert -2.1 < math.log10(marks.lowest_at) < -0.95
    assert near(marks.rises_at, -1 + 0.09 / 7.5, 0.15)
    assert near(marks.explodes_at, -1, 0.15)
    assert not marks.still_falling
    assert marks.stopped_at is None


def test_still_falling_at_the_end() -> None:
    marks = find_landmarks(curve([-6, -3, 0], [2.3, 2.3, 0.5]))
    assert marks is not None and marks.falls
    assert marks.still_falling
    assert marks.rises_at is None and marks.explodes_at is None and marks.stopped_at is None


@pytest.mark.parametrize("y", [[2.3, 2.3], [2.3, 2.29], [2.0, 3.0]])
def test_a_curve_that_never_falls(y: list[float]) -> None:
    marks = find_landmarks(curve([-6, 0], y))
    assert marks is not None
    assert not marks.falls
    assert marks.why_not
    assert marks.rises_at is None


@pytest.mark.parametrize("seed", range(20))
def test_noise_alone_is_no_fall(seed: int) -> None:
    marks = find_landmarks(curve([-6, 0], [2.3, 2.3], noise=0.2, seed=seed))
    assert marks is not None and not marks.falls


def test_a_small_but_clear_fall_is_a_fall() -> None:
    """A constant may be part of the loss: how large the loss is says nothing about how far it can fall."""
    marks = find_landmarks(curve([-6, -3, -1, 0], [2.0, 2.0, 1.98, 1.98], noise=1e-4))
    assert marks is not None and marks.falls
    assert marks.why_not == ""


@pytest.mark.parametrize(("fall", "falls"), [(0.5e-6, False), (2e-6, True)])
def test_rounding_is_no_fall(fall: float, falls: bool) -> None:
    marks = find_landmarks(curve([-6, -3, -1, 0], [2.0, 2.0, 2.0 - 2 * fall, 2.0 - 2 * fall], noise=0))
    assert marks is not None and marks.falls == falls
    assert marks.why_not == ("" if falls else "the loss never falls")


def test_diverged_at_once() -> None:
    rates = exponential(1e-6, 1, 200)[:30]
    losses = 2.3 * np.exp(np.linspace(0, 5, 30))
    marks = find_landmarks(Curve.measured(rates, losses, 200, end_reason="diverged"))
    assert marks is not None and not marks.falls
    assert marks.stopped_at == rates[-1]


def test_a_sweep_cut_by_nan_stopped_there() -> None:
    rates = exponential(1e-6, 1, 200)
    losses = np.interp(np.log10(rates), [-6, -4, -1], [2.3, 2.3, 0.5])
    losses[170:] = math.nan
    marks = find_landmarks(Curve.measured(rates, losses, 200))
    assert marks is not None and marks.falls
    assert marks.stopped_at == rates[169]
    assert not marks.still_falling


@pytest.mark.parametrize("n", [0, 1, 9])
def test_too_few_points(n: int) -> None:
    rates = exponential(1e-6, 1, 200)[:n]
    assert find_landmarks(Curve.measured(rates, np.full(n, 2.3), 200)) is None


def test_ten_points_are_enough() -> None:
    rates = exponential(1e-6, 1, 10)
    marks = find_landmarks(Curve.measured(rates, np.interp(np.arange(10), [0, 3, 7, 9], [2.3, 2.3, 0.5, 3.0]), 10))
    assert marks is not None and marks.falls
    assert marks.lowest_at == pytest.approx(rates[7])


def test_a_constant_loss_of_any_size_has_no_fall() -> None:
    for level in (0.0, -3.0, 2.3, 1e8):
        marks = find_landmarks(curve([-6, 0], [level, level], noise=0.0))
        assert marks is not None and not marks.falls


def test_negative_losses_have_landmarks_too() -> None:
    marks = find_landmarks(curve([-6, -4, -2, -1, 0], [-1.0, -1.0, -6.0, -6.0, 30.0], noise=0.05))
    assert marks is not None and marks.falls
    assert marks.fall == pytest.approx(5.0, abs=0.2)
    assert near(marks.rises_at, -1, 0.15)

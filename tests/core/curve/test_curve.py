"""The measured curve: what is kept, what is computed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lrgui.core.curve.curve import Curve
from lrgui.core.curve.smoothing import centred, debiased_average, noise_of, width_for
from lrgui.core.engine.schedules import exponential

RATES = exponential(1e-6, 1, 50)
LOSSES = np.linspace(2.3, 1.0, 50) + np.random.default_rng(0).normal(0, 0.05, 50)


def test_everything_follows_from_the_raw_losses() -> None:
    curve = Curve.measured(RATES, LOSSES, 50, beta=0.9)
    assert len(curve) == 50
    assert curve.average.tolist() == debiased_average(LOSSES, 0.9).tolist()
    assert curve.smoothed.tolist() == centred(LOSSES, width_for(50)).tolist()
    assert curve.noise == noise_of(LOSSES)
    assert curve.log_lr == pytest.approx(np.log10(RATES))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_it_is_cut_at_the_first_loss_that_is_not_finite(bad: float) -> None:
    losses = LOSSES.copy()
    losses[[30, 40]] = bad
    curve = Curve.measured(RATES, losses, 50, end_reason="not_finite")
    assert (len(curve), curve.dropped) == (30, 20)
    assert curve.loss.tolist() == LOSSES[:30].tolist()
    assert np.all(np.isfinite(curve.smoothed))


def test_it_keeps_its_own_copy() -> None:
    losses = LOSSES.copy()
    curve = Curve.measured(RATES, losses, 50)
    losses[:] = 0
    assert curve.loss.tolist() == LOSSES.tolist()


def test_another_beta_changes_only_the_average() -> None:
    curve = Curve.measured(RATES, LOSSES, 50, beta=0.98, end_reason="completed")
    other = curve.with_beta(0.5)
    assert other.average.tolist() == debiased_average(LOSSES, 0.5).tolist()
    assert other.smoothed.tolist() == curve.smoothed.tolist()
    assert (other.end_reason, other.planned_steps) == ("completed", 50)
    assert curve.beta == 0.98


def test_loss_at_a_rate_lies_between_its_neighbours() -> None:
    curve = Curve.measured(RATES, LOSSES, 50)
    assert curve.loss_at(float(RATES[7])) == pytest.approx(curve.smoothed[7])
    between = curve.loss_at(math.sqrt(RATES[7] * RATES[8]))
    assert between == pytest.approx((curve.smoothed[7] + curve.smoothed[8]) / 2)
    assert curve.loss_at(float(RATES[0])) == pytest.approx(curve.smoothed[0])
    assert curve.loss_at(float(RATES[-1])) == pytest.approx(curve.smoothed[-1])


@pytest.mark.parametrize("outside", [1e-7, 2.0])
def test_loss_outside_the_range_is_unknown(outside: float) -> None:
    assert math.isnan(Curve.measured(RATES, LOSSES, 50).loss_at(outside))
    assert math.isnan(Curve.measured(RATES[:0], LOSSES[:0], 50).loss_at(1e-3))


def test_the_smoothed_curve_of_losses_above_0_does_not_go_below_it() -> None:
    losses = np.concatenate([np.linspace(0.9, 0, 30), np.zeros(20), [1e-9] * 3])
    lrs = exponential(1e-6, 1, len(losses))
    assert centred(losses, width_for(50)).min() < 0, "the line through neighbours runs out below them"
    assert Curve.measured(lrs, losses, 50, end_reason="completed").smoothed.min() == 0
    below = Curve.measured(lrs, losses - 0.5, 50, end_reason="completed")
    assert below.smoothed.tolist() == centred(below.loss, width_for(50)).tolist()


def test_the_work_before_a_rate_in_steps_at_that_rate() -> None:
    rates = exponential(1e-6, 1, 301)  # 50 steps for each decade
    curve = Curve.measured(rates, np.ones(301), 301)
    ratio = 10 ** (1 / 50)
    assert curve.work_before(np.array([-3.0, -1.0])) == pytest.approx(2 * [ratio / (ratio - 1)], rel=2e-3)
    assert curve.work_before(np.array([-6.0])) == pytest.approx([1.0])
    held = Curve.measured(rates, np.ones(301), 301, steps_per_point=3)
    assert held.work_before(np.array([-3.0])) == pytest.approx(3 * curve.work_before(np.array([-3.0])))
    line = Curve.measured(np.linspace(1e-3, 1.0, 1000), np.ones(1000), 1000)
    assert line.work_before(np.array([-1.0])) == pytest.approx([50.5], rel=1e-3)

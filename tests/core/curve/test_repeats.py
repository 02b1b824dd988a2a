"""Several sweeps as one: the median curve, its band, the pick from all, the spread of every rule."""

from __future__ import annotations

import numpy as np
import pytest

from lrgui.core.curve.curve import Curve
from lrgui.core.curve.landmarks import find_landmarks
from lrgui.core.curve.plan import Plan
from lrgui.core.curve.recommend import recommend
from lrgui.core.curve.repeats import combine, recommend_repeats, spread
from lrgui.core.curve.rules import RULES
from lrgui.core.engine.schedules import exponential
from lrgui.core.learning_rate import format_lr

RATES = exponential(1e-6, 1, 200)


def sweep(seed: int, points: int = 200, edge: float = -1.0, noise: float = 0.03, end: str = "completed") -> Curve:
    losses = np.interp(np.log10(RATES), [-6, -4, -2, edge, 0], [2.3, 2.3, 0.5, 0.5, 8.0])
    losses = losses + np.random.default_rng(seed).normal(0, noise, 200)
    return Curve.measured(RATES[:points], losses[:points], 200, end_reason=end)


def test_one_sweep_is_itself() -> None:
    one = sweep(0)
    both = combine([one])
    assert np.array_equal(both.curve.loss, one.loss) and np.array_equal(both.lr, one.lr)
    assert np.array_equal(both.low, both.high)
    assert recommend_repeats([one]) == recommend(one, find_landmarks(one))


def test_the_curve_is_the_median_of_those_that_got_there() -> None:
    curves = [sweep(0, 200), sweep(1, 180, end="diverged"), sweep(2, 150, end="not_finite")]
    both = combine(curves)
    assert len(both.curve) == 180  # two of three got there
    assert both.curve.end_reason == "diverged"
    assert both.curve.loss[10] == np.median([c.loss[10] for c in curves])
    assert both.curve.loss[170] == np.mean([c.loss[170] for c in curves[:2]])
    assert both.lr.shape == both.low.shape == both.high.shape == (180,)


def test_half_of_an_even_number_is_enough() -> None:
    assert len(combine([sweep(0, 200), sweep(1, 120)]).curve) == 200
    assert len(combine([sweep(0, 200), sweep(1, 190), sweep(2, 120), sweep(3, 50)]).curve) == 190


def test_the_band_holds_every_smoothed_line() -> None:
    curves = [sweep(seed) for seed in range(5)]
    both = combine(curves)
    for curve in curves:
        assert np.all(both.low <= curve.smoothed) and np.all(curve.smoothed <= both.high)
    assert np.median(both.high - both.low) > 0


def test_what_cannot_be_combined() -> None:
    with pytest.raises(ValueError, match="No sweep to combine"):
        combine([])
    other = Curve.measured(RATES * 2, sweep(0).loss, 200)
    with pytest.raises(ValueError, match="must have the same learning rates"):
        combine([sweep(0), other])


def test_nothing_measured_is_a_curve_of_no_points() -> None:
    both = combine([sweep(0, 0), sweep(1, 0)])
    assert len(both.curve) == len(both.low) == 0
    assert recommend_repeats([sweep(0, 0), sweep(1, 0)]).lr is None


def test_agreeing_repeats_are_as_sure_as_one_and_disagreeing_ones_less() -> None:
    agreeing = recommend_repeats([sweep(seed) for seed in range(3)])
    differing = recommend_repeats([sweep(0, edge=-1.9), sweep(1, edge=-1.0), sweep(2, edge=-0.2)])
    assert agreeing.lr is not None and agreeing.factor is not None
    assert agreeing.confidence == "high"
    assert differing.factor is not None and differing.factor > agreeing.factor
    assert differing.confidence in ("low", "medium")


def test_a_long_training_is_planned_for() -> None:
    curves = [sweep(seed) for seed in range(3)]
    short, long = recommend_repeats(curves), recommend_repeats(curves, Plan(10_000))
    assert short.lr is not None and long.lr is not None
    assert 0.25 * short.lr <= long.lr < 0.7 * short.lr
    assert recommend_repeats(curves, Plan(100)).lr == short.lr
    assert "for a training of 10,000 steps" in long.reason and "training of" not in short.reason


def test_the_pick_is_the_geometric_mean_of_the_repeats_own() -> None:
    curves = [sweep(0, edge=-1.3), sweep(1, edge=-1.0), sweep(2, edge=-0.8)]
    own = [recommend(curve, find_landmarks(curve)).lr for curve in curves]
    found = recommend_repeats(curves)
    assert found.lr == found.best_guess == pytest.approx(float(np.prod([lr or 0.0 for lr in own])) ** (1 / 3))
    assert found.reason.startswith("The mean of 3 recommendations between ")


def test_repeats_that_agree_are_not_said_to_lie_between_two_equal_rates() -> None:
    found = recommend_repeats([sweep(0)] * 3)
    assert found.lr is not None and found.reason.startswith(f"The mean of 3 recommendations of {format_lr(found.lr)}.")


def test_a_pick_of_one_repeat_alone_is_no_mean() -> None:
    found = recommend_repeats([sweep(0), sweep(1, 0)])
    assert found.lr is not None and found.reason.startswith("The only recommendation of 2 repeats.")


def test_spread_has_every_rule_and_ours_in_the_order_of_the_repeats() -> None:
    curves = [sweep(0), sweep(1), Curve.measured(RATES[:5], np.full(5, 2.3), 200)]
    found = spread(curves)
    assert list(found) == [rule.key for rule in RULES] + ["ours"]
    assert all(len(rates) == 3 for rates in found.values())
    assert found["ours"] == (*(recommend(c, find_landmarks(c)).best_guess for c in curves[:2]), None)
    assert all(rates[2] is None for rates in found.values())
    assert found["minimum_div10"][0] is not None


@pytest.mark.parametrize(("factor", "same"), [(1 + 0.95e-6, True), (1 + 1.1e-6, False), (1 - 0.95e-6, True)])
def test_rates_are_the_same_within_rounding(factor: float, same: bool) -> None:
    other = Curve.measured(RATES[:20] * factor, sweep(0).loss[:20], 200)
    if same:
        assert len(combine([sweep(0), other]).curve) == 200
    else:
        with pytest.raises(ValueError, match="must have the same learning rates"):
            combine([sweep(0), other])


def test_repeats_without_a_point_are_empty() -> None:
    both = combine([sweep(0, 0), sweep(1, 0)])
    assert both.curve.loss.shape == both.low.shape == both.high.shape == both.lr.shape == (0,)


def test_one_repeat_with_a_guess_is_as_sure_as_it_is_alone() -> None:
    alone = recommend_repeats([sweep(0)])
    found = recommend_repeats([sweep(0), sweep(1, 5, end="cancelled")])
    assert found.best_guess == pytest.approx(alone.best_guess)
    assert found.factor is not None and np.isfinite(found.factor)

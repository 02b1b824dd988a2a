"""Our own pick: where it lies on curves of known truth, and where there honestly is none."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from costs import costs_less
from rows import each_row

from lrgui.core.curve.confidence import RESAMPLES
from lrgui.core.curve.curve import Curve
from lrgui.core.curve.landmarks import find_landmarks
from lrgui.core.curve.plan import Plan
from lrgui.core.curve.recommend import Recommendation, confidence_words, pick_label, recommend
from lrgui.core.curve.smoothing import centred
from lrgui.core.curve.valley import find_valley
from lrgui.core.engine.schedules import exponential, linear

RATES = exponential(1e-6, 1, 200)
STEP = math.log10(RATES[1] / RATES[0])


def measured(
    x: list[float], y: list[float], noise: float = 0.01, points: int = 200, reason: str = "completed", seed: int = 0
) -> Curve:
    losses = np.interp(np.log10(RATES), x, y) + np.random.default_rng(seed).normal(0, noise, 200)
    return Curve.measured(RATES[:points], losses[:points], 200, end_reason=reason)


def pick(
    x: list[float], y: list[float], noise: float = 0.01, points: int = 200, reason: str = "completed"
) -> Recommendation:
    curve = measured(x, y, noise, points, reason)
    return recommend(curve, find_landmarks(curve))


def test_the_middle_of_a_wide_valley() -> None:
    shape = ([-6.0, -4.0, -3.0, -0.6, -0.5, 0.0], [2.3, 2.3, 0.5, 0.5, 3.0, 8.0])
    found, valley = pick(*shape), find_valley(measured(*shape))
    assert valley is not None
    assert found.lr == found.best_guess
    assert found.lr == pytest.approx(10 ** (valley.middle - 2 * STEP), rel=1e-6)
    assert found.reason.startswith("2 steps before the middle of the valley")
    assert "half of the fall is lost again at 2.5e-1" in found.reason


def test_a_start_worse_than_guessing_is_no_level_to_fall_from() -> None:
    x, y = [-6, -4, -3.2, -2.6, -2, -1.8, -0.4, 0], [4.0, 4, 0.7, 0.7, 0.3, 0.7, 0.7, 3]
    curve = replace(measured(x, y), guessing=0.693, uniform=0.693)
    found = recommend(curve, find_landmarks(curve))
    assert found.lr is not None
    assert 10**-2.8 < found.lr < 10**-2
    assert "down to 0.693, the loss of guessing, the network only forgets" in found.reason


def test_a_network_that_only_forgets_has_no_rate() -> None:
    x, y = [-6, -4, -3.2, -0.4, 0], [4.0, 4, 0.72, 0.72, 3]
    curve = replace(measured(x, y), guessing=0.693, uniform=0.693)
    found = recommend(curve, find_landmarks(curve))
    assert found.lr is None
    assert found.advice is None
    assert "the loss never falls below that of guessing (0.693)" in found.reason
    # Where it has not got there yet, there is more to see.
    curve = replace(measured([-6, -1, 0], [4.0, 4, 2]), guessing=0.693, uniform=0.693)
    found = recommend(curve, find_landmarks(curve))
    assert found.lr is None
    assert found.advice is not None and "still falling" in found.advice.why


def test_well_before_the_edge_of_a_narrow_valley() -> None:
    found = pick([-6, -1.5, -1, -0.9, 0], [2.3, 2.3, 0.5, 8.0, 50.0])
    edge = 10**-1.0
    assert found.lr is not None
    assert found.lr < edge / 1.6 * 10 ** (-3 * STEP)
    assert found.lr > edge / 5
    assert found.reason.startswith("4 steps and a factor of 1.6 before ")


def test_a_training_that_may_learn_its_examples_by_heart_is_never_sure() -> None:
    shape = ([-6.0, -4.0, -3.0, -0.6, -0.5, 0.0], [2.3, 2.3, 0.5, 0.5, 3.0, 8.0])
    curve = measured(*shape)
    marks = find_landmarks(curve)
    sure, found = (
        recommend(curve, marks, Plan(epoch_steps=steps, examples=300, parameters=1000)) for steps in (40, 10)
    )
    assert sure.confidence == "high" and found.confidence == "medium"
    assert found.lr == sure.lr
    assert sure.factor is not None and found.factor is not None and found.factor >= 2 > sure.factor
    assert "300 steps are 30 epochs of 300 examples" in found.reason


def test_without_an_edge_the_middle_of_what_was_seen() -> None:
    found = pick([-6, -4, -3, 0], [2.3, 2.3, 0.5, 0.5])
    assert found.lr is not None
    assert 1e-2 < found.lr < 1e-1
    assert "half of the fall is not lost again in this range" in found.reason
    assert found.confidence != "high"


def test_a_stop_is_an_edge() -> None:
    found = pick([-6, -4, -2, 0], [2.3, 2.3, 0.5, 0.5], points=160, reason="not_finite")
    assert found.lr is not None
    assert found.lr <= RATES[159] / 1.6


def test_the_same_curve_on_a_linear_schedule() -> None:
    # Steps are counted as they were made: on a linear axis they are far apart where rates are low.
    lr = np.linspace(1e-4, 1.0, 200)
    losses = np.interp(np.log10(lr), [-4, -2, -1, -0.4, 0], [2.3, 2.0, 0.5, 0.5, 8.0])
    curve = Curve.measured(lr, losses, 200, end_reason="completed")
    found = recommend(curve, find_landmarks(curve))
    assert found.best_guess is not None
    assert 0.05 < found.best_guess < 0.3


def test_steps_back_are_optimizer_steps_not_points() -> None:
    shape = ([-6.0, -4.0, -3.0, -0.6, -0.5, 0.0], [2.3, 2.3, 0.5, 0.5, 3.0, 8.0])
    curve, valley = measured(*shape), find_valley(measured(*shape))
    assert valley is not None
    held = replace(curve, steps_per_point=4)
    found = recommend(held, find_landmarks(held))
    # Four steps at each rate are a sweep four times as long: its middle is raised.
    raised = 0.25 * math.log10(4 / (1 - 10**-STEP) / 15)
    assert found.lr == pytest.approx(10 ** (valley.middle - STEP / 2 + raised), rel=1e-4)


@pytest.mark.parametrize(("steps", "raised"), [(200, 0.0), (207, 0.0), (800, 0.147), (3000, 0.290)])
def test_a_long_sweep_raises_its_middle_by_the_fourth_root_of_its_work(steps: int, raised: float) -> None:
    rates = exponential(1e-6, 1, steps)
    x, y = [-6.0, -4.0, -3.0, -0.6, -0.5, 0.0], [2.3, 2.3, 0.5, 0.5, 3.0, 8.0]
    losses = np.interp(np.log10(rates), x, y) + np.random.default_rng(0).normal(0, 0.01, steps)
    curve = Curve.measured(rates, losses, steps, end_reason="completed")
    found, valley = recommend(curve, find_landmarks(curve)), find_valley(curve)
    assert valley is not None and found.lr is not None
    step = math.log10(rates[1] / rates[0])
    assert math.log10(found.lr) == pytest.approx(valley.middle - 2 * step + raised, abs=3e-3)
    assert (" for the length of the sweep" in found.reason) == (raised > 0)


def test_a_raised_middle_stays_before_the_edge() -> None:
    rates = exponential(1e-6, 1, 3000)
    losses = np.interp(np.log10(rates), [-6, -1.5, -1, -0.9, 0], [2.3, 2.3, 0.5, 8.0, 50.0])
    curve = Curve.measured(rates, losses, 3000, end_reason="completed")
    found = recommend(curve, find_landmarks(curve))
    assert found.lr is not None and found.lr < 0.125 / 1.58
    assert found.reason.startswith("4 steps and a factor of 1.6 before ")


def test_the_first_steps_of_a_linear_sweep_are_not_taken_back() -> None:
    """They are of several decades each: a few of them back would be out of the curve."""
    rates = linear(1e-6, 1, 200)
    losses = np.interp(rates, [0, 0.01, 0.02, 0.05, 0.06, 1], [2.3, 1.5, 0.5, 0.5, 3.0, 8.0])
    curve = Curve.measured(rates, losses + np.random.default_rng(0).normal(0, 0.01, 200), 200)
    found = recommend(curve, find_landmarks(curve))
    assert found.best_guess is not None and 3e-3 < found.best_guess < 4e-2


def test_an_early_bump_does_not_lower_the_pick() -> None:
    smooth = pick([-6, -4, -2, -1, -0.8, 0], [2.3, 2.3, 0.6, 0.5, 3.0, 9.0])
    bump = pick([-6, -4, -2.6, -2.4, -2.2, -2, -1, -0.8, 0], [2.3, 2.3, 1.1, 1.6, 0.9, 0.6, 0.5, 3.0, 9.0])
    assert smooth.lr is not None and bump.lr is not None
    assert bump.lr == pytest.approx(smooth.lr, rel=0.4)


@pytest.mark.parametrize(
    ("x", "y", "points", "words"),
    [
        ([-6, 0], [2.3, 2.3], 200, "never falls by more than the noise"),
        ([-6, -4, 0], [2.3, 2.3, 1.5], 120, "still falling at 3.9e-3: extend the sweep to 3.9e-1 or more"),
    ],
    ids=["flat", "still falling"],
)
def test_no_reliable_pick_says_why_and_what_to_try(x: list[float], y: list[float], points: int, words: str) -> None:
    found = pick(x, y, points=points)
    assert (found.lr, found.confidence, found.factor) == (None, "none", None)
    assert found.reason.startswith("No reliable pick: ")
    assert words in found.reason


@pytest.mark.parametrize("depth", [0.2, 1.9], ids=["deep", "shallow, but up to 1"])
def test_a_fall_that_goes_on_may_be_worth_a_pick_and_an_advice(depth: float) -> None:
    found = pick([-6, -3, 0], [2.3, 2.3, depth])
    assert found.lr is not None and found.lr < 1
    assert found.confidence == "low"
    assert found.advice is not None and found.advice.end_lr == pytest.approx(10)
    assert "still falling at 1: extend the sweep to 10 or more" in found.reason


@pytest.mark.parametrize(("noise", "words"), [(0.01, {"high"}), (0.09, {"low", "none"})])
def test_a_small_fall_is_worth_what_it_stands_out_from_the_noise(noise: float, words: set[str]) -> None:
    found = pick([-6, -3, -1, -0.8, 0], [2.3, 2.3, 2.0, 2.6, 4.0], noise=noise)
    assert found.confidence in words
    if noise > 0.05:
        return
    assert found.lr is not None
    assert 1e-2 < found.lr < 1e-1


def test_noise_that_moves_the_pick_far_is_no_reliable_pick() -> None:
    found = [
        recommend(curve, find_landmarks(curve))
        for curve in (measured([-6, -3, -1, 0], [2.3, 2.3, 1.9, 2.2], noise=0.4, seed=seed) for seed in range(8))
    ]
    assert all(each.confidence in ("none", "low") for each in found)
    assert sum(each.lr is None for each in found) >= 4


def test_diverged_at_once_advises_a_lower_start() -> None:
    losses = 2.3 * np.exp(np.linspace(0, 4, 30))
    curve = Curve.measured(RATES[:30], losses, 200, end_reason="diverged")
    found = recommend(curve, find_landmarks(curve))
    assert found.lr is None
    assert "start the sweep lower, at 1e-9" in found.reason
    assert found.advice is not None
    assert found.advice.start_lr == pytest.approx(1e-9)
    assert found.advice.end_lr > RATES[29]


def test_too_few_points() -> None:
    curve = Curve.measured(RATES[:4], np.full(4, 2.3), 4)
    found = recommend(curve, find_landmarks(curve))
    assert (found.lr, found.best_guess) == (None, None)
    assert "only 4 points" in found.reason


@each_row((seed,) for seed in range(60))
def test_a_guess_lies_within_what_was_measured(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(10, 300))
    lr = exponential(10 ** rng.uniform(-8, -3), 10 ** rng.uniform(-2, 2), n)
    losses = rng.normal(0, 1, n).cumsum() * 10.0 ** rng.integers(-6, 7)
    losses[int(rng.integers(0, n)) :] *= 10.0 ** rng.integers(0, 30)
    end = str(rng.choice(["completed", "diverged", "not_finite", "cancelled"]))
    curve = Curve.measured(lr, losses, n, end_reason=end)
    found = recommend(curve, find_landmarks(curve))
    assert found.reason.endswith(".")
    if found.best_guess is not None:
        assert lr[0] * 0.999 <= found.best_guess <= lr[-1] * 1.001
    if found.lr is not None:
        assert found.lr == found.best_guess
        assert found.factor is not None and found.factor >= 1
        assert found.confidence in ("low", "medium", "high")
    if found.advice is not None:
        assert 0 < found.advice.start_lr < found.advice.end_lr
        assert found.advice.why in found.reason


def test_it_is_quick_enough_to_follow_a_slider() -> None:
    curve = measured([-6, -4, -2, -1, 0], [2.3, 2.3, 0.5, 0.5, 9.0], noise=0.05)
    marks = find_landmarks(curve)
    losses = np.random.default_rng(0).standard_normal((RESAMPLES, 200))
    # The reference is what must be done at least: every resampled curve is smoothed once.
    assert costs_less(lambda: recommend(curve, marks), 2, lambda: [centred(row, 3.0) for row in losses])


def test_word_and_factor() -> None:
    assert confidence_words(Recommendation(0.1, 0.1, "", "high", 1.414)) == "confidence high · within ×1.4"
    assert confidence_words(Recommendation(0.1, 0.1, "", "low", 12.3)) == "confidence low · within ×12"


def test_without_a_pick_there_is_no_factor() -> None:
    assert confidence_words(Recommendation(None, 0.1, "Why.")) == "no confidence"


def test_a_factor_at_its_limit_says_so() -> None:
    assert (
        confidence_words(Recommendation(0.1, 0.1, "", "low", 1000.0))
        == "confidence low · may be off by more than ×1,000"
    )


def test_a_guess_is_called_one() -> None:
    assert pick_label(Recommendation(0.1, 0.1, "", "high", 1.4)) == "★ recommended"
    assert pick_label(Recommendation(None, 0.1, "Why.")) == "☆ guess (no confidence)"
    assert pick_label(Recommendation(None, None, "Why.")) == "★ recommended"


def test_a_pick_that_the_edge_holds_back_is_medium_at_most() -> None:
    roomy = pick([-6.0, -4.0, -3.0, -0.6, -0.5, 0.0], [2.3, 2.3, 0.5, 0.5, 3.0, 8.0])
    assert roomy.confidence == "high" and roomy.reason.startswith("2 steps before the middle of the valley")
    steep = pick([-6.0, -2.0, -1.0, -0.9, 0.0], [2.3, 2.3, 0.5, 3.0, 8.0])
    assert steep.confidence == "medium" and "where half of the fall is lost again" in steep.reason

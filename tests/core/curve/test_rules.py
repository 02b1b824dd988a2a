"""The named rules against curves worked out by hand, and their reasons where they have no answer."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lrgui.core.curve.curve import Curve
from lrgui.core.curve.landmarks import find_landmarks
from lrgui.core.curve.rules import RULES, Suggestion, suggest
from lrgui.core.curve.smoothing import debiased_average
from lrgui.core.engine.schedules import exponential

KEYS = ["steepest", "steepest_div10", "minimum_div10", "minimum_div2", "near_minimum"]
PACKAGES = [
    "fastai_steep",
    "fastai_valley",
    "fastai_slide",
    "fastai_minimum",
    "torch_lr_finder",
    "ignite",
    "lightning",
]
RATES = exponential(1e-6, 1, 121)  # twenty points per decade


def rules(
    losses: np.ndarray, beta: float = 0.0, rates: np.ndarray = RATES, reason: str = "completed"
) -> dict[str, Suggestion]:
    curve = Curve.measured(rates, losses, len(rates), beta, reason)
    return suggest(curve, find_landmarks(curve))


def hand_made() -> np.ndarray:
    """Level 2 to 1e-4; 0.02 a point to 1e-3; 0.06 a point for ten points; 0.01 to the minimum; then up."""
    losses = np.full(121, 2.0)
    losses[41:61] = 2.0 - 0.02 * np.arange(1, 21)  # 1.6 at index 60 (1e-3)
    losses[61:71] = 1.6 - 0.06 * np.arange(1, 11)  # 1.0 at index 70
    losses[60] = 1.6
    losses[71:91] = 1.0 - 0.01 * np.arange(1, 21)  # 0.8 at index 90 (10 ** -1.5)
    losses[91:] = 0.8 + 0.2 * np.arange(1, 31)
    return losses


def test_keys_are_ascii_and_in_order() -> None:
    assert [rule.key for rule in RULES if rule.shown] == KEYS
    assert [rule.key for rule in RULES if not rule.shown] == PACKAGES
    assert all(rule.key.isascii() and rule.key.islower() for rule in RULES)
    assert list(rules(hand_made())) == KEYS
    curve = Curve.measured(RATES, hand_made(), len(RATES))
    assert list(suggest(curve, find_landmarks(curve), every=True)) == KEYS + PACKAGES


def test_packages_rules_answer_from_the_raw_losses_whatever_beta() -> None:
    found = [
        suggest(curve, find_landmarks(curve), every=True)
        for curve in (Curve.measured(RATES, hand_made(), len(RATES), beta) for beta in (0.9, 0.98))
    ]
    for key in PACKAGES:
        assert found[0][key].lr == found[1][key].lr
    lowest = RATES[int(np.argmin(debiased_average(hand_made(), 0.98)[12:-5])) + 12]
    assert found[0]["fastai_minimum"].lr == pytest.approx(lowest / 10)
    assert sum(found[0][key].lr is not None for key in PACKAGES) >= 5


def test_each_rule_by_hand_without_smoothing() -> None:
    losses = hand_made()
    # One clearly steepest point: the drop on both sides of index 65 is larger than anywhere else.
    losses[66:] -= 0.05
    losses[65] -= 0.025
    found = rules(losses)
    minimum = 10**-1.5
    assert found["steepest"].lr == pytest.approx(RATES[65])
    assert found["steepest_div10"].lr == pytest.approx(RATES[65] / 10)
    assert found["minimum_div10"].lr == pytest.approx(minimum / 10)
    assert found["minimum_div2"].lr == pytest.approx(minimum / 2)
    # 2.0 → 0.75: 95 % is made at 0.8125, first reached where the loss is 0.81 (index 84: 0.95 - 0.01 · 14).
    assert found["near_minimum"].lr == pytest.approx(RATES[84])
    assert all(s.reason.endswith(".") for s in found.values())


@pytest.mark.parametrize(
    ("head", "tail", "reached"),
    [
        # The level is the median of the first tenth, 1.5; of nine points it would be 2, of eleven 1.
        ([2.0] * 5 + [1.0] * 6 + [0.9] * 79, [0.9] * 6 + [0.09, 0.07, 0.04, 0.0], 97),
        # Of three points at least, 1.2; of two it would be 1.5, of four 1.1.
        ([2.0, 1.0, 1.2, 1.0, 0.9], [0.9] * 3 + [0.07, 0.058, 0.0], 9),
    ],
)
def test_what_the_fall_is_measured_from_near_the_minimum(head: list[float], tail: list[float], reached: int) -> None:
    losses = np.array(head + tail)
    rates = exponential(1e-6, 1, len(losses))
    rule = next(rule for rule in RULES if rule.key == "near_minimum")
    assert rule.find(Curve.measured(rates, losses, len(losses), 0.0)) == rates[reached]


def test_the_average_with_beta_is_what_the_rules_read() -> None:
    losses = hand_made()
    average = debiased_average(losses, 0.95)
    found = rules(losses, beta=0.95)
    lowest = int(np.argmin(average))
    assert found["minimum_div10"].lr == pytest.approx(RATES[lowest] / 10)
    assert found["steepest"].lr == RATES[int(np.argmin(np.gradient(average, np.log(RATES))))]
    assert lowest > 90  # it lags


def test_the_rules_do_not_depend_on_the_unit_of_the_slope() -> None:
    losses = hand_made()
    assert rules(losses)["steepest"].lr == rules(losses * 1000)["steepest"].lr


@pytest.mark.parametrize(
    ("points", "words"), [(0, "0 points were"), (1, "1 point was"), (5, "5 points were"), (9, "9 points were")]
)
def test_short_curves_have_a_reason(points: int, words: str) -> None:
    found = rules(np.linspace(2, 1, points), rates=RATES[:points])
    for suggestion in found.values():
        assert suggestion.lr is None
        assert suggestion.reason == f"Only {words} measured; a rule needs at least 10."


@pytest.mark.parametrize(
    "losses",
    [
        np.full(121, 2.3),
        np.full(121, 0.0),
        np.linspace(2.0, 6.0, 121),
        2.3 + np.random.default_rng(1).normal(0, 0.2, 121),
        np.random.default_rng(1).normal(2.3, 0.02, 121) - 0.01 * (np.arange(121) > 60),
    ],
    ids=["constant", "zero", "rising", "noise", "hardly"],
)
def test_curves_without_a_fall_have_a_reason_and_no_number(losses: np.ndarray) -> None:
    for suggestion in rules(losses, beta=0.98).values():
        assert suggestion.lr is None
        assert suggestion.reason.startswith("The loss ")
        assert suggestion.reason.endswith(".")


def test_a_curve_cut_by_nan_is_read_up_to_there() -> None:
    losses = hand_made()
    whole = rules(losses[:100], rates=RATES[:100], reason="diverged")
    losses[100:] = math.nan
    cut = rules(losses, reason="not_finite")
    assert {k: s.lr for k, s in cut.items()} == {k: s.lr for k, s in whole.items()}
    assert cut["minimum_div10"].lr is not None


def test_only_nan_is_a_short_curve() -> None:
    assert rules(np.full(121, math.nan))["steepest"].reason.startswith("Only 0 points")


def test_a_place_in_the_noise_before_the_fall_is_no_answer() -> None:
    losses = np.interp(np.log10(RATES), [-6, -2.5, -0.5, 0], [2.3, 2.3, 1.0, 1.2])
    losses[:2] = 5.0, 2.0  # the average wavers most over its first points
    found = rules(losses, beta=0.98)
    assert found["steepest"].lr is None
    assert found["steepest_div10"].lr is None
    assert "in the noise before the loss starts to fall" in found["steepest"].reason
    assert found["minimum_div10"].lr is not None

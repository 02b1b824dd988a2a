"""Our own pick: where it lies on curves of known truth, and where there honestly is none."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lrgui.core.curve import Curve
from lrgui.core.landmarks import find_landmarks
from lrgui.core.recommend import Recommendation, recommend
from lrgui.core.schedules import exponential

RATES = exponential(1e-6, 1, 200)


def pick(
    x: list[float], y: list[float], noise: float = 0.01, points: int = 200, reason: str = "completed"
) -> Recommendation:
    losses = np.interp(np.log10(RATES), x, y) + np.random.default_rng(0).normal(0, noise, 200)
    curve = Curve.measured(RATES[:points], losses[:points], 200, end_reason=reason)
    return recommend(curve, find_landmarks(curve))


def test_between_most_of_the_fall_and_half_the_edge() -> None:
    found = pick([-6, -4, -2, -1, 0], [2.3, 2.3, 0.5, 0.5, 8.0])
    most, edge = 10 ** (-2 - 0.1 * 2), 0.1  # 90 % of the fall of two decades; the loss rises from 0.1 on
    assert found.lr == found.best_guess
    assert found.lr == pytest.approx(math.sqrt(most * edge / 2), rel=0.15)
    assert found.reason.startswith("Between 6")


def test_never_above_half_the_edge() -> None:
    found = pick([-6, -4, -2, -1.9, 0], [2.3, 2.3, 0.5, 8.0, 50.0])
    assert found.lr is not None
    assert found.lr <= 1e-2 * 0.55
    assert found.reason.startswith("Half of ")


def test_without_an_edge_where_most_of_the_fall_is_made() -> None:
    found = pick([-6, -4, -2, 0], [2.3, 2.3, 0.5, 0.5])
    assert found.lr == pytest.approx(10**-2.2, rel=0.2)
    assert "does not rise again" in found.reason


def test_a_stop_is_an_edge() -> None:
    found = pick([-6, -4, -2, 0], [2.3, 2.3, 0.5, 0.5], points=160, reason="not_finite")
    assert found.lr is not None
    assert found.lr <= RATES[159] / 2


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        ([-6, 0], [2.3, 2.3], "never falls by more than the noise"),
        ([-6, -3, 0], [2.3, 2.3, 2.0], "falls by only 13"),
        ([-6, -3, 0], [2.3, 2.3, 0.5], "still falling at 1. Extend the sweep to 10 or more"),
    ],
    ids=["flat", "hardly", "still falling"],
)
def test_no_reliable_pick_says_why_and_what_to_try(x: list[float], y: list[float], words: str) -> None:
    found = pick(x, y)
    assert found.lr is None
    assert found.reason.startswith("No reliable pick: ")
    assert words in found.reason


def test_a_best_guess_is_given_where_the_loss_falls_a_little() -> None:
    found = pick([-6, -3, -1, 0], [2.3, 2.3, 2.0, 4.0])
    assert found.lr is None
    assert found.best_guess is not None
    assert 1e-3 < found.best_guess < 1e-1


def test_diverged_at_once_advises_a_lower_start() -> None:
    losses = 2.3 * np.exp(np.linspace(0, 4, 30))
    curve = Curve.measured(RATES[:30], losses, 200, end_reason="diverged")
    found = recommend(curve, find_landmarks(curve))
    assert found.lr is None
    assert "start the sweep lower, at 1e-9" in found.reason


def test_too_few_points() -> None:
    curve = Curve.measured(RATES[:4], np.full(4, 2.3), 200)
    found = recommend(curve, find_landmarks(curve))
    assert (found.lr, found.best_guess) == (None, None)
    assert "only 4 points" in found.reason

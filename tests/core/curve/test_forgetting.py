"""Curves of networks that know something else: which they are, and whether they learn anything."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from lrgui.core.curve.curve import Curve
from lrgui.core.curve.forgetting import forgets, learns
from lrgui.core.curve.landmarks import Landmarks, find_landmarks
from lrgui.core.curve.recommend import recommend
from lrgui.core.curve.repeats import combine
from lrgui.core.engine.schedules import exponential

RATES = exponential(1e-6, 1, 200)
TWO, TEN = math.log(2), math.log(10)


def read(
    y: list[float], knows_nothing: float, x: tuple[float, ...] = (-6, -4, -3.2, -2.6, -2, -1.8, -0.4, 0), seed: int = 0
) -> tuple[Curve, Landmarks]:
    """Batches differ by a tenth of their loss."""
    losses = np.interp(np.log10(RATES), x, y)
    losses = losses * (1 + 0.1 * np.random.default_rng(seed).normal(size=200))
    curve = Curve.measured(RATES, losses, 200, end_reason="completed", guessing=knows_nothing, uniform=knows_nothing)
    marks = find_landmarks(curve)
    assert marks is not None
    return curve, marks


CONFIDENTLY_WRONG = [4.0, 4, 0.7, 0.7, 0.3, 0.7, 0.7, 3]
NEW_HEAD = [2.7, 2.7, 2.2, 1.5, 0.4, 0.5, 2, 9]


def test_most_of_the_fall_is_forgetting() -> None:
    assert forgets(*read(CONFIDENTLY_WRONG, TWO))
    assert not forgets(*read(NEW_HEAD, TEN))


def test_where_nobody_knows_what_guessing_costs_nothing_is_said() -> None:
    curve, marks = read(CONFIDENTLY_WRONG, TWO)
    for unknown in (replace(curve, guessing=None), replace(curve, uniform=None)):
        assert not forgets(unknown, marks)
    assert learns(replace(curve, guessing=None), marks)


def test_what_a_fresh_network_learns_first_is_not_forgetting() -> None:
    """A text's letters are not equally frequent: down to that, a network that knew nothing has learned something."""
    curve, marks = read([4.85, 4.85, 3.0, 3.0, 2.7, 2.8, 3, 9], math.log(128))
    assert not forgets(replace(curve, guessing=3.0), marks)


@pytest.mark.parametrize("seed", range(5))
def test_a_network_that_has_forgotten_all_is_right_by_chance_now_and_then(seed: int) -> None:
    assert learns(*read(CONFIDENTLY_WRONG, TWO, seed=seed))
    dead = [4.0, 4, 0.7, 0.7, 0.7, 0.7, 0.7, 3]
    assert not learns(*read(dead, TWO, seed=seed))
    curve, marks = read(dead, TWO, seed=seed)
    assert recommend(curve, marks).lr is None


@pytest.mark.parametrize("seed", range(5))
def test_the_pick_stays_before_the_network_dies(seed: int) -> None:
    curve, marks = read(CONFIDENTLY_WRONG, TWO, seed=seed)
    found, blind = recommend(curve, marks), recommend(replace(curve, guessing=None), marks)
    assert found.best_guess is not None and blind.best_guess is not None
    assert 10**-3.2 < found.best_guess < 10**-2.1 < blind.best_guess
    assert found.lr is None or "Lowered to 67 %" in found.reason


def test_repeats_know_it_together() -> None:
    curves = [read(CONFIDENTLY_WRONG, TWO, seed=seed)[0] for seed in range(2)]
    assert combine(curves).curve.guessing == pytest.approx(TWO)
    assert combine([curves[0], replace(curves[1], guessing=None, uniform=None)]).curve.uniform == pytest.approx(TWO)
    assert combine([replace(curve, guessing=None) for curve in curves]).curve.guessing is None

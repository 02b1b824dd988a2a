"""The sentence that reads a curve aloud."""

from __future__ import annotations

import numpy as np
import pytest

from lrgui.core.curve.curve import Curve
from lrgui.core.curve.landmarks import find_landmarks
from lrgui.core.curve.summary import interpret
from lrgui.core.curve.sweep_reading import read_sweep
from lrgui.core.engine.schedules import exponential

GOLDEN = (
    "The loss begins to fall at 1e-5, falls fastest between 1e-4 and 1e-2, is lowest near 2e-2 and explodes "
    "after 5e-2. Conservative 2e-3, aggressive 1e-2; start with 2e-3."
)
#: The rates of that sentence; the last two points are the explosion itself.
RATES = [1e-6, 1e-5, 1e-4, 1e-2, 2e-2, 5e-2, 1e-1, 1.0]
#: Losses there: different levels, slopes and explosions, all with the same places.
SHAPES = {
    "textbook": [2.3, 2.3, 2.1, 0.6, 0.5, 0.58, 5.0, 50.0],
    "slow start": [2.3, 2.3, 2.2, 0.7, 0.6, 0.65, 1.2, 10.0],
    "flat bottom": [2.3, 2.3, 2.0, 0.5, 0.4, 0.42, 2.3, 9.0],
    "gentle end": [2.3, 2.3, 2.15, 0.35, 0.3, 0.35, 2.0, 2.5],
    "visible rise": [2.303, 2.3, 2.1, 0.9, 0.8, 0.9, 2.3, 8.0],
    "small losses": [0.01, 0.01, 0.0092, 0.002, 0.0015, 0.0017, 0.006, 0.03],
}


def read(rates: np.ndarray, losses: np.ndarray, steps: int | None = None, reason: str = "completed") -> str:
    curve = Curve.measured(rates, losses, steps or len(rates), end_reason=reason)
    return interpret(curve, find_landmarks(curve))


def golden(shape: str, steps: int) -> tuple[np.ndarray, np.ndarray]:
    rates = exponential(1e-6, 1.0, steps)
    return rates, np.interp(np.log10(rates), np.log10(RATES), SHAPES[shape])


@pytest.mark.parametrize("steps", [200, 240, 300, 301, 400, 1000])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_golden_sentence(shape: str, steps: int) -> None:
    assert read(*golden(shape, steps)) == GOLDEN


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("shape", SHAPES)
def test_the_golden_sentence_with_a_little_noise(shape: str, seed: int) -> None:
    rates, losses = golden(shape, 300)
    fall = losses[0] - losses.min()
    assert read(rates, losses + np.random.default_rng(seed).normal(0, 0.0015 * fall, 300)) == GOLDEN


@pytest.mark.parametrize("steps", [200, 300, 400])
def test_the_golden_sentence_with_noise_of_a_hundredth(steps: int) -> None:
    rates, losses = golden("textbook", steps)
    right = [read(rates, losses + np.random.default_rng(s).normal(0, 0.01, steps)) == GOLDEN for s in range(10)]
    assert sum(right) >= 9


@pytest.mark.parametrize("steps", [200, 300, 400])
@pytest.mark.parametrize("shape", ["textbook", "flat bottom", "gentle end", "visible rise"])
def test_the_golden_sentence_with_rounded_kinks(shape: str, steps: int) -> None:
    fine = np.linspace(-8, 2, 5001)
    kernel = np.exp(-0.5 * (np.arange(-100, 101) * 0.002 / 0.05) ** 2)
    line = np.interp(fine, np.log10(RATES), SHAPES[shape])
    rounded = np.convolve(np.pad(line, 100, mode="edge"), kernel / kernel.sum(), mode="valid")
    rates = exponential(1e-6, 1.0, steps)
    assert read(rates, np.interp(np.log10(rates), fine, rounded)) == GOLDEN


def test_the_golden_sentence_on_a_smooth_slope() -> None:
    # A logistic fall has half of its steepest slope at 1e-4 and 1e-2, a tenth of it at 1e-5.
    rates = exponential(1e-6, 1.0, 300)
    x = np.log10(rates)
    losses = 0.4 + 1.9 / (1 + np.exp(1.763 * (x + 3)))
    losses += 0.3 * np.clip(x - np.log10(2e-2), 0, None) + 8 * np.clip(x - np.log10(5e-2), 0, None)
    assert read(rates, losses) == GOLDEN


@pytest.mark.parametrize("shape", SHAPES)
def test_the_golden_sentence_where_the_sweep_was_stopped(shape: str) -> None:
    rates, losses = golden(shape, 300)
    end = int(np.flatnonzero((losses > 1.5 * losses.min()) & (rates > 5e-2))[0]) + 5
    assert read(rates[:end], losses[:end], 300, "diverged") == GOLDEN


def test_other_places_are_read_too() -> None:
    rates = exponential(1e-7, 10.0, 320)
    at = np.log10([1e-7, 3e-5, 2e-4, 4e-2, 7e-2, 3e-1, 1.0, 10.0])
    text = read(rates, np.interp(np.log10(rates), at, SHAPES["textbook"]))
    assert (
        text
        == (
            "The loss begins to fall at 3e-5, falls fastest between 2e-4 and 4e-2, is lowest near 7e-2 and explodes "
            "after 3e-1. Conservative 7e-3, aggressive 4e-2; start with 7e-3."
        )
        or "aggressive 3e-2" in text
    )


def test_a_curve_that_still_falls_says_so() -> None:
    rates = exponential(1e-6, 1e-2, 200)
    text = read(rates, np.interp(np.log10(rates), [-6, -4, -2], [2.3, 2.3, 1.0]))
    assert "is still falling at 1e-2, where the sweep ended" in text
    assert "explodes" not in text


def test_a_curve_that_does_not_rise_again_says_so() -> None:
    rates = exponential(1e-6, 1.0, 200)
    text = read(rates, np.interp(np.log10(rates), [-6, -4, -2, 0], [2.3, 2.3, 1.0, 1.01]))
    assert "and had not risen again at 1." in text


def test_a_flat_curve_says_that_there_is_nothing_to_pick_from() -> None:
    rates = exponential(1e-6, 1.0, 200)
    text = read(rates, 2.3 + np.random.default_rng(0).normal(0, 0.1, 200))
    assert text == (
        "Between 1e-6 and 1 the loss never falls by more than the noise of the batches: there is nothing to pick from."
    )


@pytest.mark.parametrize("n", [0, 3])
def test_a_short_curve_says_that_it_is_short(n: int) -> None:
    rates = exponential(1e-6, 1.0, 200)[:n]
    assert (
        read(rates, np.full(n, 2.3), 200) == f"Only {n} points were measured; at least 10 are needed to read a curve."
    )


def test_which_rate_to_start_with_is_left_to_a_recommendation() -> None:
    rates, losses = golden("textbook", 300)
    curve = Curve.measured(rates, losses, 300, end_reason="completed")
    text = interpret(curve, find_landmarks(curve), recommended=True)
    assert text == GOLDEN.replace("; start with 2e-3", "")
    reading = read_sweep(curve)
    assert reading.recommendation.lr is not None
    assert reading.interpretation == text

"""The five questions and their answers."""

from __future__ import annotations

import numpy as np
import pytest

from lrgui.core.curve.checklist import Check
from lrgui.core.curve.curve import Curve
from lrgui.core.curve.sweep_reading import SweepReading, read_sweep
from lrgui.core.engine.schedules import exponential
from lrgui.core.learning_rate import format_lr

RATES = exponential(1e-6, 1, 200)
GOOD = ([-6, -4, -2, -1.7, -1, 0], [2.3, 2.3, 0.52, 0.5, 0.52, 8.0])  # lowest at 2e-2


def analysed(x: list[float], y: list[float], selection: float | None = None) -> SweepReading:
    losses = np.interp(np.log10(RATES), x, y)
    return read_sweep(Curve.measured(RATES, losses, 200, end_reason="completed"), selection)


def check(reading: SweepReading, key: str) -> Check:
    (found,) = [c for c in reading.checklist if c.key == key]
    return found


def test_five_in_order() -> None:
    assert [c.key for c in analysed(*GOOD).checklist] == ["falls", "lowest", "pick", "one_cycle", "monitor"]


def test_a_good_curve() -> None:
    reading = analysed(*GOOD)
    assert (check(reading, "falls").state, check(reading, "lowest").state) == ("good", "good")
    assert check(reading, "falls").text == "The loss falls sharply (2.3 to 0.5)"
    assert "2e-2 (loss 0.5" in check(reading, "lowest").text
    assert "the recommended rate is selected" in check(reading, "pick").text
    assert "Lowest ÷ 10 = 2e-3, ÷ 2 = 1e-2 (classic bounds)" in check(reading, "pick").text
    assert check(reading, "monitor").state == "open"
    assert "Rate ÷ 10 and restart" in check(reading, "monitor").text


@pytest.mark.parametrize(
    ("selection", "state", "words"),
    [
        (1e-5, "bad", "too-low zone"),
        (5e-4, "good", "below the classic bounds: safe but slow"),
        (2e-3, "good", "lies between the bounds"),
        (5e-3, "good", "lies between the bounds"),
        (1e-2, "good", "lies between the bounds"),
        (1.3e-2, "good", "below the recommended rate"),  # which is 1.6e-2 and counts as good
        (1.6e-2, "good", "the recommended rate is selected"),
        (1.8e-2, "open", "close to the minimum: bold"),
        (4e-2, "bad", "past the minimum"),
        (5e-1, "bad", "divergence zone"),
    ],
)
def test_where_the_selection_lies(selection: float, state: str, words: str) -> None:
    reading = analysed(*GOOD, selection=selection)
    assert check(reading, "pick").state == state
    assert words in check(reading, "pick").text
    assert check(reading, "one_cycle").text == f"OneCycle with max LR = {format_lr(selection)}"


def test_a_flat_curve_fails_honestly() -> None:
    reading = analysed([-6, 0], [2.3, 2.3])
    assert [check(reading, k).state for k in ("falls", "lowest", "pick", "one_cycle")] == ["bad", "bad", "bad", "open"]
    assert "No sharp fall" in check(reading, "falls").text


def test_a_curve_that_hardly_falls_is_bad_with_its_number() -> None:
    losses = np.interp(np.log10(RATES), [-6, -3, -1, 0], [2.3, 2.3, 2.1, 4.0])
    noisy = losses + np.random.default_rng(0).normal(0, 0.08, 200)
    found = check(read_sweep(Curve.measured(RATES, noisy, 200, end_reason="completed")), "falls")
    assert found.state == "bad"
    assert found.text == "The loss hardly falls (2.29 to 2.08, 2.9 times the batch noise)"


@pytest.mark.parametrize(
    ("factor", "constant", "words"),
    [
        (1.0, 300.0, "302.3 to 300.5"),
        (1.0, -300.0, "-297.7 to -299.5"),
        (1e-13, 0.0, "2.30e-13 to 5.03e-14"),
        (1e6, 0.0, "2,300,000 to 500,000"),
        (0.01, 5.0, "5.023 to 5.005"),
        (100.0, 0.0, "230 to 50"),
    ],
)
def test_the_fall_is_said_in_losses_whatever_their_size(factor: float, constant: float, words: str) -> None:
    losses = factor * np.interp(np.log10(RATES), *GOOD) + constant
    found = check(read_sweep(Curve.measured(RATES, losses, 200, end_reason="completed")), "falls")
    assert found.text == f"The loss falls sharply ({words})"


def test_a_curve_that_still_falls_asks_for_more() -> None:
    lowest = check(analysed([-6, -3, 0], [2.3, 2.3, 0.5]), "lowest")
    assert lowest.state == "bad" and "extend the sweep" in lowest.text


def test_a_curve_that_does_not_rise_is_open() -> None:
    lowest = check(analysed([-6, -3, -1, 0], [2.3, 2.3, 0.5, 0.51]), "lowest")
    assert lowest.state == "open" and "no explosion in this range" in lowest.text


def test_a_short_curve_says_how_short() -> None:
    reading = read_sweep(Curve.measured(RATES[:3], np.full(3, 2.3), 200))
    assert check(reading, "falls").text == "Only 3 points were measured: too few to see a fall"

"""The five questions and their answers."""

from __future__ import annotations

import numpy as np
import pytest

from lrgui.core.analysis import Analysis, analyse
from lrgui.core.checklist import Check
from lrgui.core.curve import Curve
from lrgui.core.schedules import exponential

RATES = exponential(1e-6, 1, 200)
GOOD = ([-6, -4, -2, -1.7, -1, 0], [2.3, 2.3, 0.52, 0.5, 0.52, 8.0])  # lowest at 2e-2


def analysed(x: list[float], y: list[float], selection: float | None = None) -> Analysis:
    losses = np.interp(np.log10(RATES), x, y)
    return analyse(Curve.measured(RATES, losses, 200, end_reason="completed"), selection)


def check(analysis: Analysis, key: str) -> Check:
    (found,) = [c for c in analysis.checklist if c.key == key]
    return found


def test_five_in_order() -> None:
    assert [c.key for c in analysed(*GOOD).checklist] == ["falls", "lowest", "pick", "one_cycle", "monitor"]


def test_a_good_curve() -> None:
    analysis = analysed(*GOOD)
    assert (check(analysis, "falls").state, check(analysis, "lowest").state) == ("good", "good")
    assert "−78%" in check(analysis, "falls").text
    assert "2.0e-02 (loss 0.5" in check(analysis, "lowest").text
    assert "ours is selected" in check(analysis, "pick").text
    assert "Lowest ÷ 10 = 2e-3 (conservative), ÷ 2 = 1e-2 (aggressive)" in check(analysis, "pick").text
    assert check(analysis, "monitor").state == "open"
    assert "Rate ÷ 10 and restart" in check(analysis, "monitor").text


@pytest.mark.parametrize(
    ("selection", "state", "words"),
    [
        (1e-5, "bad", "too-low zone"),
        (5e-4, "good", "below the conservative rate: safe but slow"),
        (2e-3, "good", "lies between them"),
        (5e-3, "good", "lies between them"),
        (1e-2, "good", "lies between them"),
        (1.5e-2, "open", "close to the minimum: bold"),
        (4e-2, "bad", "past the minimum"),
        (5e-1, "bad", "divergence zone"),
    ],
)
def test_where_the_selection_lies(selection: float, state: str, words: str) -> None:
    analysis = analysed(*GOOD, selection=selection)
    assert check(analysis, "pick").state == state
    assert words in check(analysis, "pick").text
    assert check(analysis, "one_cycle").text == f"OneCycle with max LR = {selection:.1e}"


def test_a_flat_curve_fails_honestly() -> None:
    analysis = analysed([-6, 0], [2.3, 2.3])
    assert [check(analysis, k).state for k in ("falls", "lowest", "pick", "one_cycle")] == ["bad", "bad", "bad", "open"]
    assert "No sharp fall" in check(analysis, "falls").text


def test_a_curve_that_hardly_falls_is_bad_with_its_number() -> None:
    assert "hardly falls (−8%" in check(analysed([-6, -3, -1, 0], [2.3, 2.3, 2.1, 4.0]), "falls").text


def test_a_curve_that_still_falls_asks_for_more() -> None:
    lowest = check(analysed([-6, -3, 0], [2.3, 2.3, 0.5]), "lowest")
    assert lowest.state == "bad" and "extend the sweep" in lowest.text


def test_a_curve_that_does_not_rise_is_open() -> None:
    lowest = check(analysed([-6, -3, -1, 0], [2.3, 2.3, 0.5, 0.51]), "lowest")
    assert lowest.state == "open" and "no explosion in this range" in lowest.text


def test_a_short_curve_says_how_short() -> None:
    analysis = analyse(Curve.measured(RATES[:3], np.full(3, 2.3), 200))
    assert check(analysis, "falls").text == "Only 3 points were measured: too few to see a fall"

"""The bars of a race."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lrgui.core.judge import Judge
from lrgui.plot.race_bars import BarNumbers, Bars, Candidate, Winner
from lrgui.plot.theme import DARK, LIGHT


def candidate(number: int, score: float, alive: bool = True, runs: bool = False) -> Candidate:
    return Candidate(number, 1e-3 * 2**number, np.empty(0), 100, score, alive, runs)


@pytest.fixture
def bars(canvas) -> Bars:
    canvas.view.setRange(xRange=(-0.5, 2.5), yRange=(0, 2), padding=0)
    return Bars(canvas.view, 0)


def test_a_bar_is_as_high_as_its_loss_and_a_diverged_one_has_none(bars):
    bars.set_candidates([candidate(0, 1.0), candidate(1, 0.5), candidate(2, math.inf)])
    one, half = bars.bar(candidate(0, 1.0)), bars.bar(candidate(1, 0.5))
    assert one.height() == pytest.approx(2 * half.height())
    assert one.width() == pytest.approx(100 * Bars.WIDTH), "a candidate has a third of 300 pixels"
    assert bars.bar(candidate(2, math.inf)) is None and bars.bar(candidate(2, math.nan)) is None


def test_what_stands_above_a_bar(bars):
    assert bars.words(candidate(0, math.inf)) == "diverged"
    assert bars.words(candidate(0, math.nan, runs=True)) == "…"
    assert bars.words(candidate(0, math.nan)) == ""
    bars.set_candidates([candidate(0, 1.0), candidate(1, 1.0, alive=False), candidate(2, math.nan)])
    assert [colour for _, _, colour in bars.labels()] == [LIGHT.text, LIGHT.muted]
    bars.set_palette(DARK)
    assert [colour for _, _, colour in bars.labels()] == [DARK.text, DARK.muted]


def test_a_metric_that_is_better_the_higher_stands_as_high_as_it_is(bars):
    bars.set_candidates([candidate(0, -0.9), candidate(1, -0.45), candidate(2, math.inf)], Judge("accuracy", True))
    high, low = bars.bar(candidate(0, -0.9)), bars.bar(candidate(1, -0.45))
    assert high.height() == pytest.approx(2 * low.height()) and high.bottom() == pytest.approx(low.bottom())
    assert [words for words, _, _ in bars.labels()] == ["90.0 %", "45.0 %", "diverged"]


def test_a_bar_that_is_cut_ends_below_the_winners_name(bars, canvas):
    bars.set_candidates([candidate(0, 5.0), candidate(1, 1.0)])
    assert bars.is_cut(candidate(0, 5.0)) and not bars.is_cut(candidate(1, 1.0))
    assert bars.bar(candidate(0, 5.0)).top() > 0
    numbers, winner = BarNumbers(bars, 1), Winner(canvas.view, 2)
    winner.show_at(1.0, "winner 2e-3")
    assert winner.text == "winner 2e-3" and all(box.top() >= 0 for _, box, _ in bars.labels())
    numbers.update()
    canvas.grab()

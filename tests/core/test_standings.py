"""Who leads, and what rate the smooth gives: on losses whose truth is known."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from lrgui.core.events import CandidateEvent, StandingEvent
from lrgui.core.run_settings import RaceSettings, survivors
from lrgui.core.standings import POINTS, SAFE, Ranking, Standings

CONFIG = RaceSettings(around=0.01)


def valley(config: RaceSettings, lowest: float, noise: float = 0.0, seed: int = 0) -> Standings:
    """A race whose losses are a parabola in log LR with its lowest point at `lowest`, lower from round to round."""
    draw = np.random.RandomState(seed)
    standings = Standings(config)
    for number in range(config.rounds):
        for c in standings.contestants(number):
            octaves = math.log2(standings.lrs[c] / lowest)
            loss = 1.0 / (number + 1) + 0.1 * octaves**2 + noise * draw.normal()
            standings.add([StandingEvent(number, c, standings.lrs[c], loss, True, config.budget(number))])
    return standings


def read(standings: Standings) -> Ranking:
    return standings.ranking()


@pytest.mark.parametrize("lowest", [0.006, 0.0083, 0.01, 0.0117, 0.0155])
def test_the_winner_lies_a_quarter_of_an_octave_below_the_lowest_point(lowest: float) -> None:
    ranking = read(valley(CONFIG, lowest))
    assert ranking.lr == pytest.approx(lowest / 2**SAFE, rel=1e-6)
    assert ranking.smooth_lr.shape == ranking.smooth_loss.shape == (POINTS,)
    bottom = ranking.smooth_lr[int(np.argmin(ranking.smooth_loss))]
    assert bottom == pytest.approx(lowest, rel=0.05)
    assert ranking.smooth_loss.min() == pytest.approx(1 / 3, abs=1e-3)


def test_a_lucky_run_does_not_win() -> None:
    """Over many noisy races the smooth is nearer to the truth than the best single training."""
    smooth, lucky = [], []
    for seed in range(60):
        ranking = read(valley(CONFIG, 0.01, noise=0.05, seed=seed))
        assert ranking.lr is not None
        smooth.append(abs(math.log2(ranking.lr * 2**SAFE / 0.01)))
        lucky.append(abs(math.log2(ranking.rows[0].lr / 0.01)))
    assert np.mean(smooth) < 0.8 * np.mean(lucky)


def test_the_pick_is_confirmed_or_corrected_in_words() -> None:
    assert "it confirms 1e-2" in read(valley(CONFIG, 0.0115)).reason
    far = read(valley(CONFIG, 0.024)).reason
    assert "2 times 1e-2" in far and "confirmed" not in far
    assert "0.42 times 1e-2" in read(valley(CONFIG, 0.005)).reason


def test_a_best_rate_beyond_the_field_is_said_to_be_there() -> None:
    ranking = read(valley(CONFIG, 0.2))
    assert "edge of the candidates: race again around it" in ranking.reason
    assert ranking.lr is not None and ranking.lr <= CONFIG.lrs()[-1] * 2 ** (0.5 * CONFIG.octaves)


def test_those_that_got_farther_come_first_and_the_diverged_last() -> None:
    standings = Standings(RaceSettings(around=0.01, rates=5))
    losses = [0.5, 0.4, 0.3, 0.6, math.inf]
    standings.add([StandingEvent(0, c, standings.lrs[c], losses[c], losses[c] < 1, 40, 0.9) for c in range(5)])
    assert standings.contestants(1) == [0, 1, 2]
    standings.add([StandingEvent(1, c, standings.lrs[c], 0.2 + 0.01 * c, True, 80) for c in (0, 1, 2)])
    standings.add([StandingEvent(2, c, standings.lrs[c], [0.11, 0.1, math.nan][c], True, 160) for c in (0, 1, 2)])
    rows = read(standings).rows
    assert [row.candidate for row in rows] == [1, 0, 3, 2, 4]
    assert [row.place for row in rows] == [1, 2, 3, 4, 5]
    assert [row.words for row in rows] == [
        *("round 3", "round 3", "out after round 1", "diverged in round 3", "diverged in round 1")
    ]
    assert rows[2].metric == 0.9 and rows[0].steps == 160
    assert read(standings).leader is rows[0] or read(standings).leader == rows[0]


def test_a_race_that_has_hardly_begun_says_what_there_is() -> None:
    standings = Standings(CONFIG)
    empty = read(standings)
    assert empty.lr is None and empty.leader is None and empty.reason == "No rate was measured."
    standings.add([StandingEvent(0, 3, 0.01, 0.5, True, 40)])
    one = read(standings)
    assert one.lr == pytest.approx(0.01 / 2**SAFE) and one.rows[0].candidate == 3
    assert "After 1 of 3 rounds" in one.reason and not len(one.smooth_lr)


def test_an_unfinished_round_does_not_count() -> None:
    standings = valley(RaceSettings(around=0.01, rounds=1), 0.01)
    whole = Standings(CONFIG)
    whole.losses[0] = standings.losses[0]
    for c in range(7):
        whole.add([StandingEvent(0, c, whole.lrs[c], float(standings.losses[0, c]), True, 40)])
    before = read(whole)
    whole.add([StandingEvent(1, 3, 0.01, 99.0, True, 80)])
    assert not whole.complete(1) and read(whole).lr == before.lr


def test_survivors_and_cost() -> None:
    assert [survivors(n) for n in (9, 7, 5, 4, 3)] == [5, 4, 3, 3, 3]
    config = RaceSettings(rates=7, steps=160)
    assert [config.field(n) for n in range(3)] == [7, 4, 3]
    assert [config.budget(n) for n in range(3)] == [40, 80, 160]
    assert config.total_steps() == 7 * 40 + 4 * 80 + 3 * 160 == 1080


def test_the_grid_is_half_an_octave_wide_around_the_pick() -> None:
    lrs = RaceSettings(around=0.03).lrs()
    assert lrs[3] == pytest.approx(0.03)
    assert [b / a for a, b in pairwise(lrs)] == pytest.approx([2**0.5] * 6)


def test_steps_are_counted() -> None:
    standings = Standings(CONFIG)
    standings.add([CandidateEvent(0, 3, 0.01, step, 40, 1.0, 0.1) for step in range(5)])
    assert standings.done == 5

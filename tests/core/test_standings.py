"""Who leads, and what rate the smooth gives: on losses whose truth is known."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from lrgui.core.events import CandidateEvent, StandingEvent, UntrainedEvent
from lrgui.core.learning_rate import format_lr
from lrgui.core.run_settings import RaceSettings, survivors
from lrgui.core.standings import POINTS, SAFE, Ranking, Standings

#: A fixed field.
CONFIG = RaceSettings(around=0.01, rates=7)


def valley(config: RaceSettings, lowest: float, noise: float = 0.0, seed: int = 0) -> Standings:
    """A race whose losses are a parabola in log LR with its lowest point at `lowest`, lower from round to round."""
    draw = np.random.RandomState(seed)
    standings = Standings(config)
    for number in range(config.stages):
        for c in standings.contestants(number):
            octaves = math.log2(standings.lrs[c] / lowest)
            loss = 1.0 / (number + 1) + 0.1 * octaves**2 + noise * draw.normal()
            standings.add([StandingEvent(number, c, standings.lrs[c], loss, True, config.budget(number))])
    return standings


def read(standings: Standings) -> Ranking:
    return standings.ranking()


@pytest.mark.parametrize("lowest", [0.006, 0.0083, 0.01, 0.0125, 0.0155])
def test_the_winner_lies_a_quarter_of_an_octave_below_the_lowest_point(lowest: float) -> None:
    ranking = read(valley(CONFIG, lowest))
    assert ranking.lr == pytest.approx(lowest / 2**SAFE, rel=1e-6)
    assert ranking.smooth_lr.shape == ranking.smooth_score.shape == (POINTS,)
    bottom = ranking.smooth_lr[int(np.argmin(ranking.smooth_score))]
    assert bottom == pytest.approx(lowest, rel=0.05)
    assert ranking.smooth_score.min() == pytest.approx(1 / 3, abs=1e-3)


def test_a_lucky_run_does_not_win() -> None:
    """Over many noisy races the smooth is nearer to the truth than the best single training."""
    smooth, lucky = [], []
    for seed in range(60):
        ranking = read(valley(CONFIG, 0.01, noise=0.05, seed=seed))
        assert ranking.lr is not None
        smooth.append(abs(math.log2(ranking.lr * 2**SAFE / 0.01)))
        lucky.append(abs(math.log2(ranking.rows[0].lr / 0.01)))
    assert np.mean(smooth) < 0.8 * np.mean(lucky)


def test_the_pick_is_confirmed_only_where_it_trained_as_well_as_the_best() -> None:
    near = read(valley(CONFIG, 0.0115))
    assert near.confirmed and near.reason.endswith("1e-2 trained best (loss 0.337): confirmed.")
    for lowest in (0.024, 0.005):
        far = read(valley(CONFIG, lowest))
        assert not far.confirmed and "confirmed" not in far.reason and "the best training was" in far.reason
    # Another one was better, but by no more than what another seed would change.
    slightly = valley(CONFIG, 0.0125)
    assert not read(slightly).confirmed
    slightly.add([UntrainedEvent(2.0)])
    assert read(slightly).confirmed and "within the noise of the best training" in read(slightly).reason


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
    standings = valley(RaceSettings(around=0.01, rates=7, rounds=1), 0.01)
    whole = Standings(CONFIG)
    whole.scores[0] = standings.scores[0]
    for c in range(7):
        whole.add([StandingEvent(0, c, whole.lrs[c], float(standings.scores[0, c]), True, 40)])
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
    lrs = RaceSettings(around=0.03, rates=7).lrs()
    assert lrs[3] == pytest.approx(0.03)
    assert [b / a for a, b in pairwise(lrs)] == pytest.approx([2**0.5] * 6)


def test_steps_are_counted() -> None:
    standings = Standings(CONFIG)
    standings.add([CandidateEvent(0, 3, 0.01, step, 40, 1.0, 0.1) for step in range(5)])
    assert standings.done == 5


# ---------------------------------------------------------------- bracketing
BRACKET = RaceSettings(around=0.01)


def bracketed(
    config: RaceSettings, fall: Callable[[float], float], untrained: float | None = None
) -> tuple[Standings, list[int]]:
    """A race whose losses are `fall` of the decades from 1e-2, and the order in which it trained."""
    standings, order = Standings(config), []
    if untrained is not None:
        standings.add([UntrainedEvent(untrained)])
    while (candidate := standings.following(0)) is not None:
        lr = standings.lrs[candidate]
        order.append(candidate - config.middle)
        standings.add([StandingEvent(0, candidate, lr, fall(math.log10(lr / 0.01)), True, config.budget(0))])
    return standings, order


def bowl(lowest: float) -> Callable[[float], float]:
    return lambda decades: 0.3 + (decades - lowest) ** 2


@pytest.mark.parametrize(
    ("lowest", "order"),
    [
        (0.0, [0, -1, 1]),
        (0.15, [0, -1, 1]),
        (0.3, [0, -1, 1, 2]),
        (-0.3, [0, -1, 1, -2]),
        (0.75, [0, -1, 1, 2, 3]),
        (-5.0, [0, -1, 1, -2, -3]),
    ],
)
def test_neighbours_are_added_while_the_best_is_at_an_end(lowest: float, order: list[int]) -> None:
    standings, trained = bracketed(BRACKET, bowl(lowest), 99.0)
    assert trained == order and standings.complete(0)
    ranking = standings.ranking()
    assert len(ranking.rows) == len(order) <= BRACKET.trainings and ranking.rows[0].words == "trained"
    assert ("at the edge" in ranking.reason) == (abs(lowest) > 1)


@pytest.mark.parametrize("config", [BRACKET, CONFIG, RaceSettings(around=0.01, rates=4, rounds=1)])
def test_a_race_stopped_before_both_neighbours_were_trained_confirms_nothing(config: RaceSettings) -> None:
    standings, middle = Standings(config), config.middle
    standings.add([UntrainedEvent(2.3)])
    for candidate in (middle, middle - 1):
        standings.add([StandingEvent(0, candidate, standings.lrs[candidate], 0.3, True, config.budget(0))])
        early = standings.ranking()
        assert early.lr is not None and not early.confirmed and "confirmed" not in early.reason
    standings.add([StandingEvent(0, middle + 1, standings.lrs[middle + 1], 0.4, True, config.budget(0))])
    assert standings.ranking().confirmed and "confirmed" in standings.ranking().reason


def test_the_pick_trained_alone_is_said_to_be_alone() -> None:
    standings = Standings(BRACKET)
    standings.add([StandingEvent(0, BRACKET.middle, 0.01, 0.3, True, BRACKET.budget(0))])
    words = "1e-2 trained best (loss 0.300) so far; its neighbours were not all trained. After 1 training."
    assert standings.ranking().reason.endswith(words)


@pytest.mark.parametrize("lowest", [-0.6, -0.2, 0.0, 0.11, 0.5])
def test_the_rate_is_a_safety_step_below_the_lowest_point_of_the_parabola(lowest: float) -> None:
    ranking = bracketed(BRACKET, bowl(lowest), 3.0)[0].ranking()
    assert ranking.lowest == pytest.approx(0.01 * 10**lowest)
    assert ranking.lr == pytest.approx(0.01 * 10**lowest / 2**SAFE)
    assert ranking.smooth_lr.shape == (POINTS,) and ranking.smooth_score.min() == pytest.approx(0.3, abs=1e-3)
    assert ranking.lr is not None and ranking.lowest is not None
    words = f"Measured: {format_lr(ranking.lr)}, a safety step (÷1.19) below the lowest point of the fitted curve, "
    assert ranking.reason.startswith(words + format_lr(ranking.lowest))


def test_at_the_edge_the_best_training_itself_is_what_there_is() -> None:
    ranking = bracketed(BRACKET, lambda decades: 1 - decades, 3.0)[0].ranking()
    assert ranking.lowest == pytest.approx(0.01 * 10 ** (3 * 0.375)) and not len(ranking.smooth_lr)
    assert "below the best training's rate" in ranking.reason and "race again around it" in ranking.reason


def test_a_neighbour_that_diverged_counts_as_no_training() -> None:
    def cliff(decades: float) -> float:
        return math.inf if decades > 0.1 else 0.3 + decades**2

    known = bracketed(BRACKET, cliff, 0.9)[0].ranking()
    # Through (-1, 0.44), (0, 0.3), (1, 0.9): what diverged is as bad as not training.
    low, high = 0.3 + 0.375**2, 0.9
    vertex = 0.375 * 0.5 * (low - high) / (low - 0.6 + high)
    assert known.lowest == pytest.approx(0.01 * 10**vertex)
    unknown = bracketed(BRACKET, cliff)[0].ranking()
    assert unknown.lowest == pytest.approx(0.01) and not len(unknown.smooth_lr)


def test_where_all_diverge_it_goes_down_and_says_what_to_try() -> None:
    standings, order = bracketed(BRACKET, lambda decades: math.inf, 2.0)
    assert order == [0, -1, 1, -2, -3]
    ranking = standings.ranking()
    assert ranking.lr is None and f"such as {format_lr(standings.lrs[0] / 4)}" in ranking.reason
    assert all(row.words == "diverged" for row in ranking.rows)


@pytest.mark.parametrize("config", [BRACKET, CONFIG])
def test_where_every_training_is_worse_than_none_there_is_no_winner(config: RaceSettings) -> None:
    """Random labels: the losses have a lowest one all the same."""
    shapes: dict[str, Callable[[float], float]] = {
        "Check that the labels": lambda d: 2.5 + d**2,
        "Lower rates did less harm: race again around": lambda d: 4.0 + d,
        "Higher rates did better: race again around": lambda d: 4.0 - d,
    }
    for advice, shape in shapes.items():
        standings = Standings(config)
        standings.add([UntrainedEvent(2.3026)])
        for number in range(config.stages):
            while (candidate := standings.following(number)) is not None:
                lr = standings.lrs[candidate]
                standings.add([StandingEvent(number, candidate, lr, shape(math.log10(lr / 0.01)), True, 9)])
        ranking = standings.ranking()
        assert ranking.lr is None and ranking.lowest is None and not ranking.confirmed
        assert "every training ended worse than the untrained model (loss 2.30)" in ranking.reason
        assert advice in ranking.reason and ranking.untrained == 2.3026
        assert ranking.leader is not None


def test_confirmed_is_said_only_within_the_noise_of_the_best() -> None:
    within = bracketed(BRACKET, bowl(0.18 + 0.02), 2.4)[0].ranking()
    assert within.leader is not None and within.leader.lr > 0.02
    assert within.confirmed and "1e-2 (loss 0.340) is confirmed" in within.reason
    beyond = bracketed(BRACKET, bowl(0.25), 2.4)[0].ranking()
    assert not beyond.confirmed and "1e-2 ended at 0.362; the best training was" in beyond.reason
    # A loss that is told in another unit changes nothing.
    for scale in (1e-3, 1e3):
        other = bracketed(BRACKET, lambda d, s=scale: s * bowl(0.2)(d) + 5 * s, 7.4 * scale)[0].ranking()
        assert other.confirmed and other.lr == pytest.approx(within.lr)


def test_stopped_early_the_race_tells_what_it_has() -> None:
    standings = Standings(BRACKET)
    standings.add([UntrainedEvent(2.0), StandingEvent(0, BRACKET.middle, 0.01, 0.5, True, 160)])
    ranking = standings.ranking()
    assert ranking.lr == pytest.approx(0.01 / 2**SAFE) and "After 1 training." in ranking.reason
    assert not standings.complete(0) and standings.place_in_race(0) == "training 2 of at most 5"
    assert Standings(BRACKET).ranking().rows == ()


def test_the_cost_is_known_before() -> None:
    assert BRACKET.cost == "3 to 5 trainings of 160 steps"
    assert BRACKET.price == "3 to 5 trainings of 160 steps, 480 to 800 steps in all"
    assert replace(BRACKET, trainings=3).price == "3 trainings of 160 steps, 480 steps in all"
    assert BRACKET.total_steps() == 800 and len(BRACKET.lrs()) == 7
    assert BRACKET.lrs()[BRACKET.middle] == pytest.approx(0.01)
    assert CONFIG.price == "7 rates, 1,080 steps (7 × 40 + 4 × 80 + 3 × 160)"


def test_a_training_that_ended_sooner_is_told_with_the_steps_that_it_made() -> None:
    standings = Standings(RaceSettings(around=0.01, steps=160))
    for place, made in ((3, 64), (2, 160), (4, 3)):
        lr = standings.lrs[place]
        standings.add([CandidateEvent(0, place, lr, step, 160, 1.0, 0.0) for step in range(made)])
        standings.add([StandingEvent(0, place, lr, 1.0 + place, True, 160)])
    assert {row.candidate: row.steps for row in standings.ranking().rows} == {3: 64, 2: 160, 4: 3}


def test_a_confirmed_rate_that_is_the_winner_to_the_eye_is_the_winner() -> None:
    """Two numbers for one rate ("7.4e-2 trained best", "use 7.2e-2") would be two answers."""
    ranking = bracketed(BRACKET, bowl(math.log10(0.97 * 2**SAFE)), 3.0)[0].ranking()
    assert ranking.confirmed and ranking.lr == 0.01 and ranking.reason.startswith("Measured: 1e-2, ")

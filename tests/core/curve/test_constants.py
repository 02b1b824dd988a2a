"""The constants of the reading, each from both sides."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from lrgui.core.curve import confidence, rules
from lrgui.core.curve.confidence import advise, judge
from lrgui.core.curve.curve import Curve
from lrgui.core.curve.landmarks import Landmarks, find_landmarks
from lrgui.core.curve.plan import Plan
from lrgui.core.curve.recommend import recommend
from lrgui.core.curve.rules import Rule
from lrgui.core.curve.valley import Valley, find_valley
from lrgui.core.engine.schedules import exponential
from lrgui.core.learning_rate import format_lr

RATES = exponential(1e-6, 1, 200)
STEP = math.log10(RATES[1] / RATES[0])
VALLEY = ([-6.0, -4.0, -2.0, -1.0, 0.0], [2.3, 2.3, 0.5, 0.5, 8.0])


def measured(
    x: list[float],
    y: list[float],
    noise: float = 0.02,
    start: float = 1e-6,
    end: float = 1.0,
    reason: str = "completed",
) -> Curve:
    lr = exponential(start, end, 200)
    losses = np.interp(np.log10(lr), x, y) + noise * np.random.default_rng(0).standard_normal(200)
    return Curve.measured(lr, losses, 200, end_reason=reason)


def read(curve: Curve) -> tuple[Landmarks, Valley]:
    marks, valley = find_landmarks(curve), find_valley(curve, 20)
    assert marks is not None and valley is not None
    return marks, valley


# The word and the factor


@pytest.mark.parametrize(
    ("spread", "word"),
    [(0.059, "high"), (0.061, "medium"), (0.149, "medium"), (0.151, "low"), (0.499, "low"), (0.501, "none")],
)
def test_how_far_the_pick_may_move(spread: float, word: str) -> None:
    curve = measured(*VALLEY)
    assert judge(curve, *read(curve), spread)[0] == word


@pytest.mark.parametrize(("times", "words"), [(3.9, ("low", "low")), (4.1, ("high", "medium"))])
def test_how_far_a_fall_stands_out(times: float, words: tuple[str, str]) -> None:
    curve = measured(*VALLEY)
    marks, valley = read(curve)
    small = replace(valley, fall=times * curve.noise)
    assert tuple(judge(curve, marks, small, spread)[0] for spread in (0.0, 0.1)) == words


def test_an_edge_that_was_not_seen_is_never_high() -> None:
    curve = measured(*VALLEY)
    marks, valley = read(curve)
    assert judge(curve, marks, replace(valley, open=True), 0.0)[0] == "medium"


@pytest.mark.parametrize(
    ("spread", "factor"),
    [(0.0, 10 ** math.hypot(0.15, 4 * STEP)), (0.3, 10 ** math.hypot(0.15, 0.492, 4 * STEP)), (2.0, 1000), (9, 1000)],
)
def test_the_factor(spread: float, factor: float) -> None:
    curve = measured(*VALLEY)
    assert judge(curve, *read(curve), spread)[1] == pytest.approx(factor, rel=1e-2)


@pytest.mark.parametrize(("per_point", "steps"), [(1, 4), (4, 1)])
def test_four_steps_of_the_sweep_are_part_of_the_factor(per_point: int, steps: int) -> None:
    curve = replace(measured(*VALLEY), steps_per_point=per_point)
    assert judge(curve, *read(curve), 0.0)[1] == pytest.approx(10 ** math.hypot(0.15, steps * STEP), rel=1e-6)


@pytest.mark.parametrize(
    ("end", "slowed", "lasted", "word"),
    [
        (0.89, 1.9, 99, "none"),
        (0.91, 1.9, 99, "low"),
        (0.1, 1.9, 99, "none"),
        (0.1, 2.1, 1, "low"),
        (0.1, 1, 101, "low"),
    ],
)
def test_a_fall_that_goes_on(end: float, slowed: float, lasted: float, word: str) -> None:
    curve = measured([-6, -3, 0], [2.3, 2.3, 0.5], end=end)
    marks, valley = read(curve)
    marks = replace(marks, still_falling=True, fast_to=end / slowed, begins_at=end / lasted)
    assert judge(curve, marks, valley, 0.0)[0] == word


# The range


@pytest.mark.parametrize(("last", "end"), [(1e-3, 0.1), (0.09, 9.0), (0.11, 10.0), (9.9, 10.0), (10.0, None)])
def test_nothing_happens(last: float, end: float | None) -> None:
    curve = measured([-6, 1], [2.3, 2.3], end=last, noise=0.0)
    marks = find_landmarks(curve)
    assert marks is not None
    advice = advise(curve, marks, None)
    assert (advice is None) if end is None else (advice is not None and advice.end_lr == pytest.approx(end))


@pytest.mark.parametrize(
    ("first", "last", "broke", "at_once"),
    [
        (1e-6, 1e-2, 50, True),  # four decades: a quarter of the steps is the nearer bound
        (1e-6, 1e-2, 51, False),
        (1e-9, 1e3, 25, True),  # twelve: one and a half decades
        (1e-9, 1e3, 26, False),
    ],
)
def test_at_once(first: float, last: float, broke: int, at_once: bool) -> None:
    losses = np.full(200, 2.3)
    losses[broke:] = np.nan
    lr = exponential(first, last, 200)
    curve = Curve.measured(lr[: broke + 1], losses[: broke + 1], 200, end_reason="not_finite")
    marks = find_landmarks(curve)
    assert marks is not None
    advice = advise(curve, marks, None)
    assert (advice is not None) == at_once
    if advice is not None:
        assert (advice.start_lr, advice.end_lr) == pytest.approx((first / 1000, lr[broke - 1] * 10))


@pytest.mark.parametrize(("after", "lower"), [(0.69, True), (0.71, False)])
def test_a_valley_too_near_to_the_first_rate(after: float, lower: bool) -> None:
    curve = measured(*VALLEY)
    marks, valley = read(curve)
    advice = advise(curve, marks, replace(valley, middle=-6 + after))
    assert (advice is not None) == lower
    if advice is not None:
        assert (advice.start_lr, advice.end_lr) == pytest.approx((1e-9, 1.0))


def test_a_lower_start_leaves_four_decades_to_sweep() -> None:
    curve = measured([-3, -2.8, -2.6, -2.4, -2.3], [2.3, 2.3, 0.5, 0.5, 8.0], start=1e-3, end=5e-3)
    advice = advise(curve, *read(curve))
    assert advice is not None and (advice.start_lr, advice.end_lr) == pytest.approx((1e-6, 1e-2))


@pytest.mark.parametrize(("last", "slowed", "end"), [(0.1, 2.1, 1.0), (0.1, 1.9, 10.0), (2.0, 1.9, 20.0)])
def test_how_far_a_sweep_is_extended(last: float, slowed: float, end: float) -> None:
    curve = measured([-6, -3, 0], [2.3, 2.3, 0.5], end=last)
    marks, valley = read(curve)
    marks = replace(marks, still_falling=True, fast_to=last / slowed, begins_at=last / 10)
    advice = advise(curve, marks, valley)
    assert advice is not None and advice.end_lr == pytest.approx(end)


@pytest.mark.parametrize("seed", range(10))
def test_a_flat_loss_of_skewed_batches_is_flat(seed: int) -> None:
    """Its median lies far below its mean: the smoothed loss never comes down to the level of single batches."""
    losses = np.random.default_rng(seed).exponential(1.0, 200)
    for reason, points in (("completed", 200), ("diverged", 180)):
        curve = Curve.measured(RATES[:points], losses[:points], 200, end_reason=reason)
        assert "at once" not in recommend(curve, find_landmarks(curve)).reason


@pytest.mark.parametrize(
    ("points", "head", "tail", "flat"),
    [
        # The first tenth, 38 points: its median is -18.5; that of 34 is -16.5, that of 42 -20.5.
        (380, -np.arange(50.0), [-19.0] * 30, True),
        (380, -np.arange(50.0), [-18.0] * 30, False),
        # The last twentieth, 19 points: its median is 9; that of 18 is 8.5, that of 20 is 9.5.
        (380, [9.2] * 50, np.arange(30.0)[::-1], True),
        (380, [8.8] * 50, np.arange(30.0)[::-1], False),
        # Three points at least: their median is 1; that of two is 1.5, that of four 0.5.
        (24, [0.0, 3.0, 1.0, 0.0, 0.0], [0.8] * 5, True),
        (24, [0.0, 3.0, 1.0, 0.0, 0.0], [1.2] * 5, False),
        (24, [1.2] * 5, [0.0, 0.0, 1.0, 3.0, 0.0], True),
        (24, [0.8] * 5, [0.0, 0.0, 1.0, 3.0, 0.0], False),
    ],
)
def test_flat_is_what_ends_no_higher_than_it_began(
    points: int, head: list[float], tail: list[float], flat: bool
) -> None:
    curve = Curve.measured(exponential(1e-6, 1, points), np.ones(points), points, end_reason="completed")
    marks = find_landmarks(curve)
    assert marks is not None
    curve.smoothed[: len(head)], curve.smoothed[-len(tail) :] = head, tail
    assert confidence._flat_to_the_end(curve, replace(marks, residual_noise=0.0)) == flat


@pytest.mark.parametrize(("above", "flat"), [(2.9, True), (3.1, False)])
def test_flat_is_what_ends_within_three_times_the_noise_that_is_left(above: float, flat: bool) -> None:
    curve = Curve.measured(RATES, np.ones(200), 200, end_reason="completed")
    marks = find_landmarks(curve)
    assert marks is not None
    curve.smoothed[-20:] = 1 + above * 0.1
    assert confidence._flat_to_the_end(curve, replace(marks, residual_noise=0.1)) == flat


# The pick


def test_four_steps_and_a_factor_before_the_edge() -> None:
    curve = measured([-6, -1.5, -1, -0.9, 0], [2.3, 2.3, 0.5, 8.0, 50.0])
    _, valley = read(curve)
    found = recommend(curve, find_landmarks(curve))
    assert found.lr == pytest.approx(10 ** (valley.edge - 4 * STEP - 0.2), rel=1e-6)


def test_the_reason_names_middle_and_edge() -> None:
    curve = measured([-6, -4, -3.9, -1.1, -1, 0], [2.3, 2.3, 0.5, 0.5, 2.3, 8.0])
    _, valley = read(curve)
    middle, edge = format_lr(10**valley.middle), format_lr(10**valley.edge)
    reason = recommend(curve, find_landmarks(curve)).reason
    assert reason == f"2 steps before the middle of the valley ({middle}); half of the fall is lost again at {edge}."


def test_steps_back_of_several_decades_are_cut_to_less_than_one() -> None:
    lr = exponential(1e-6, 1, 20)  # two of its steps are more than 0.6 decades
    losses = np.interp(np.log10(lr), [-6, -3.5, -2.5, -1, -0.7, 0], [2.3, 2.3, 0.5, 0.5, 4.0, 9.0])
    curve = Curve.measured(lr, losses, 20, end_reason="completed")
    _, valley = read(curve)
    found = recommend(curve, find_landmarks(curve))
    assert found.best_guess == pytest.approx(10 ** min(valley.middle - 0.6, valley.edge - 0.8), rel=1e-6)


@pytest.mark.parametrize(
    ("steps", "share"),
    [
        (None, 1.0),
        (300, 1.0),
        (330, 1.1**-0.3),
        (4800, 16**-0.3),
        (300 * 2000, 2000**-0.3),
        (300 * 2200, 0.1),
        (10**7, 0.1),
    ],
)
def test_longer_trainings(steps: int | None, share: float) -> None:
    assert Plan(steps).share() == pytest.approx(share)


def test_the_guess_before_the_rise() -> None:
    losses = np.full(200, 2.3)
    losses[150:] = np.nan
    losses[:150] += 1e-3 * (-1.0) ** np.arange(150)
    curve = Curve.measured(RATES[:151], losses[:151], 200, end_reason="not_finite")
    found = recommend(curve, find_landmarks(curve))
    assert found.lr is None
    assert found.best_guess == pytest.approx(RATES[149 - 4] / 10**0.2, rel=1e-6)
    assert recommend(curve, find_landmarks(curve), Plan(4800)).best_guess == pytest.approx(
        RATES[145] / 10**0.2 * 16**-0.3
    )


def test_the_guess_before_the_rise_stays_within_what_was_measured() -> None:
    losses = np.concatenate([np.full(5, 2.3), np.linspace(3, 200, 195)])
    losses[:5] += 1e-3 * (-1.0) ** np.arange(5)
    curve = Curve.measured(RATES, losses, 200, end_reason="completed")
    found = recommend(curve, find_landmarks(curve))
    assert (found.lr, found.best_guess) == (None, RATES[0])


def test_a_constant_has_no_guess() -> None:
    curve = Curve.measured(RATES, np.full(200, 2.3), 200, end_reason="completed")
    assert recommend(curve, find_landmarks(curve)).best_guess is None


# Level, landmarks, rules


@pytest.mark.parametrize(("points", "first"), [(200, 20), (300, 30), (20, 3), (35, 3), (49, 4)])
def test_the_level_is_the_median_of_the_first_tenth(points: int, first: int) -> None:
    losses = np.linspace(3.0, 1.0, points)
    marks = find_landmarks(Curve.measured(exponential(1e-6, 1, points), losses, points))
    assert marks is not None
    assert marks.level == pytest.approx(float(np.median(losses[:first])), abs=1e-9)


@pytest.mark.parametrize(("points", "third", "tenth"), [(200, 66, 20), (90, 30, 9)])
@pytest.mark.parametrize(("higher", "by_tenth"), [(1.8, False), (2.2, True)])
def test_the_level_of_the_valley(points: int, third: int, tenth: int, higher: float, by_tenth: bool) -> None:
    """The median of the first third, or of the first tenth where that is higher by twice the noise."""
    wave = 0.1 * (-1.0) ** np.arange(points)
    noise = 0.1 * 1.4826 * 4 / math.sqrt(6)
    ramp = np.arange(points) / (third / 2 - tenth / 2)  # 1 between the middles of both
    losses = wave - higher * noise * ramp
    curve = Curve.measured(exponential(1e-6, 1, points), losses, points)
    valley = find_valley(curve)
    assert valley is not None
    expected = float(np.median(losses[:tenth] if by_tenth else losses[:third]))
    if abs(float(np.median(losses[:tenth]) - np.median(losses[:third])) - 2 * curve.noise) > 0.05 * noise:
        assert valley.level == pytest.approx(min(expected, float(curve.smoothed.max())), abs=1e-9)


def test_visible_is_a_twentieth_of_the_fall() -> None:
    curve = measured(*VALLEY, noise=0.0)
    marks, _ = read(curve)
    x, y = curve.log_lr, curve.smoothed
    low = int(np.argmin(y))
    down = np.interp(-(marks.level - 0.05 * marks.fall), -y[: low + 1], x[: low + 1])
    assert math.log10(marks.begins_at) == pytest.approx(float(down), abs=1e-3)
    rises = low + np.flatnonzero(y[low:] > marks.lowest + 0.05 * marks.fall)[0]
    assert marks.rises_at is not None
    assert x[rises - 1] <= math.log10(marks.rises_at) <= x[rises]


@pytest.mark.parametrize(("before", "answers"), [(9.9, True), (10.1, False)])
def test_a_rule_that_points_far_before_the_fall(monkeypatch: pytest.MonkeyPatch, before: float, answers: bool) -> None:
    curve = measured(*VALLEY)
    marks, _ = read(curve)
    rule = Rule("x", "x", "a place", lambda _: marks.begins_at / before)
    monkeypatch.setattr(rules, "RULES", (rule,))
    found = rules.suggest(curve, marks)["x"]
    assert (found.lr is not None) == answers
    assert "noise before the loss starts to fall" in found.reason or answers


@pytest.mark.parametrize(("noise", "falls"), [(5.9, True), (6.1, False)])
def test_a_fall_counts_from_six_times_the_noise_that_is_left(noise: float, falls: bool) -> None:
    wave = 0.01 * (-1.0) ** np.arange(200)
    left = 0.01 * 1.4826 * 4 / math.sqrt(6) / math.sqrt(3.5 * 3)
    shape = np.interp(np.log10(RATES), [-6, -4, -2, 0], [0.0, 0.0, -1.0, -1.0])

    def found(depth: float) -> Landmarks:
        marks = find_landmarks(Curve.measured(RATES, wave + depth * shape, 200, end_reason="completed"))
        assert marks is not None
        return marks

    depth = 1.0
    for _ in range(30):  # to where the fall is just so many times what is left of the noise
        depth *= 6.0 * left / max(found(depth).fall, 1e-9) if depth != 1.0 else 6.0 * left
    assert found(depth * 6.0 / noise).falls == falls


# The valley


def test_a_rate_counts_with_the_fourth_power_of_its_share() -> None:
    """On a straight fall that ends in a break the middle is at five sixths of it: p + 1 over p + 2."""
    losses = np.interp(np.log10(RATES), [-6, -5, 0], [2.3, 2.3, 0.0])
    _, valley = read(Curve.measured(RATES[:160], losses[:160], 200, end_reason="diverged"))
    assert valley.middle == pytest.approx(-5 + (math.log10(RATES[159]) + 5) * 5 / 6, abs=0.04)


def test_the_edge_is_where_half_of_the_fall_is_left() -> None:
    _, valley = read(measured([-6, -4, -3, -2, 0], [2.3, 2.3, 0.5, 0.5, 2.3], noise=0.0))
    assert valley.edge == pytest.approx(-1.0, abs=0.05)


@pytest.mark.parametrize(("dip", "counts"), [(-3.9, True), (-4.4, False)])
def test_a_dip_counts_within_three_decades_before_the_edge(dip: float, counts: bool) -> None:
    x = [-6, dip - 0.2, dip - 0.1, dip + 0.1, dip + 0.2, -1.6, -1.5, -1.3, -1.2, 0]
    _, valley = read(measured(x, [2.3, 2.3, 0.5, 0.5, 2.3, 2.3, 0.5, 0.5, 4.0, 9.0], noise=0.0))
    assert (valley.middle < -2) == counts

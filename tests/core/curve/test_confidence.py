"""Words, factors and what to change about the range; and what they are worth on recorded sweeps."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lrgui.core.curve.confidence import CONFIDENCES, RangeAdvice, advise, against_noise
from lrgui.core.curve.curve import Curve
from lrgui.core.curve.landmarks import find_landmarks
from lrgui.core.curve.recommend import Recommendation, recommend
from lrgui.core.curve.valley import find_valley
from lrgui.core.engine.schedules import exponential

FOLDER = Path(__file__).parents[3] / "benchmarks" / "suggestions"


def curve(
    x: list[float],
    y: list[float],
    noise: float = 0.01,
    start: float = 1e-6,
    end: float = 1.0,
    reason: str = "completed",
) -> Curve:
    lr = exponential(start, end, 200)
    loss = np.interp(np.log10(lr), x, y) + np.random.default_rng(0).normal(0, noise, 200)
    return Curve.measured(lr, loss, 200, end_reason=reason)


def judged(measured: Curve) -> Recommendation:
    return recommend(measured, find_landmarks(measured))


def advice(measured: Curve) -> RangeAdvice | None:
    marks = find_landmarks(measured)
    assert marks is not None
    return advise(measured, marks, find_valley(measured))


def test_a_clear_valley_is_high_and_within_a_small_factor() -> None:
    found = judged(curve([-6, -4, -2, -1, 0], [2.3, 2.3, 0.5, 0.5, 8.0]))
    assert found.confidence == "high"
    assert found.factor is not None and 1.3 < found.factor < 1.6
    assert found.advice is None


def test_noise_takes_confidence_away_step_by_step() -> None:
    words, factors = [], []
    for noise in (0.01, 0.5, 2.0):
        found = judged(curve([-6, -4, -2, -1, 0], [2.3, 2.3, 0.5, 0.5, 8.0], noise))
        words.append(CONFIDENCES.index(found.confidence))
        factors.append(found.factor or math.inf)
    assert words == sorted(words, reverse=True) and words[0] > words[-1]
    assert factors == sorted(factors)


@pytest.mark.parametrize(("noise", "words"), [(0.002, ("high",)), (0.06, ("medium", "high")), (0.12, ("low", "none"))])
def test_a_fall_counts_by_the_noise_not_by_the_size_of_the_loss(noise: float, words: tuple[str, ...]) -> None:
    assert judged(curve([-6, -4, -2, -1, 0], [2.3, 2.3, 2.0, 2.0, 8.0], noise)).confidence in words


def test_still_falling_extends_the_end() -> None:
    deep = advice(curve([-6, -3, 0], [2.3, 2.3, 0.3]))
    shallow = advice(curve([-6, -3, -2], [2.3, 2.3, 2.0], end=1e-2))
    assert deep is not None and (deep.start_lr, deep.end_lr) == pytest.approx((1e-6, 10))
    # A fall that has only begun is further from its end.
    assert shallow is not None and (shallow.start_lr, shallow.end_lr) == pytest.approx((1e-6, 1))


def test_a_flat_curve_extends_the_end_up_to_ten_and_no_further() -> None:
    flat = advice(curve([-6, 0], [2.3, 2.3], end=1e-3))
    assert flat is not None and flat.end_lr == pytest.approx(0.1)
    assert "Nothing happens up to 1e-3" in flat.why
    assert advice(curve([-6, 1], [2.3, 2.3], end=10.0)) is None


def test_diverged_at_once_lowers_the_start() -> None:
    lr = exponential(0.1, 10, 200)[:25]
    found = advice(Curve.measured(lr, 2.3 * np.exp(np.linspace(0, 5, 25)), 200, end_reason="diverged"))
    assert found is not None
    assert found.start_lr == pytest.approx(1e-4)
    assert "diverged at once" in found.why


def test_a_rise_that_other_optimizers_make_is_no_reason_to_start_lower() -> None:
    """A GAN's discriminator loses to a generator that trains meanwhile, at the lowest rate just as at any other."""
    lr = exponential(1e-6, 1, 200)[:34]
    rising = 1.3 + 0.3 * np.linspace(0, 1, 34) ** 2
    alone = Curve.measured(lr, rising, 200, end_reason="diverged")
    pick = judged(alone)
    assert "start the sweep lower" in pick.reason and pick.best_guess is not None
    pick = judged(replace(alone, others=True))
    assert (pick.lr, pick.best_guess, pick.advice, pick.noise_advice, pick.by_schedule) == (None, None, None, None, {})
    assert "the script's other optimizers move it, too. Race rates around its own" in pick.reason


def test_what_other_optimizers_do_changes_nothing_about_a_fall() -> None:
    falls = curve([-6, -4, -2, -1, 0], [2.3, 2.3, 0.4, 0.4, 40.0])
    assert judged(replace(falls, others=True)) == judged(falls)
    flat = curve([-6, 0], [2.3, 2.3], end=1e-3)
    assert advice(replace(flat, others=True)) == advice(flat) is not None


def test_a_fall_from_the_first_rate_on_lowers_the_start() -> None:
    found = advice(curve([-2, -1.5, -1.2, -0.8, 0], [2.3, 0.5, 0.5, 3.0, 9.0], start=1e-2))
    assert found is not None
    assert found.start_lr == pytest.approx(1e-5)
    assert found.end_lr >= 1.0 - 1e-9


def test_following_the_advice_leads_to_a_pick() -> None:
    """What `--auto-range` does: from any window, a few sweeps end in one without further advice."""
    true_x, true_y = [-8.0, -4.0, -2.0, -1.0, 1.0], [2.3, 2.3, 0.4, 0.4, 40.0]
    for start, end in ((1e-6, 1e-3), (1e-7, 1e-5), (3e-2, 10.0), (0.3, 10.0), (1e-3, 1.0)):
        for _ in range(5):
            measured = curve(true_x, true_y, start=start, end=end)
            found = judged(measured)
            if found.advice is None:
                break
            start, end = found.advice.start_lr, found.advice.end_lr
        assert found.advice is None
        assert found.lr is not None and 3e-3 < found.lr < 0.1


def test_high_is_worth_its_word_on_recorded_sweeps() -> None:
    """At least nine of ten picks called high have a regret below 0.1, and hardly any sweep is without a pick."""
    truth = json.loads((FOLDER / "truth.json").read_text())
    grid = np.arange(-20, 5) / 4
    high, without = [], []
    for name, runs in json.loads((FOLDER / "sweeps.json").read_text()).items():
        before = float(np.mean(truth[name]["before"]))
        mean = [np.mean([before if x is None else min(x, before) for x in column]) for column in truth[name]["losses"]]
        smooth = np.convolve(np.pad(mean, 1, mode="edge"), [0.25, 0.5, 0.25], mode="valid")
        regrets = np.clip((smooth - smooth.min()) / (before - smooth.min()), 0, 1)
        for run in runs:
            if run["steps"] != 200:
                continue
            raw = np.array([math.nan if loss is None else loss for loss in run["losses"]])
            lr = exponential(run["start"], run["end"], 200)[: len(raw)]
            reason = "not_finite" if np.isnan(raw[-1]) else "completed"
            found = judged(Curve.measured(lr, raw, 200, end_reason=reason))
            without.append(found.lr is None)
            if found.confidence == "high":
                high.append(float(np.interp(math.log10(found.lr or 1.0), grid, regrets)))
    assert len(high) > 0.3 * len(without)
    assert np.mean(np.array(high) < 0.1) >= 0.9
    assert np.mean(without) <= 0.12


def _noisy(fall: float, noise: float, steps_per_point: int = 1) -> Curve:
    """A textbook fall from 2.3 with the noise of single batches, or of means of several."""
    lr = np.geomspace(1e-6, 10, 200)
    x = np.log10(lr)
    loss = 2.3 - fall / (1 + np.exp(-4 * (x + 2.5))) + 3 * np.maximum(x + 1.0, 0) ** 2
    loss += noise / steps_per_point**0.5 * np.random.default_rng(3).standard_normal(200)
    return Curve.measured(lr, loss, 200, end_reason="completed", steps_per_point=steps_per_point)


def test_a_fall_that_noise_hides_is_looked_for_with_more_steps_at_each_rate() -> None:
    curve = _noisy(1.0, 0.7)
    found = recommend(curve, find_landmarks(curve))
    assert found.lr is None and found.advice is None
    assert found.noise_advice is not None and found.next_sweep is found.noise_advice
    steps = found.noise_advice.batches_per_lr
    assert 2 <= steps <= 8 and found.noise_advice.settings == {"batches_per_lr": steps}
    assert f"sweep with {steps} steps per rate" in found.reason
    quieter = _noisy(1.0, 0.7, steps)
    assert recommend(quieter, find_landmarks(quieter)).lr is not None


def test_more_noise_asks_for_more_steps() -> None:
    asked = []
    for noise in (0.5, 4.0):
        curve = _noisy(1.0, noise)
        marks = find_landmarks(curve)
        assert marks is not None
        advice = against_noise(curve, marks)
        assert advice is not None
        asked.append(advice.batches_per_lr)
    assert asked[0] < asked[1] == 8


def test_noise_that_many_steps_have_not_helped_gets_no_more() -> None:
    curve = _noisy(0.0, 1.0, 32)
    marks = find_landmarks(curve)
    assert marks is not None and against_noise(curve, marks) is None


def test_a_pick_that_wavers_asks_for_more_steps_the_farther_it_moves() -> None:
    curve = _noisy(1.0, 0.3)
    marks = find_landmarks(curve)
    assert marks is not None
    found = [against_noise(curve, marks, moved) for moved in (0.2, 0.35, 0.6)]
    assert [one.batches_per_lr for one in found if one is not None] == [2, 8, 8]


def test_a_smooth_curve_is_not_noisy() -> None:
    curve = Curve.measured(np.geomspace(1e-6, 1, 200), np.full(200, 2.3), 200, end_reason="completed")
    marks = find_landmarks(curve)
    assert marks is not None and against_noise(curve, marks) is None

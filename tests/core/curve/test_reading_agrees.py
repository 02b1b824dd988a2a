"""The parts of a reading never contradict each other: on recorded sweeps, and on synthetic ones."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lrgui.core.curve import recommend
from lrgui.core.curve.curve import Curve
from lrgui.core.curve.scenarios import SCENARIOS, noisy_loss, rates
from lrgui.core.curve.sweep_reading import SweepReading, read_sweep
from lrgui.core.learning_rate import format_lr

SUGGESTIONS = Path(__file__).resolve().parents[3] / "benchmarks" / "suggestions"
RATE = r"\d+(?:\.\d+)?(?:e-?\d+)?"
VERDICTS = {"good": 0, "open": 1, "bad": 2}


#: Each so-many-th of the recorded sweeps (neighbours differ in little more than their seed); so many synthetic ones.
SOURCES = [
    ("recorded", 7),
    ("synthetic", 150),
    pytest.param(("recorded", 1), marks=pytest.mark.slow),
    pytest.param(("synthetic", 2000), marks=pytest.mark.slow),
]


@pytest.fixture(scope="module", params=SOURCES, ids=str)
def readings(request: pytest.FixtureRequest) -> list[SweepReading]:
    """Each so-many-th recorded sweep, or so many synthetic curves of every form, scale and end."""
    source, number = request.param
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recommend, "RESAMPLES", 3)  # they only say how sure a pick is
        if source == "synthetic":
            return [read_sweep(_synthetic(seed)) for seed in range(number)]
        if not (SUGGESTIONS / "sweeps.json").exists():
            pytest.skip("the recorded sweeps are not here")
        patch.syspath_prepend(str(SUGGESTIONS))
        import score

        found = [read_sweep(run.curve) for run in score.load_runs()[::number]]
        sys.modules.pop("score")
        return found


def _synthetic(seed: int) -> Curve:
    """A scenario with its sliders anywhere, on any scale, with an offset; two in five end before the last rate."""
    rng = np.random.default_rng(seed)
    scenario = replace(
        list(SCENARIOS.values())[seed % 3],
        optimum=10 ** rng.uniform(-5, -0.3),
        depth=rng.uniform(0.05, 2.2),
        smoothness=rng.uniform(0.3, 2.5),
        divergence=rng.uniform(0.3, 3.0),
        noise=10 ** rng.uniform(-4, -0.3),
    )
    lr = rates(int(rng.choice([30, 60, 100, 200, 400])))
    loss = noisy_loss(scenario, lr, seed) * 10 ** rng.uniform(-3, 3) + rng.choice([0, 0, 5, -5, 300])
    if rng.random() < 0.6:
        return Curve.measured(lr, loss, len(lr), end_reason="completed")
    stop = int(rng.uniform(0.3, 1) * len(lr))
    reason = str(rng.choice(["diverged", "not_finite", "cancelled", "data_ended"]))
    return Curve.measured(lr[:stop], loss[:stop], len(lr), end_reason=reason)


def _falling(readings: list[SweepReading]) -> list[SweepReading]:
    """Those whose loss falls and that got to their end."""
    found = [r for r in readings if r.landmarks is not None and r.landmarks.falls and not r.curve.ended_early]
    assert len(found) > 0.6 * len(readings)
    return found


def _verdict(reading: SweepReading, lr: float) -> str:
    checks = reading.with_selection(lr, reading.zones).checklist
    return next(check.state for check in checks if check.key == "pick")


def _text(reading: SweepReading, key: str) -> str:
    return next(check.text for check in reading.checklist if check.key == key)


def _place(sentence: str, before: str) -> float:
    found = re.search(f"{before} ({RATE})", sentence)
    assert found, sentence
    return float(found[1])


def test_explodes_is_said_where_the_loss_passes_its_start_or_training_broke(readings: list[SweepReading]) -> None:
    seen = dict.fromkeys(("explodes", "rises again"), 0)
    for reading in _falling(readings):
        curve, marks = reading.curve, reading.landmarks
        assert marks is not None
        passes = curve.broke or float(curve.smoothed[marks.lowest_index :].max()) > marks.level
        for word in seen:
            seen[word] += word in reading.interpretation
        if "explodes" in reading.interpretation or "before the explosion" in _text(reading, "lowest"):
            assert passes, reading.interpretation
        if "rises again" in reading.interpretation:
            assert not marks.explodes and "rises again" in _text(reading, "lowest")
    assert min(seen.values()) > 10, seen


def test_the_recommended_rate_lies_in_the_optimal_zone_and_is_good(readings: list[SweepReading]) -> None:
    count = 0
    for reading in readings:
        lr, zones = reading.recommendation.lr, reading.zones
        if lr is None:
            continue
        count += 1
        assert zones is not None and zones.low_end <= lr <= zones.high_start
        assert reading.selection == lr and _verdict(reading, lr) == "good"
        typed = float(format_lr(lr))
        assert _verdict(reading, typed) == "good", f"{typed} is what people read of {lr}"
    assert count > 0.5 * len(readings)


def test_a_safer_rate_is_never_worse_than_a_riskier_one(readings: list[SweepReading]) -> None:
    for reading in _falling(readings):
        marks, zones, lr = reading.landmarks, reading.zones, reading.recommendation.lr
        assert marks is not None and zones is not None
        ends = [zones.low_end, max(marks.lowest_at, lr or 0.0)]
        tried = [*np.geomspace(ends[0], ends[1], 9).tolist(), marks.lowest_at / 10, marks.lowest_at / 2, lr or ends[0]]
        inside = sorted(rate for rate in tried if ends[0] <= rate <= ends[1])
        verdicts = [VERDICTS[_verdict(reading, rate)] for rate in inside]
        assert verdicts == sorted(verdicts), (inside, verdicts)


def test_the_lowest_loss_is_at_one_place(readings: list[SweepReading]) -> None:
    for reading in _falling(readings):
        marks, zones = reading.landmarks, reading.zones
        assert marks is not None and zones is not None
        assert f"at {format_lr(marks.lowest_at)}" in _text(reading, "lowest")
        assert f"Lowest ÷ 10 = {format_lr(marks.lowest_at / 10)}" in _text(reading, "pick")
        assert zones.low_end <= marks.lowest_at <= zones.high_start
        if "is lowest near" in reading.interpretation:
            said = _place(reading.interpretation, "is lowest near")
            assert said == pytest.approx(marks.lowest_at, rel=0.35)  # one digit, as people say it
            assert _place(reading.interpretation, "Conservative") == pytest.approx(said / 10, rel=0.25)


def _assert_in_order(reading: SweepReading) -> None:
    marks = reading.landmarks
    assert marks is not None
    ends = [end for end in (marks.explodes_at or marks.stopped_at,) if end is not None]
    places = [marks.starts_falling_at, marks.fast_from, marks.fast_to, marks.lowest_at, *ends]
    assert places == sorted(places)
    assert marks.starts_falling_at <= marks.begins_at <= marks.lowest_at <= (marks.rises_at or np.inf)


def test_places_follow_each_other_from_left_to_right(readings: list[SweepReading]) -> None:
    for reading in _falling(readings):
        _assert_in_order(reading)


@pytest.mark.parametrize("seed", [535, 635])
def test_a_lowest_loss_beside_the_foot_or_the_fastest_fall_stays_between_them(seed: int) -> None:
    """Lines smoothed more and less have these the other way round."""
    _assert_in_order(read_sweep(_synthetic(seed)))


@pytest.mark.parametrize("key", ["minimum_div10", "minimum_div2", "near_minimum"])
def test_what_a_rule_reads_off_the_average_is_called_so(key: str) -> None:
    assert "avg. minimum" in read_sweep(_synthetic(0)).suggestions[key].label


def test_a_rules_mark_lies_on_the_average_that_it_was_read_from(readings: list[SweepReading]) -> None:
    count = 0
    for reading in readings:
        curve = reading.curve
        for mark in reading.marks:
            count += 1
            assert mark.lr == reading.suggestions[mark.key].lr and curve.lr[0] <= mark.lr <= curve.lr[-1]
            assert mark.loss == pytest.approx(float(np.interp(np.log10(mark.lr), curve.log_lr, curve.average)))
    assert count > len(readings)

"""What a sweep found: the reading of its curve, and what was measured beside it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from lrgui.api.result import Result
from lrgui.core.curve.repeats import combine, recommend_repeats
from lrgui.core.curve.smoothing import centred, width_for
from lrgui.core.curve.sweep_reading import read_sweep
from lrgui.core.run_settings import SweepSettings
from lrgui.runs.record import Record

Make = Callable[..., Result]
Arrays = tuple[np.ndarray, np.ndarray]


def test_one_sweep_says_what_the_reading_of_its_curve_says(make: Make, scenario: Callable[..., Arrays]) -> None:
    lr, loss = scenario()
    result = make(notes=["A note."], config=SweepSettings(planned_steps=500))
    said = read_sweep(result.curve, planned_range=(1e-6, 1.0))
    assert result.curve.lr.tolist() == lr.tolist() and result.curve.loss.tolist() == loss.tolist()
    assert result.curve.planned_steps == 200 and result.curve.end_reason == "completed"
    assert said.suggestions.items() <= result.suggestions.items()
    assert {"steepest", "fastai_valley", "torch_lr_finder", "ignite", "lightning"} <= set(result.suggestions)
    assert result.zones == said.zones and result.interpretation == said.interpretation
    assert result.lr is not None and result.lr == result.best_guess == result.reading.selection
    assert len(result.checklist) == 5 and "the recommended rate is selected" in result.checklist[2].text
    assert result.confidence in ("high", "medium", "low") and result.factor is not None and result.factor >= 1
    assert result.reason == result.reading.recommendation.reason
    assert result.curves == (result.curve,) and result.band is None
    assert (result.end.reason, result.end.detail) == ("completed", "All steps were measured.")
    assert result.end.traceback == "" and result.notes == ("A note.",) and result.planned_steps == 500
    assert result.groups == {} and result.title == "digits · small CNN"
    assert result.seconds == pytest.approx(19.9)
    assert result.train_loss is None and result.metric is None and result.metric_smoothed is None
    assert all(result.spread[key] == (s.lr,) for key, s in said.suggestions.items())
    assert result.spread["ours"] == (result.best_guess,)


def test_repeats_are_read_together(make: Make, record: Callable[..., Record], scenario: Callable[..., Arrays]) -> None:
    lr, _ = scenario()
    records = [record(lr, scenario("noisy", seed)[1], number=seed) for seed in range(3)]
    result = make(records)
    together = combine(result.curves)
    assert result.curve.loss.tolist() == np.median([r.loss for r in records], axis=0).tolist()
    assert result.reading.recommendation == recommend_repeats(result.curves)
    assert result.band is not None
    assert result.band.low.tolist() == together.low.tolist() and result.band.high.tolist() == together.high.tolist()
    assert (result.band.low <= result.band.high).all() and (result.band.low < result.band.high).any()
    assert set(result.suggestions) | {"ours"} <= set(result.spread)
    assert {len(rates) for rates in result.spread.values()} == {3}
    assert len(set(result.spread["ours"])) > 1
    assert result.reading.selection == result.lr and "the recommended rate is selected" in result.checklist[2].text
    assert result.seconds == pytest.approx(3 * 19.9)


def test_metric_and_train_loss_lie_at_the_points_of_the_curve(
    make: Make, record: Callable[..., Record], scenario: Callable[..., Arrays]
) -> None:
    lr, loss = scenario()
    loss[150:] = np.nan
    accuracy = np.linspace(0.1, 0.9, 200)
    accuracy[7] = np.nan
    result = make([record(lr, loss, metric=accuracy, train_loss=loss + 1, reason="not_finite")], validation=True)
    assert len(result.curve) == 150 and result.curve.dropped == 50
    assert result.metric is not None and result.train_loss is not None and result.metric_smoothed is not None
    np.testing.assert_array_equal(result.metric, accuracy[:150])
    np.testing.assert_array_equal(result.train_loss, (loss + 1)[:150])
    there = np.arange(150) != 7
    np.testing.assert_array_equal(result.metric_smoothed[there], centred(accuracy[:150][there], width_for(200)))
    assert np.isnan(result.metric_smoothed[7])


def test_the_metric_of_repeats_is_the_median_of_those_that_got_there(
    make: Make, record: Callable[..., Record], scenario: Callable[..., Arrays]
) -> None:
    lr, loss = scenario()
    metrics = [np.full(200, 0.5), np.full(200, 0.7), np.full(150, 0.1)]
    records = [record(lr[: len(m)], loss[: len(m)], number=i, metric=m) for i, m in enumerate(metrics)]
    result = make(records)
    assert result.metric is not None and len(result.metric) == len(result.curve)
    assert result.metric[:150] == pytest.approx(0.5) and result.metric[150:] == pytest.approx(0.6)


def test_no_reliable_pick(make: Make, scenario: Callable[..., Arrays]) -> None:
    lr, _ = scenario()
    result = make((lr, 2.3 + 0.01 * np.random.default_rng(0).standard_normal(200)))
    assert result.lr is None and result.confidence == "none" and result.factor is None
    assert result.reason.startswith("No reliable pick")


@pytest.mark.parametrize("points", [0, 1, 2, 5, 9])
def test_hardly_any_points_are_still_a_result(make: Make, points: int, scenario: Callable[..., Arrays]) -> None:
    lr, loss = scenario()
    result = make((lr[:points], loss[:points]), reason="cancelled")
    assert len(result.curve) == points and result.lr is None and result.best_guess is None and result.zones is None
    said = f"only {points} point" if points > 1 else f"stopped after {points} of 2 steps"  # two are planned then
    assert said in result.reason
    assert str(result) and repr(result)


def test_points_outside_the_planned_range_are_no_error(make: Make, scenario: Callable[..., Arrays]) -> None:
    lr, loss = scenario()
    result = make((lr, loss), config=SweepSettings(start_lr=1e-5, end_lr=1e-2, steps=200))
    assert result.zones is not None and (result.zones.start, result.zones.end) == (lr[0], lr[-1])

"""Everything about one curve or several in one go, and the default tasks measured for ten seeds."""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest
from rows import each_row

from lrgui.core.curve.curve import Curve
from lrgui.core.curve.plan import Plan
from lrgui.core.curve.repeats import recommend_repeats
from lrgui.core.curve.scenarios import SCENARIOS, noisy_loss, rates
from lrgui.core.curve.sweep_reading import OURS, SweepReading, read_sweep
from lrgui.core.curve.zones import Zones
from lrgui.core.engine.schedules import exponential
from lrgui.core.engine.sweep import sweep
from lrgui.core.events import BatchEvent, EndEvent
from lrgui.core.learning_rate import format_lr
from lrgui.core.run_settings import SweepSettings
from lrgui.tasks.build import build_task
from lrgui.tasks.spec import TaskSpec

#: Each is a training of seconds: the first of them always, all in the slow tests.
SEEDS = [pytest.param(seed, marks=[pytest.mark.slow] if seed else []) for seed in range(10)]


@functools.cache
def measured(model: str, seed: int) -> SweepReading:
    """The default sweep of a built-in model on the digits."""
    task = build_task(TaskSpec(model=model, seed=seed, device="cpu"))
    *events, end = sweep(task.model, task.loader, task.optimizer, task.loss, SweepSettings())
    assert isinstance(end, EndEvent)
    points = [e for e in events if isinstance(e, BatchEvent)]
    rates, losses = np.array([p.lr for p in points]), np.array([p.loss for p in points])
    return read_sweep(Curve.measured(rates, losses, 200, end_reason=end.reason), planned_range=(1e-6, 1.0))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_default_task_gives_a_textbook_curve(seed: int) -> None:
    reading = measured("cnn", seed)
    marks, zones, lr = reading.landmarks, reading.zones, reading.recommendation.lr
    assert marks is not None and marks.falls
    assert marks.fall >= 0.5 * marks.level
    assert zones is not None and zones.diverges
    assert 1e-6 == zones.start < zones.low_end < zones.high_start < zones.end == 1.0
    assert lr is not None
    assert zones.low_end < lr < zones.high_start
    assert reading.selection == lr
    assert all(s.lr is not None or s.reason for s in reading.suggestions.values())
    assert reading.interpretation.startswith("The loss begins to fall at ")
    assert reading.checklist[0].state == "good"


@pytest.mark.parametrize("seed", SEEDS)
def test_simplenet_learns_a_little_but_clearly_and_its_picks_agree(seed: int) -> None:
    """A tenth of the loss, several times the noise: how much that is of what can be learned no curve says."""
    reading = measured("simplenet", seed)
    found, marks = reading.recommendation, reading.landmarks
    assert marks is not None and marks.fall < 0.2 * marks.level
    assert found.confidence in ("medium", "high")
    assert found.lr is not None and 0.1 < found.lr < 0.5
    assert reading.selection == found.lr
    assert reading.checklist[0].state == "good"


def test_a_selection_changes_only_the_checklist() -> None:
    before = measured("cnn", 0)
    assert before.zones is not None
    zones = Zones(before.zones.start, before.zones.low_end * 2, before.zones.high_start / 2, before.zones.end)
    after = before.with_selection(1e-6, zones)
    assert (after.selection, after.zones) == (1e-6, zones)
    for part in ("curve", "landmarks", "suggestions", "recommendation", "interpretation"):
        assert getattr(after, part) is getattr(before, part)
    assert after.checklist != before.checklist
    assert "too-low zone" in after.checklist[2].text
    assert before.selection != 1e-6


def test_given_zones_and_selection_are_kept() -> None:
    curve = measured("cnn", 0).curve
    zones = Zones(1e-6, 1e-4, 1e-2, 1.0)
    reading = read_sweep(curve, selection=0.005, zones=zones)
    assert reading.zones is zones
    assert reading.selection == 0.005


def test_without_a_planned_range_the_zones_span_what_was_measured() -> None:
    curve = measured("cnn", 0).curve
    zones = read_sweep(curve).zones
    assert zones is not None
    assert (zones.start, zones.end) == (curve.lr[0], curve.lr[-1])


def test_another_beta_moves_the_named_rules_and_nothing_else() -> None:
    before = measured("cnn", 0)
    after = read_sweep(before.curve.with_beta(0.5), planned_range=(1e-6, 1.0))
    assert after.suggestions["minimum_div10"].lr != before.suggestions["minimum_div10"].lr
    assert after.zones == before.zones
    assert after.recommendation == before.recommendation


@pytest.mark.parametrize("n", [0, 1, 9])
def test_short_curves_are_analysed_without_complaint(n: int) -> None:
    reading = read_sweep(Curve.measured(exponential(1e-6, 1, 200)[:n], np.full(n, 2.3), 200))
    assert reading.landmarks is None and reading.zones is None and reading.selection is None
    assert len(reading.checklist) == 5


@each_row((seed,) for seed in range(30))
def test_wild_curves_are_analysed_without_complaint(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(10, 60))
    losses = rng.normal(0, 1, n).cumsum() * 10.0 ** rng.integers(-6, 7)
    losses[int(rng.integers(0, n)) :] *= 10.0 ** rng.integers(0, 30)
    reading = read_sweep(Curve.measured(exponential(1e-8, 10, n), losses, n, end_reason="completed"))
    assert reading.interpretation
    assert len(reading.suggestions) == 5


def _curve(seed: int, count: int = 200) -> Curve:
    loss = noisy_loss(SCENARIOS["well_behaved"], rates(), seed)
    return Curve.measured(rates()[:count], loss[:count], 200, end_reason="completed")


def test_one_curve_is_read_as_ever() -> None:
    reading = read_sweep([_curve(0)], planned_range=(1e-6, 1.0))
    said = read_sweep(_curve(0), planned_range=(1e-6, 1.0))
    assert reading.recommendation == said.recommendation and reading.zones == said.zones
    assert reading.band is None and reading.columns == {}
    assert reading.spread_factor("ours") is None and {row.spread for row in reading.table} == {""}


def test_repeats_have_a_median_a_band_and_a_spread() -> None:
    curves = [_curve(seed) for seed in range(3)]
    reading = read_sweep(curves)
    assert reading.curve.loss == pytest.approx(np.median([c.loss for c in curves], axis=0))
    assert reading.recommendation == recommend_repeats(curves)
    assert reading.band is not None and (reading.band.low <= reading.band.high).all()
    apart = reading.spread_factor("steepest")
    rates_of = [rate for rate in reading.spread["steepest"] if rate is not None]
    assert apart is not None and math.isclose(apart, max(rates_of) / min(rates_of)) and apart >= 1
    by_key = {row.key: row.spread for row in reading.table}
    assert by_key["steepest"] == f"{format_lr(min(rates_of))} to {format_lr(max(rates_of))}"
    assert list(reading.columns) == ["loss_1", "loss_2", "loss_3", "low", "high"]
    assert all(len(values) == 200 for values in reading.columns.values())


def test_a_repeat_that_ended_early_has_no_losses_there() -> None:
    reading = read_sweep([_curve(0), _curve(1), _curve(2, 150)])
    assert np.isnan(reading.columns["loss_3"][150:]).all() and np.isfinite(reading.columns["loss_3"][:150]).all()


def test_the_spread_says_how_many_repeats_have_a_rate() -> None:
    flat = Curve.measured(rates(), np.full(200, 2.3), 200, end_reason="completed")
    by_key = {row.key: row for row in read_sweep([_curve(0), _curve(0), flat]).table}
    one = format_lr(read_sweep(_curve(0)).suggestions["steepest"].lr or 0)
    assert by_key["steepest"].spread == f"{one} (2 of 3)"
    assert {row.spread for row in read_sweep([flat, flat]).table if row.key != OURS} == {"none"}


def test_the_repeats_picks_are_lowered_for_a_long_training_as_the_recommendation_is() -> None:
    curves = [_curve(seed) for seed in range(3)]
    long, short = read_sweep(curves, plan=Plan(30_000)), read_sweep(curves)
    assert max(r for r in long.spread[OURS] if r) < min(r for r in short.spread[OURS] if r)
    low, high = (format_lr(f(r for r in long.spread[OURS] if r)) for f in (min, max))
    between = f"between {low} and {high}" if low != high else f"of {low}"
    assert f"recommendations {between}." in long.recommendation.reason


@pytest.mark.parametrize("count", [1, 3])
def test_another_beta_is_as_if_the_sweep_had_been_read_with_it(count: int) -> None:
    curves = [_curve(seed) for seed in range(count)]
    other = read_sweep(curves).with_beta(0.5)
    fresh = read_sweep([curve.with_beta(0.5) for curve in curves])
    one, two = other.to_dict(), fresh.to_dict()
    assert one == two and other.curve.beta == 0.5

"""One curve or several, read together."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lrgui.core.analysis import analyse
from lrgui.core.curve import Curve
from lrgui.core.repeats import recommend_repeats
from lrgui.core.scenarios import SCENARIOS, noisy_loss, rates
from lrgui.core.several import read_curves


def _curve(seed: int, count: int = 200) -> Curve:
    loss = noisy_loss(SCENARIOS["well_behaved"], rates(), seed)
    return Curve.measured(rates()[:count], loss[:count], 200, end_reason="completed")


def test_one_curve_is_read_as_ever() -> None:
    reading = read_curves([_curve(0)], planned_range=(1e-6, 1.0))
    said = analyse(_curve(0), planned_range=(1e-6, 1.0))
    assert reading.analysis.recommendation == said.recommendation and reading.analysis.zones == said.zones
    assert reading.band is None and reading.columns == {}
    assert reading.spread_factor("ours") is None and reading.spread_words("ours") == ""


def test_repeats_have_a_median_a_band_and_a_spread() -> None:
    curves = [_curve(seed) for seed in range(3)]
    reading = read_curves(curves)
    assert reading.analysis.curve.loss == pytest.approx(np.median([c.loss for c in curves], axis=0))
    assert reading.analysis.recommendation == recommend_repeats(curves)
    assert reading.band is not None and (reading.band.low <= reading.band.high).all()
    apart = reading.spread_factor("steepest")
    rates_of = [rate for rate in reading.spread["steepest"] if rate is not None]
    assert apart is not None and math.isclose(apart, max(rates_of) / min(rates_of)) and apart >= 1
    assert len(reading.spread_words("ours").split(", ")) == 3
    assert list(reading.columns) == ["loss_1", "loss_2", "loss_3", "low", "high"]
    assert all(len(values) == 200 for values in reading.columns.values())


def test_a_repeat_that_ended_early_has_no_losses_there() -> None:
    reading = read_curves([_curve(0), _curve(1), _curve(2, 150)])
    assert np.isnan(reading.columns["loss_3"][150:]).all() and np.isfinite(reading.columns["loss_3"][:150]).all()

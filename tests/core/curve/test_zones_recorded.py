"""The zones of recorded real sweeps, against the measured truth of their tasks."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lrgui.core.curve.curve import Curve
from lrgui.core.curve.sweep_reading import SweepReading, read_sweep

SUGGESTIONS = Path(__file__).resolve().parents[3] / "benchmarks" / "suggestions"


@pytest.fixture(scope="module")
def recorded() -> tuple[dict[str, Any], list[tuple[str, SweepReading]]]:
    """The truth by task, and every fourth recorded sweep of 200 steps: its task and how it is read."""
    if not (SUGGESTIONS / "sweeps.json").exists():
        pytest.skip("the recorded sweeps are not here")
    sys.path.insert(0, str(SUGGESTIONS))
    try:
        import score
    finally:
        sys.path.remove(str(SUGGESTIONS))
    runs = [run for run in score.load_runs() if run.curve.planned_steps == 200]
    return score.load_truth(), [(run.task, read_sweep(run.curve)) for run in runs[::4]]


def test_the_optimal_zone_holds_a_rate_that_trains_nearly_best(recorded: Any) -> None:
    truth, runs = recorded
    found = []
    for task, reading in runs:
        zones = reading.zones
        if zones is not None:
            rates = np.geomspace(zones.low_end, zones.high_start, 60)
            found.append(min(truth[task].regret(float(lr)) for lr in rates) <= 0.05)
    assert len(found) >= 0.85 * len(runs)
    assert np.mean(found) >= 0.9


def test_the_pick_lies_in_the_optimal_zone(recorded: Any) -> None:
    _, runs = recorded
    found = []
    for _, reading in runs:
        if reading.zones is not None and reading.recommendation.lr is not None:
            found.append(reading.zones.low_end <= reading.recommendation.lr <= reading.zones.high_start)
    assert len(found) > 0.7 * len(runs) and all(found)


def test_borders_hardly_move_when_the_noise_is_drawn_anew(recorded: Any) -> None:
    _, runs = recorded
    random = np.random.default_rng(0)
    moved = []
    for _, reading in runs:
        curve = reading.curve
        signs = random.choice([-1.0, 1.0], size=len(curve))
        other = Curve.measured(
            curve.lr, curve.smoothed + signs * (curve.loss - curve.smoothed), 200, end_reason=curve.end_reason
        )
        before, after = reading.zones, read_sweep(other).zones
        if before is not None and after is not None:
            ratios = (after.low_end / before.low_end, after.high_start / before.high_start)
            moved.append(np.abs(np.log10(ratios)))
    assert (np.median(moved, axis=0) < 0.12).all()

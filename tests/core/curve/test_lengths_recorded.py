"""The recommendations from recorded real sweeps of 60 to 1,500 steps: the sweep's own length must not decide."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SUGGESTIONS = Path(__file__).resolve().parents[3] / "benchmarks" / "suggestions"


@pytest.fixture(scope="module")
def moved() -> Any:
    """How far the recommendations of every task's sweeps lie from those of other lengths, by steps; one seed."""
    if not (SUGGESTIONS / "lengths.json").exists():
        pytest.skip("the recorded sweeps are not here")
    sys.path.insert(0, str(SUGGESTIONS))
    try:
        import score
    finally:
        sys.path.remove(str(SUGGESTIONS))
    runs = [run for run in score.load_runs() if run.end == 10.0 and run.seed == 11]
    return score.moved(runs + score.load_runs(score.LENGTHS))


def test_sweeps_of_every_length_are_read(moved: Any) -> None:
    assert list(moved) == [60, 100, 200, 400, 800, 1000, 1500]
    assert all(len(rows) >= 24 for rows in moved.values())


@pytest.mark.parametrize("steps", [60, 100, 200, 400, 800, 1000, 1500])
def test_nearly_all_lie_within_their_factor(moved: Any, steps: int) -> None:
    assert np.mean([10 ** abs(row.away) <= row.factor for row in moved[steps]]) >= (0.9 if steps >= 400 else 0.8)


def test_of_all_lengths_together_nine_of_ten_do(moved: Any) -> None:
    assert np.mean([10 ** abs(row.away) <= row.factor for rows in moved.values() for row in rows]) >= 0.9


@pytest.mark.parametrize("steps", [200, 400, 800, 1000, 1500])
def test_longer_sweeps_say_neither_more_nor_less(moved: Any, steps: int) -> None:
    assert abs(np.mean([row.away for row in moved[steps]])) < 0.05

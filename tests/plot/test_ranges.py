"""What is visible at first."""

from __future__ import annotations

import numpy as np
import pytest

from lrgui.plot.ranges import curve_range, live_range, losses_range


def test_the_interesting_part_of_a_curve():
    smoothed = np.concatenate([np.full(100, 2.3), np.linspace(2.3, 0.7, 60), np.geomspace(0.7, 1e5, 40)])
    low, high = curve_range(smoothed, smoothed)
    assert 0.3 < low < 0.7
    assert 2.5 < high < 4


def test_the_header_lifts_the_top():
    smoothed = np.linspace(2.0, 1.0, 50)
    low, high = curve_range(smoothed, smoothed, header=0.35)
    assert (high - 2.0) / (high - low) >= 0.34


@pytest.mark.parametrize("constant", [0.0, 2.3, -5.0])
def test_a_constant_has_a_range(constant):
    losses = np.full(20, constant)
    for low, high in (
        curve_range(losses, losses),
        live_range(losses, None),
        losses_range(losses, np.empty(0)),
    ):
        assert low < high
        assert low <= constant <= high


def test_the_live_range_is_steady():
    losses = 2.3 + 0.05 * np.sin(np.arange(100))
    shown = None
    seen = {(shown := live_range(losses[:n], shown)) for n in range(1, 100)}
    assert len(seen) <= 6
    low, high = shown
    assert low < 2.2 and 2.4 < high < 4

"""Whether a script that stopped did so because of its rate, by its losses."""

from __future__ import annotations

import math

import pytest

from lrgui.script.breaking import hardly_began, looks_broken

START = [1.45, 1.4, 1.35, 1.42, 1.38, 1.4, 1.3, 1.5, 1.4, 1.4] * 2
FALL = [1.4 - 0.06 * step for step in range(18)]
LOW = [0.36, 0.33, 0.3, 0.35, 0.4] * 4


@pytest.mark.parametrize(
    ("losses", "broken"),
    [
        ([*START, *FALL, *LOW, 0.6, 1.1, 1.58], True),  # not above its start, but risen
        ([*START, *FALL, *LOW, 1.65], True),
        ([*START, *FALL, *LOW, math.nan], True),
        ([*START, *FALL, *LOW, 0.45], False),
        ([*START, *FALL], False),
        ([*START, *FALL, *LOW, 0.5, 0.7], False),  # within what is no more than half of the fall
        ([*START, 1.5], False),
        ([*START, 1.25, 1.28, 1.25, 1.3, 1.27, 1.42], False),  # a fall that is no more than noise
        ([*START, 1.7], True),
        ([1.0, 2.0], False),
    ],
)
def test_a_loss_that_has_risen(losses: list[float], broken: bool) -> None:
    assert looks_broken(losses, 200) == broken


@pytest.mark.parametrize(
    ("losses", "lr", "low"),
    [
        (START, 1e-4, True),
        (START, 0.1, False),  # its own rate was reached
        ([*START, *FALL, *LOW], 1e-4, False),  # it learned, and is simply short
        ([*START, 1.25, 1.28, 1.25, 1.3, 1.27], 1e-4, True),  # no more than noise
        ([], 1e-4, False),
    ],
)
def test_a_loss_that_never_fell_at_low_rates(losses: list[float], lr: float, low: bool) -> None:
    assert hardly_began(losses, 200, lr, own=0.05) == low

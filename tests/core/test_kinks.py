"""The broken line through a falling curve."""

from __future__ import annotations

import numpy as np
import pytest

from lrgui.core.kinks import fall_kinks

TRUE = np.array([-5.0, -4.0, -2.0, -1.7])


def broken(n: int) -> tuple[np.ndarray, np.ndarray]:
    x = np.linspace(-6, -1.4, n)
    return x, np.interp(x, [-6, *TRUE, -1.4], [2.3, 2.3, 2.1, 0.6, 0.5, 0.52])


@pytest.mark.parametrize("n", [150, 400, 3000])
@pytest.mark.parametrize("shift", [[0, 0, 0, 0], [-0.2, 0.2, -0.2, 0.2], [0.4, -0.3, 0.1, -0.1]])
def test_kinks_are_found_from_places_nearby(n: int, shift: list[float]) -> None:
    x, y = broken(n)
    found = fall_kinks(x, y, TRUE + np.array(shift), 0.003)
    assert found is not None
    assert found == pytest.approx(TRUE, abs=0.03)


def test_kinks_are_found_in_noise() -> None:
    x, y = broken(300)
    found = fall_kinks(x, y + np.random.default_rng(1).normal(0, 0.01, 300), TRUE + 0.1, 0.0125)
    assert found is not None
    assert found == pytest.approx(TRUE, abs=0.08)


def test_a_curve_without_kinks_has_none() -> None:
    x = np.linspace(-6, -1.4, 200)
    assert fall_kinks(x, 2 / (1 + np.exp(2 * (x + 3))), TRUE, 0.003) is None
    assert fall_kinks(x, 2.0 - 0.1 * x, TRUE, 0.003) is None
    assert fall_kinks(x[:8], x[:8], TRUE, 1.0) is None

"""The broken line through a falling curve."""

from __future__ import annotations

import numpy as np
import pytest

from lrgui.core.curve.kinks import _apart, _Fit, _moved, fall_kinks

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


# ------------------------------------------------------------------ the margins, each from both sides
def pieces(
    slow: float = 0.2, fast: float = 1.0, late: float = 0.5, last: float = -0.1, n: int = 151
) -> tuple[np.ndarray, np.ndarray]:
    """A loss that falls by so much a decade between the kinks of `TRUE`, on n even points."""
    x = np.linspace(-6, -1, n)
    slopes = np.diff([0.0, slow, fast, late, last])
    return x, 3.0 - np.maximum(x[:, None] - TRUE, 0.0) @ slopes


@pytest.mark.parametrize(
    ("slopes", "kinks"),  # slow, fast, late, last
    [
        ((0.2, 0.2 * 1.12, 0.1, -0.1), True),
        ((0.2, 0.2 * 1.08, 0.1, -0.1), False),
        ((0.1, 0.5 * 1.12, 0.5, -0.1), True),
        ((0.1, 0.5 * 1.08, 0.5, -0.1), False),
        ((0.2, 1.0, 0.5, 0.5 * 0.28), True),
        ((0.2, 1.0, 0.5, 0.5 * 0.32), False),
        ((-0.01, 1.0, 0.5, -0.1), False),
        ((0.2, 1.0, -0.01, -0.1), False),
    ],
)
def test_pieces_are_what_they_are_called(slopes: tuple[float, float, float, float], kinks: bool) -> None:
    found = fall_kinks(*pieces(*slopes), TRUE, 1e-3)
    assert (found is not None) == kinks


@pytest.mark.parametrize(("share", "kinks"), [(0.95, True), (1.05, False)])
def test_what_the_line_leaves_is_within_the_tolerance(share: float, kinks: bool) -> None:
    x, y = pieces()
    y = y + 0.01 * share * (-1.0) ** np.arange(len(x))
    assert (fall_kinks(x, y, TRUE, 0.01) is not None) == kinks


@pytest.mark.parametrize(("times", "slow_fall"), [(2.4, False), (2.6, True)])
def test_a_slow_fall_that_nobody_can_see_is_none(times: float, slow_fall: bool) -> None:
    tolerance = 0.2 / times  # the slow fall is 0.2 over one decade
    found = fall_kinks(*pieces(), TRUE, tolerance)
    assert found is not None
    assert (found[0] < found[1]) == slow_fall
    assert found[1:] == pytest.approx(TRUE[1:], abs=0.02)
    assert found[0] == pytest.approx(TRUE[0] if slow_fall else TRUE[1], abs=0.02)


@pytest.mark.parametrize(("points", "kinks"), [(11, False), (12, True)])
def test_the_fewest_points(points: int, kinks: bool) -> None:
    x = np.arange(float(points))
    y = np.interp(x, [0, 2, 4, 6, 8, 11], [9, 9, 8, 3, 2, 2.1])
    assert (fall_kinks(x, y, np.array([2.0, 4.0, 6.0, 8.0]), 0.01) is not None) == kinks


@pytest.mark.parametrize(("points", "thinned"), [(399, False), (400, True)])
def test_many_points_are_thinned_out(points: int, thinned: bool) -> None:
    x, y = pieces(n=points)
    y[1::2] += 5.0  # of two neighbours only the first is looked at
    assert (fall_kinks(x, y, TRUE, 0.01) is not None) == thinned


@pytest.mark.parametrize(
    ("first", "apart"),
    [
        ([0, 0, 0, 0], [1.5, 3.0, 4.5, 6.0]),
        ([20, 20, 20, 20], [14.0, 15.5, 17.0, 18.5]),
        ([10, 10, 10, 10], [10.0, 11.5, 13.0, 14.5]),
        ([5, 7, 9, 11], [5.0, 7.0, 9.0, 11.0]),
    ],
)
def test_first_places_are_moved_apart(first: list[float], apart: list[float]) -> None:
    assert _apart(np.array(first, dtype=float), np.arange(21.0), 1.0).tolist() == apart


@pytest.mark.parametrize(
    ("which", "places"),
    [(0, [0.5, 1.0, 1.5]), (1, [1.5, 2.0, 2.5]), (3, [3.5, 4.0, 4.5])],
)
def test_a_kink_keeps_a_gap_to_its_neighbours_and_to_the_ends(which: int, places: list[float]) -> None:
    knots = np.array([1.0, 2.0, 3.0, 4.0])
    moved = _moved(knots, which, np.linspace(-1.5, 1.5, 7), np.array([0.0, 5.0]), 0.5)
    assert moved[:, which].tolist() == places
    others = [i for i in range(4) if i != which]
    assert (moved[:, others] == knots[others]).all()


def test_the_fit_is_that_of_least_squares() -> None:
    rng = np.random.default_rng(0)
    x = np.linspace(-6, -1, 60)
    y = rng.standard_normal(60) + 100
    knots = np.sort(rng.uniform(-5.5, -1.5, (5, 4)), axis=1)
    errors, bends = _Fit(x, y).errors(knots)
    for i, row in enumerate(knots):
        basis = np.column_stack([np.ones(60), np.maximum(x[:, None] - row, 0.0)])
        weights = np.linalg.lstsq(basis, y, rcond=None)[0]
        assert errors[i] == pytest.approx(np.sqrt(np.mean((y - basis @ weights) ** 2)), rel=1e-6)
        assert bends[i] == pytest.approx(weights[1:], rel=1e-5, abs=1e-8)

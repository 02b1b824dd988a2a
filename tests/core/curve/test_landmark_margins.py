"""The margins by which places are read off a curve, each from both sides; and those of the valley's smoother."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from lrgui.core.curve import landmarks as reading
from lrgui.core.curve import valley as valleys
from lrgui.core.curve.curve import Curve
from lrgui.core.curve.landmarks import Landmarks, find_landmarks, last_calm
from lrgui.core.curve.smoothing import width_for
from lrgui.core.curve.valley import find_valley
from lrgui.core.engine.schedules import exponential

VALLEY = ([-6.0, -4.0, -2.0, -1.0, 0.0], [2.3, 2.3, 0.5, 0.5, 8.0])


def measured(noise: float, n: int = 400, shape: Any = VALLEY, reason: str = "completed") -> Curve:
    lr = exponential(1e-6, 1.0, n)
    losses = np.interp(np.log10(lr), *shape) + noise * np.random.default_rng(3).standard_normal(n)
    return Curve.measured(lr, losses, n, end_reason=reason)


def marks_of(curve: Curve) -> Landmarks:
    found = find_landmarks(curve)
    assert found is not None
    return found


class Asked:
    """Remembers what a function was called with."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, module: Any, name: str, answer: Any = None) -> None:
        self.calls: list[tuple[Any, ...]] = []
        usual = getattr(module, name)

        def noted(*values: Any) -> Any:
            self.calls.append(values)
            return answer() if answer else usual(*values)

        monkeypatch.setattr(module, name, noted)


@pytest.mark.parametrize("noise", [0.0, 0.02, 0.3, 0.6])
def test_begin_and_rise_are_where_the_loss_has_left_its_level_visibly(noise: float) -> None:
    curve = measured(noise)
    marks = marks_of(curve)
    assert marks.falls and marks.rises_at is not None
    residual = curve.noise / math.sqrt(3.5 * width_for(400))
    assert marks.residual_noise == pytest.approx(residual)
    begins, rises = max(0.05 * marks.fall, 2 * residual), max(0.05 * marks.fall, 3 * residual)
    assert curve.loss_at(marks.begins_at) == pytest.approx(marks.level - begins, rel=1e-6)
    assert curve.loss_at(marks.rises_at) == pytest.approx(marks.lowest + rises, rel=1e-6)


def test_the_fall_is_fast_at_half_of_the_steepest_slope_and_begins_at_a_tenth(monkeypatch: pytest.MonkeyPatch) -> None:
    Asked(monkeypatch, reading, "fall_kinks", lambda: None)
    x = np.linspace(-6, 0, 1000)
    u = np.clip((x + 3) / 2, -1, 1)
    curve = Curve.measured(10.0**x, 2.0 - u + u**3 / 3, 1000, end_reason="completed")
    marks = marks_of(curve)
    down = -np.gradient(curve.smoothed, curve.log_lr)
    down /= down.max()
    starts, fast, slow = (
        int(np.argmin(np.abs(curve.lr - rate))) for rate in (marks.starts_falling_at, marks.fast_from, marks.fast_to)
    )
    assert down[starts - 1] < 0.1 <= down[starts] < 0.12
    assert down[fast - 1] < 0.5 <= down[fast] < 0.52
    assert down[slow + 1] < 0.5 <= down[slow] < 0.52


@pytest.mark.parametrize("share", [0.019, 0.021, 0.05, 0.12, 0.3])
def test_slopes_are_looked_at_the_wider_the_noisier_the_curve(share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = measured(0.0)
    fall = marks_of(plain).fall
    curve = measured(0.0)
    object.__setattr__(curve, "noise", share * fall)
    asked = Asked(monkeypatch, reading, "centred")
    kinks = Asked(monkeypatch, reading, "fall_kinks", lambda: None)
    marks = marks_of(curve)
    widths = [width / width_for(400) for _, width in asked.calls]
    expected = min(share * fall / (0.02 * marks.fall), 8.0) ** (2 / 3)
    assert (expected > 1.0) == (share > 0.02)
    assert any(width == pytest.approx(expected, rel=1e-6) for width in widths) == (expected > 1.0)
    # Kinks are looked for in curves that are not noisy.
    assert bool(kinks.calls) == (share < 0.02)
    if kinks.calls:
        assert kinks.calls[0][3] == pytest.approx(max(1.25 * curve.noise, 0.003 * marks.fall))


def test_kinks_of_a_curve_without_noise_are_held_to_a_share_of_the_fall(monkeypatch: pytest.MonkeyPatch) -> None:
    kinks = Asked(monkeypatch, reading, "fall_kinks", lambda: None)
    marks = marks_of(measured(0.0))
    assert kinks.calls[0][3] == pytest.approx(0.003 * marks.fall)


@pytest.mark.parametrize("width", [0.28, 0.32, 5.9, 6.1])
def test_the_lowest_place_is_read_with_no_more_smoothing_than_the_noise_asks_for(
    width: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    curve = measured(0.0)  # smoothed over six steps
    fall = marks_of(curve).fall
    object.__setattr__(curve, "noise", 0.003 * fall * math.sqrt(3.5 * width))
    asked = Asked(monkeypatch, reading, "centred")
    fine = reading._fine(curve, fall)
    if width < 0.3:
        assert fine is curve.loss and not asked.calls
    elif width > 6.0:
        assert fine is curve.smoothed and not asked.calls
    else:
        assert asked.calls[0][1] == pytest.approx(width)


@pytest.mark.parametrize(("place", "found"), [(24, True), (25, False), (-24, True), (-25, False)])
def test_the_lowest_place_is_looked_for_nearby(place: int, found: bool) -> None:
    fine = np.ones(200)
    fine[100] = 0.5
    fine[100 + place] = 0.0
    assert reading._lowest_nearby(fine, 100, None, 24.9) == (100 + place if found else 100)
    assert reading._lowest_nearby(fine, 100, 110, 24.9) == (100 + place if found and place < 0 else 100)
    assert reading._lowest_nearby(fine, 100, 124, 24.9) == (100 + place if found else 100)
    assert reading._lowest_nearby(fine, 100, 123, 24.9) == (100 + place if found and place < 0 else 100)


@pytest.mark.parametrize(("above", "explodes"), [(5.8, False), (6.2, True)])
def test_a_loss_explodes_that_passes_its_start_by_six_times_the_noise(above: float, explodes: bool) -> None:
    curve = measured(0.0, shape=([-6.0, -4.0, -2.0, -1.0, -0.5, 0.0], [2.3, 2.3, 0.5, 0.5, 2.0, 2.0]))
    object.__setattr__(curve, "noise", 0.2)
    marks = marks_of(curve)
    assert not marks.explodes and 6 * marks.residual_noise > reading.VISIBLE * marks.fall
    curve.smoothed[-1] = marks.level + above * marks.residual_noise
    assert marks_of(curve).explodes == explodes


@pytest.mark.parametrize(("share", "explodes"), [(0.04, False), (0.06, True)])
def test_a_loss_that_comes_back_to_its_start_does_not_explode(share: float, explodes: bool) -> None:
    """A dead network and a bounded loss come back to it, and are a little above it by chance."""
    curve = measured(0.0, shape=([-6.0, -4.0, -2.0, -1.0, -0.5, 0.0], [0.0, 0.0, -0.9, -0.9, 0.0, 0.0]))
    marks = marks_of(curve)
    curve.smoothed[-1] = marks.level + share * marks.fall
    assert marks_of(curve).explodes == explodes


@pytest.mark.parametrize(("above", "calm"), [(2.8, 399), (3.2, 398)])
def test_a_loss_is_calm_up_to_three_times_the_noise_that_is_left(above: float, calm: int) -> None:
    curve = measured(0.0, shape=([-6.0, 0.0], [2.0, 2.0]))
    object.__setattr__(curve, "noise", 0.05)
    marks = marks_of(curve)
    curve.smoothed[-1] = 2.0 + above * marks.residual_noise
    assert last_calm(curve, marks) == calm


@pytest.mark.parametrize("share", [0.19, 0.21, 0.4, 0.7])
def test_the_valley_of_a_noisy_curve_is_smoothed_more(share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    curve = measured(0.0, n=200)
    fall = marks_of(curve).fall
    object.__setattr__(curve, "noise", share * fall)
    asked = Asked(monkeypatch, valleys, "_smoother")
    assert find_valley(curve) is not None
    wider = min(max(share / 0.2, 1.0), math.sqrt(8)) ** (2 / 3)
    assert asked.calls[0][1] == pytest.approx(3.0 * wider, rel=1e-2)


@pytest.mark.parametrize(("points", "looked_at"), [(256, 256), (257, 128), (512, 256), (513, 171)])
def test_long_curves_are_averaged_over_neighbours(points: int, looked_at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(monkeypatch, valleys, "_smoother")
    assert find_valley(measured(0.01, n=points)) is not None
    assert asked.calls[0][0] == looked_at


def test_lowest_and_foot_are_looked_for_within_their_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    nearby, foot = (Asked(monkeypatch, reading, name) for name in ("_lowest_nearby", "_foot"))
    kinks = Asked(monkeypatch, reading, "fall_kinks", lambda: None)
    curve = measured(0.01)
    marks = marks_of(curve)
    assert nearby.calls[0][3] == pytest.approx(4 * width_for(400))
    assert foot.calls[0][4] == pytest.approx(marks.lowest + 0.25 * marks.fall)
    # The bend of the explosion is left out, a smoother's width before its foot.
    assert marks.explodes_at is not None
    last = int(np.searchsorted(curve.log_lr, math.log10(marks.explodes_at) - 1e-12)) - 6
    assert len(kinks.calls[0][0]) == len(kinks.calls[0][1]) == last


def test_something_is_left_of_a_fall_that_ends_in_an_explosion(monkeypatch: pytest.MonkeyPatch) -> None:
    kinks = Asked(monkeypatch, reading, "fall_kinks", lambda: None)
    lowest = Asked(monkeypatch, reading, "_foot")
    curve = measured(0.0, shape=([-6.0, -4.0, -1.0, 0.0], [2.3, 2.3, 0.5, 8.0]))
    marks = marks_of(curve)
    assert marks.rises_at is not None
    assert len(kinks.calls[0][0]) == lowest.calls[0][2] + 3


@pytest.mark.parametrize(("points", "tail"), [(400, 20), (40, 3)])
@pytest.mark.parametrize("end", [-0.001, 0.001])
def test_a_loss_still_falls_whose_last_twentieth_does(points: int, tail: int, end: float) -> None:
    curve = measured(0.0, n=points, shape=([-6.0, -4.0, 0.0], [2.3, 2.3, 0.5]))
    assert marks_of(curve).still_falling
    lowest = float(curve.smoothed[-1])
    curve.smoothed[-tail - 1 :] = lowest - 0.01  # the places around the first of the tail don't count
    curve.smoothed[-tail] = lowest
    curve.smoothed[-2:] = lowest - 0.02, lowest + end
    assert marks_of(curve).still_falling == (end < 0)

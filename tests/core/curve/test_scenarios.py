"""The three synthetic curves say what they are meant to say."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from lrgui.core.curve.curve import Curve
from lrgui.core.curve.scenarios import FIRST, LAST, POINTS, SCENARIOS, START, clean_loss, laid_over, noisy_loss, rates
from lrgui.core.curve.sweep_reading import read_sweep

every = pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda s: s.key)


def valley(scenario, depth):
    """Width in decades of where the noise-free curve lies within `depth` of its lowest point."""
    lr = rates(20_001)
    loss = clean_loss(scenario, lr)
    inside = lr[loss <= loss.min() + depth]
    return np.log10(inside[-1] / inside[0])


def test_there_are_the_three_of_the_document():
    assert [s.label for s in SCENARIOS.values()] == [
        "Well-behaved model",
        "Noisy batches",
        "Stable / wider optimum",
    ]
    assert all(SCENARIOS[key].key == key for key in SCENARIOS)


def test_the_rates_are_logspace_of_the_document():
    assert np.array_equal(rates(), np.logspace(-6, 0, 200))
    assert len(rates()) == POINTS == 200
    assert len(rates(37)) == 37
    assert (FIRST, LAST) == (1e-6, 1.0)


@every
def test_the_lowest_point_is_the_optimum(scenario):
    for points in (POINTS, 20_001):
        lr = rates(points)
        lowest = float(lr[int(np.argmin(clean_loss(scenario, lr)))])
        assert lowest == pytest.approx(scenario.optimum, rel=0.05)


@pytest.mark.parametrize("smoothness", [0.2, 0.6, 1.0, 2.0])
@pytest.mark.parametrize("divergence", [0.4, 2.0, 4.0])
@pytest.mark.parametrize("depth", [0.2, 2.0])
def test_the_lowest_point_stays_the_optimum_however_the_shape_is_set(smoothness, divergence, depth):
    lr = rates(20_001)
    for scenario in SCENARIOS.values():
        changed = replace(scenario, smoothness=smoothness, divergence=divergence, depth=depth)
        loss = clean_loss(changed, lr)
        assert np.isfinite(loss).all()
        assert float(lr[int(np.argmin(loss))]) == pytest.approx(scenario.optimum, rel=0.05)
        assert loss.min() == pytest.approx(START - depth, abs=1e-6)


@every
def test_it_starts_flat_falls_and_explodes(scenario):
    lr = rates(2001)
    loss = clean_loss(scenario, lr)
    lowest = int(np.argmin(loss))
    assert loss[0] == pytest.approx(START, abs=0.02)
    assert loss[-1] > START  # at a rate of 1
    assert (np.diff(loss[: lowest + 1]) <= 1e-12).all()
    assert (np.diff(loss[lowest:]) >= -1e-12).all()
    assert loss[lowest] == pytest.approx(START - scenario.depth, abs=1e-4)
    # One curve, not two pieces: no jump where decay and divergence meet.
    assert np.abs(np.diff(loss[lowest - 3 : lowest + 4])).max() < 1e-3


@every
def test_the_descent_is_steepest_one_smoothness_before_the_optimum(scenario):
    lr = rates(20_001)
    x = np.log10(lr)
    slope = np.gradient(clean_loss(scenario, lr), x)
    assert x[int(np.argmin(slope))] == pytest.approx(np.log10(scenario.optimum) - scenario.smoothness, abs=0.01)


def test_the_well_behaved_optimum_is_narrow_and_at_2e_3():
    scenario = SCENARIOS["well_behaved"]
    assert scenario.optimum == 2e-3
    assert valley(scenario, 0.3) < 1.0


def test_noisy_batches_are_the_same_shape_with_visible_jitter():
    calm, noisy = SCENARIOS["well_behaved"], SCENARIOS["noisy"]
    assert np.array_equal(clean_loss(calm, rates()), clean_loss(noisy, rates()))
    assert noisy.noise >= 5 * calm.noise


def test_the_stable_one_is_shallower_and_broader():
    calm, stable = SCENARIOS["well_behaved"], SCENARIOS["stable"]
    assert stable.depth < 0.8 * calm.depth
    assert valley(stable, 0.2) > 1.4 * valley(calm, 0.2)


@every
def test_the_zone_is_a_third_to_three_times_the_optimum(scenario):
    zones = scenario.zones
    assert zones.low_end == pytest.approx(scenario.optimum / 3)
    assert zones.high_start == pytest.approx(scenario.optimum * 3)
    assert (zones.start, zones.end) == (1e-6, 1.0)
    assert zones.diverges


def test_the_zones_stay_on_the_axis():
    assert replace(SCENARIOS["stable"], optimum=0.9).zones.high_start == 1.0


@every
@pytest.mark.parametrize("seed", [0, 1, 7])
def test_the_noise_has_the_asked_deviation(scenario, seed):
    lr = rates(40_000)
    noise = noisy_loss(scenario, lr, seed) - clean_loss(scenario, lr)
    # The deviation of an estimate over n points is σ / √(2n), the mean's σ / √n; six of them are never exceeded.
    assert noise.std() == pytest.approx(scenario.noise, abs=6 * scenario.noise / np.sqrt(2 * len(lr)))
    assert abs(noise.mean()) < 6 * scenario.noise / np.sqrt(len(lr))
    standard = noise / scenario.noise
    assert abs((standard**3).mean()) < 6 * np.sqrt(6 / len(lr))  # Gaussian: no skew …
    assert abs((standard**4).mean() - 3) < 6 * np.sqrt(24 / len(lr))  # … and no heavy tails
    assert abs((standard[1:] * standard[:-1]).mean()) < 6 / np.sqrt(len(lr))  # … each point on its own


def test_without_noise_it_is_the_clean_curve():
    silent = replace(SCENARIOS["noisy"], noise=0.0)
    assert np.array_equal(noisy_loss(silent, rates(), 3), clean_loss(silent, rates()))


@every
def test_the_same_seed_gives_the_same_curve_and_another_one_another(scenario):
    assert np.array_equal(noisy_loss(scenario, rates(), 5), noisy_loss(scenario, rates(), 5))
    assert not np.array_equal(noisy_loss(scenario, rates(), 5), noisy_loss(scenario, rates(), 6))


def test_every_scenario_has_noise_of_its_own():
    noise = [(noisy_loss(s, rates(), 0) - clean_loss(s, rates())) / s.noise for s in SCENARIOS.values()]
    for i in range(3):
        for j in range(i):
            assert abs(np.corrcoef(noise[i], noise[j])[0, 1]) < 0.4


def test_shape_and_noise_do_not_depend_on_each_other():
    scenario = SCENARIOS["noisy"]
    deeper = replace(scenario, depth=2.0)
    one = noisy_loss(scenario, rates(), 1) - clean_loss(scenario, rates())
    other = noisy_loss(deeper, rates(), 1) - clean_loss(deeper, rates())
    assert other == pytest.approx(one, abs=1e-12)


def test_a_scenario_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        SCENARIOS["noisy"].depth = 1.0  # type: ignore[misc]


@every
def test_the_rules_can_read_it(scenario):
    for seed in range(5):
        lr = rates()
        found = read_sweep(Curve.measured(lr, noisy_loss(scenario, lr, seed), len(lr), end_reason="completed"))
        assert found.recommendation.lr is not None
        # Before the minimum, and not far too low.
        assert scenario.optimum / 30 < found.recommendation.lr < 1.5 * scenario.optimum


def test_a_measured_curve_is_laid_to_start_and_depth():
    target = SCENARIOS["well_behaved"]
    lr = rates(100)
    measured = 40 - 25 * np.exp(-((np.log10(lr) + 2) ** 2)) + 90 * np.maximum(np.log10(lr) + 1, 0)
    laid = laid_over(target, measured)
    assert np.median(laid[:10]) == pytest.approx(START, abs=1e-6)
    assert laid.min() == pytest.approx(START - target.depth)
    assert int(np.argmin(laid)) == int(np.argmin(measured))
    # Moved and scaled, not bent.
    assert np.corrcoef(laid, measured)[0, 1] == pytest.approx(1.0)


def test_a_measured_curve_that_is_flat_does_no_harm():
    assert np.isfinite(laid_over(SCENARIOS["stable"], np.full(50, 2.0))).all()


def test_numpy_is_all_it_needs():
    code = "import sys, lrgui.core.curve.scenarios; print({'torch', 'PySide6', 'pyqtgraph'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "set()"

"""The stop rules, on sequences of losses made by hand."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import pytest

from lrgui.core.curve.smoothing import debiased_average
from lrgui.core.engine.schedules import exponential
from lrgui.core.engine.stopping import Stop, SweepWatch, TrainWatch, stopped_where
from lrgui.core.learning_rate import format_lr


def first_stop(
    losses: Iterable[float], planned: int = 200, beta: float = 0.98, factor: float = 4.0
) -> tuple[int, Stop] | None:
    """Step and reason of the first stop in a sweep with these losses."""
    watch = SweepWatch(planned, beta, factor)
    for step, (lr, loss) in enumerate(zip(exponential(1e-6, 1, planned), losses, strict=False)):
        stop = watch.push(float(lr), float(loss))
        if stop is not None:
            return step, stop
    return None


def noisy(losses: np.ndarray, sigma: float = 0.05, seed: int = 0) -> np.ndarray:
    return losses + np.random.default_rng(seed).normal(0, sigma, len(losses))


def explosion(n: int = 200, at: int = 150) -> np.ndarray:
    """2.3, falling to 0.5 at `at`, then doubling at each step."""
    losses = np.interp(np.arange(n), [0, 60, at], [2.3, 2.3, 0.5])
    losses[at:] = 0.5 * 2.0 ** np.arange(n - at)
    return losses


def test_the_classic_rule_stops_at_the_factor() -> None:
    losses = explosion()
    average = debiased_average(losses, 0.0)
    crossing = int(np.flatnonzero(average > 4 * np.minimum.accumulate(average))[0])
    found = first_stop(losses, beta=0.0)
    assert found is not None
    step, stop = found
    assert step == crossing
    assert stop.reason == "diverged"
    lr = format_lr(float(exponential(1e-6, 1, 200)[step]))
    assert stop.detail == f"Done. {step + 1} of 200 steps; stopped at {lr}, where the loss blew up, as intended."


@pytest.mark.parametrize(
    ("done", "sentence"),
    [
        (50, "Stopped after 50 of 200 steps, at 3.2e-2: the loss became NaN."),
        (51, "Done. 51 of 200 steps; stopped at 3.2e-2, where the loss became NaN, as intended."),
    ],
)
def test_a_sweep_that_breaks_at_once_is_not_as_intended(done: int, sentence: str) -> None:
    assert stopped_where("the loss became NaN", 0.0316, done, 200) == sentence


def test_a_larger_factor_stops_later() -> None:
    # Small losses, so that the sustained rise, which looks at the start, is the later one.
    early, late = first_stop(explosion(), beta=0.0, factor=2), first_stop(explosion(), beta=0.0, factor=6)
    assert early is not None and late is not None
    assert early[0] < late[0]


def test_factor_zero_switches_every_divergence_stop_off_but_not_the_one_for_nan() -> None:
    losses = explosion()
    assert first_stop(losses, factor=0) is None
    losses[190] = math.nan
    found = first_stop(losses, factor=0)
    assert found is not None
    assert (found[0], found[1].reason) == (190, "not_finite")


def test_a_dead_network_back_above_guessing_is_stopped_while_the_classic_rule_is_silent() -> None:
    losses = np.interp(np.arange(200), [0, 60, 140], [2.3, 2.3, 1.2])
    losses[145:] = 3.4  # never four times 1.2
    losses = noisy(losses)
    average = debiased_average(losses, 0.98)
    assert np.all(average <= 4 * np.minimum.accumulate(average))
    found = first_stop(losses)
    assert found is not None
    assert 145 <= found[0] <= 160
    assert found[1].reason == "diverged"
    assert "stayed far above its start" in found[1].detail


@pytest.mark.parametrize("seed", range(10))
def test_noise_alone_and_a_healthy_fall_never_stop(seed: int) -> None:
    assert first_stop(noisy(np.full(200, 2.3), 0.3, seed)) is None
    assert first_stop(noisy(np.interp(np.arange(200), [0, 60, 199], [2.3, 2.3, 0.1]), 0.02, seed)) is None


def test_single_spikes_do_not_stop() -> None:
    losses = np.full(200, 2.3)
    losses[[50, 90, 130]] = 30.0
    assert first_stop(losses) is None


@pytest.mark.parametrize(("bad", "word"), [(math.nan, "NaN"), (math.inf, "infinite"), (-math.inf, "infinite")])
def test_not_finite_stops_at_once_even_in_the_first_tenth(bad: float, word: str) -> None:
    found = first_stop([2.3, 2.3, bad, 2.3])
    assert found is not None
    step, stop = found
    assert (step, stop.reason) == (2, "not_finite")
    assert word in stop.detail


def test_negative_losses_fall_without_a_stop_and_explode_with_one() -> None:
    falling = np.interp(np.arange(200), [0, 50, 150, 199], [-1.0, -1.0, -8.0, -8.0])
    assert first_stop(noisy(falling)) is None
    falling[160:] = 40.0
    found = first_stop(noisy(falling))
    assert found is not None
    assert found[0] >= 160
    assert found[1].reason == "diverged"


def test_a_best_near_zero_is_no_measure_for_a_multiple() -> None:
    losses = np.interp(np.arange(200), [0, 50, 120], [2.0, 2.0, 1e-4])
    losses[150:] = 0.02  # two hundred times the best, yet a hundredth of the start
    assert first_stop(losses, beta=0.0) is None
    losses[170:] = 50.0
    found = first_stop(losses, beta=0.0)
    assert found is not None and found[0] >= 170


def test_divergence_is_not_judged_before_a_tenth_of_the_steps() -> None:
    losses = np.full(200, 2.0)
    losses[5:] = 100.0
    found = first_stop(losses, beta=0.0)
    assert found is not None
    assert found[0] == 20


@pytest.mark.parametrize("planned", [2, 5, 10, 12])
def test_very_short_sweeps_do_not_stop_by_mistake(planned: int) -> None:
    assert first_stop(np.linspace(2.3, 1.0, planned), planned) is None


def train_stop(batches: Iterable[float], max_lr: float = 0.1) -> tuple[int, Stop] | None:
    watch = TrainWatch(max_lr)
    for step, loss in enumerate(batches):
        stop = watch.push(loss)
        if stop is not None:
            return step, stop
    return None


def epoch_stop(start: float, epochs: Iterable[float]) -> tuple[int, Stop] | None:
    watch = TrainWatch(0.1)
    for _ in range(20):
        watch.push(start)
    for epoch, loss in enumerate(epochs, 1):
        stop = watch.epoch(loss)
        if stop is not None:
            return epoch, stop
    return None


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_training_that_is_not_finite_stops_with_advice(bad: float) -> None:
    found = train_stop([2.3] * 10 + [bad])
    assert found is not None
    assert (found[0], found[1].reason) == (10, "not_finite")
    assert "Lower max LR to 1e-2, a tenth, and train again." in found[1].detail


def test_a_training_far_above_its_start_for_good_stops_but_not_for_a_spike() -> None:
    assert train_stop([2.3] * 30 + [50.0] + [2.2] * 30) is None
    found = train_stop([2.3] * 30 + [50.0] * 10)
    assert found is not None
    assert found[1].reason == "diverged"
    assert 36 <= found[0] <= 39


def test_a_network_that_learned_and_died_is_stopped_after_two_epochs() -> None:
    found = epoch_stop(2.3, [2.0, 1.2, 0.8, 2.303, 2.303, 2.303])
    assert found is not None
    assert found[0] == 5
    assert found[1].reason == "diverged"
    assert "fell back" in found[1].detail and "1e-2" in found[1].detail


def test_a_network_that_died_at_once_is_stopped_after_two_epochs() -> None:
    found = epoch_stop(2.3, [2.45, 2.42, 2.4])
    assert found is not None
    assert found[0] == 2
    assert "stays above" in found[1].detail


@pytest.mark.parametrize(
    "epochs",
    [
        [2.299, 2.297, 2.296, 2.295, 2.293, 2.29],  # slow
        [2.305, 2.303, 2.301, 2.3, 2.299, 2.298],  # at the start for a while
        [2.2, 1.5, 1.0, 1.1, 1.0, 0.9],  # healthy, with a bump at the top of the cycle
        [1.0, 2.29, 1.0, 0.8, 2.29, 0.7],  # single bad epochs
    ],
)
def test_slow_and_bumpy_trainings_go_on(epochs: list[float]) -> None:
    assert epoch_stop(2.3, epochs) is None


def test_a_training_shorter_than_the_start_is_not_judged() -> None:
    watch = TrainWatch(0.1)
    assert watch.push(1.0) is None
    assert watch.epoch(100.0) is None


@pytest.mark.parametrize(
    ("epochs", "good"),
    [([2.0], True), ([2.31], False), ([1.0, 1.5], True), ([1.0, 1.7], False), ([1.0, 2.2, 1.1], True)],
)
def test_an_epoch_is_one_to_go_back_to_while_it_is_nearer_to_the_best_than_to_the_start(
    epochs: list[float], good: bool
) -> None:
    watch = TrainWatch(0.1)
    for _ in range(20):
        watch.push(2.3)
    for loss in epochs:
        watch.epoch(loss)
    assert watch.good == good

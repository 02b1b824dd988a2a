"""The margins of the stop rules, each from both sides."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lrgui.core.engine.stopping import SweepWatch, TrainWatch

#: No average rises above so many times its best: the sustained rise alone is watched.
SUSTAINED = 1e12
#: Second differences of losses that alternate by ±d have this many d as their noise.
ALTERNATING = 1.4826 * 4 / math.sqrt(6)


def stops_at(losses: np.ndarray, factor: float = SUSTAINED, beta: float = 0.0) -> int | None:
    watch = SweepWatch(200, beta, factor)
    for step, loss in enumerate(losses):
        if watch.push(1e-3, float(loss)) is not None:
            return step
    return None


def curve(start: np.ndarray | float, middle: float, after: float) -> np.ndarray:
    """Twenty losses at the start, eighty in the middle, then a jump."""
    losses = np.full(200, after)
    losses[:20], losses[20:100] = start, middle
    return losses


@pytest.mark.parametrize("unit", [1.0, 1e-13, 1e6])
@pytest.mark.parametrize("constant", [0.0, 30.0, -30.0])
@pytest.mark.parametrize(("after", "stop"), [(1.49, None), (1.51, 103)])
def test_half_of_the_fall(unit: float, constant: float, after: float, stop: int | None) -> None:
    assert stops_at(unit * (constant + curve(1.0, 0.0, after))) == stop


@pytest.mark.parametrize(("times", "stop"), [(5.9, None), (6.1, 103)])
@pytest.mark.parametrize("start", [1.0, 1.5, -4.0])
def test_six_times_the_noise(start: float, times: float, stop: int | None) -> None:
    alternating = start + 0.01 * (-1.0) ** np.arange(20)
    assert stops_at(curve(alternating, start, start + 0.01 * ALTERNATING * times)) == stop


@pytest.mark.parametrize(("times", "stop"), [(5.9, None), (6.1, 103)])
def test_how_far_the_first_losses_lie_apart_is_noise_too(times: float, stop: int | None) -> None:
    ramp = np.linspace(0.98, 1.02, 20)  # no second differences
    apart = 1.4826 * float(np.median(np.abs(ramp - 1.0)))
    assert stops_at(curve(ramp, 1.0, 1.0 + times * apart)) == stop


@pytest.mark.parametrize(("after", "stop"), [(1.19, None), (1.21, 103)])
def test_a_fifth_of_the_start_where_nothing_else_was_seen(after: float, stop: int | None) -> None:
    assert stops_at(curve(1.0, 1.0, after)) == stop
    assert stops_at(-curve(1.0, 1.0, 2 - after)) == stop


@pytest.mark.parametrize(("fall", "stop"), [(0.0019, None), (0.0021, 103)])
def test_half_of_a_fall_counts_from_a_thousandth_of_the_start_on(fall: float, stop: int | None) -> None:
    assert stops_at(curve(1.0, 1.0 - fall, 1.1)) == stop


def test_most_of_the_last_seven_losses_must_be_high() -> None:
    losses = curve(1.0, 0.0, 0.0)
    for high in ([100, 101, 102], [100, 102, 104]):
        losses[100:], losses[high] = 0.0, 9.0
        assert stops_at(losses) is None
    losses[[100, 102, 104, 106]] = 9.0
    assert stops_at(losses) == 106
    losses[100:], losses[[100, 102, 104, 107]] = 0.0, 9.0
    assert stops_at(losses) is None


@pytest.mark.parametrize(("planned", "first"), [(10, 7), (70, 7), (80, 8), (200, 20)])
def test_the_sustained_rise_waits_for_a_tenth_and_for_seven_losses(planned: int, first: int) -> None:
    watch = SweepWatch(planned, 0.0, SUSTAINED)
    losses = [1.0] * first + [9.0] * 4
    ends = [watch.push(1e-3, loss) is not None for loss in losses]
    assert ends.index(True) == first + 3


@pytest.mark.parametrize(("planned", "first"), [(10, 2), (30, 3), (200, 20)])
def test_the_classic_rule_waits_for_a_tenth(planned: int, first: int) -> None:
    watch = SweepWatch(planned, 0.0, 4.0)
    ends = [watch.push(1e-3, loss) is not None for loss in [1.0] + [9.0] * 50]
    assert ends.index(True) == first


@pytest.mark.parametrize(("best", "after", "stop"), [(0.049, 0.3, None), (0.051, 0.3, 100), (0.051, 0.203, None)])
def test_a_multiple_needs_a_best_that_is_clearly_positive(best: float, after: float, stop: int | None) -> None:
    assert stops_at(curve(1.0, best, after), factor=4.0) == stop


@pytest.mark.parametrize(("after", "stop"), [(5.9, 103), (6.1, 100)])
def test_without_one_the_rise_is_a_multiple_of_the_fall(after: float, stop: int) -> None:
    """Three times the fall of 2 above a best of 0: the sustained rise would come three losses later."""
    assert stops_at(curve(2.0, 0.0, after), factor=4.0) == stop


@pytest.mark.parametrize(("times", "stop"), [(29.8, 103), (30.2, 100)])
def test_or_of_ten_times_the_noise(times: float, stop: int) -> None:
    noise = 0.01 * ALTERNATING
    alternating = -1.0 + 0.01 * (-1.0) ** np.arange(20)
    assert stops_at(curve(alternating, -1.0, -1.01 + times * noise), factor=4.0) == stop


@pytest.mark.parametrize(("after", "stop"), [(1.9, 103), (2.1, 100)])
def test_or_of_the_start_where_nothing_was_seen(after: float, stop: int) -> None:
    assert stops_at(curve(-1.0, -1.0, after), factor=4.0) == stop
    assert stops_at(curve(-1.0, -1.0005, after), factor=4.0) == stop


@pytest.mark.parametrize(("fall", "stop"), [(0.0009, None), (0.0012, 100)])
def test_a_fall_is_a_scale_from_a_thousandth_of_the_start_on(fall: float, stop: int | None) -> None:
    assert stops_at(curve(-1.0, -1.0 - fall, -0.99), factor=4.0) == stop


@cache
def recorded() -> list[np.ndarray]:
    path = Path(__file__).parents[3] / "benchmarks" / "suggestions" / "sweeps.json"
    runs = [run for task in list(json.loads(path.read_text()).values())[::3] for run in task if run["steps"] == 200]
    return [np.array([math.nan if x is None else x for x in run["losses"]]) for run in runs[::2]]


def test_recorded_sweeps_stop_at_the_same_step_in_any_unit() -> None:
    for losses in recorded():
        assert stops_at(losses, 4.0, 0.98) == stops_at(losses * 2.0**-40, 4.0, 0.98)
        assert stops_at(losses, 4.0, 0.98) == stops_at(losses * 2.0**30, 4.0, 0.98)


def test_the_sustained_rise_of_recorded_sweeps_knows_no_constant() -> None:
    for losses in recorded():
        found = {stops_at(losses + constant, SUSTAINED, 0.98) for constant in (0.0, 32.0, -32.0)}
        assert len(found) == 1, found


def test_hardly_any_recorded_sweep_stops_before_its_valley_is_over() -> None:
    """The rules end a sweep after the loss was lowest, and not where it would get lower again."""
    early = 0
    for losses in recorded():
        at = stops_at(losses, 4.0, 0.98)
        finite = losses[np.isfinite(losses)]
        early += at is not None and at < len(finite) and float(np.min(finite[at:])) < float(np.min(finite[:at]))
    assert early <= 0.02 * len(recorded())


def train_stops(losses: list[float]) -> bool:
    watch = TrainWatch(0.1)
    return any(watch.push(loss) is not None for loss in losses)


@pytest.mark.parametrize("unit", [1.0, 1e-13])
@pytest.mark.parametrize(("after", "stops"), [(2.99, False), (3.01, True)])
def test_a_training_is_far_above_its_start_at_three_times_it(unit: float, after: float, stops: bool) -> None:
    assert train_stops([unit] * 20 + [unit * after] * 10) == stops


@pytest.mark.parametrize(("after", "stops"), [(4.9, False), (5.1, True)])
def test_or_by_twice_of_what_it_fell(after: float, stops: bool) -> None:
    assert train_stops([1.0] * 20 + [-1.0] * 10 + [after] * 10) == stops


@pytest.mark.parametrize(("times", "stops"), [(9.9, False), (10.1, True)])
def test_or_by_ten_times_its_noise(times: float, stops: bool) -> None:
    noise = [0.01 * (-1.0) ** step for step in range(40)]
    after = 0.02 + times * 0.01 * ALTERNATING  # its lower half stands so far above the start, which is 0.01
    assert train_stops(noise + [after + x for x in noise]) == stops


def test_all_of_the_last_seven_must_be_far_above() -> None:
    assert not train_stops([1.0] * 20 + ([9.0] * 6 + [1.0]) * 3)
    assert train_stops([1.0] * 20 + [9.0] * 7)


def test_the_noise_of_a_training_is_that_of_its_last_fourteen_losses() -> None:
    """Nine losses after the noise it is in fewer than half of them: what was far by nothing but the noise stands."""
    watch = TrainWatch(0.1)
    losses = [0.1] * 7 + [1.1, 0.1] * 7 + [5.0] * 12
    stops = [step for step, loss in enumerate(losses) if watch.push(loss) is not None]
    assert stops[0] == 7 + 14 + 8


def test_a_training_that_begins_at_zero_has_no_measure() -> None:
    assert not train_stops([0.0] * 20 + [1e-9] * 20)


def epochs_stop(start: list[float], epochs: list[float]) -> str | None:
    watch = TrainWatch(0.1)
    for loss in start:
        watch.push(loss)
    stop = [found for found in map(watch.epoch, epochs) if found is not None]
    return stop[0].detail if stop else None


@pytest.mark.parametrize(
    ("epochs", "words"),
    [
        ([0.79, 0.981, 0.981], "fell back"),
        ([0.79, 0.979, 0.979], None),
        ([0.81, 0.981, 0.981], None),
        ([0.81, 1.009, 1.009], None),
        ([0.81, 1.011, 1.011], "stays above"),
        ([0.81, 1.011, 1.009, 1.011], None),
    ],
)
def test_epochs_back_at_the_start(epochs: list[float], words: str | None) -> None:
    found = epochs_stop([1.0] * 20, epochs)
    assert found is None if words is None else words in (found or "")


@pytest.mark.parametrize(
    ("epochs", "words"),
    [
        ([1.7, 1.7], None),
        ([2.1, 2.1], "stays above"),
        ([-1.7, 1.1, 1.1], None),
        ([-1.9, 1.1, 1.1], "fell back"),
    ],
)
def test_a_loss_that_begins_near_zero_is_judged_by_its_noise(epochs: list[float], words: str | None) -> None:
    """A start of 0.001, known to 0.004: its hundredth and its fifth say nothing, four of its standard errors do."""
    found = epochs_stop([0.01 * (-1.0) ** step for step in range(20)], [0.01 * x for x in epochs])
    assert found is None if words is None else words in (found or "")


def diverged(losses: list[float], per_epoch: int) -> bool:
    watch = TrainWatch(0.1)
    for done, loss in enumerate(losses, 1):
        if watch.push(loss) is not None:
            return True
        if done % per_epoch == 0 and watch.epoch(sum(losses[done - per_epoch : done]) / per_epoch) is not None:
            return True
    return False


NOISES: dict[str, Callable[[np.random.Generator, int], NDArray[np.float64]]] = {
    "calm": lambda r, n: 2.3 + 0.02 * r.standard_normal(n),
    "noisy": lambda r, n: 2.3 + 0.7 * r.standard_normal(n),
    "around zero": lambda r, n: r.standard_normal(n),
    "skewed": lambda r, n: r.exponential(1.0, n),
    "long tail": lambda r, n: r.lognormal(0.0, 1.5, n),
    "wild": lambda r, n: 1 + r.standard_t(3, n),
}


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("per_epoch", [8, 100])
def test_a_noisy_training_that_does_not_learn_has_not_diverged(noise: str, per_epoch: int) -> None:
    """Its start is known from seven batches alone: up to a fifth of such trainings seemed to stay above it."""
    wrong = sum(diverged(NOISES[noise](np.random.default_rng(seed), 800).tolist(), per_epoch) for seed in range(100))
    assert wrong == 0


@pytest.mark.parametrize("per_epoch", [20, 100])
def test_a_noisy_training_that_died_at_once_has(per_epoch: int) -> None:
    """A tenth above the start, in a noise of a thirtieth: found in each of a hundred trainings."""
    found = 0
    for seed in range(100):
        losses = 2.3 + 0.07 * np.random.default_rng(seed).standard_normal(4 * per_epoch)
        losses[7:] += 0.23
        found += diverged(losses.tolist(), per_epoch)
    assert found >= 95

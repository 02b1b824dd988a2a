"""The packages' suggestions against the packages themselves, over random and recorded curves."""

from __future__ import annotations

import itertools
import json
import math
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import pytest
from rows import each_row

from lrgui.core.curve import known_rules
from lrgui.core.engine.schedules import exponential

#: fastai calls numpy in an outdated way.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
RECORDED = Path(__file__).parents[3] / "benchmarks" / "suggestions" / "sweeps.json"
Curve = tuple[np.ndarray, np.ndarray, int]
Rule = Callable[[np.ndarray, np.ndarray, int], "int | str"]


def random_curves() -> Iterator[Curve]:
    """Falling, wavering and exploding curves of many lengths, some ended early.

    Most are short: fastai compares every point with every other, and the recorded ones are as long as sweeps are.
    """
    draw = np.random.default_rng(5)
    for i in range(120):
        n = int(draw.integers(24, 260 if i % 8 == 0 else 100))
        lr = exponential(10 ** draw.uniform(-8, -5), 10 ** draw.uniform(-1, 1.5), n)
        x = np.linspace(0, 1, n)
        fall = 1 / (1 + np.exp((x - draw.uniform(0.3, 0.7)) * draw.uniform(8, 60)))
        rise = np.exp(np.clip((x - draw.uniform(0.6, 1.1)) * draw.uniform(10, 60), None, 12)) - 1
        loss = (
            draw.uniform(0.1, 6) * fall
            + np.maximum(rise, 0)
            + draw.uniform(0, 1)
            + 10 ** draw.uniform(-4, -0.5) * draw.normal(size=n)
        )
        measured = n if draw.uniform() < 0.5 else int(draw.integers(max(24, n // 2), n + 1))
        yield lr[:measured], loss[:measured], n


def recorded_curves() -> Iterator[Curve]:
    """Sweeps of real trainings of every kind; each fourth task, because the packages are slow."""
    for runs in list(json.loads(RECORDED.read_text()).values())[::4]:
        for run in runs:
            finite = [loss for loss in run["losses"] if loss is not None]
            if run["steps"] <= 200 and run["seed"] == 11 and len(finite) > 40:
                lr = exponential(run["start"], run["end"], run["steps"])[: len(finite)]
                yield lr, np.array(finite), run["steps"]


@cache
def curves() -> list[Curve]:
    return [*random_curves(), *recorded_curves()]


@cache
def cut_curves() -> list[Curve]:
    """Whole random curves whose last quarter is NaN."""
    found = []
    for lr, loss, planned in random_curves():
        if len(loss) == planned:
            loss[-len(loss) // 4 :] = math.nan
            found.append((lr, loss, planned))
    return found


def compare(rule: Rule, theirs: Callable[[np.ndarray, np.ndarray, int], float], least: int) -> None:
    """Wherever ours answers, theirs is the same rate; ours must answer for at least `least` curves."""
    answers = 0
    for lr, loss, planned in curves():
        ours = rule(lr, loss, planned)
        if isinstance(ours, str):
            assert ours.endswith(".")
            continue
        answers += 1
        assert theirs(lr, loss, planned) == pytest.approx(float(lr[ours]), rel=1e-5)
    assert answers >= least


@pytest.fixture(scope="module")
def fastai_tensors() -> Callable[[np.ndarray, np.ndarray, int], tuple[Any, Any]]:
    """What fastai hands to its suggestion functions: averaged by its own class and trimmed as in `lr_find`."""
    torch = pytest.importorskip("torch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        learner = pytest.importorskip("fastai.learner")

    made: dict[int, tuple[Any, Any]] = {}  # by the curve's array, which `curves` and `cut_curves` keep alive

    def once(lr: np.ndarray, loss: np.ndarray, planned: int) -> tuple[Any, Any]:
        if id(loss) not in made:
            made[id(loss)] = make(lr, loss, planned)
        return made[id(loss)]

    def make(lr: np.ndarray, loss: np.ndarray, planned: int) -> tuple[Any, Any]:
        average, averages = learner.AvgSmoothLoss(beta=0.98), []
        for value in loss:
            average.accumulate(SimpleNamespace(loss=torch.tensor(float(value))))
            averages.append(average.value)
        lrs, losses = torch.tensor(lr.tolist()[planned // 10 : -5]), torch.tensor(averages[planned // 10 : -5])
        bad = torch.nonzero(torch.isnan(losses.view(-1)))
        return (lrs[: min(bad)], losses[: min(bad)]) if len(bad) else (lrs, losses)

    return once


@pytest.mark.parametrize("name", ["steep", "valley", "slide", "minimum"])
def test_fastai(name: str, fastai_tensors: Callable[..., tuple[Any, Any]]) -> None:
    schedule = pytest.importorskip("fastai.callback.schedule")

    def theirs(lr: np.ndarray, loss: np.ndarray, planned: int) -> float:
        lrs, losses = fastai_tensors(lr, loss, planned)
        found = float(getattr(schedule, name)(lrs, losses, planned)[0])
        return found * 10 if name == "minimum" else found

    compare(getattr(known_rules, f"fastai_{name}"), theirs, least=100)


@pytest.mark.parametrize("name", ["steep", "valley", "slide", "minimum"])
def test_fastai_after_nan(name: str, fastai_tensors: Callable[..., tuple[Any, Any]]) -> None:
    schedule = pytest.importorskip("fastai.callback.schedule")
    assert len(cut_curves()) > 50
    for lr, loss, planned in cut_curves():
        ours = getattr(known_rules, f"fastai_{name}")(lr, loss, planned)
        if not isinstance(ours, str):
            lrs, losses = fastai_tensors(lr, loss, planned)
            theirs = float(getattr(schedule, name)(lrs, losses, planned)[0])
            assert theirs == pytest.approx(float(lr[ours]) / (10 if name == "minimum" else 1), rel=1e-5)


def test_torch_lr_finder() -> None:
    package = pytest.importorskip("torch_lr_finder")

    def theirs(lr: np.ndarray, loss: np.ndarray, planned: int) -> float:
        finder = package.LRFinder.__new__(package.LRFinder)
        history: list[float] = []
        for value in map(float, loss):
            history.append(value if not history else 0.05 * value + (1 - 0.05) * history[-1])
        finder.history = {"lr": lr.tolist(), "loss": history}
        return float(finder.plot(ax=MagicMock())[1])  # what it draws is not what is compared

    compare(known_rules.torch_lr_finder, theirs, least=100)


def test_ignite() -> None:
    package = pytest.importorskip("ignite.handlers")

    def theirs(lr: np.ndarray, loss: np.ndarray, planned: int) -> float:
        history: list[float] = []
        for value in map(float, loss):
            history.append(value if not history else 0.05 * value + (1 - 0.05) * history[-1])
        finder = package.FastaiLRFinder()
        finder._history = {"lr": lr.tolist(), "loss": history}
        return float(finder.lr_suggestion())

    compare(known_rules.ignite, theirs, least=100)


def test_lightning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        package = pytest.importorskip("lightning.pytorch.tuner.lr_finder")

    def theirs(lr: np.ndarray, loss: np.ndarray, planned: int) -> float:
        average, averages = 0.0, []
        for step, value in enumerate(map(float, loss), start=1):
            average = 0.98 * average + (1 - 0.98) * value
            averages.append(average / (1 - 0.98 ** (step + 1)))
        finder = package._LRFinder("exponential", float(lr[0]), float(lr[-1]), planned)
        finder.results = {"lr": lr.tolist(), "loss": averages}
        return float(finder.suggestion())

    compare(known_rules.lightning, theirs, least=100)


RULES = ["fastai_steep", "fastai_valley", "fastai_slide", "fastai_minimum", "torch_lr_finder", "ignite", "lightning"]


@each_row(
    itertools.product(RULES, [0, 1, 2, 5, 12, 16, 17, 25], ["falling", "constant", "rising", "nan", "nan at once"])
)
def test_no_curve_raises(name: str, points: int, kind: str) -> None:
    lr = exponential(1e-6, 1, 100)[:points]
    loss = {
        "falling": np.linspace(2, 1, points),
        "constant": np.full(points, 2.3),
        "rising": np.linspace(1, 9, points),
        "nan": np.where(np.arange(points) < points // 2, 2.0, math.nan),
        "nan at once": np.full(points, math.nan),
    }[kind]
    found = getattr(known_rules, name)(lr, loss, 100)
    if isinstance(found, str):
        assert found.endswith(".")
    else:
        assert 0 <= found < points


@pytest.mark.parametrize("name", [name for name in RULES if name not in ("fastai_slide", "lightning")])
def test_a_rising_loss_never_falls(name: str) -> None:
    lr = exponential(1e-6, 1, 100)
    assert getattr(known_rules, name)(lr, np.linspace(1, 9, 100), 100) == known_rules.NEVER_FALLS

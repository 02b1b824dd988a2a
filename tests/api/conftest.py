"""Curves and results that the tests of the Python API look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lrgui.api.result import Result
from lrgui.core.curve.recommend import Recommendation
from lrgui.core.curve.scenarios import SCENARIOS, noisy_loss, rates
from lrgui.core.events import BatchEvent, EndEvent
from lrgui.core.run_settings import SweepSettings
from lrgui.runs.record import Record


def _record(
    lr: Sequence[float] | np.ndarray,
    loss: Sequence[float] | np.ndarray,
    *,
    number: int = 0,
    metric: Sequence[float] | None = None,
    train_loss: Sequence[float] | None = None,
    reason: str = "completed",
) -> Record:
    """What one sweep measured; a batch took a tenth of a second."""
    events: list[Any] = [
        BatchEvent(
            number,
            i,
            float(rate),
            float(value),
            0.1 * i,
            None if train_loss is None else float(train_loss[i]),
            None if metric is None else float(metric[i]),
        )
        for i, (rate, value) in enumerate(zip(lr, loss, strict=True))
    ]
    return Record.of([*events, EndEvent(reason, "Said by the record.")], number)


def _scenario(key: str = "well_behaved", seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Learning rates and noisy losses of a synthetic curve. Shape (200,) each."""
    return rates(), noisy_loss(SCENARIOS[key], rates(), seed)


@pytest.fixture(scope="module", autouse=True)
def _few_objects(few_objects: None) -> None:
    """Schedulers are looked for in many of these tests."""


@pytest.fixture(scope="session")
def record() -> Callable[..., Record]:
    """`record(lr, loss, number=0, metric=None, train_loss=None, reason="completed")`."""
    return _record


@pytest.fixture(scope="session")
def scenario() -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """`scenario(key, seed)`: learning rates and losses."""
    return _scenario


@pytest.fixture(scope="session")
def make() -> Callable[..., Result]:
    """`make(records or (lr, loss), title=…, …)` makes a result; without arguments of a textbook sweep."""

    def made(measured: Any = None, reason: str = "completed", **more: Any) -> Result:
        if measured is None:
            measured = _scenario()
        if isinstance(measured, tuple):
            measured = [_record(*measured, reason=reason)]
        config = more.pop("config", SweepSettings(steps=max(2, max(len(r) for r in measured))))
        more.setdefault("title", "digits · small CNN")
        return Result.of(measured, config, end=EndEvent(reason, "All steps were measured."), **more)

    return made


@pytest.fixture
def doubtful(make: Callable[..., Result]) -> Result:
    """A textbook sweep whose rate is only a guess."""
    result = make()
    recommendation = Recommendation(
        None, 2e-3, "No reliable pick: the loss is still falling. Extend the sweep.", by_schedule={"onecycle": 2e-3}
    )
    reading = replace(result.reading, recommendation=recommendation).with_selection(2e-3, result.zones)
    return replace(result, reading=reading)

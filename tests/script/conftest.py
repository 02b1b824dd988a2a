"""Shared by the tests of scripts that run as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from lrgui.core.control import Control
from lrgui.core.engine.sweep import sweep
from lrgui.core.events import BatchEvent, EndEvent, Event, ScriptEvent
from lrgui.core.run_settings import SweepSettings
from lrgui.script.sweeping import Script, ScriptSweep, SweepOver


class Followed:
    """What a script's sweep said."""

    def __init__(self, config: SweepSettings, number: int = 0) -> None:
        self.events: list[Event] = []
        self.control = Control()
        self.sweep = ScriptSweep(Script("train.py", number, self.events.append, self.control, lambda rate: ""), config)

    def run(self, script: Callable[[], object]) -> Followed:
        """Run a function as a script."""
        self.sweep.hooks.install()
        try:
            script()
        except SweepOver:
            pass
        finally:
            self.sweep.hooks.remove()
        return self

    @property
    def points(self) -> list[tuple[float, float]]:
        """Rate and loss of each point."""
        return [(event.lr, event.loss) for event in self.events if isinstance(event, BatchEvent)]

    @property
    def facts(self) -> ScriptEvent:
        """What was seen of the script."""
        assert self.sweep.facts is not None
        return self.sweep.facts

    @property
    def end(self) -> EndEvent:
        """How the sweep ended."""
        assert self.sweep.end is not None
        return self.sweep.end


@pytest.fixture(scope="module", autouse=True)
def _few_objects(few_objects: None) -> None:
    """Schedulers are looked for in many of these tests."""


@pytest.fixture
def follow() -> Callable[..., Followed]:
    """`follow(script, config, number)` runs a function as a script and gives what its sweep said."""

    def run(script: Callable[[], object], config: SweepSettings, number: int = 0) -> Followed:
        return Followed(config, number).run(script)

    return run


@pytest.fixture
def followed() -> Callable[[SweepSettings], Followed]:
    """`followed(config)`: a sweep that has not begun yet."""
    return Followed


@pytest.fixture
def ours() -> Callable[..., list[tuple[float, float]]]:
    """`ours(model, batches, optimizer, config)`: the points of our own sweep."""

    def run(
        model: nn.Module, batches: list[Any], optimizer: torch.optim.Optimizer, config: SweepSettings, loss: Any = None
    ) -> list[tuple[float, float]]:
        def usual(model: nn.Module, batch: Any) -> torch.Tensor:
            return functional.cross_entropy(model(batch[0]), batch[1])

        events = sweep(model, batches, optimizer, loss or usual, config)
        return [(event.lr, event.loss) for event in events if isinstance(event, BatchEvent)]

    return run


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small models are faster, and sums are the same on every machine, with one thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def batches() -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Ten batches of a classification."""
    torch.manual_seed(0)
    x, w = torch.randn(160, 8), torch.randn(8, 4)
    y = (x @ w).argmax(1)
    return list(zip(x.split(16), y.split(16), strict=True))


@pytest.fixture
def model() -> nn.Module:
    """A small network for these."""
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 4))

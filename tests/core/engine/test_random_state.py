"""Generators of random numbers, global and held by objects, on real and on pretended devices."""

from __future__ import annotations

import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from lrgui.core.engine.random_state import RandomState, generator_back


def test_random_state_repeats_all_three_generators() -> None:
    def draw() -> list[float]:
        return [random.random(), random.gauss(0, 1), float(np.random.normal()), float(torch.randn(()))]

    draw()  # half of a pair of normal numbers is kept for the next call
    before = RandomState()
    first = draw()
    before.restore()
    assert draw() == first


class Backend(SimpleNamespace):
    """An accelerator with a generator per device."""

    def __init__(self, ready: bool = True) -> None:
        super().__init__(ready=ready, states=[torch.tensor([1]), torch.tensor([2])])

    def is_initialized(self) -> bool:
        return self.ready

    def get_rng_state_all(self) -> list[torch.Tensor]:
        assert self.ready, "asking starts the device"
        return [state.clone() for state in self.states]

    def set_rng_state_all(self, states: list[torch.Tensor]) -> None:
        self.states = states

    def manual_seed_all(self, seed: int) -> None:
        assert self.ready, "seeding starts the device"
        self.states = [torch.tensor([seed])] * 2


@pytest.mark.parametrize("name", ["cuda", "xpu"])
def test_the_generators_of_every_device_in_use_are_put_back(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = Backend()
    monkeypatch.setattr(torch, name, backend)
    before = RandomState()
    backend.states = [torch.tensor([8]), torch.tensor([9])]
    before.restore()
    assert [int(state) for state in backend.states] == [1, 2]


@pytest.mark.parametrize("name", ["cuda", "xpu"])
def test_a_device_that_is_not_in_use_is_not_started(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, name, Backend(ready=False))
    RandomState().restore()


@pytest.mark.parametrize("name", ["cuda", "xpu"])
def test_a_device_that_began_to_be_used_since_has_torchs_seed_again(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, name, backend := Backend(ready=False))
    monkeypatch.setattr(torch, "initial_seed", lambda: 42)
    before = RandomState()
    backend.ready = True
    monkeypatch.setattr(torch, "initial_seed", lambda: 1)
    before.restore()
    assert [int(state) for state in backend.states] == [42, 42]


def test_a_torch_without_xpu_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch, "xpu", raising=False)
    RandomState().restore()


def test_mps_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[torch.Tensor] = []
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.mps, "get_rng_state", lambda: torch.tensor([7]))
    monkeypatch.setattr(torch.mps, "set_rng_state", given.append)
    RandomState().restore()
    assert [int(state) for state in given] == [7]


def test_the_others_are_put_back_although_one_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(states: Any) -> None:
        raise RuntimeError("device lost")

    backend = Backend()
    backend.set_rng_state_all = fails
    monkeypatch.setattr(torch, "cuda", backend)
    monkeypatch.setattr(torch, "xpu", other := Backend())
    before = RandomState()
    expected = float(torch.rand(()))
    other.states = []
    with pytest.raises(RuntimeError, match="device lost"):
        before.restore()
    assert float(torch.rand(())) == expected
    assert len(other.states) == 2


@pytest.mark.parametrize(
    ("generator", "draw"),
    [
        (torch.Generator().manual_seed(3), lambda g: float(torch.rand((), generator=g))),
        (np.random.default_rng(3), lambda g: float(g.random())),
        (np.random.Generator(np.random.MT19937(3)), lambda g: float(g.normal())),
        (np.random.RandomState(3), lambda g: float(g.normal())),
        (np.random.RandomState(np.random.PCG64(3)), lambda g: float(g.normal())),
        (random.Random(3), lambda g: g.gauss(0, 1)),
    ],
)
def test_a_held_generator_is_put_back_more_than_once(generator: Any, draw: Callable[[Any], float]) -> None:
    draw(generator)
    back = generator_back(generator)
    assert back is not None
    first = [draw(generator) for _ in range(3)]
    for _ in range(2):
        back()
        assert [draw(generator) for _ in range(3)] == first


def test_the_systems_generator_has_no_state() -> None:
    assert generator_back(random.SystemRandom()) is None

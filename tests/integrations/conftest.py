"""A task that is learned at once, and what there is to compare before and after a sweep."""

import copy
import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    """Whatever a package writes, it writes into a folder of the test's own."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def examples() -> TensorDataset:
    """192 examples of 6 numbers; the class is which of the first three is the largest."""
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(192, 6, generator=generator)
    return TensorDataset(inputs, inputs[:, :3].argmax(1))


@pytest.fixture
def loader(examples) -> DataLoader:
    """12 shuffled batches of 16."""
    return DataLoader(examples, 16, shuffle=True)


@pytest.fixture
def make_net() -> Callable[[], nn.Module]:
    """Makes a small network with batch norm and dropout, always with the same weights."""

    def make() -> nn.Module:
        torch.manual_seed(1)
        return nn.Sequential(nn.Linear(6, 24), nn.BatchNorm1d(24), nn.ReLU(), nn.Dropout(0.1), nn.Linear(24, 3))

    return make


class Lazy:
    """A loader whose iterators draw nothing before their first batch, like those of the integrations."""

    def __init__(self, loader: Iterable[Any]) -> None:
        self.loader = loader

    def __iter__(self) -> Iterator[Any]:
        yield from self.loader


@pytest.fixture
def lazy() -> type[Lazy]:
    return Lazy


@pytest.fixture
def snap() -> Callable[..., Any]:
    """Copies everything that a sweep must put back: of modules, of optimizers, and the random generators."""

    def taken(*things: Any) -> Any:
        return [_of(thing) for thing in things] + [random.getstate(), np.random.get_state(), torch.get_rng_state()]

    return taken


def _of(thing: Any) -> Any:
    if isinstance(thing, nn.Module):
        gradients = {name: (p.requires_grad, copy.deepcopy(p.grad)) for name, p in thing.named_parameters()}
        modes = {name: module.training for name, module in thing.named_modules()}
        return [{name: value.clone() for name, value in thing.state_dict().items()}, gradients, modes]
    if isinstance(thing, torch.optim.Optimizer):
        return copy.deepcopy(thing.state_dict())
    return copy.deepcopy(thing)


@pytest.fixture
def same() -> Callable[[Any, Any], bool]:
    """Equality to the bit, tensors and arrays included."""

    def equal(a: Any, b: Any) -> bool:
        if isinstance(a, torch.Tensor) or isinstance(b, torch.Tensor):
            return type(a) is type(b) and a.dtype == b.dtype and torch.equal(a, b)
        if isinstance(a, np.ndarray):
            return np.array_equal(a, b, equal_nan=True)
        if isinstance(a, dict):
            return isinstance(b, dict) and a.keys() == b.keys() and all(equal(a[key], b[key]) for key in a)
        if isinstance(a, (list, tuple)):
            return isinstance(b, (list, tuple)) and len(a) == len(b) and all(map(equal, a, b))
        return bool(a == b)

    return equal

"""What is found behind a loss function."""

from __future__ import annotations

import weakref
from functools import partial, wraps
from typing import Any

import pytest
import torch
from torch import nn

from lrgui.core.engine.loss_state import behind, is_others, leaves

HEAD = nn.Linear(2, 1)


class Holder:
    def __init__(self) -> None:
        self.parts = {"head": [HEAD]}
        self.itself = self

    def step(self, model: Any, batch: Any) -> Any:
        return model(batch)


class Slotted:
    __slots__ = ("head",)

    def __init__(self) -> None:
        self.head = HEAD

    def __call__(self, model: Any, batch: Any) -> Any:
        return self.head(batch)


def _names_it(model: Any, batch: Any) -> Any:
    return HEAD(model(batch))


def _names_it_inside(model: Any, batch: Any) -> Any:
    return _names_it(model, batch)


def _closes_over() -> Any:
    holder = Holder()
    return lambda model, batch: holder.step(model, batch)


def _wrapped() -> Any:
    @wraps(_names_it)
    def step(*arguments: Any) -> Any:
        return None

    return step


WAYS = {
    "module": HEAD,
    "its method": HEAD.forward,
    "method": Holder().step,
    "callable": Slotted(),
    "closure": _closes_over(),
    "partial": partial(lambda head, model, batch: head(batch), HEAD),
    "keyword": partial(lambda model, batch, head: head(batch), head=HEAD),
    "default": lambda model, batch, head=HEAD: head(batch),
    "global": _names_it,
    "global of a global": _names_it_inside,
    "inner": lambda model, batch: [HEAD(one) for one in batch],
    "wrapped": _wrapped(),
}


@pytest.mark.parametrize("function", WAYS.values(), ids=WAYS)
def test_a_head_is_found(function: Any) -> None:
    assert [id(thing) for thing in behind(function)] == [id(HEAD)]


def test_optimizers_and_tensors_that_learn_are_found() -> None:
    weight = torch.zeros(2, requires_grad=True)
    optimizer = torch.optim.SGD([weight])
    data, dead = torch.zeros(2), weakref.proxy(Holder())

    def step() -> Any:
        return optimizer, weight, data, dead

    assert {id(thing) for thing in behind(step)} == {id(optimizer), id(weight)}


def test_long_lists_and_other_peoples_objects_are_not_looked_into() -> None:
    many = [HEAD] * 2000
    loader = torch.utils.data.DataLoader([HEAD])
    assert list(behind(lambda: (many, loader))) == []
    assert list(behind(None)) == []


def test_other_peoples_code() -> None:
    assert is_others("torch.nn")
    assert is_others("json")
    assert is_others("sys")
    assert not is_others("lrgui.core.engine.sweep")
    assert not is_others("__main__")
    assert not is_others(None)


def test_the_leaves_of_a_loss() -> None:
    layer, other = nn.Linear(2, 1), nn.Parameter(torch.ones(1))
    loss = (layer(torch.ones(3, 2)).mean() + other) * other
    assert {id(leaf) for leaf in leaves(loss)} == {id(layer.weight), id(layer.bias), id(other)}
    assert leaves(torch.ones(1, requires_grad=True)) == []

"""Objects that are put back in place."""

from __future__ import annotations

import random
import weakref
from collections import OrderedDict, defaultdict, deque
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from lrgui.core.engine.cleanup import all_of
from lrgui.core.engine.state_capture import Remembered
from lrgui.core.engine.tensor_store import Copies


class Thing:
    """An object with attributes."""

    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)


def remembered(value: Any) -> Remembered:
    copies = Copies()
    found = Remembered(copies)
    found.add(value)
    copies.take()
    return found


def test_containers_get_their_members_again_in_their_order() -> None:
    inner = [1, 2]
    held: dict[str, Any] = {
        "list": inner,
        "tuple": ([3],),
        "set": {4},
        "deque": deque([5, 6], maxlen=2),
        "default": defaultdict(list, a=[7]),
        "ordered": OrderedDict(x=1, y=2),
        "array": np.array([1.0, 2.0]),
    }
    before = remembered(held)
    array = held["array"]
    held["tuple"][0].append(0)
    held["set"].add(0)
    held["deque"].append(0)
    held["default"]["a"].append(0)
    held["default"]["b"].append(0)
    held["ordered"].move_to_end("x")
    array *= 2
    inner.clear()
    for key in list(held):
        held[key] = held.pop(key) if key != "list" else "else"
    held["new"] = 1
    all_of(before.actions)
    assert list(held) == ["list", "tuple", "set", "deque", "default", "ordered", "array"]
    assert held["list"] is inner
    assert inner == [1, 2]
    assert held["tuple"] == ([3],)
    assert held["set"] == {4}
    assert list(held["deque"]) == [5, 6]
    assert held["default"] == {"a": [7]}
    assert list(held["ordered"]) == ["x", "y"]
    assert held["array"] is array
    assert array.tolist() == [1.0, 2.0]


def test_tensors_that_are_keys_get_their_values_again() -> None:
    key = torch.ones(2)
    before = remembered({key: "state"})
    key.zero_()
    all_of(before.actions)
    assert key.tolist() == [1.0, 1.0]


def test_a_container_that_holds_itself_is_no_trouble() -> None:
    ring: list[Any] = [1]
    ring.append(ring)
    before = remembered(ring)
    ring.clear()
    all_of(before.actions)
    assert ring[0] == 1
    assert ring[1] is ring


def test_objects_are_looked_into_one_deep() -> None:
    far = Thing(count=1)
    near = Thing(count=1, far=far, draws=random.Random(1))
    before = remembered({"near": near})
    near.count, far.count, near.new = 2, 2, 1
    drawn = near.draws.random()
    all_of(before.actions)
    assert (near.count, far.count) == (1, 2)
    assert not hasattr(near, "new")
    assert near.draws.random() == drawn


def test_optimizers_are_always_looked_into() -> None:
    inner = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=0.1)
    before = remembered(Thing(wrapped=Thing(), list=[Thing(), inner], optimizer=inner))
    inner.param_groups[0]["lr"] = 0.5
    inner.param_groups[0]["params"][0].data.fill_(2)
    all_of(before.actions)
    assert inner.param_groups[0]["lr"] == 0.1
    assert inner.param_groups[0]["params"][0].item() == 1


def test_modules_functions_and_dead_proxies_are_left_alone() -> None:
    thing = Thing()
    layer = nn.Linear(1, 1)
    held = [weakref.proxy(thing), layer, print, Thing.__init__, Thing]
    del thing
    before = remembered(held)
    layer.weight.data.fill_(3)
    all_of(before.actions)
    assert layer.weight.item() == 3
    assert held[1] is layer


def test_a_tensor_gets_its_memory_again() -> None:
    tensor = torch.arange(6.0).view(2, 3)
    place = tensor.data_ptr()
    before = remembered([tensor])
    tensor.data = torch.zeros(7, dtype=torch.int32)
    all_of(before.actions)
    assert tensor.data_ptr() == place
    assert tensor.tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]


def test_a_tensor_that_became_part_of_a_graph_is_a_leaf_again() -> None:
    tensor = torch.ones(2)
    before = remembered(tensor)
    tensor.mul_(nn.Parameter(torch.full((2,), 3.0)))
    assert tensor.requires_grad
    all_of(before.actions)
    assert tensor.is_leaf
    assert not tensor.requires_grad
    assert tensor.tolist() == [1.0, 1.0]


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor:UserWarning")
@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support:UserWarning")
def test_sparse_and_quantised_tensors_are_put_back() -> None:
    quantised = torch.quantize_per_tensor(torch.tensor([1.0, 2.0]), 0.5, 0, torch.qint8)
    sparse = torch.sparse_coo_tensor(torch.tensor([[1]]), torch.tensor([2.0]), (3,), check_invariants=True)
    rows = torch.eye(2).to_sparse_csr()
    before = remembered([quantised, sparse, rows])
    quantised.copy_(torch.zeros(2))
    sparse.add_(sparse)
    rows.mul_(2)
    for _ in range(2):
        all_of(before.actions)
        assert quantised.dequantize().tolist() == [1.0, 2.0]
        assert sparse.to_dense().tolist() == [0.0, 2.0, 0.0]
        assert rows.to_dense().tolist() == [[1.0, 0.0], [0.0, 1.0]]
        rows.values().fill_(9)
        sparse.mul_(9)

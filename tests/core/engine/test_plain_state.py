"""States as text and tensors, and back."""

from __future__ import annotations

import random
from collections import Counter, OrderedDict, deque
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lrgui.core import tensor_file
from lrgui.core.engine.plain_state import Writer, put_together
from lrgui.core.tensor_file import File
from lrgui.writing import write_atomically


def there_and_back(state: Any, folder: Path) -> Any:
    writer = Writer()
    text = writer.text("s", state)
    write_atomically(folder / "s.safetensors", File(writer.tensors))
    return put_together(tensor_file.read(folder / "s.safetensors"), text)


@pytest.mark.parametrize(
    "state",
    [
        None,
        {"a": [1, 2.5, True, "x", None], "b": (1, (2,)), "": 1, 3: {(1, 2): "tuple"}},
        {1, 2},
        frozenset({3}),
        b"bytes",
        Counter({30: 1, 60: 2}),
        OrderedDict(b=1, a=2),
        deque([1, 2]),
        torch.float16,
        torch.device("cpu"),
        1e-300,
        float("inf"),
        np.random.Generator(np.random.PCG64(3)).bit_generator.state,
        random.Random(3).getstate(),
    ],
)
def test_plain_values_stay_what_they_are(state: Any, tmp_path: Path) -> None:
    back = there_and_back(state, tmp_path)
    assert back == state and type(back) is type(state)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.randn(3, 2).t(),
        torch.tensor(3.0),
        torch.empty(0, 3),
        torch.tensor([True, False]),
        torch.randn(4).bfloat16(),
        torch.arange(3),
        torch.randn(2, requires_grad=True),
        torch.ones(1).expand(4),
    ],
)
def test_tensors_keep_their_numbers_shapes_and_types(tensor: torch.Tensor, tmp_path: Path) -> None:
    back = there_and_back({"x": tensor, "y": [tensor]}, tmp_path)
    for one in (back["x"], back["y"][0]):
        assert one.dtype == tensor.dtype and one.shape == tensor.shape and torch.equal(one, tensor.detach())
        assert not one.requires_grad


def test_arrays_keep_theirs(tmp_path: Path) -> None:
    state = np.random.RandomState(3).get_state(legacy=False)
    back = there_and_back(state, tmp_path)
    key = back["state"].pop("key")
    assert np.array_equal(key, state["state"].pop("key")) and key.dtype == np.uint32 and back == state


def test_functions_are_left_out_and_other_objects_are_named(tmp_path: Path) -> None:
    assert there_and_back({"f": len, "g": lambda: 1, "x": 1}, tmp_path) == {"x": 1}
    with pytest.raises(ValueError, match=r"an object of the kind .*Path cannot be kept \(s\.a\.0\)"):
        Writer().text("s", {"a": [tmp_path]})
    with pytest.raises(ValueError, match="cannot be kept"):
        Writer().text("s", torch.eye(2).to_sparse())

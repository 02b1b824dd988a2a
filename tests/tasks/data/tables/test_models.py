"""Models that are sized to their data."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from lrgui.tasks.data.tables.models import automatic_width, linear, mlp
from lrgui.tasks.task import Data


def data(inputs: tuple[int, ...], outputs: int = 3, **facts: Any) -> Data:
    nothing = torch.utils.data.TensorDataset(torch.zeros(1))
    return Data(nothing, None, "", outputs, nn.CrossEntropyLoss(), None, inputs, outputs, facts=facts)


def layers(model: nn.Module) -> list[tuple[int, int]]:
    return [(m.in_features, m.out_features) for m in model.modules() if isinstance(m, nn.Linear)]


@pytest.mark.parametrize(
    ("rows", "columns", "outputs", "width"),
    [(427, 30, 2, 64), (100, 4, 3, 32), (5000, 20, 2, 256), (10**6, 20, 2, 512), (100, 100, 2, 128), (10, 2, 99, 256)],
)
def test_the_width_follows_the_table(rows: int, columns: int, outputs: int, width: int) -> None:
    assert automatic_width(rows, columns, outputs) == width


def test_an_mlp_follows_the_table_and_its_options() -> None:
    assert layers(mlp(data((30,), 2, rows=427), {})) == [(30, 64), (64, 64), (64, 2)]
    assert len(layers(mlp(data((30,), rows=20_000), {"width": None, "depth": None}))) == 4
    assert layers(mlp(data((5,)), {"width": 7, "depth": 1})) == [(5, 7), (7, 3)]
    assert layers(mlp(data((5,)), {"depth": 0})) == layers(linear(data((5,)), {})) == [(5, 3)]
    dropouts = [m.p for m in mlp(data((5,)), {"dropout": 0.25}).modules() if isinstance(m, nn.Dropout)]
    assert dropouts == [0.25, 0.25]


@pytest.mark.parametrize("build", [mlp, linear])
@pytest.mark.parametrize("shape", [(4,), (3, 5), (1, 6, 6), (2, 3, 4, 5)])
def test_any_shape(build: Any, shape: tuple[int, ...]) -> None:
    assert build(data(shape), {})(torch.zeros(2, *shape)).shape == (2, 3)


@pytest.mark.parametrize("build", [mlp, linear])
def test_categories_are_embedded(build: Any) -> None:
    model = build(data((4,), categories=(3, 100)), {})
    rows = torch.tensor([[0.5, -1, 0, 99], [0.5, -1, 2, 99], [0.5, -1, 2, 0]])
    assert model(rows).shape == (3, 3)
    assert layers(model)[0][0] == 2 + 3 + 21  # 1.6 · 3^0.56 and 1.6 · 100^0.56
    assert not torch.equal(model(rows)[0], model(rows)[1])
    model(rows).sum().backward()
    assert model[0].tables[0].weight.grad.abs().sum() > 0


def test_only_categories() -> None:
    assert mlp(data((1,), categories=(5,)), {})(torch.tensor([[0.0], [4.0]])).shape == (2, 3)

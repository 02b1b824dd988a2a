"""Layers in plain lists and dicts are found, and those that are meant so are not."""

from __future__ import annotations

import torch
from torch import nn

from lrgui.tasks.optimizers.hidden_layers import hidden_layers


class Model(nn.Module):
    def __init__(self, held: object) -> None:
        super().__init__()
        self.last = nn.Linear(3, 2)
        self.held = held


def test_plain_containers_hide_layers() -> None:
    model = Model([nn.Linear(2, 2)])
    ((sentence, module),) = hidden_layers(nn.Sequential(model))
    assert "Model.held are in a plain list" in sentence and "nn.ModuleList" in sentence and module is model
    assert ["nn.ModuleDict" in sentence for sentence, _ in hidden_layers(Model({"a": nn.Linear(2, 2)}))] == [True]
    assert ["plain tuple" in sentence for sentence, _ in hidden_layers(Model((nn.Parameter(torch.ones(2)),)))] == [True]


def test_what_is_meant_so_is_left_alone() -> None:
    frozen = nn.Linear(2, 2).requires_grad_(False)
    known = Model(nn.ModuleList([nn.Linear(2, 2)]))
    known.others = [known.last]  # type: ignore[assignment]
    for model in (known, Model([frozen]), Model([1, 2]), Model({"width": 3}), Model(None)):
        assert not list(hidden_layers(model))

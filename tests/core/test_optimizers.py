"""The rows of optimizers name real classes with real settings."""

from __future__ import annotations

import importlib

import pytest
import torch

from lrgui.core.optimizers import OPTIMIZERS


def test_the_three_of_the_first_version_are_there() -> None:
    assert {"sgd", "adam", "adamw"} <= set(OPTIMIZERS)
    assert next(iter(OPTIMIZERS)) == "sgd"


@pytest.mark.parametrize("key", OPTIMIZERS)
def test_a_row_builds_its_optimizer_from_the_settings_it_takes(key: str) -> None:
    row = OPTIMIZERS[key]
    assert row.key == key and row.label and row.typical_lr
    module, name = row.dotted.rsplit(".", 1)
    arguments = row.arguments({"momentum": 0.8, "weight_decay": 0.01, "unknown": 1})
    assert set(arguments) == set(row.fields)
    optimizer = getattr(importlib.import_module(module), name)(
        [torch.nn.Parameter(torch.zeros(1))], lr=0.1, **arguments
    )
    assert optimizer.param_groups[0]["weight_decay"] == 0.01
    if "momentum" in row.fields:
        assert optimizer.param_groups[0]["momentum"] == 0.8

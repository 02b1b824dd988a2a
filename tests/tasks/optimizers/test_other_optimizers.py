"""Optimizers of timm and pytorch_optimizer, where they are installed."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from lrgui.tasks.optimizers.optimizing import make_optimizer
from lrgui.tasks.spec import TaskSpec


def made(key: str, name: str, weight_decay: float = 0.0, **options: Any) -> torch.optim.Optimizer:
    pytest.importorskip(key)
    spec = TaskSpec(optimizer=key, weight_decay=weight_decay, optimizer_options={"name": name, **options})
    return make_optimizer(spec, nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 2)))


def test_momentum_and_weight_decay_arrive_at_timms() -> None:
    group = made("timm", "sgdw", momentum=0.7, weight_decay=0.02).param_groups[0]
    assert (group["momentum"], group["weight_decay"], len(group["params"])) == (0.7, 0.02, 4)


def test_weight_decay_arrives_at_pytorch_optimizers_for_all_parameters() -> None:
    optimizer = made("pytorch_optimizer", "lion", weight_decay=0.02)
    assert type(optimizer).__name__ == "Lion"
    decayed = [p for group in optimizer.param_groups if group["weight_decay"] == 0.02 for p in group["params"]]
    assert len(decayed) == 4


@pytest.mark.parametrize("key", ["timm", "pytorch_optimizer"])
def test_an_unknown_name_is_told_the_closest_and_an_unfit_one_why(key: str) -> None:
    with pytest.raises(ValueError, match=rf"^{key} has no optimizer “lionn”\. Closest are lion"):
        made(key, "lionn")
    with pytest.raises(ValueError, match=rf"^{key}'s adahessian cannot be swept: it needs second derivatives"):
        made(key, "adahessian")


def test_settings_that_the_library_refuses_are_said() -> None:
    with pytest.raises(
        ValueError, match=r"^timm's nesterov cannot be created .* \(Nesterov .*\): change them, or choose"
    ):
        made("timm", "nesterov", momentum=0.0)

"""From a task's settings to its optimizer."""

from __future__ import annotations

import importlib
from typing import Any

import torch
from torch import nn

from lrgui.core.optimizers import OPTIMIZERS
from lrgui.tasks.spec import TaskSpec

#: The rate that an optimizer is made with; every run sets its own.
FIRST_LR = 1e-3


def make_optimizer(spec: TaskSpec, model: nn.Module) -> torch.optim.Optimizer:
    """The optimizer that `spec` names, over the model's trainable parameters."""
    row = OPTIMIZERS[spec.optimizer]
    settings = {"momentum": spec.momentum, "weight_decay": spec.weight_decay}
    arguments = row.arguments(settings, spec.optimizer_options)
    trainable = [p for p in model.parameters() if p.requires_grad]
    return named(row.dotted)(trainable, lr=FIRST_LR, **arguments)  # type: ignore[no-any-return]


def named(dotted: str) -> Any:
    """What a dotted name in a row stands for."""
    module, name = dotted.rsplit(".", 1)
    return getattr(importlib.import_module(module), name)

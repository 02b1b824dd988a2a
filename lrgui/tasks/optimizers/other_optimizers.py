"""Optimizers of other libraries, by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module

import torch
from torch import nn

from lrgui.tasks.library_names import must_know
from lrgui.tasks.models.named import pytorch_optimizers, timm_optimizers


def from_timm(model: nn.Module, lr: float, name: str, momentum: float, weight_decay: float) -> torch.optim.Optimizer:
    """An optimizer of timm over all trainable parameters in one group; momentum goes to those that take one.

    Raises ValueError for a name that timm does not have, or that cannot be swept.
    """
    must_know("timm", "optimizer", name, timm_optimizers())
    trainable = [p for p in model.parameters() if p.requires_grad]
    create = import_module("timm.optim").create_optimizer_v2
    make = partial(create, trainable, name, lr=lr, momentum=momentum, weight_decay=weight_decay)
    return _made("timm", name, make)


def from_pytorch_optimizer(model: nn.Module, lr: float, name: str, weight_decay: float) -> torch.optim.Optimizer:
    """An optimizer of pytorch_optimizer, with the settings that are usual there; biases decay like all else.

    Raises ValueError for a name that it does not have, or that cannot be swept.
    """
    from pytorch_optimizer import create_optimizer

    must_know("pytorch_optimizer", "optimizer", name, pytorch_optimizers())
    make = partial(create_optimizer, model, name, lr=lr, weight_decay=weight_decay, wd_ban_list=())
    return _made("pytorch_optimizer", name, make)


def _made(library: str, name: str, make: Callable[[], torch.optim.Optimizer]) -> torch.optim.Optimizer:
    """What `make` makes, with its errors as sentences."""
    try:
        return make()
    except Exception as error:  # each of the hundreds has its own way of refusing
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise ValueError(
            f"{library}'s {name} cannot be created with this model and these settings ({lines[0].rstrip('.')}): change "
            "them, or choose another optimizer."
        ) from error

"""Layers that a model holds where torch does not look for them: their weights never learn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import nn

_TORCHS = frozenset(vars(nn.Module()))


def hidden_layers(model: nn.Module, optimizer: torch.optim.Optimizer | None = None) -> Iterator[tuple[str, nn.Module]]:
    """A sentence about each attribute with such layers, and the module that has it.

    Frozen ones are meant so, and those that `optimizer` was given by hand do learn.
    """
    known = {id(parameter) for parameter in model.parameters()}
    if optimizer is not None:
        known |= {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
    for module in list(model.modules()):
        for name, value in list(vars(module).items()):
            if name in _TORCHS or not isinstance(value, list | tuple | Mapping):
                continue
            held = value.values() if isinstance(value, Mapping) else value
            if any(parameter.requires_grad and id(parameter) not in known for parameter in _parameters(held)):
                kind = "nn.ModuleDict" if isinstance(value, Mapping) else "nn.ModuleList"
                what = "dict" if isinstance(value, Mapping) else type(value).__name__
                yield (
                    f"The layers in {type(module).__name__}.{name} are in a plain {what}, where the model cannot find "
                    f"them, so they are not trained: use an {kind}.",
                    module,
                )


def _parameters(held: Any) -> Iterator[nn.Parameter]:
    for one in held:
        if isinstance(one, nn.Module):
            yield from one.parameters()
        elif isinstance(one, nn.Parameter):
            yield one

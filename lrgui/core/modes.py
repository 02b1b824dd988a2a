"""Train and eval mode of a model, and of the optimizers that have such modes too (schedule-free ones)."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn


def into_training(model: nn.Module, optimizer: Any = None) -> None:
    """Put a model into train mode, and its optimizer where that has modes of its own."""
    _switch(model, True)
    _call(optimizer, "train")


def into_evaluation(model: nn.Module, optimizer: Any = None) -> None:
    """Put a model into eval mode, and its optimizer: a schedule-free one then gives the model its averaged weights."""
    _switch(model, False)
    _call(optimizer, "eval")


@contextmanager
def evaluating(model: nn.Module, optimizer: Any = None) -> Iterator[None]:
    """Inside, model and optimizer are in eval mode; then each module gets its own back, the optimizer train mode."""
    training = [module for module in model.modules() if module.training]
    into_evaluation(model, optimizer)
    try:
        yield
    finally:
        for module in training:
            module.training = True
        _call(optimizer, "train")


def has_modes(optimizer: Any) -> bool:
    """True for optimizers that must be told when a training begins and when its weights are looked at."""
    return all(callable(getattr(optimizer, name, None)) for name in ("train", "eval"))


def _call(optimizer: Any, name: str) -> None:
    if optimizer is not None and has_modes(optimizer):
        getattr(optimizer, name)()


def _switch(module: nn.Module, mode: bool) -> None:
    """`module.train(mode)`, also where a class gave the name `train` to something else, as `train(self, x, y)`."""
    if not any(_shadowed(type(one)) for one in module.modules()):
        if mode:
            module.train()
        else:
            module.eval()
        return
    if not _shadowed(type(module)) and not any(True for _ in module.children()):
        module.train(mode)
        return
    module.training = mode
    for child in module.children():
        _switch(child, mode)


def _shadowed(kind: type[nn.Module]) -> bool:
    """True where `train` or `eval` can't be called as torch's."""
    return not all(
        function is own or _takes(function, count)
        for function, own, count in ((kind.train, nn.Module.train, 2), (kind.eval, nn.Module.eval, 1))
    )


def _takes(function: Any, count: int) -> bool:
    try:
        inspect.signature(function).bind(*[None] * count)
    except TypeError:
        return False
    except ValueError:  # written in C
        return True
    return True

"""Putting everything back: a snapshot of model, optimizer and random state, restored bit for bit."""

from __future__ import annotations

import copy
import itertools
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


class Snapshot:
    """The state of a model, its optimizer and the random generators at one moment.

    `restore()` puts back parameters and buffers (in place, so that whoever holds them keeps them), their
    gradients and `requires_grad`, each module's train/eval mode, BatchNorm's `momentum`, the optimizer's state
    (state that was created since is dropped) and settings per group, and the generators of Python, numpy and
    torch on the CPU and on every device in use.
    """

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer | None = None) -> None:
        self._model = model
        self._optimizer = optimizer
        self._tensors = {name: tensor.detach().clone() for name, tensor in _tensors(model)}
        self._parameters = {
            name: (p.requires_grad, None if p.grad is None else p.grad.detach().clone())
            for name, p in model.named_parameters()
        }
        self._modes = {module: module.training for module in model.modules()}
        self._momentum = {m: m.momentum for m in model.modules() if isinstance(m, _BatchNorm)}
        if optimizer is not None:
            self._state = {
                parameter: {key: _copied(value) for key, value in state.items()}
                for parameter, state in optimizer.state.items()
            }
            self._groups = [
                {key: copy.deepcopy(value) for key, value in group.items() if key != "params"}
                for group in optimizer.param_groups
            ]
        self._random = RandomState()

    def restore(self) -> None:
        """Put everything back. May be called more than once."""
        with torch.no_grad():
            for name, tensor in _tensors(self._model):
                if name in self._tensors:
                    tensor.copy_(self._tensors[name])
        for key, parameter in self._model.named_parameters():
            requires_grad, grad = self._parameters[key]
            parameter.requires_grad_(requires_grad)
            parameter.grad = None if grad is None else grad.clone()
        for module, training in self._modes.items():
            module.training = training
        for norm, momentum in self._momentum.items():
            norm.momentum = momentum
        if self._optimizer is not None:
            self._optimizer.state.clear()
            for owner, state in self._state.items():
                self._optimizer.state[owner] = {key: _copied(value) for key, value in state.items()}
            for group, values in zip(self._optimizer.param_groups, self._groups, strict=True):
                for key in [key for key in group if key != "params" and key not in values]:
                    del group[key]
                group.update(copy.deepcopy(values))
        self._random.restore()


class RandomState:
    """The generators of Python, numpy and torch (CPU, CUDA devices, MPS), as they are now."""

    def __init__(self) -> None:
        self._python = random.getstate()
        self._numpy = np.random.get_state()
        self._torch = torch.get_rng_state()
        self._cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None  # type: ignore[no-untyped-call]
        self._mps = torch.mps.get_rng_state() if torch.backends.mps.is_available() else None

    def restore(self) -> None:
        """Set all generators back."""
        random.setstate(self._python)
        np.random.set_state(self._numpy)
        torch.set_rng_state(self._torch)
        if self._cuda is not None:
            torch.cuda.set_rng_state_all(self._cuda)
        if self._mps is not None:
            torch.mps.set_rng_state(self._mps)


@contextmanager
def fresh_batch_norm(model: nn.Module) -> Iterator[None]:
    """Inside, BatchNorm statistics start anew and are plain averages (`momentum` None); `momentum` is put back.

    A running average with the usual momentum would carry statistics from before the sweep, and weigh those
    of the last, exploding batches most.
    """
    norms = [m for m in model.modules() if isinstance(m, _BatchNorm) and m.track_running_stats]
    before = {norm: norm.momentum for norm in norms}
    try:
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None
        yield
    finally:
        for norm, momentum in before.items():
            norm.momentum = momentum


def _tensors(model: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    tensors: Iterator[tuple[str, torch.Tensor]] = itertools.chain(model.named_parameters(), model.named_buffers())
    return tensors


def _copied(value: Any) -> Any:
    return value.detach().clone() if isinstance(value, torch.Tensor) else copy.deepcopy(value)

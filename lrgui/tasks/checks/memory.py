"""How much memory a training step takes, and how much there is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from lrgui.core.engine.batches import tensors_of
from lrgui.tasks.checks.findings import numbers_of
from lrgui.tasks.data import limits


@dataclass(frozen=True)
class MemoryUse:
    """Bytes of a training step."""

    parameters: int
    gradients: int
    optimizer: int
    activations: int
    """What the forward pass keeps for the backward pass, and the batch: it grows with the batch size."""

    def of_batches(self, factor: float) -> int:
        """Bytes of a step with batches `factor` times as large."""
        return self.parameters + self.gradients + self.optimizer + int(factor * self.activations)


def memory_use(
    model: nn.Module, optimizer: torch.optim.Optimizer, batch: Any, loss: Callable[[], torch.Tensor]
) -> MemoryUse:
    """Count what a step keeps, once the optimizer has made one; `loss` computes the batch's forward pass again."""
    parameters = list(model.parameters())
    fixed = [*parameters, *model.buffers()]
    kept: dict[int, int] = {}

    def count(tensor: torch.Tensor) -> torch.Tensor:
        storage = numbers_of(tensor).untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
        value = loss()
    del value
    for tensor in tensors_of(batch):
        count(tensor)
    for tensor in fixed:  # the gradients need the weights, too, but there is only one copy of them
        kept.pop(tensor.untyped_storage().data_ptr(), None)
    gradients = [p.grad for p in parameters if p.grad is not None]
    return MemoryUse(_bytes(fixed), _bytes(gradients), _bytes(_state(optimizer)), sum(kept.values()))


def free_memory(device: torch.device) -> int | None:
    """Bytes that are free on `device`, with those that this process keeps for itself unused; None where unknown."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    if device.type == "cpu":
        return limits.free_ram()
    return None


def _bytes(tensors: Iterable[torch.Tensor]) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def _state(optimizer: torch.optim.Optimizer) -> Iterator[torch.Tensor]:
    for state in optimizer.state.values():
        yield from tensors_of(state)

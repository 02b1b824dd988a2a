"""Examples that lie in memory as tensors: a batch is cut out of them at once, not item by item."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.utils.data import Dataset


class Examples(Dataset[tuple[torch.Tensor, ...]]):
    """Inputs and targets, each (examples, …). Its batches need `as_batch` to collate them."""

    def __init__(self, *tensors: torch.Tensor) -> None:
        self.tensors = tensors

    def __len__(self) -> int:
        return len(self.tensors[0])

    def __getitem__(self, index: int) -> tuple[torch.Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __getitems__(self, indices: Sequence[int]) -> tuple[torch.Tensor, ...]:
        """The batch of these examples."""
        places = torch.as_tensor(indices)
        return tuple(tensor[places] for tensor in self.tensors)


def as_batch(examples: Any) -> Any:
    """What `__getitems__` returned is a batch already; a list of single examples becomes one."""
    if isinstance(examples, tuple):
        return examples
    return tuple(torch.stack(tensors) for tensors in zip(*examples, strict=True))

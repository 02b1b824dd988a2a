"""Examples that lie in memory as tensors, and which of them are for training and which for validation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
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


Rows = NDArray[np.int64]

#: The split is part of the task: results of different runs and machines are comparable.
SPLIT_SEED = 20261122


def split(count: int, share: float, classes: NDArray[np.int64] | None = None) -> tuple[Rows, Rows]:
    """The places of the training and of the validation examples among `count`, both in random order.

    Args:
        share: of the examples that are for validation, 0 is none; else there is at least one of each kind.
        classes: (count,) of which each has that share; one that has a single example is for training.
    """
    # RandomState's permutation is frozen by numpy's compatibility promise; newer generators' streams are not.
    order = np.random.RandomState(SPLIT_SEED).permutation(count).astype(np.int64)
    if classes is None:
        held_out = np.zeros(count, bool)
        held_out[: _share_of(count, share)] = True
    else:
        ordered = classes[order]
        places = np.argsort(ordered, kind="stable")
        sizes = np.bincount(ordered)
        wanted = np.array([_share_of(int(size), share) for size in sizes], np.int64)
        rank = np.arange(count) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        held_out = np.zeros(count, bool)
        held_out[places] = rank < np.repeat(wanted, sizes)
    return order[~held_out], order[held_out]


def _share_of(count: int, share: float) -> int:
    return min(max(round(count * share), 1), count - 1) if share > 0 and count > 1 else 0

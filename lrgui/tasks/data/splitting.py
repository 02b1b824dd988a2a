"""Which examples are for training and which for validation: the same on every machine, whatever the run's seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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

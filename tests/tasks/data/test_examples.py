"""Examples in memory: whole batches at once, in the order of the loader's own generator."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Subset

from lrgui.tasks.data.examples import Examples, as_batch, split

X, Y = torch.arange(20.0).reshape(10, 2), torch.arange(10)


def test_one_by_one_and_at_once() -> None:
    examples = Examples(X, Y)
    assert len(examples) == 10
    x, y = examples[3]
    assert x.tolist() == [6, 7] and int(y) == 3
    x, y = examples.__getitems__([3, 1])
    assert x.tolist() == [[6, 7], [2, 3]] and y.tolist() == [3, 1]


def test_a_loader_gives_the_same_batches_as_with_torchs_own_data_set() -> None:
    def batches(data: object) -> list[tuple[torch.Tensor, ...]]:
        order = torch.Generator().manual_seed(1)
        collate = as_batch if isinstance(data, Examples) else None
        return list(DataLoader(data, 4, shuffle=True, generator=order, collate_fn=collate))  # type: ignore[arg-type]

    for ours, theirs in zip(batches(Examples(X, Y)), batches(torch.utils.data.TensorDataset(X, Y)), strict=True):
        assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_within_a_subset_and_without_whole_batches() -> None:
    (x, y), *_ = DataLoader(Subset(Examples(X, Y), range(3)), 3, collate_fn=as_batch)
    assert x.shape == (3, 2) and y.tolist() == [0, 1, 2]
    x, y = as_batch([Examples(X, Y)[0], Examples(X, Y)[2]])
    assert x.shape == (2, 2) and y.tolist() == [0, 2]


def test_the_split_never_changes() -> None:
    labels = np.arange(100) % 3
    digest = hashlib.sha256()
    for places in (*split(100, 0.2), *split(100, 0.2, labels)):
        digest.update(places.astype("<i8").tobytes())
    assert digest.hexdigest()[:16] == "1549abde822bc77e"


@pytest.mark.parametrize("labels", [None, np.arange(50) % 7])
@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9])
def test_every_example_once(labels: np.ndarray | None, share: float) -> None:
    train, held_out = split(50, share, labels)
    assert sorted([*train, *held_out]) == list(range(50))
    if share == 0:
        assert len(held_out) == 0
    elif labels is None:
        assert len(held_out) == 50 * share


def test_every_class_has_its_share() -> None:
    labels = np.array([0] * 80 + [1] * 20 + [2] * 2 + [3])
    train, held_out = split(len(labels), 0.25, labels)
    assert np.bincount(labels[held_out], minlength=4).tolist() == [20, 5, 1, 0]
    assert np.bincount(labels[train]).tolist() == [60, 15, 1, 1]
    assert len(set(labels[train[:20]])) > 1  # a subset of the training part is mixed, too


def test_both_parts_have_something() -> None:
    assert [len(places) for places in split(2, 0.01)] == [1, 1]
    assert [len(places) for places in split(2, 0.9)] == [1, 1]
    assert [len(places) for places in split(1, 0.5)] == [1, 0]

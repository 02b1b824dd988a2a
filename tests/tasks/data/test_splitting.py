"""The split is the same everywhere, and fair to every class."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from lrgui.tasks.data.splitting import split


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

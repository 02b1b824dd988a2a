"""Batches without end, and where they end after all."""

from __future__ import annotations

import itertools
from collections import namedtuple

import pytest
import torch

from lrgui.core.batches import endless, to_device


def test_a_list_begins_again() -> None:
    assert list(itertools.islice(endless([1, 2, 3]), 7)) == [1, 2, 3, 1, 2, 3, 1]


def test_a_one_shot_iterator_ends() -> None:
    assert list(endless(iter([1, 2, 3]))) == [1, 2, 3]
    assert list(endless(x for x in "ab")) == ["a", "b"]


def test_nothing_at_all_is_an_error_only_where_it_could_begin_again() -> None:
    with pytest.raises(ValueError, match="no batch"):
        next(endless([]))
    assert list(endless(iter([]))) == []


def test_tensors_move_and_containers_keep_their_type() -> None:
    moved = to_device(([torch.ones(2)], "text", 3), torch.device("meta"))
    assert isinstance(moved, tuple) and isinstance(moved[0], list)
    assert moved[0][0].device.type == "meta"
    assert moved[1:] == ("text", 3)


def test_named_tuples_and_dicts_move_too() -> None:
    pair = namedtuple("pair", "x y")
    moved = to_device(pair(torch.ones(2), torch.ones(1)), "meta")
    assert type(moved) is pair
    assert moved.x.device.type == "meta"
    assert to_device({"x": torch.ones(1)}, "meta")["x"].device.type == "meta"

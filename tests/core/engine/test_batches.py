"""Batches without end, and where they end after all."""

from __future__ import annotations

import itertools
from collections import OrderedDict, UserDict, defaultdict, namedtuple
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import torch

from lrgui.core.engine.batches import batch_size, endless, length, to_device


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


def test_a_loader_that_gives_nothing_the_second_time_ends() -> None:
    class Once:
        def __init__(self) -> None:
            self.items = [1, 2, 3]

        def __iter__(self):  # type: ignore[no-untyped-def]
            items, self.items = self.items, []
            return iter(items)

    assert list(endless(Once())) == [1, 2, 3]


@dataclass(frozen=True)
class Pair:
    x: torch.Tensor
    name: str
    y: torch.Tensor = field(init=False, default_factory=lambda: torch.ones(3))


class Encoding(UserDict):  # type: ignore[type-arg]
    """As Hugging Face's BatchEncoding: a mapping whose `to` takes the device alone."""

    def to(self, device: object) -> Encoding:
        self.data = {key: value.to(device) for key, value in self.data.items()}
        return self


def test_dataclasses_move_and_keep_the_rest() -> None:
    before = Pair(torch.ones(2), "a")
    moved = to_device(before, "meta")
    assert type(moved) is Pair
    assert moved.x.device.type == moved.y.device.type == "meta"
    assert moved.name == "a"
    assert before.x.device.type == "cpu"


def test_what_has_a_to_of_its_own_is_asked() -> None:
    moved = to_device(Encoding(ids=torch.ones(2)), "meta")
    assert isinstance(moved, Encoding)
    assert moved["ids"].device.type == "meta"
    packed = torch.nn.utils.rnn.pack_sequence([torch.ones(3), torch.ones(2)])
    assert to_device(packed, "cpu").data.tolist() == [1.0] * 5


def test_mappings_keep_what_their_type_holds() -> None:
    batch: dict[str, object] = defaultdict(list, x=[torch.ones(2), {"deep": (torch.ones(1), None)}])
    moved = to_device(batch, "meta")
    assert type(moved) is defaultdict
    assert moved["missing"] == []
    assert moved["x"][1]["deep"][0].device.type == "meta"
    assert moved["x"][1]["deep"][1] is None
    ordered = OrderedDict(b=torch.ones(1), a=torch.ones(1))
    assert list(to_device(ordered, "meta")) == ["b", "a"]


@pytest.mark.parametrize(
    ("batch", "size"),
    [
        (torch.ones(7, 2), 7),
        ({"weight": torch.tensor(2.0), "x": torch.ones(5, 1)}, 5),
        ((["a", "b"], torch.ones(4)), 4),
        (Pair(torch.ones(6), "a"), 6),
        (3.0, 1),
        ([torch.ones(6, 3), torch.ones(6)], 6),
        ([[torch.ones(6, 3), torch.ones(6, 3)], torch.ones(6)], 6),  # two inputs
        ([{"ids": torch.ones(6, 3)}, {"y": torch.ones(6)}], 6),  # what default_collate makes of pairs of mappings
        ([], 1),
    ],
)
def test_the_size_of_a_batch_is_that_of_its_first_tensor(batch: object, size: int) -> None:
    assert batch_size(batch) == size


@dataclass(slots=True)
class Graph:
    x: torch.Tensor


def image(size: int = 8) -> torch.Tensor:
    return torch.ones(3, size, size)


@pytest.mark.parametrize(
    ("batch", "size"),
    [
        ([{"x": torch.ones(n, 4), "edges": torch.ones(2, n)} for n in (5, 7, 9, 6, 8)], 5),
        ([{"x": torch.ones(5, 4)}, {"x": torch.ones(7, 4)}], 2),
        ([{"image": image(), "label": 1}, {"image": image(), "label": 0}], 2),
        ([{"image": image(), "label": torch.tensor(1)}] * 2, 2),
        ([Pair(torch.ones(9), 1)] * 2, 2),
        ([Graph(torch.ones(5, 4)), Graph(torch.ones(7, 4))], 2),
        (([image(), image(9), image()], [{"boxes": torch.ones(n, 4)} for n in (1, 0, 2)]), 3),  # detection
        (((image(),) * 5, torch.ones(5)), 5),
        ([(image(), 3)] * 4, 4),  # collate_fn=list
        ([(torch.ones(9), torch.ones(2))] * 4, 4),
    ],
)
def test_examples_that_are_listed_one_by_one_are_counted(batch: object, size: int) -> None:
    assert batch_size(batch) == size


def test_what_does_not_know_its_length_has_none() -> None:
    class Stream(torch.utils.data.IterableDataset[int]):
        def __iter__(self) -> Iterator[int]:
            return iter(range(3))

    assert length([1, 2]) == 2
    assert length([]) == 0
    assert length(torch.utils.data.DataLoader(Stream())) is None
    assert length(iter([1])) is None
    assert length(None) is None

"""What is put back of a loader, and what is only said."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import (
    BatchSampler,
    ConcatDataset,
    DataLoader,
    Dataset,
    DistributedSampler,
    RandomSampler,
    Subset,
    TensorDataset,
)

from lrgui.core.engine.batches import endless
from lrgui.core.engine.cleanup import all_of
from lrgui.core.engine.loader_state import generators_of, loader_back, loader_notes, own_workers


class Augmented(Dataset[Any]):
    """A data set that draws numbers from generators of its own."""

    def __init__(self) -> None:
        self.generator = torch.Generator().manual_seed(1)
        self.rng = np.random.default_rng(1)
        self.chance = random.Random(1)

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> torch.Tensor:
        noise = torch.rand((), generator=self.generator) + float(self.rng.random()) + self.chance.random()
        return noise + index


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(5)


def numbers() -> TensorDataset:
    return TensorDataset(torch.arange(8.0))


@pytest.mark.parametrize(
    "loader",
    [
        DataLoader(numbers(), batch_size=2, shuffle=True, generator=generator()),
        DataLoader(numbers(), batch_size=2, sampler=RandomSampler(numbers(), generator=generator())),
        DataLoader(
            numbers(), batch_sampler=BatchSampler(RandomSampler(numbers(), generator=generator()), 2, drop_last=False)
        ),
        DataLoader(Augmented(), batch_size=2),
        DataLoader(ConcatDataset([Subset(Augmented(), [1, 2]), Augmented()]), batch_size=2),
    ],
    ids=["loader", "sampler", "batch sampler", "data set", "data sets in data sets"],
)
def test_a_loader_gives_the_same_batches_again(loader: DataLoader[Any]) -> None:
    def batches() -> list[list[float]]:
        return [torch.as_tensor(batch[0] if isinstance(batch, list) else batch).tolist() for batch in loader]

    batches()
    back = loader_back(loader)
    torch_before = torch.get_rng_state()  # loaders without a generator draw their seed from torch's
    first = batches()
    assert batches() != first
    all_of(back)
    torch.set_rng_state(torch_before)
    assert batches() == first


def test_the_epoch_of_a_distributed_sampler_is_put_back() -> None:
    sampler = DistributedSampler(numbers(), num_replicas=2, rank=0)
    sampler.set_epoch(3)
    back = loader_back(DataLoader(numbers(), sampler=sampler))
    sampler.set_epoch(9)
    all_of(back)
    assert sampler.epoch == 3


def test_a_loader_in_a_loader_is_found() -> None:
    class Wrapped:
        def __init__(self, loader: DataLoader[Any]) -> None:
            self.data_loader = loader
            self.again = self  # a ring must not matter

        def __iter__(self) -> Iterator[Any]:
            return iter(self.data_loader)

    held = generator()
    wrapped = Wrapped(DataLoader(numbers(), shuffle=True, generator=held))
    assert generators_of(wrapped) == [held]


def test_a_property_that_fails_does_not_matter() -> None:
    class Odd:
        @property
        def generator(self) -> torch.Generator:
            raise RuntimeError("not yet")

    assert loader_back(Odd()) == []


def test_a_loader_without_a_state_needs_nothing() -> None:
    assert loader_back([1, 2]) == []
    assert loader_notes([1, 2]) == ()
    assert loader_notes(None) == ()
    assert loader_notes(DataLoader(numbers())) == ()


def test_a_one_shot_iterator_is_said_and_not_consumed() -> None:
    loader = (number for number in range(3))
    (note,) = loader_notes(loader)
    assert "can be read only once" in note
    assert list(loader) == [0, 1, 2]


def test_asking_does_not_begin_a_pass() -> None:
    class Counting:
        passes = 0

        def __iter__(self) -> Iterator[int]:
            self.passes += 1
            return iter([1])

    loader = Counting()
    assert loader_notes(loader) == ()
    assert loader.passes == 0


def test_persistent_workers_go_on_where_they_were() -> None:
    loader = DataLoader(numbers(), batch_size=2, num_workers=1, persistent_workers=True)
    assert loader_notes(loader) == ()
    assert loader._iterator is None
    passing = iter(loader)
    first = next(passing)[0].tolist()
    theirs: Any = loader._iterator
    with own_workers(loader):
        assert next(iter(loader))[0].tolist() == first
        ours: Any = loader._iterator
        assert ours is not theirs
    assert loader._iterator is theirs
    assert not any(worker.is_alive() for worker in ours._workers)
    assert [batch[0].tolist() for batch in passing] == [[2.0, 3.0], [4.0, 5.0], [6.0, 7.0]]
    theirs._shutdown_workers()


def test_persistent_workers_that_were_not_there_are_gone_afterwards() -> None:
    loader = DataLoader(numbers(), batch_size=2, num_workers=1, persistent_workers=True)
    batches: Any = endless([])
    batches.close()
    batches = endless(loader)
    assert [next(batches)[0].tolist() for _ in range(5)][4] == [0.0, 1.0]
    batches.close()
    assert loader._iterator is None

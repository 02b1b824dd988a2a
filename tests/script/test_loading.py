"""A script's data are counted at its DataLoader, so that few examples lower the confidence as elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset, SubsetRandomSampler, TensorDataset, WeightedRandomSampler

from lrgui.core.events import TaskEvent
from lrgui.core.run_settings import SweepSettings
from lrgui.runs.records import plan_of
from lrgui.script.loading import LoadersSeen

CONFIG = SweepSettings(start_lr=1e-4, end_lr=1e-2, steps=4)
DATA = TensorDataset(torch.randn(60, 8), torch.arange(60) % 4)


class Stream(IterableDataset[Any]):
    def __iter__(self) -> Iterator[Any]:
        while True:
            yield DATA[0]


@pytest.mark.parametrize(
    ("loader", "micro", "examples", "steps"),
    [
        (DataLoader(DATA, 10, shuffle=True), 1, 60, 6),
        (DataLoader(DATA, 8, drop_last=True), 1, 60, 7),
        (DataLoader(DATA, 10), 2, 60, 3),
        (DataLoader(DATA, 10, sampler=SubsetRandomSampler(range(40))), 1, 40, 4),
        (DataLoader(DATA, 10, sampler=WeightedRandomSampler([1.0] * 60, 300)), 1, 60, 30),
        (DataLoader([DATA[i : i + 10] for i in range(0, 60, 10)], batch_size=None), 1, 0, 6),  # type: ignore[arg-type]
        (DataLoader(Stream(), 10), 1, 0, 0),
        ([DATA[:10]] * 6, 1, 0, 0),
    ],
)
def test_the_examples_and_steps_of_a_pass(
    follow: Any, model: nn.Module, loader: Any, micro: int, examples: int, steps: int
) -> None:
    def script() -> None:
        next(iter(loader))  # many look at a batch first
        for _ in DataLoader(DATA, 5):
            pass  # or validate
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        while True:
            for index, (x, y) in enumerate(loader):
                functional.cross_entropy(model(x), y).backward()
                if (index + 1) % micro == 0:
                    optimizer.step()
                    optimizer.zero_grad()

    task = next(event for event in follow(script, CONFIG).events if isinstance(event, TaskEvent))
    assert (task.train_size, task.batches_per_epoch) == (examples, steps)


@pytest.mark.parametrize(("micro", "steps"), [(1, 6), (2, 3)])
def test_a_batch_that_is_taken_ahead_belongs_to_the_next_step(
    follow: Any, model: nn.Module, micro: int, steps: int
) -> None:
    """As accelerate's loaders do, with which transformers' Trainer trains: they tell the last batch by it."""

    def ahead() -> Iterator[Any]:
        loader = iter(DataLoader(DATA, 10))
        now = next(loader)
        for following in loader:
            yield now
            now = following
        yield now

    def script() -> None:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        while True:
            for index, (x, y) in enumerate(ahead()):
                functional.cross_entropy(model(x), y).backward()
                if (index + 1) % micro == 0:
                    optimizer.step()
                    optimizer.zero_grad()

    task = next(event for event in follow(script, CONFIG).events if isinstance(event, TaskEvent))
    assert (task.train_size, task.batches_per_epoch) == (60, steps)


def test_few_examples_that_are_seen_often_are_no_ground_for_high_confidence(follow: Any, model: nn.Module) -> None:
    def script() -> None:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        while True:
            for x, y in DataLoader(DATA, 10):
                functional.cross_entropy(model(x), y).backward()
                optimizer.step()

    events = follow(script, CONFIG).events
    task = next(event for event in events if isinstance(event, TaskEvent))
    assert task.parameters > len(DATA)
    plan = plan_of(CONFIG, task)
    assert plan.epochs == 50
    assert plan.by_heart and plan.at_most(200) == "medium"


def test_of_several_processes_each_has_its_part() -> None:
    seen = LoadersSeen()
    loader = DataLoader(DATA, 10, sampler=SubsetRandomSampler(range(30)))
    iterator = iter(loader)
    seen.wrapped(type(iterator).__next__)(iterator)
    assert seen.at_first_step(1) == (30, 3)
    assert seen.at_first_step(2) == (60, 3)


def test_a_pass_that_was_only_looked_at_does_not_count() -> None:
    """Workers that stay have one iterator for all passes."""
    seen = LoadersSeen()
    iterator = iter(DataLoader(DATA, 10))
    given = seen.wrapped(type(iterator).__next__)
    for _ in range(6):
        given(iterator)
    with pytest.raises(StopIteration):
        given(iterator)
    iterator._reset(DataLoader(DATA, 10))  # as `iter` does it there
    given(iterator)
    assert seen.at_first_step(1) == (60, 6)


def test_without_a_loader_nothing_is_known() -> None:
    assert LoadersSeen().at_first_step(1) == (0, 0)

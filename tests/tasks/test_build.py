"""From a spec to a task: everything follows from the seed."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch

from lrgui.tasks.build import build_task
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.task import BuiltTask


def same_batches(a: BuiltTask, b: BuiltTask) -> bool:
    return all(torch.equal(x, u) and torch.equal(y, v) for (x, y), (u, v) in zip(a.loader, b.loader, strict=True))


def same_weights(a: BuiltTask, b: BuiltTask) -> bool:
    return all(torch.equal(p, q) for p, q in zip(a.model.parameters(), b.model.parameters(), strict=True))


def test_the_default_task() -> None:
    task = build_task(TaskSpec(device="cpu"))
    assert task.name == "digits · small CNN · SGD, momentum 0.9"
    assert len(task.loader) == 21  # 1347 // 64: the last, short batch is dropped
    assert task.parameters == 8 * 9 + 8 + 16 * 72 + 16 + 256 * 10 + 10
    assert task.validation is not None
    assert sum(len(y) for _, y in task.validation) == 450
    group = task.optimizer.param_groups[0]
    assert (group["momentum"], group["weight_decay"]) == (0.9, 1e-4)
    batch = next(iter(task.loader))
    assert batch[0].shape == (64, 1, 8, 8)
    assert task.loss(task.model, batch).item() == pytest.approx(np.log(10), abs=0.3)


def test_the_same_seed_gives_the_same_weights_and_batches() -> None:
    first = build_task(TaskSpec(device="cpu", seed=3))
    torch.rand(5)
    second = build_task(TaskSpec(device="cpu", seed=3))
    assert same_weights(first, second)
    assert same_batches(first, second)
    assert same_batches(first, second)  # and in the second epoch


def test_another_seed_gives_others() -> None:
    first, second = (build_task(TaskSpec(device="cpu", seed=seed)) for seed in (3, 4))
    assert not same_weights(first, second)
    assert not same_batches(first, second)


def test_the_order_of_the_batches_does_not_depend_on_the_model() -> None:
    assert same_batches(*(build_task(TaskSpec(device="cpu", model=model)) for model in ("cnn", "simplenet")))


@pytest.mark.parametrize("seed", [0, 2**32 + 1, 2**63 - 1])
def test_all_generators_are_seeded(seed: int) -> None:
    draws = []
    for _ in range(2):
        build_task(TaskSpec(device="cpu", seed=seed))
        draws.append((random.random(), float(np.random.random()), float(torch.rand(()))))
    assert draws[0] == draws[1]


@pytest.mark.parametrize(
    ("key", "kind"), [("sgd", torch.optim.SGD), ("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW)]
)
def test_every_optimizer(key: str, kind: type) -> None:
    task = build_task(TaskSpec(device="cpu", optimizer=key, weight_decay=0.02))
    assert type(task.optimizer) is kind
    assert task.optimizer.param_groups[0]["weight_decay"] == 0.02


def test_a_subset_and_a_batch_size() -> None:
    task = build_task(TaskSpec(device="cpu", subset=100, batch_size=30))
    assert len(task.loader) == 3
    assert {len(y) for _, y in task.loader} == {30}


def test_fewer_examples_than_a_batch_holds_are_one_batch_and_it_is_said(tmp_path: Path) -> None:
    rows = "".join(f"{i},{i % 3},{2 * i}\n" for i in range(30))
    (tmp_path / "small.csv").write_text("a,b,c\n" + rows)
    task = build_task(TaskSpec("table", "mlp", path=str(tmp_path / "small.csv"), device="cpu", batch_size=64))
    ((x, _),) = task.loader
    assert len(x) == task.train_size < 64
    assert f"The batch size is {len(x)}, not 64: there are no more examples." in task.notes


def test_a_spec_with_problems_is_refused_with_all_of_them() -> None:
    with pytest.raises(ValueError, match=r"Unknown data source “mars”.*momentum of 2 is out of range"):
        build_task(TaskSpec(source="mars", momentum=2))

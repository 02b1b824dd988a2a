from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from lrgui.tasks.checks.memory import MemoryUse, free_memory, memory_use


def test_a_step_is_counted() -> None:
    model = nn.Sequential(nn.Linear(100, 50), nn.Sigmoid(), nn.Linear(50, 10))
    optimizer = torch.optim.Adam(model.parameters())
    x = torch.randn(32, 100)
    model(x).sum().backward()
    optimizer.step()
    use = memory_use(model, optimizer, (x,), lambda: model(x).sum())
    numbers = 100 * 50 + 50 + 50 * 10 + 10
    assert use.parameters == use.gradients == 4 * numbers
    assert use.optimizer == 2 * 4 * numbers + 4 * 4  # two means of each number, a count for each tensor
    # The batch and the sigmoid's output; weights that the backward pass needs are counted once, above.
    assert use.activations == 4 * 32 * (100 + 50)
    assert use.of_batches(2) - use.of_batches(1) == use.activations
    assert use.of_batches(0) == use.parameters + use.gradients + use.optimizer


def test_twice_the_batch_is_what_twice_the_batch_takes() -> None:
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 3))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)

    def used(count: int) -> MemoryUse:
        x = torch.randn(count, 1, 8, 8)
        return memory_use(model, optimizer, x, lambda: model(x).sum())

    assert used(8).of_batches(2) == used(16).of_batches(1)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_free_memory_is_what_the_system_says() -> None:
    lines = Path("/proc/meminfo").read_text().splitlines()
    total = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemTotal:"))
    free = free_memory(torch.device("cpu"))
    assert free is not None and 0 < free <= total
    assert free_memory(torch.device("meta")) is None

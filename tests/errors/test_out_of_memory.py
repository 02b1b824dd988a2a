"""Out of memory: the sentence is about what took it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from lrgui.errors.out_of_memory import is_of_batches, is_out_of_memory, memory_words
from lrgui.runs.failures import ended
from lrgui.runs.in_process import run_job
from lrgui.runs.job import Job
from lrgui.tasks.spec import TaskSpec

pytestmark = pytest.mark.usefixtures("warm_processes")

TOO_MUCH = 1 << 50
TASK = """
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

class Data(Dataset):
    def __len__(self):
        return 64
    def __getitem__(self, i):
        {example}
        return torch.zeros(3), i % 2

{top}

def model():
    {model}
    return nn.Linear(3, 2)

def train_loader(batch_size):
    {loader}
    return DataLoader(Data(), batch_size)

loss = nn.CrossEntropyLoss()
"""


class Greedy(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.new_empty(TOO_MUCH)


class GreedyData(Dataset[Any]):
    def __len__(self) -> int:
        return 4

    def __getitem__(self, number: int) -> Any:
        return np.empty(TOO_MUCH)


def caught(function: Callable[[], Any]) -> BaseException:
    with pytest.raises((MemoryError, RuntimeError)) as raised:
        function()
    return raised.value


def test_a_step_has_its_batches_halved() -> None:
    error = caught(lambda: Greedy()(torch.zeros(1)))
    assert is_out_of_memory(error) and is_of_batches(error)
    end = ended(error, 64)
    assert end.reason == "out_of_memory"
    assert "Out of memory with batches of 64. Use half the batch size (32) and an accumulation of 2 (same" in end.detail


@pytest.mark.parametrize("workers", [0, 1])
def test_an_example_that_is_too_large_is_no_matter_of_the_batch_size(workers: int) -> None:
    end = ended(caught(lambda: next(iter(DataLoader(GreedyData(), 2, num_workers=workers)))), 64)
    assert end.reason == "failed" and "Out of memory while loading a batch: an array of 9,007 TB" in end.detail
    assert end.detail.startswith("test_out_of_memory.py, line ") and "half" not in end.detail


@pytest.mark.parametrize(
    ("place", "code", "words"),
    [
        (
            "top",
            "X = np.ones((100_000, 100_000_000))",
            "loading the data: an array of 80 TB (100,000×100,000,000, ",
        ),
        ("loader", "torch.empty(1 << 50)", "loading the data: 4,504 TB were requested."),
        ("model", "nn.Linear(1 << 25, 1 << 25)", "creating the model"),
        ("top", "torch.empty(1 << 50)", "creating data and model"),
        ("example", "torch.empty(1 << 50)", "loading a batch"),
    ],
)
@pytest.mark.parametrize("kind", ["sweep", "check"])
def test_what_a_task_wants_too_much_for_is_named(tmp_path: Path, place: str, code: str, words: str, kind: Any) -> None:
    file = tmp_path / "hungry_task.py"
    parts = dict.fromkeys(("top", "model", "loader", "example"), "pass")
    file.write_text(TASK.format(**{**parts, place: code}))
    *_, end = run_job(Job(kind, TaskSpec("task", path=str(file), batch_size=8)))
    assert getattr(end, "reason", "") == "failed"
    detail = getattr(end, "detail", "")
    assert detail.startswith("hungry_task.py, line ") and f"Out of memory while {words}" in detail
    assert "half the batch size" not in detail


def test_amounts_are_said_as_they_are() -> None:
    assert memory_words(RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB."), 1).startswith(
        "Out of memory even"
    )
    assert memory_words(MemoryError()).startswith(
        "Out of memory. Use half the batch size and an accumulation of 2 (same"
    )
    assert not is_out_of_memory(ValueError("no memories"))

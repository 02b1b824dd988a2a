"""The embedded digits: sizes, standardisation, and a split that never changes."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import torch
from torch.utils.data import Dataset

from lrgui.tasks.data.digits import load
from lrgui.tasks.spec import TaskSpec


def arrays(data: Dataset[tuple[torch.Tensor, ...]]) -> tuple[torch.Tensor, torch.Tensor]:
    images, labels = zip(*(data[i] for i in range(len(data))), strict=True)  # type: ignore[arg-type]
    return torch.stack(images), torch.stack(labels)


def test_sizes_and_types() -> None:
    data = load(TaskSpec())
    assert data.validation is not None
    x, y = arrays(data.train)
    vx, vy = arrays(data.validation)
    assert (x.shape, vx.shape) == ((1347, 1, 8, 8), (450, 1, 8, 8))
    assert (x.dtype, y.dtype) == (torch.float32, torch.int64)
    assert set(y.tolist()) == set(vy.tolist()) == set(range(10))
    assert data.classes == 10
    assert data.detail == "1,347 training and 450 validation images 8×8 · 10 classes"


def test_standardised_with_the_training_part() -> None:
    data = load(TaskSpec())
    assert data.validation is not None
    x, _ = arrays(data.train)
    vx, _ = arrays(data.validation)
    assert float(x.mean()) == pytest.approx(0, abs=1e-5)
    assert float(x.std()) == pytest.approx(1, abs=1e-4)
    assert float(vx.mean()) != pytest.approx(0, abs=1e-5)  # its own mean would be a leak
    assert float(vx.mean()) == pytest.approx(0, abs=0.05)


def test_the_split_is_part_of_the_task() -> None:
    data = load(TaskSpec(seed=5))
    assert data.validation is not None
    labels = torch.cat([arrays(data.train)[1], arrays(data.validation)[1]])
    digest = hashlib.sha256(labels.numpy().astype(np.uint8).tobytes()).hexdigest()
    assert digest == "4fea0216a4009347a56614f888aacdc9c7dfb227dfbe9e66ce4a8f5033188a45"


def test_a_subset_is_the_beginning_and_standardised_as_the_whole() -> None:
    whole, part = load(TaskSpec()), load(TaskSpec(subset=300))
    assert part.validation is not None
    x, y = arrays(part.train)
    assert len(x) == 300
    assert len(part.validation) == 450  # type: ignore[arg-type]
    assert torch.equal(x, arrays(whole.train)[0][:300])
    assert torch.equal(y, arrays(whole.train)[1][:300])
    assert part.detail.startswith("300 training")

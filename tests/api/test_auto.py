"""`find_lr(auto=True)`: what was wrong about a sweep is changed, and it is swept again."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import lrgui


def noisy(batch: int = 1) -> tuple[nn.Module, DataLoader[Any]]:
    """A line with as much noise as signal, an example at a time."""
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(400, 4, generator=generator)
    y = 1.2 * x.sum(1, keepdim=True) + 1.5 * torch.randn(400, 1, generator=generator)
    return nn.Linear(4, 1), DataLoader(TensorDataset(x, y), batch_size=batch, shuffle=True)


def find(**more: Any) -> Any:
    net, loader = noisy()
    optimizer = torch.optim.Adam
    return lrgui.find_lr(net, loader, nn.functional.l1_loss, optimizer, seed=0, progress=False, end_lr=10.0, **more)


def test_noise_is_met_with_more_steps_at_each_rate() -> None:
    alone = find()
    advice = alone.reading.recommendation.noise_advice
    assert alone.lr is None and advice is not None and advice.why in alone.reason
    met = find(auto=True)
    assert met.config.batches_per_lr >= advice.batches_per_lr and met.lr is not None
    assert any(f"Swept again, with {advice.batches_per_lr} steps per rate." in note for note in met.notes)
    assert find(auto_range=True).config.batches_per_lr == 1


def test_a_range_that_was_wrong_is_mended_as_well() -> None:
    net, loader = noisy(64)
    found = lrgui.find_lr(
        net, loader, nn.functional.l1_loss, torch.optim.Adam, seed=0, progress=False, end_lr=1e-3, auto=True
    )
    assert found.config.end_lr > 1e-3 and any("Swept again, from 1e-6 to" in note for note in found.notes)

"""Snapshots by themselves: what a sweep needs of them is in test_sweep."""

from __future__ import annotations

import random

import numpy as np
import torch
from torch import nn

from lrgui.core.restore import RandomState, Snapshot, fresh_batch_norm


def test_random_state_repeats_all_three_generators() -> None:
    def draw() -> list[float]:
        return [random.random(), float(np.random.random()), float(torch.rand(()))]

    before = RandomState()
    first = draw()
    before.restore()
    assert draw() == first


def test_restore_may_be_called_again_after_more_training() -> None:
    layer = nn.Linear(2, 1)
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.1)
    before = layer.weight.detach().clone()
    snapshot = Snapshot(layer, optimizer)
    for _ in range(2):
        layer(torch.ones(1, 2)).sum().backward()
        optimizer.step()
        assert not torch.equal(layer.weight, before)
        snapshot.restore()
        assert torch.equal(layer.weight, before)
        assert layer.weight.grad is None
        assert len(optimizer.state) == 0


def test_restore_does_not_hand_out_its_own_copy() -> None:
    layer = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1, momentum=0.9)
    layer(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    assert layer.weight.grad is not None
    grad = layer.weight.grad.clone()
    buffer = optimizer.state[layer.weight]["momentum_buffer"].clone()
    snapshot = Snapshot(layer, optimizer)
    snapshot.restore()
    layer.weight.grad.add_(1)
    optimizer.state[layer.weight]["momentum_buffer"].add_(1)
    snapshot.restore()
    assert torch.equal(layer.weight.grad, grad)
    assert torch.equal(optimizer.state[layer.weight]["momentum_buffer"], buffer)


def test_a_model_without_an_optimizer_can_be_put_back() -> None:
    norm = nn.BatchNorm1d(3)
    snapshot = Snapshot(norm)
    norm(torch.randn(4, 3))
    norm.eval()
    norm.momentum = 0.5
    snapshot.restore()
    assert norm.training
    assert norm.momentum == 0.1
    assert norm.running_mean is not None and torch.equal(norm.running_mean, torch.zeros(3))


def test_a_setting_added_to_a_group_is_taken_away_again() -> None:
    layer = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    snapshot = Snapshot(layer, optimizer)
    optimizer.param_groups[0]["max_lr"] = 1.0
    snapshot.restore()
    assert "max_lr" not in optimizer.param_groups[0]


def test_fresh_batch_norm_puts_momentum_back_also_after_an_exception() -> None:
    model = nn.Sequential(nn.BatchNorm1d(3, momentum=0.3), nn.BatchNorm1d(3, track_running_stats=False))
    running = fresh_batch_norm(model)
    running.__enter__()
    assert model[0].momentum is None
    error = RuntimeError("boom")
    assert not running.__exit__(RuntimeError, error, None)
    assert model[0].momentum == 0.3
    assert model[1].momentum == 0.1

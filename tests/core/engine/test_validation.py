"""Validation losses beside the training loss."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from typing import Any

import pytest
import torch
from torch import nn

from lrgui.core.engine.modes import evaluating
from lrgui.core.engine.validation import Probe

BATCHES = [torch.ones(4, 2), torch.ones(2, 2) * 4]


def model() -> nn.Module:
    return nn.Sequential(nn.Dropout(0.5), nn.BatchNorm1d(2), nn.Linear(2, 2).eval())


def mean(model: nn.Module, batch: Any) -> tuple[Any, Any]:
    return batch.mean(), None


def test_the_mean_is_over_examples_not_over_batches() -> None:
    loss, metric = Probe(mean, BATCHES)(model())
    assert loss.item() == pytest.approx((4 * 1 + 2 * 4) / 6)
    assert metric is None
    loss, metric = Probe(lambda model, batch: (batch.mean(), float(len(batch))), BATCHES)(model())
    assert metric is not None
    assert metric.item() == pytest.approx((4 * 4 + 2 * 2) / 6)


def test_a_count_takes_the_same_first_batches_each_time() -> None:
    loader = torch.utils.data.DataLoader(torch.arange(100.0)[:, None], batch_size=10, shuffle=True)
    few = Probe(mean, loader, count=2)
    assert few(model())[0].item() == few(model())[0].item()
    assert Probe(mean, iter(BATCHES))(model())[0].item() == pytest.approx(2.0)


def test_the_model_is_in_eval_mode_and_gets_each_modes_back() -> None:
    net = model()
    seen: list[bool] = []
    Probe(lambda model, batch: (seen.append(model.training) or model(batch).mean(), None), BATCHES)(net)
    assert seen == [False, False]
    assert [module.training for module in net.modules()] == [True, True, True, False]
    assert net[1].num_batches_tracked.item() == 0


def test_the_random_generator_is_left_alone() -> None:
    loader = torch.utils.data.DataLoader(torch.arange(10.0)[:, None], batch_size=5, shuffle=True)
    net = model()
    before = torch.get_rng_state()
    Probe(lambda model, batch: (torch.rand(()), None), loader, count=1)(net)
    Probe(lambda model, batch: (torch.rand(()), None), loader)(net)
    assert torch.equal(torch.get_rng_state(), before)


def test_no_gradients_are_kept() -> None:
    net = nn.Linear(2, 1)
    loss, _ = Probe(lambda model, batch: (model(batch).mean(), None), BATCHES)(net)
    assert not loss.requires_grad


def test_nothing_to_validate_on_is_an_error() -> None:
    with pytest.raises(ValueError, match="validation data yields no batches"):
        Probe(mean, [])(model())


def test_evaluating_gives_modes_back_after_an_error() -> None:
    net = model()
    with pytest.raises(KeyError), evaluating(net):
        raise KeyError
    assert net.training


def test_batches_that_never_end_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lrgui.core.engine.batches.MOST_BATCHES", 50)
    with pytest.raises(ValueError, match="validation batches never end"):
        Probe(mean, Again(BATCHES[0]))(model())


class Again:
    """The same batch for ever."""

    def __init__(self, batch: torch.Tensor) -> None:
        self.batch = batch

    def __iter__(self) -> Iterator[torch.Tensor]:
        return repeat(self.batch)

"""Whose fault a loss is that is not finite: measured, not guessed."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from lrgui.core.config import SweepConfig
from lrgui.core.events import BatchEvent, EndEvent
from lrgui.core.probe import Probe
from lrgui.core.suspects import MOST, Suspects, holds_bad_values
from lrgui.core.sweep import sweep

NAN = float("nan")


def cross_entropy(model: nn.Module, batch: Any) -> torch.Tensor:
    x, y = batch
    return nn.functional.cross_entropy(model(x), y)


def data(bad: int | None = None, size: int = 640, value: float = NAN) -> DataLoader[Any]:
    torch.manual_seed(0)
    x = torch.randn(size, 8)
    y = (x @ torch.randn(8, 3)).argmax(1)
    if bad is not None:
        x[bad] = value
    return DataLoader(TensorDataset(x, y), 32)


def swept(loader: Any, loss: Any = cross_entropy, **settings: Any) -> tuple[int, EndEvent, nn.Module]:
    """Finite points, the end, and the model as it was left."""
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 3))
    config = SweepConfig(**{"steps": 60, **settings})
    *events, end = sweep(model, loader, torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9), loss, config)
    assert isinstance(end, EndEvent)
    return sum(math.isfinite(e.loss) for e in events if isinstance(e, BatchEvent)), end, model


@pytest.mark.parametrize("value", [NAN, math.inf])
@pytest.mark.parametrize("bad", [0, 33, 600])
def test_a_bad_row_is_found_wherever_it_lies(bad: int, value: float) -> None:
    points, end, _ = swept(data(bad, value=value))
    assert (points, end.reason) == (bad // 32, "bad_batch")
    batch = bad // 32 + 1
    assert end.detail == f"Batch {batch} holds NaN or infinite values, so its loss is not finite: clean the data."


@pytest.mark.parametrize(
    "settings", [{"accumulation": 3}, {"batches_per_lr": 3}, {"accumulation": 2, "batches_per_lr": 2}]
)
def test_also_among_the_batches_of_one_point(settings: dict[str, int]) -> None:
    for row in range(96, 96 + 32 * 6, 32):
        _, end, _ = swept(data(row), **settings)
        assert end.reason == "bad_batch"
        assert end.detail.startswith(f"Batch {row // 32 + 1} holds NaN")


def test_a_rate_that_breaks_the_weights_is_no_fault_of_the_batch() -> None:
    _, end, _ = swept(data(), end_lr=1e30, stop_factor=0)
    assert end.reason == "not_finite"
    assert "everything before it is kept" in end.detail


def test_a_loss_function_that_cannot_deal_with_a_batch() -> None:
    def wrong(model: nn.Module, batch: Any) -> torch.Tensor:
        loss = cross_entropy(model, batch)
        return loss * NAN if bool((batch[0] > 2.9).any()) else loss

    _, end, _ = swept(data(), wrong)
    assert end.reason == "bad_batch"
    assert "is NaN even with the weights that the sweep began with" in end.detail


def test_a_model_that_gives_nan_before_anything_was_trained() -> None:
    counted = []

    def first_only(model: nn.Module, batch: Any) -> torch.Tensor:
        counted.append(1)
        return cross_entropy(model, batch) * (NAN if len(counted) == 1 else 1.0)

    points, end, _ = swept(data(), first_only)
    assert (points, end.reason) == (0, "bad_batch")
    assert "before anything was trained" in end.detail


def test_a_failure_of_the_second_look_hides_nothing() -> None:
    def fails_later(model: nn.Module, batch: Any) -> torch.Tensor:
        seen.append(1)
        if len(seen) > 21:
            raise RuntimeError("not again")
        return cross_entropy(model, batch) * (NAN if len(seen) == 21 else 1.0)

    seen: list[int] = []
    _, end, _ = swept(data(), fails_later)
    assert end.reason == "not_finite"


@pytest.mark.parametrize("bad", [0, 200, None])
def test_everything_is_put_back_all_the_same(bad: int | None) -> None:
    loader = data(bad)
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 3)).eval()
    model[3].train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    random = torch.get_rng_state()
    list(sweep(model, loader, optimizer, cross_entropy, SweepConfig(steps=60, end_lr=1e30, stop_factor=0)))
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert [module.training for module in model] == [False, False, False, True, False]
    assert torch.equal(torch.get_rng_state(), random)
    assert not optimizer.state and optimizer.param_groups[0]["lr"] == 0.1
    assert all(p.grad is None for p in model.parameters())


def test_a_validation_loss_that_was_never_finite() -> None:
    model = nn.Linear(8, 3)
    probe = Probe(lambda net, batch: (cross_entropy(net, batch), None), data(5, size=64))
    *_, end = sweep(
        model, data(), torch.optim.SGD(model.parameters(), lr=0.1), cross_entropy, SweepConfig(steps=20), probe=probe
    )
    assert isinstance(end, EndEvent)
    assert end.reason == "bad_batch" and "before anything was trained" in end.detail


@pytest.mark.parametrize(
    ("batch", "bad"),
    [
        (torch.ones(3), False),
        (torch.tensor([1.0, NAN]), True),
        (torch.tensor([1, 2]), False),
        ({"x": [torch.ones(2), (torch.tensor([math.inf]),)]}, True),
        (torch.tensor([complex(0, NAN)]), True),
        (["words"], False),
    ],
)
def test_what_a_batch_holds(batch: Any, bad: bool) -> None:
    assert holds_bad_values(batch) == bad


def test_only_the_last_few_are_kept() -> None:
    suspects = Suspects(100)
    for number in range(20):
        suspects.add(torch.tensor([NAN if number == 20 - MOST else 0.0]))
    assert suspects.holding_bad_values().startswith(f"Batch {20 - MOST + 1} holds NaN")
    suspects.add(torch.zeros(1))
    assert suspects.holding_bad_values() == ""

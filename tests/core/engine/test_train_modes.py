"""A training makes its steps as the sweep does: accumulation, clipping, mixed precision."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from lrgui.core.engine.objective import Supervised
from lrgui.core.engine.passes import steps_per_epoch
from lrgui.core.engine.train import train
from lrgui.core.events import BatchEvent, EndEvent, EpochEvent, Event
from lrgui.core.run_settings import TrainSettings
from lrgui.core.schedule_shapes import planned_lr

Batch = tuple[torch.Tensor, torch.Tensor]


def net() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))


def data(sizes: tuple[int, ...] = (8,) * 6) -> list[Batch]:
    torch.manual_seed(0)
    return [(torch.randn(size, 4), torch.randint(0, 2, (size,))) for size in sizes]


def run(model: nn.Module, batches: list[Batch], config: TrainSettings, **objective: Any) -> list[Event]:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    criterion = objective.pop("criterion", nn.CrossEntropyLoss())
    return list(train(model, batches, optimizer, Supervised(criterion, **objective), config, metric_name="size"))


def of(events: list[Event], kind: type) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def joined(batches: list[Batch]) -> Batch:
    return torch.cat([x for x, _ in batches]), torch.cat([y for _, y in batches])


def test_accumulated_batches_train_like_one_large_batch() -> None:
    batches = data()
    large = [joined(batches[:2]), joined(batches[2:4]), joined(batches[4:])]
    one, other = net(), net()
    several = run(one, batches, TrainSettings(epochs=2, max_lr=0.3, accumulation=2))
    whole = run(other, large, TrainSettings(epochs=2, max_lr=0.3))
    assert [event.step for event in of(several, BatchEvent)] == list(range(6))
    assert [event.lr for event in of(several, BatchEvent)] == pytest.approx(
        planned_lr(TrainSettings(max_lr=0.3), 6, 6).tolist()
    )
    np.testing.assert_allclose(*([event.loss for event in of(run, BatchEvent)] for run in (several, whole)), rtol=1e-5)
    for left, right in zip(one.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(left, right)


def test_what_is_left_of_an_epoch_is_a_step_of_its_own() -> None:
    batches = data((8, 8, 8, 8, 3))
    config = TrainSettings(epochs=2, max_lr=0.3, accumulation=2)
    one, other = net(), net()
    several = run(one, batches, config, metric=lambda output, target: float(len(target)))
    run(other, [joined(batches[:2]), joined(batches[2:4]), batches[4]], TrainSettings(epochs=2, max_lr=0.3))
    assert len(of(several, BatchEvent)) == 2 * steps_per_epoch(5, 2) == 6
    for left, right in zip(one.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(left, right)
    epoch = of(several, EpochEvent)[0]
    assert epoch.train_metric == pytest.approx((4 * 8 * 8 + 3 * 3) / 35), "means are over examples"


def test_gradients_are_clipped() -> None:
    model = net()
    before = copy.deepcopy(list(model.state_dict().values()))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    config = TrainSettings(epochs=1, max_lr=0.5, clip_grad_norm=1e-3)
    (taken, *_) = train(model, data((8,)), optimizer, Supervised(nn.CrossEntropyLoss()), config)
    assert isinstance(taken, BatchEvent)
    pairs = zip(model.state_dict().values(), before, strict=True)
    moved = math.sqrt(sum(float((a - b).square().sum()) for a, b in pairs))
    assert moved == pytest.approx(taken.lr * 1e-3, rel=0.02), "one step along a gradient of that length"


def test_bf16_trains_like_full_precision_and_metrics_get_whole_numbers() -> None:
    kinds = set()

    def metric(output: torch.Tensor, target: torch.Tensor) -> float:
        kinds.add(output.dtype)
        return float(output.numpy().argmax(1).size)  # numpy knows no bf16

    half = run(net(), data(), TrainSettings(epochs=3, max_lr=0.3, amp="bf16"), metric=metric)
    full = run(net(), data(), TrainSettings(epochs=3, max_lr=0.3))
    losses = [[event.loss for event in of(run, BatchEvent)] for run in (half, full)]
    assert losses[0] != losses[1]
    np.testing.assert_allclose(*losses, rtol=0.05)
    assert kinds == {torch.float32}


def test_fp16_that_overflows_for_good_is_a_divergence_with_advice() -> None:
    taken = []

    def infinite(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        value = nn.functional.cross_entropy(output, target)
        taken.append(1)
        if len(taken) > 6:
            value.register_hook(lambda grad: grad * math.inf)
        return value

    events = run(net(), data(), TrainSettings(epochs=9, max_lr=0.3, amp="fp16"), criterion=infinite)
    end = events[-1]
    assert isinstance(end, EndEvent) and end.reason == "diverged"
    assert "8 times in a row" in end.detail and "3e-2, a tenth" in end.detail
    assert len(taken) == 14


def test_fp16_trains() -> None:
    events = run(net(), data(), TrainSettings(epochs=8, max_lr=0.5, amp="fp16", accumulation=2))
    assert events[-1].reason == "completed"  # type: ignore[attr-defined]
    epochs = of(events, EpochEvent)
    assert epochs[-1].train_loss < epochs[0].train_loss


def test_a_broken_batch_among_several_ends_the_training_there() -> None:
    calls = iter(range(100))

    def criterion(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return nn.functional.cross_entropy(output, target) * (math.nan if next(calls) == 2 else 1)

    def metric(output: torch.Tensor, target: torch.Tensor) -> float:
        assert next(calls) < 6, "nothing is measured on a broken batch"
        return 0.0

    events = run(net(), data(), TrainSettings(epochs=2, max_lr=0.2, accumulation=3), criterion=criterion, metric=metric)
    assert events[-1].reason == "bad_batch"  # type: ignore[attr-defined]
    assert len(of(events, BatchEvent)) == 1 and math.isnan(of(events, BatchEvent)[0].loss)


@pytest.mark.parametrize(
    ("settings", "field"),
    [({"accumulation": 0}, "accumulation"), ({"clip_grad_norm": -1.0}, "clip_grad_norm"), ({"amp": "int8"}, "amp")],
)
def test_what_cannot_be_is_refused(settings: dict[str, Any], field: str) -> None:
    assert [problem.field for problem in TrainSettings(**settings).validate()] == [field]

"""The training an optimizer was made for, read off it and its schedulers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.optim import lr_scheduler as s

from lrgui.core.engine.planned import planned, schedule_of

Optimizer = torch.optim.Optimizer


def adam() -> Optimizer:
    return torch.optim.AdamW(torch.nn.Linear(2, 2).parameters(), lr=0.1)


def warm_up(steps: int, total: int) -> Callable[[int], float]:
    return lambda step: step / steps if step < steps else max(0.0, (total - step) / (total - steps))


SHAPES: list[tuple[str, Callable[[Optimizer], Any], str | None]] = [
    ("OneCycleLR", lambda o: s.OneCycleLR(o, 0.1, 500), "onecycle"),
    ("cosine per epoch", lambda o: s.CosineAnnealingLR(o, 20), "decay"),
    ("cosine per batch", lambda o: s.CosineAnnealingLR(o, 100_000), "decay"),
    ("restarts", lambda o: s.CosineAnnealingWarmRestarts(o, 10), "decay"),
    ("linear to 0", lambda o: s.LambdaLR(o, lambda step: max(0.0, 1 - step / 100_000)), "decay"),
    ("linear of few epochs", lambda o: s.LinearLR(o, 1.0, 0.01, 10), "decay"),
    ("exponential", lambda o: s.ExponentialLR(o, 0.95), "decay"),
    ("polynomial", lambda o: s.PolynomialLR(o, 100), "decay"),
    ("warm-up", lambda o: s.LambdaLR(o, warm_up(100, 1000)), "warmup"),
    ("long warm-up", lambda o: s.LambdaLR(o, warm_up(2000, 100_000)), "warmup"),
    (
        "warm-up, then cosine",
        lambda o: s.SequentialLR(o, [s.LinearLR(o, 0.01, 1, 5), s.CosineAnnealingLR(o, 100)], [5]),
        "warmup",
    ),
    ("chained", lambda o: s.ChainedScheduler([s.LinearLR(o, 0.01, 1, 5), s.ExponentialLR(o, 0.9)]), "warmup"),
    ("warm-up, then constant", lambda o: s.LinearLR(o), "constant"),
    ("steps", lambda o: s.StepLR(o, 30), "step"),
    ("late steps", lambda o: s.StepLR(o, 3000), "step"),
    ("milestones", lambda o: s.MultiStepLR(o, [60, 120, 160]), "step"),
    ("plateau", lambda o: s.ReduceLROnPlateau(o), "step"),
    ("steps of few epochs", lambda o: s.StepLR(o, 2, 0.5), "step"),
    ("a step at each epoch", lambda o: s.StepLR(o, 1, 0.5), "decay"),
    ("milestones nearby", lambda o: s.MultiStepLR(o, [2, 4]), "step"),
    ("a decay that begins late", lambda o: s.LambdaLR(o, lambda step: min(1.0, 3000 / (step + 1))), "decay"),
    ("never changes", lambda o: s.LambdaLR(o, lambda step: 1.0), "constant"),
    ("always the same", lambda o: s.ConstantLR(o, 1.0, 5), "constant"),
]


@pytest.mark.parametrize(("make", "kind"), [row[1:] for row in SHAPES], ids=[row[0] for row in SHAPES])
def test_a_schedule_is_known_by_its_rates(make: Callable[[Optimizer], Any], kind: str | None) -> None:
    optimizer = adam()
    scheduler = make(optimizer)
    before = optimizer.param_groups[0]["lr"], dict(scheduler.state_dict())
    assert schedule_of(optimizer, [scheduler]) == kind
    assert (optimizer.param_groups[0]["lr"], dict(scheduler.state_dict())) == before, "a copy was followed"


def test_one_that_has_begun_is_followed_from_its_beginning() -> None:
    optimizer = adam()
    scheduler = s.LambdaLR(optimizer, warm_up(10, 1000))
    for _ in range(50):
        optimizer.step()
        scheduler.step()
    assert schedule_of(optimizer, [scheduler]) == "warmup"


def test_what_never_changes_is_what_the_caller_knows_of_it() -> None:
    optimizer = adam()
    assert schedule_of(optimizer, []) is None and schedule_of(optimizer, [], "constant") == "constant"
    still = s.LambdaLR(optimizer, lambda step: 1.0)
    assert schedule_of(optimizer, [still]) == "constant", "that it never changes is its schedule"


def test_several_at_once_are_unknown() -> None:
    optimizer = adam()
    both = [s.ExponentialLR(optimizer, 0.9), s.StepLR(optimizer, 10)]
    assert schedule_of(optimizer, both) is None


def test_one_that_cannot_be_followed_is_unknown() -> None:
    class OwnScheduler:
        def __init__(self, optimizer: Optimizer) -> None:
            self.optimizer = optimizer

        def step(self) -> None:
            raise RuntimeError("not outside of my training")

    class OddLR(s.LRScheduler):
        def __init__(self, optimizer: Optimizer) -> None:
            self.handle = object()
            super().__init__(optimizer)

        def get_lr(self) -> list[float]:
            if self.handle is None:
                raise KeyError("handle")
            return [float("nan")]

        def __getstate__(self) -> dict[str, Any]:
            raise TypeError("I cannot be copied.")

    optimizer = adam()
    assert schedule_of(optimizer, [OwnScheduler(optimizer)]) is None
    assert schedule_of(optimizer, [OddLR(optimizer)], "constant") is None


def test_attached_ones_are_found() -> None:
    optimizer = adam()
    assert planned(optimizer) == {
        "optimizer_family": "adam",
        "memory": pytest.approx(10),
        "schedule": "",
        "schedule_steps": None,
    }
    kept = s.OneCycleLR(optimizer, 0.1, 500)
    found = planned(optimizer)
    assert (found["schedule"], found["schedule_steps"]) == ("onecycle", kept.total_steps)


def test_schedule_free_optimizers_are_trained_at_a_constant_rate() -> None:
    class SGDScheduleFree(torch.optim.SGD):
        pass

    found = planned(SGDScheduleFree([torch.nn.Parameter(torch.zeros(1))], lr=0.1, momentum=0.9))
    assert (found["schedule"], found["optimizer_family"]) == ("constant", "momentum")

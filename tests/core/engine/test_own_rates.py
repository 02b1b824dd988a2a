"""The rate that an optimizer has of its own, whatever schedules it or made it."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adadelta, Adafactor, AdamW
from torch.optim.lr_scheduler import LambdaLR, OneCycleLR, StepLR

from lrgui.core.curve.own_rate import OwnRate
from lrgui.core.engine.own_rates import own_rate, own_rate_of_maker


@pytest.fixture
def net() -> nn.Module:
    return nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))


def test_it_is_the_rate_that_was_given(net: nn.Module) -> None:
    assert own_rate(SGD(net.parameters(), lr=20)) == OwnRate(20.0, True, "SGD")
    assert own_rate(SGD(net.parameters(), lr=torch.tensor(0.5))) == OwnRate(0.5, True, "SGD")


def test_a_default_is_nobodys_choice(net: nn.Module) -> None:
    assert own_rate(AdamW(net.parameters())) == OwnRate(1e-3, False, "AdamW")
    assert own_rate(Adadelta(net.parameters())) == OwnRate(1.0, False, "Adadelta")


def test_of_groups_the_largest_counts_of_those_that_are_swept(net: nn.Module) -> None:
    groups = [{"params": [p], "lr": lr} for p, lr in zip(net.parameters(), (0.1, 3.0, 0.2, 0.3), strict=True)]
    optimizer = SGD(groups, lr=1e-3)
    assert own_rate(optimizer) == OwnRate(3.0, True, "SGD")
    assert own_rate(optimizer, [0, 2]) == OwnRate(0.2, True, "SGD")


@pytest.mark.parametrize(
    ("schedule", "rate"),
    [
        (lambda one: OneCycleLR(one, max_lr=4.0, total_steps=100), 4.0),
        (lambda one: LambdaLR(one, lambda step: min(1.0, step / 10)), 0.1),
        (lambda one: StepLR(one, 10), 0.1),
    ],
)
def test_a_schedule_counts_with_its_maximum(net: nn.Module, schedule: Any, rate: float) -> None:
    optimizer = SGD(net.parameters(), lr=0.1)
    keep = schedule(optimizer)
    found = own_rate(optimizer)
    assert found is not None and found.lr == pytest.approx(rate)
    del keep


def test_an_optimizer_without_a_rate_has_none(net: nn.Module) -> None:
    assert own_rate(SGD(net.parameters(), lr=0.0)) is None
    optimizer = AdamW(net.parameters())
    optimizer.param_groups[0]["lr"] = None
    assert own_rate(optimizer) is None


def _with_default(params: Any, lr: float = 0.05) -> Any:
    return SGD(params, lr=lr)


def _without(params: Any) -> Any:
    return SGD(params, lr=20)


@pytest.mark.parametrize(
    ("make", "own"),
    [
        (AdamW, OwnRate(1e-3, False, "AdamW")),
        (Adadelta, OwnRate(1.0, False, "Adadelta")),
        (Adafactor, OwnRate(1e-2, False, "Adafactor")),
        (partial(SGD, lr=20), OwnRate(20.0, True, "SGD")),
        (_with_default, OwnRate(0.05, True, "SGD")),
        (lambda params, lr: SGD(params, lr=lr), None),
    ],
)
def test_what_makes_an_optimizer_may_have_a_rate(net: nn.Module, make: Any, own: OwnRate | None) -> None:
    made = make(net.parameters(), lr=1e-6)
    assert own_rate_of_maker(make, made, 1e-6) == own


def test_what_takes_no_rate_has_its_own(net: nn.Module) -> None:
    assert own_rate_of_maker(_without, _without(net.parameters()), 1e-6) == OwnRate(20.0, True, "SGD")

"""Families and memories of optimizers, by class and hyperparameters."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from lrgui.core.curve.plan import FAMILIES
from lrgui.core.optimizer_traits import family, finds_own_steps, is_schedule_free, memory


@pytest.mark.parametrize(
    ("name", "arguments", "kind", "steps"),
    [
        ("SGD", {}, "sgd", None),
        ("SGD", {"momentum": 0.1}, "sgd", 1 / 0.9),
        ("SGD", {"momentum": 0.9}, "momentum", 10),
        ("ASGD", {}, "sgd", None),
        ("Adam", {}, "adam", 10),
        ("AdamW", {"betas": (0.99, 0.999)}, "adam", 100),
        ("Adam", {"betas": (0.0, 0.999)}, "adaptive", None),
        ("NAdam", {}, "adam", 10),
        ("RAdam", {}, "adam", 10),
        ("Adamax", {}, "adam", 10),
        ("RMSprop", {}, "adaptive", None),
        ("RMSprop", {"momentum": 0.9}, "adam", 10),
        ("Adagrad", {}, "adaptive", None),
        ("Adadelta", {}, "adaptive", None),
    ],
)
def test_torch_s_own(name: str, arguments: dict[str, Any], kind: str, steps: float | None) -> None:
    made = getattr(torch.optim, name)([torch.nn.Parameter(torch.zeros(1))], lr=0.1, **arguments)
    hyper = made.param_groups[0]
    assert family(name, hyper) == kind and kind in FAMILIES
    assert memory(name, hyper) == pytest.approx(steps) if steps is not None else memory(name, hyper) is None


@pytest.mark.parametrize(
    ("name", "hyper", "kind", "steps"),
    [
        ("Lion", {"betas": (0.9, 0.99)}, None, 100),
        ("Muon", {"momentum": 0.95}, None, 20),
        ("FusedAdam", {"betas": (0.9, 0.95)}, "adam", 10),
        ("PagedAdamW8bit", {"betas": (0.9, 0.95)}, "adam", 10),
        ("AdEMAMix", {"betas": (0.9, 0.999, 0.9999)}, "adam", 10_000),
        ("AdamWScheduleFree", {"betas": (0.9, 0.999)}, "adam", 10),
        ("SGDScheduleFree", {"momentum": 0.9}, "momentum", 10),
        ("Adafactor", {"beta1": None, "beta2_decay": -0.8}, "adaptive", None),
        ("Adafactor", {"beta1": 0.9}, "adam", 10),
        ("LARS", {"momentum": 0.9}, None, 10),
        ("MyOwn", {}, None, None),
        ("Adam", {"betas": (torch.tensor(0.9), torch.tensor(0.999))}, "adam", 10),
        ("SGD", {"momentum": 1.0}, "momentum", 1e6),
        ("SGD", {"momentum": "nonsense"}, "sgd", None),
        ("SGD", {"momentum": float("nan")}, "sgd", None),
    ],
)
def test_other_people_s(name: str, hyper: dict[str, Any], kind: str | None, steps: float | None) -> None:
    assert family(name, hyper) == kind
    assert memory(name, hyper) == (None if steps is None else pytest.approx(steps))


def test_what_finds_its_steps_itself() -> None:
    assert finds_own_steps("LBFGS") and finds_own_steps("FullBatchLBFGS") and finds_own_steps("L_BFGS")
    assert not any(map(finds_own_steps, ("SGD", "AdamW", "Muon", "Shampoo")))


def test_schedule_free_ones_are_known_by_name() -> None:
    assert is_schedule_free("AdamWScheduleFree") and is_schedule_free("ScheduleFreeWrapper")
    assert not is_schedule_free("AdamW")

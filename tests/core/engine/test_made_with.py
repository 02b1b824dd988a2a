"""How an optimizer was made, as a run says it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from lrgui.core.engine.made_with import made_with

Params = Any


class Own(torch.optim.SGD):
    """One of the caller's, which must be given more than a rate."""

    def __init__(self, params: Params, curvature: object, lr: float = 0.1, momentum: float = 0.5) -> None:
        super().__init__(params, lr=lr, momentum=momentum)
        self.curvature = curvature


class Mild(torch.optim.SGD):
    """Another, which asks for nothing else."""

    def __init__(self, params: Params, lr: float = 0.1, momentum: float = 0.5) -> None:
        super().__init__(params, lr=lr, momentum=momentum)


@pytest.mark.parametrize(
    ("make", "name", "arguments"),
    [
        (lambda p: torch.optim.SGD(p, lr=0.1), "torch.optim.SGD", {}),
        (
            lambda p: torch.optim.SGD(p, 0.1, 0.9, nesterov=True),
            "torch.optim.SGD",
            {"momentum": "0.9", "nesterov": "True"},
        ),
        (lambda p: torch.optim.AdamW(p, betas=[0.9, 0.95]), "torch.optim.AdamW", {"betas": "(0.9, 0.95)"}),  # type: ignore[arg-type]
        (lambda p: torch.optim.AdamW(p, lr=torch.tensor(0.1)), "torch.optim.AdamW", {}),
        (lambda p: torch.optim.AdamW(p, weight_decay=float("inf")), "torch.optim.AdamW", {}),
        (lambda p: Own(p, object()), f"{__name__}.Own", None),
        # Whether there is a momentum must be known, also where it is the default.
        (Mild, f"{__name__}.Mild", {"momentum": "0.5"}),
    ],
)
def test_the_class_and_what_is_not_the_default(
    make: Callable[[Params], torch.optim.Optimizer], name: str, arguments: dict[str, str] | None
) -> None:
    said = made_with(make(nn.Linear(2, 2).parameters()))
    assert said == {"optimizer_class": name, "optimizer_arguments": arguments, "optimizer_groups": 1}


def test_a_class_that_nothing_can_import_has_no_name() -> None:
    class Here(torch.optim.SGD):
        pass

    assert made_with(Here(nn.Linear(2, 2).parameters()))["optimizer_class"] == ""


def test_what_differs_between_groups_belongs_to_none() -> None:
    one, two = nn.Linear(2, 2), nn.Linear(2, 2)
    groups = [{"params": one.parameters(), "weight_decay": 0.0}, {"params": two.parameters(), "weight_decay": 0.1}]
    said = made_with(torch.optim.SGD(groups, lr=0.1, momentum=0.9))
    assert said["optimizer_arguments"] == {"momentum": "0.9"}
    assert said["optimizer_groups"] == 2


def test_what_is_no_optimizer_of_torch_says_nothing() -> None:
    assert made_with(object()) == {}

"""The rates of an optimizer whose schedule has already begun to change them."""

from __future__ import annotations

from typing import Any

import torch


def base_rates(optimizer: torch.optim.Optimizer) -> list[Any]:
    """Give each group the rate that its schedule starts from, and return those that it had.

    A warm-up begins at or near 0, which would hide the ratio that the groups' rates are meant to have.
    """
    before = [group["lr"] for group in optimizer.param_groups]
    for group in optimizer.param_groups:
        base = group.get("initial_lr", group["lr"])
        group["lr"] = base.clone() if isinstance(base, torch.Tensor) else base
    return before


def put_rates(optimizer: torch.optim.Optimizer, rates: list[Any]) -> None:
    """Give each group the rate from `rates`."""
    for group, rate in zip(optimizer.param_groups, rates, strict=True):
        group["lr"] = rate

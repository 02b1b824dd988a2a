"""The rates of an optimizer whose schedule has already begun to change them, and the settings that rates follow."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch

from lrgui.core.engine.apply import highest_rate
from lrgui.core.engine.attached import kind_of
from lrgui.core.engine.planned import schedule_of
from lrgui.core.engine.schedule_copy import CannotRescale
from lrgui.core.learning_rate import format_lr, positive_lr
from lrgui.core.run_settings import MOST_PLANNED


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


def planned_by(optimizer: Any, schedulers: Iterable[Any], steps: float | None = None) -> dict[str, Any]:
    """The settings of `find_lr` for a training that another package has planned: its schedulers, its steps.

    Without a scheduler it trains at a constant rate. Nothing is said of what can't be seen.
    """
    found = [getattr(one, "scheduler", one) if kind_of(one) not in ("torch", "timm") else one for one in schedulers]
    settings: dict[str, Any] = {"planned_schedule": schedule_of(optimizer, found, "constant")}
    if steps is not None and 1 <= steps <= MOST_PLANNED:
        settings["planned_steps"] = int(steps)
    return settings


class Follows:
    """How the highest rate follows a setting that an optimizer is made from: tried with two values of it."""

    def __init__(self, make: Callable[[float], tuple[Any, Any]], before: Any, words: str) -> None:
        """`make(value)` gives the optimizer for a value and its schedulers (None: no); `before` is the value now.

        Raises ValueError where the rate of twice the setting is not twice as high; `words` are "setting of maker".
        """
        number = isinstance(before, (int, float)) and before > 0
        self._value = float(before) if number else 1e-3
        self._made = make(self._value)
        low, high = highest_followed(*self._made), highest_followed(*make(2 * self._value))
        if not math.isclose(high, 2 * low, rel_tol=1e-3):
            raise ValueError(
                f"The optimizer's highest rate does not follow {words}: with the value doubled it is {format_lr(high)} "
                f"instead of {format_lr(2 * low)}. Make every rate a multiple of it, or name the setting that is used."
            )

    def value_for(self, rate: float, swept: Sequence[int] | None) -> float:
        """The value with which the highest rate of the parameter groups `swept` (None: all) is `rate`."""
        rate = positive_lr(rate)
        share = highest_followed(*self._made, swept) / self._value
        return rate if math.isclose(share, 1.0, rel_tol=1e-6) else rate / share


def highest_followed(optimizer: Any, schedulers: Any, swept: Sequence[int] | None = None) -> float:
    """The highest rate of a training; of a schedule whose course can't be seen, the one that it starts from."""
    try:
        return highest_rate(optimizer, schedulers or [], swept)
    except CannotRescale:
        return highest_rate(optimizer, [], swept)

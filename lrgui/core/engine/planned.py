"""The training that an optimizer was made for: its kind, how long it remembers, and the schedule attached to it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from torch.optim.lr_scheduler import OneCycleLR

from lrgui.core.engine.attached import is_plateau, parts_of, scheduled
from lrgui.core.engine.schedule_copy import followed, length_of
from lrgui.core.optimizer_traits import family, is_schedule_free, memory
from lrgui.core.optimizers import optimizer_name

#: Steps that a schedule is followed for at first, and where it has not shown itself by then.
_LOOKED_AT, _FURTHEST = 1024, 1 << 14
#: Rates that differ by less than this share of the highest are one rate: schedules compute them step by step.
_SAME = 1e-7
#: A rate that changes at no more than this share of the optimizer's steps drops in steps …
_RARE = 0.1
#: … and at no more than this one of a scheduler's, which may be epochs: one that changes it at each of these decays.
_RARE_OF_SCHEDULERS = 0.5


def planned(optimizer: Any) -> dict[str, Any]:
    """What a `TaskEvent` says of an optimizer: `optimizer_family`, `memory`, `schedule`, `schedule_steps`."""
    name, groups = optimizer_name(optimizer), optimizer.param_groups
    hyper = {**getattr(optimizer, "defaults", {}), **(groups[0] if groups else {})}
    schedulers = scheduled(optimizer)
    never = "constant" if is_schedule_free(name) else None
    return {
        "optimizer_family": family(name, hyper) or "",
        "memory": memory(name, hyper),
        "schedule": schedule_of(optimizer, schedulers, never) or "",
        "schedule_steps": next((cycle.total_steps for one in schedulers for cycle in _cycles(one)), None),
    }


def schedule_of(optimizer: Any, schedulers: Sequence[Any], never: str | None = None) -> str | None:
    """Which of `core.curve.plan.SCHEDULES` an optimizer's schedulers make, by following a copy; None for unknown.

    `never` is the answer without a scheduler: a caller may know more than that none is there yet.
    """
    changing = [found for found in schedulers if not is_plateau(found)]
    if not changing:
        return "step" if schedulers else never
    if len(changing) > 1:
        return None
    try:
        return "onecycle" if _cycles(changing[0]) else _followed(changing[0], optimizer) or "constant"
    except Exception:  # somebody's scheduler may do anything when it is copied
        return None


def _followed(scheduler: Any, optimizer: Any) -> str | None:
    """The schedule that a copy of `scheduler` makes; None where its rate does not change as far as it is followed."""
    looked_at, furthest = _LOOKED_AT, min(2 * length_of(scheduler), _FURTHEST)
    while True:
        rates = [max(each) for each in followed(scheduler, optimizer.param_groups, looked_at)]
        if not all(map(math.isfinite, rates)):
            raise ValueError("Its rates are not numbers.")
        found, rising = shape_of(rates, _RARE_OF_SCHEDULERS)
        if rising or found is None:
            furthest = _FURTHEST
        if looked_at >= furthest or (found in ("decay", "step", "warmup") and not rising):
            return found
        looked_at = furthest


def shape_of(rates: Sequence[float], rare: float = _RARE) -> tuple[str | None, bool]:
    """The schedule that begins with these rates, None where they are all one; and whether they still rise.

    Rates that change at up to `rare` of the steps drop in steps.
    """
    top = max(rates)
    moves = [i for i in range(1, len(rates)) if abs(rates[i] - rates[i - 1]) > _SAME * top]
    if not moves:
        return None, False
    if rates[moves[0]] > rates[0]:
        peak = rates.index(top)
        if peak == len(rates) - 1:
            return "warmup", True
        return ("warmup" if min(rates[peak:]) < (1 - _SAME) * top else "constant"), False
    return ("step" if len(moves) <= rare * moves[-1] else "decay"), False


def _cycles(scheduler: Any) -> list[OneCycleLR]:
    return [part for part in (scheduler, *parts_of(scheduler)) if isinstance(part, OneCycleLR)]

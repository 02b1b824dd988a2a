"""Setting an optimizer's learning rate so that a training really runs at it, whatever schedules the rate."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import torch

from lrgui.core.engine.attached import attached, belongs_to, is_plateau, kind_of, outermost
from lrgui.core.engine.param_groups import largest, put_rate, ratios
from lrgui.core.engine.schedule_copy import CannotRescale, highest
from lrgui.core.engine.scheduler_rates import Slot, group_slots, rescale, scheduler_slots
from lrgui.core.learning_rate import format_lr, positive_lr

Groups = Sequence[dict[str, Any]]


def set_rate(optimizer: Any, rate: float, *, swept: Sequence[int] | None = None, scheduler: Any = None) -> None:
    """Let `rate` be the highest learning rate that the parameter groups `swept` reach; None: all groups.

    Everything that holds a rate is multiplied by one number: groups keep their ratio, a schedule its form. Without
    a scheduler the rate itself becomes `rate`; with one the highest of its whole course does (the end of a warm-up,
    OneCycleLR's and CyclicLR's maximum), as if it had been made so, also where it has begun. One that rises without
    end, as far as can be seen, multiplies `rate`; ReduceLROnPlateau goes on from it. Momentum is left alone.

    `scheduler`: one, or several, of this optimizer; None: those that are alive are looked up. Raises TypeError for
    what is no optimizer or scheduler, ValueError for a rate, a group or a scheduler that this can't be done with;
    nothing is changed then.
    """
    if not isinstance(getattr(optimizer, "param_groups", None), list):
        raise TypeError(
            f"{_name(optimizer)} is not an optimizer with param_groups; pass the instance that trains your model."
        )
    rate = positive_lr(rate)
    groups = optimizer.param_groups
    indices = list(range(len(groups)) if swept is None else swept)
    if max(indices) >= len(groups):
        raise ValueError(
            f"Group {max(indices)} was swept, but this optimizer has {len(groups)} parameter groups: pass one with the "
            "same groups."
        )
    if any(groups[i].get("lr") is None for i in indices):
        raise ValueError(
            f"{_name(optimizer)} sets its own learning rate (lr=None): create it with lr={format_lr(rate)}."
        )
    schedulers = attached(optimizer) if scheduler is None else _given(scheduler, optimizer)
    if all(is_plateau(found) for found in schedulers):
        top = _as_they_are(groups, indices)
        slots = [slot for found in schedulers for slot in scheduler_slots(found, indices, len(groups))]
    else:
        try:
            top, slots = _of_schedules(groups, indices, schedulers)
        except CannotRescale as error:
            raise CannotRescale(
                error.why,
                f"Create the scheduler after result.apply(optimizer), for a rate of {format_lr(rate)}, or pass yours: "
                "result.apply(optimizer, scheduler).",
            ) from None
    _set_default(optimizer, [groups[i] for i in indices], rate, top)
    # Optimizers share one tensor among groups: those that were not swept keep it.
    kept = [value for i, group in enumerate(groups) if i not in indices for value in group.values()]
    rescale([*group_slots(groups, indices), *slots], rate, top, kept)


def _as_they_are(groups: Groups, indices: Iterable[int]) -> float:
    """The highest of the rates that there are now, which no schedule will change.

    `initial_lr`, which a schedule that is gone has left and a new one will read, becomes the same.
    """
    swept = [groups[i] for i in indices]
    top = largest(swept) or 1.0
    for group, ratio in zip(swept, ratios(swept), strict=True):
        for name in ("lr", "initial_lr"):
            if name in group and float(group[name]) != ratio * top:
                put_rate(group, name, ratio * top)
    return top


def highest_rate(optimizer: torch.optim.Optimizer, schedulers: Any, swept: Sequence[int] | None = None) -> float:
    """The highest rate that the groups `swept` (None: all) reach in the course of these schedulers, or without any.

    Raises as `set_rate`.
    """
    groups = optimizer.param_groups
    indices = list(range(len(groups)) if swept is None else swept)
    return _of_schedules(groups, indices, _given(schedulers, optimizer))[0]


def _of_schedules(groups: Groups, indices: Sequence[int], schedulers: Sequence[Any]) -> tuple[float, list[Slot]]:
    """The highest rate that these schedulers reach together, and all the places where they keep rates."""
    base = max(base_of(groups[i]) for i in indices)
    slots: list[Slot] = []
    peaks: list[float] = []
    for found in schedulers:
        other = False
        if not is_plateau(found):
            if kind_of(found) not in ("torch", "timm"):
                raise CannotRescale(f"{_name(found)} controls this optimizer's rates and cannot be rescaled.")
            peak, other = highest(found, groups, indices)
            if peak is not None and not math.isclose(peak, base, rel_tol=1e-6):
                peaks.append(peak)
        slots += scheduler_slots(found, indices, len(groups), other=other)
    if len(peaks) > 1:
        names = ", ".join(_name(found) for found in schedulers)
        raise CannotRescale(f"Several schedulers change this optimizer's highest rate ({names}).")
    top = peaks[0] if peaks else base
    if not top > 0:
        raise CannotRescale("The rates of the schedule are all 0.")
    return top, slots


def base_of(group: dict[str, Any]) -> float:
    """The rate that a parameter group's schedule starts from; without one, its rate."""
    return float(group.get("initial_lr", group["lr"]))


def _given(scheduler: Any, optimizer: Any) -> list[Any]:
    """The schedulers that were passed, out of whatever they are wrapped in."""
    if isinstance(scheduler, (list, tuple)):
        return outermost(found for one in scheduler for found in _given(one, optimizer))
    if isinstance(scheduler, dict):  # as Lightning's configure_optimizers returns it
        return _given(scheduler.get("scheduler", scheduler.get("lr_scheduler")), optimizer)
    if kind_of(scheduler) not in ("torch", "timm"):
        for name in ("scheduler", "lr_scheduler"):  # accelerate, Lightning; Ignite
            if hasattr(scheduler, name):
                return _given(getattr(scheduler, name), optimizer)
    if isinstance(scheduler, (int, float)):
        raise TypeError(f"{scheduler} is not a scheduler; to set this rate, pass lr={scheduler}.")
    if kind_of(scheduler) is None:
        raise TypeError(f"{_name(scheduler)} is not a learning rate scheduler; pass one of torch.optim.lr_scheduler.")
    if not belongs_to(scheduler, optimizer):
        raise ValueError(
            f"This {_name(scheduler)} belongs to another optimizer: pass the optimizer it was created with."
        )
    return [scheduler]


def _set_default(optimizer: Any, groups: Groups, rate: float, top: float) -> None:
    """Parameter groups that are added later get what those got that had the optimizer's own rate."""
    defaults = getattr(optimizer, "defaults", {})
    old = defaults.get("lr")
    if isinstance(old, (int, float)) and any(base_of(group) == old for group in groups):
        defaults["lr"] = rate * (old / top)


def _name(found: Any) -> str:
    return found.__name__ if isinstance(found, type) else type(found).__name__

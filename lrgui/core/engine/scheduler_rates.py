"""Where schedulers and parameter groups keep rates, and how these are multiplied."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import torch

from lrgui.core.engine.attached import parts_of
from lrgui.core.engine.param_groups import holds_rates

_LISTS = ("base_lrs", "_last_lr", "max_lrs", "min_lrs", "base_values", "warmup_steps")
_NUMBERS = ("eta_min", "default_min_lr", "lr_min", "warmup_lr_init")
"""Where torch's and timm's schedulers keep rates: one for each group, and one for all."""

_OTHER_RATES = re.compile(r"(^|_)(lrs?|eta_min|eta_max)(_|$)")
_NO_RATE = re.compile(r"lambda|factor|scale|ratio|div|mult|decay|step|epoch|iter|gamma|power")
"""Names that other classes give to rates, and to what only sounds like one."""

Slot = tuple[Any, Any]
"""A dict or list, and the key or index at which a rate stands in it."""


def group_slots(groups: Sequence[dict[str, Any]], indices: Iterable[int]) -> list[Slot]:
    """Every rate that schedulers keep in the parameter groups `indices`."""
    # OneCycleLR keeps its highest and its last one there, SWALR the one it ends with.
    names = ("lr", "initial_lr", "max_lr", "min_lr", "swa_lr")
    return [(groups[i], name) for i in indices for name in names if _is_rate(groups[i].get(name))]


def scheduler_slots(scheduler: Any, indices: Sequence[int], count: int, *, other: bool = False) -> list[Slot]:
    """Every rate of the parameter groups `indices`, of `count`, in a scheduler and its parts.

    A number for all groups counts only where `indices` are all. `other`: look at names too that torch does not use.
    """
    slots: list[Slot] = []
    for part in (scheduler, *parts_of(scheduler)):
        held = vars(part)
        for name, value in held.items():
            wanted = other and _OTHER_RATES.search(name) and not _NO_RATE.search(name)
            if isinstance(value, list) and (name in _LISTS or wanted) and len(value) == count:
                slots.extend((value, i) for i in indices if _is_rate(value[i]))
            elif _is_rate(value) and (name in _NUMBERS or wanted) and len(indices) == count:
                slots.append((held, name))
    return slots


def _is_rate(value: Any) -> bool:
    if isinstance(value, torch.Tensor):
        return value.numel() == 1
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def rescale(slots: Iterable[Slot], rate: float, top: float, kept: Iterable[Any] = ()) -> None:
    """Multiply the rates at `slots` by rate / top, each once: `top` becomes exactly `rate`.

    Tensors are changed in place, except those in `kept` and those that can't hold such a number.
    """
    seen = {}
    done: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}  # the first held, so that ids stay theirs
    keep = {id(value) for value in kept}
    for holder, key in slots:
        if (id(holder), key) in seen:  # schedulers share lists
            continue
        seen[id(holder), key] = holder
        value = holder[key]
        if not isinstance(value, torch.Tensor):
            holder[key] = rate * (value / top)
            continue
        if id(value) not in done:
            number = rate * (float(value) / top)
            wide = value.detach() if holds_rates(value) else value.detach().float()
            done[id(value)] = value, (torch.full_like(wide, number) if id(value) in keep else wide.fill_(number))
        if id(value) in keep or not holds_rates(value):
            holder[key] = done[id(value)][1]

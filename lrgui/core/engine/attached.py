"""The user's own learning rate schedulers: which are attached to an optimizer.

torch keeps no list of an optimizer's schedulers: they hold it, and leave a mark at its `step` at most. So those that
are alive are looked up where Python itself keeps them, with the garbage collector.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch
from torch.optim import lr_scheduler

_TORCH = (lr_scheduler.LRScheduler, lr_scheduler.ReduceLROnPlateau)
_OTHERS = {"Scheduler": "timm", "ParamScheduler": "ignite"}
"""Base classes of other packages, which need not be installed."""

_NAMED = re.compile(r"Schedule[rs]?$|LR$|Warm-?[uU]p$")
"""How people and packages call a scheduler that has no base class that is known here."""


def kind_of(found: Any) -> str | None:
    """ "torch", "timm" or "ignite" for the schedulers of these packages, "other" for what is called like one."""
    return _kind(type(found))


def _kind(cls: type) -> str | None:
    if issubclass(cls, _TORCH):
        return "torch"
    for base in cls.__mro__:
        package = _OTHERS.get(base.__name__)
        if package is not None and base.__module__.startswith(f"{package}."):
            return package
    if not _NAMED.search(cls.__name__) or issubclass(cls, (torch.optim.Optimizer, torch.nn.Module, type)):
        return None
    return "other" if callable(getattr(cls, "step", None)) else None


def attached(optimizer: Any) -> list[Any]:
    """The schedulers that are alive and made for this optimizer; without those that are parts of another one."""
    found = outermost(_alive(optimizer))
    if len(found) > 1:
        # One that nobody has any more may still be there, waiting for its turn to be collected.
        found.clear()
        gc.collect()
        found = outermost(_alive(optimizer))
    return found


def scheduled(optimizer: Any) -> list[Any]:
    """The same, without looking where no scheduler with a course of its own has left its mark: looking takes long.

    ReduceLROnPlateau leaves none.
    """
    return attached(optimizer) if any("initial_lr" in group for group in optimizer.param_groups) else []


def outermost(schedulers: Iterable[Any]) -> list[Any]:
    """Without those that are parts of others, and without foreign wrappers of those that can be rescaled."""
    found = list({id(scheduler): scheduler for scheduler in schedulers}.values())
    known = [scheduler for scheduler in found if kind_of(scheduler) in ("torch", "timm")]
    wrappers = {id(s) for s in found if s not in known and any(part in known for part in parts_of(s))}
    inner = {id(part) for scheduler in known for part in parts_of(scheduler)}
    return [scheduler for scheduler in found if id(scheduler) not in wrappers | inner]


def _alive(optimizer: Any) -> list[Any]:
    groups = {id(group) for group in optimizer.param_groups}
    objects = gc.get_objects()
    kinds = {cls for cls in set(map(type, objects)) if _kind(cls) is not None}
    return [found for found in objects if type(found) in kinds and any(id(group) in groups for group in _groups(found))]


def _groups(scheduler: Any) -> Sequence[Any]:
    """The parameter groups whose rate it sets."""
    try:
        if kind_of(scheduler) == "ignite":
            return list(scheduler.optimizer_param_groups) if scheduler.param_name == "lr" else []
        if getattr(scheduler, "param_group_field", "lr") != "lr":  # timm schedules momentum the same way
            return []
        return list(scheduler.optimizer.param_groups)
    except Exception:  # made half, or foreign: not one that sets rates
        return []


def belongs_to(scheduler: Any, optimizer: Any) -> bool:
    """Whether it sets the rates of this optimizer, or of the one in this wrapper."""
    return any(ours is theirs for ours in optimizer.param_groups for theirs in _groups(scheduler))


def parts_of(scheduler: Any) -> Iterator[Any]:
    """All schedulers that it holds, directly or in a list, and theirs."""
    todo = [scheduler]
    seen = {id(scheduler)}
    while todo:
        for value in list(getattr(todo.pop(), "__dict__", {}).values()):
            for part in value if isinstance(value, (list, tuple)) else (value,):
                if id(part) not in seen and kind_of(part) is not None:
                    seen.add(id(part))
                    todo.append(part)
                    yield part


def is_plateau(scheduler: Any) -> bool:
    """Schedules that go on from the rate that there is, and never raise it."""
    return isinstance(scheduler, lr_scheduler.ReduceLROnPlateau)

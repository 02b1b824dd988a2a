"""Wrappers around an optimizer that are none of torch's classes, such as schedulefree's ScheduleFreeWrapper."""

from __future__ import annotations

from typing import Any

from torch.optim import Optimizer


def inside(thing: Any) -> Optimizer | None:
    """The torch optimizer whose parameter groups `thing` shows as its own: itself, or what it is wrapped around.

    None for what can't take an optimizer's place: it must `step` and have `zero_grad` and `param_groups`.
    """
    if isinstance(thing, Optimizer):
        return thing
    groups = getattr(thing, "param_groups", None)
    if not isinstance(groups, list) or not all(callable(getattr(thing, name, None)) for name in ("step", "zero_grad")):
        return None
    held = vars(thing).values() if hasattr(thing, "__dict__") else ()
    return next((one for one in held if isinstance(one, Optimizer) and one.param_groups is groups), None)

"""How an optimizer was made: its class and the arguments that are not the usual ones, as text that code can hold."""

from __future__ import annotations

import inspect
import math
from typing import Any

import torch

from lrgui.core.engine.param_groups import inside

#: Always said of classes that are not torch's: a schedule must know whether there is a momentum.
_MOMENTA = ("momentum", "betas")


def made_with(optimizer: Any) -> dict[str, Any]:
    """What a `TaskEvent` says of how an optimizer was made: `optimizer_class`, `optimizer_arguments`,
    `optimizer_groups`."""
    inner = inside(optimizer)
    if inner is None:
        return {}
    kind = type(inner)
    return {
        "optimizer_class": _dotted(kind),
        "optimizer_arguments": _arguments(kind, inner),
        "optimizer_groups": len(inner.param_groups),
    }


def _dotted(kind: type) -> str:
    """The name under which code can import a class; empty for one that is made within a function."""
    if _of_torch(kind):
        return f"torch.optim.{kind.__name__}"
    return "" if "<" in kind.__qualname__ else f"{kind.__module__}.{kind.__qualname__}"


def _of_torch(kind: type) -> bool:
    return getattr(torch.optim, kind.__name__, None) is kind


def _arguments(kind: type, optimizer: Any) -> dict[str, str] | None:
    """The settings that differ from the defaults and are alike in all groups, as Python literals, without the rate.

    None where the class needs others that are not among its settings.
    """
    try:
        parameters = list(inspect.signature(kind).parameters.values())
    except (TypeError, ValueError):
        return None
    groups = optimizer.param_groups
    found: dict[str, str] = {}
    for one in parameters[1:]:  # the first one is the parameters
        if one.name == "lr" or one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD):
            continue
        values = [group[one.name] for group in groups if one.name in group]
        values = [tuple(value) if isinstance(value, list) else value for value in values]
        if not values or not all(_is_plain(value) and value == values[0] for value in values):
            if one.default is one.empty:
                return None
        elif values[0] != one.default or (one.name in _MOMENTA and not _of_torch(kind)):
            found[one.name] = repr(values[0])
    return found


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(_is_plain(part) and not isinstance(part, tuple) for part in value)
    return value is None or isinstance(value, bool | int | str) or (isinstance(value, float) and math.isfinite(value))

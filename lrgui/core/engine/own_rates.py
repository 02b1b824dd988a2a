"""The rate that an optimizer has of its own, before a run sets its rates."""

from __future__ import annotations

import inspect
import math
from collections.abc import Sequence
from typing import Any

from lrgui.core.curve.own_rate import OwnRate
from lrgui.core.engine.apply import highest_rate
from lrgui.core.engine.attached import scheduled
from lrgui.core.engine.param_groups import inside
from lrgui.core.engine.schedule_copy import CannotRescale
from lrgui.core.optimizers import optimizer_name


def own_rate(optimizer: Any, swept: Sequence[int] | None = None) -> OwnRate | None:
    """The highest rate that the groups `swept` (None: all) would train at; None where the optimizer has no such.

    A schedule that is attached to the optimizer counts with its maximum, as far as its course can be seen.
    """
    try:
        try:
            rate = highest_rate(optimizer, scheduled(optimizer), swept)
        except CannotRescale:
            rate = highest_rate(optimizer, [], swept)
    except (CannotRescale, TypeError, ValueError, RuntimeError):  # rates of None, of tensors without a value
        return None
    return _known(rate, rate != default_rate(type(inside(optimizer) or optimizer)), optimizer_name(optimizer))


def default_rate(kind: Any) -> float | None:
    """The default of an optimizer class for its rate (of a function: of its argument `lr`); None without one."""
    try:
        default = inspect.signature(kind).parameters["lr"].default
    except (KeyError, TypeError, ValueError):
        return None
    return float(default) if isinstance(default, int | float) and not isinstance(default, bool) else None


def own_rate_of_maker(make: Any, made: Any, lr: float) -> OwnRate | None:
    """The same of an optimizer `made` by what makes it: a class, a partial, a function that may take a rate.

    `lr` is the rate that it was called with. One that does not take it has rates of its own; of the others the default
    of that argument counts, which in a class nobody chose.
    """
    found = own_rate(made)
    if found is not None and not math.isclose(found.lr, lr, rel_tol=1e-9):
        return found
    default = default_rate(make)
    return None if default is None else _known(default, not isinstance(make, type), optimizer_name(made))


def _known(rate: float, chosen: bool, name: str) -> OwnRate | None:
    return OwnRate(rate, chosen, name) if math.isfinite(rate) and rate > 0 else None

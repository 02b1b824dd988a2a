"""The optimizer in what people give: their function called as it asks, and what it returns looked through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from lrgui.core.engine.param_groups import inside
from lrgui.tasks.user.roles import PARAMETERS, RATES
from lrgui.tasks.user.signature import signature_of


@dataclass(frozen=True)
class OptimizerCall:
    """What a function that makes an optimizer is called with: the parameters or the model, and a rate."""

    positional: tuple[Any, ...]
    by_name: dict[str, Any]
    names: tuple[str, ...]
    """Its arguments that are taken care of."""

    def call(self, make: Callable[..., Any], **more: Any) -> Any:
        """What `make` returns."""
        return make(*self.positional, **self.by_name, **more)


def wanted_by(make: Callable[..., Any], model: nn.Module, lr: float, by_place: bool = False) -> OptimizerCall:
    """What `make` asks for, by the names of its arguments; the first one without a known name is the parameters.

    A partial that has a rate already gets this one in its place. With `by_place` the only other argument that has no
    default is the rate, whatever it is called.
    """
    trainable = [p for p in model.parameters() if p.requires_grad]
    signature = signature_of(make)
    if signature is None:  # a class written in C: as torch's
        return OptimizerCall((trainable,), {"lr": lr}, ())
    known: dict[str, Any] = dict.fromkeys(RATES, lr) | dict.fromkeys(PARAMETERS, trainable)
    known["model"] = model
    free = [one for one in signature.by_place if one.name not in known]
    if not signature.by_place and signature.any_places:
        return OptimizerCall((trainable, lr), {}, ())
    if own := signature.parameters():
        known.setdefault(own, trainable)
    needed = [one for one in free if one.name not in known and one.required]
    if by_place and len(needed) == 1 and not set(RATES) & set(signature.names):
        known[needed[0].name] = lr
    given = [one for one in signature.arguments if one.name in known]
    return OptimizerCall(
        tuple(known[one.name] for one in given if not one.by_name),
        {one.name: known[one.name] for one in given if one.by_name},
        tuple(one.name for one in given),
    )


def optimizers_in(made: Any) -> list[torch.optim.Optimizer]:
    """The optimizers in what people return, each once, in their order; Lightning's forms are known.

    What is wrapped around one and can take its place counts as one itself (see `core.engine.param_groups.inside`).
    """
    if inside(made) is not None:
        return [made]
    parts = list(made.values()) if isinstance(made, Mapping) else made
    if not isinstance(parts, tuple | list):
        return []
    found = [one for part in parts for one in optimizers_in(part)]
    return list({id(one): one for one in found}.values())


def is_scheduler(thing: Any) -> bool:
    """True for what sets an optimizer's rates: torch's schedulers, and whatever else holds an optimizer and steps."""
    if inside(thing) is not None:
        return False
    if isinstance(thing, LRScheduler | ReduceLROnPlateau):
        return True
    return isinstance(getattr(thing, "optimizer", None), torch.optim.Optimizer) and callable(
        getattr(thing, "step", None)
    )


def first_optimizer(made: Any) -> tuple[torch.optim.Optimizer | None, bool]:
    """The first optimizer in what people return, and whether a schedule came with it."""
    return next(iter(optimizers_in(made)), None), _has_schedule(made)


def _has_schedule(made: Any) -> bool:
    if isinstance(made, Mapping):
        return made.get("lr_scheduler", made.get("scheduler")) is not None
    if isinstance(made, tuple | list):
        # (optimizer, schedule) and ([optimizer, …], [schedule, …]): whatever holds no optimizer is a schedule.
        return any(_has_schedule(one) or (not optimizers_in(one) and one not in (None, [], ())) for one in made)
    return False

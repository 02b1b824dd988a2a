"""The optimizer that a caller means: one that is there, its name, its class, a function, what Lightning returns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from lrgui.core.optimizers import refusal
from lrgui.core.phrases import with_article
from lrgui.tasks.optimizers.optimizing import optimizer_called
from lrgui.tasks.user.optimizer import is_scheduler, optimizers_in, wanted_by

MakeOptimizer = torch.optim.Optimizer | str | Callable[..., Any] | Sequence[Any] | Mapping[str, Any]
"""An optimizer of the model's parameters, its class, its name, a function of (parameters, learning rate), or what
holds one of these beside its schedule, as Lightning's `configure_optimizers` returns it."""


def is_made(optimizer: MakeOptimizer | None) -> bool:
    """True where the optimizer (or what holds one) is there already, and need not be made."""
    return not (optimizer is None or isinstance(optimizer, str) or callable(optimizer))


def optimizer_and_company(
    module: nn.Module, optimizer: MakeOptimizer | None, lr: float
) -> tuple[torch.optim.Optimizer, Any]:
    """The optimizer of `module` that is meant by `optimizer`, and what it was in: a scheduler beside it lives only as
    long as somebody has that.

    Raises ValueError, with a sentence, where there is none, or none that can be swept.
    """
    if is_made(optimizer):
        return _usable(_only_one(optimizer), module), optimizer
    trainable = [p for p in module.parameters() if p.requires_grad]
    if not trainable:
        raise ValueError("Every parameter of the model is frozen (requires_grad=False): there is nothing to train.")
    if optimizer is None:
        return torch.optim.AdamW(trainable, lr=lr), None
    if isinstance(optimizer, str):
        return optimizer_called(optimizer, module, lr), None
    if isinstance(optimizer, type) and is_scheduler_class(optimizer):
        raise ValueError(_SCHEDULER.format(what=f"the scheduler {optimizer.__name__}", which="the optimizer alone"))
    make: Callable[..., Any] = optimizer  # type: ignore[assignment]
    made = wanted_by(make, module, lr, by_place=True).call(make)
    if made is None:
        raise ValueError("The optimizer's function returned None: did you forget return?")
    return _usable(_only_one(made, "The optimizer's function must return "), module), made


_SCHEDULER = (
    "The optimizer argument is {what}: pass {which}. The sweep sets the learning rates itself; create the scheduler "
    "afterwards, with the rate it finds."
)


def is_scheduler_class(kind: type) -> bool:
    """True for the classes of torch's schedulers."""
    return issubclass(kind, torch.optim.lr_scheduler.LRScheduler | torch.optim.lr_scheduler.ReduceLROnPlateau)


def _only_one(made: Any, must: str = "The optimizer must be ") -> torch.optim.Optimizer:
    if is_scheduler(made):
        name = type(made).__name__
        torchs = is_scheduler_class(type(made))
        what = f"a scheduler ({name})" if torchs else f"a {name}, which is not a torch.optim.Optimizer but wraps one"
        raise ValueError(_SCHEDULER.format(what=what, which="its .optimizer"))
    found = optimizers_in(made)
    if len(found) > 1:
        names = " and ".join(type(one).__name__ for one in found)
        raise ValueError(
            f"There are {len(found)} optimizers ({names}), but a sweep takes one: pass one of them. Where the "
            "others must step too, as in a GAN, do that inside training_step(model, batch)."
        )
    if found:
        return found[0]
    more = ""
    items = made if isinstance(made, list | tuple) else ()
    if isinstance(made, Iterator) or any(isinstance(one, nn.Parameter) for one in items):
        more = " These are parameters: pass torch.optim.AdamW(parameters), or only its class."
    elif any(isinstance(one, Mapping) and "params" in one for one in items):
        more = " These are parameter groups: pass torch.optim.AdamW(groups)."
    elif isinstance(made, Mapping):
        more = " Pass settings with functools.partial(torch.optim.AdamW, weight_decay=…)."
    raise ValueError(
        f"{must}a torch.optim.Optimizer, not {with_article(type(made).__name__)}; a class, a name such as "
        f'"adamw", or a function (params, lr) that returns one also works.{more}'
    )


def _usable(optimizer: torch.optim.Optimizer, module: nn.Module) -> torch.optim.Optimizer:
    refused = refusal(optimizer)
    if refused:
        raise ValueError(refused)
    own = {id(parameter) for parameter in module.parameters()}
    if not any(id(p) in own for group in optimizer.param_groups for p in group["params"]):
        raise ValueError("The optimizer has none of this model's parameters: create it from model.parameters().")
    return optimizer

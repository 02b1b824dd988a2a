"""Train and eval mode, as a training loop has them: of a model, and of optimizers that have such modes too.

Those are the schedule-free ones: https://github.com/facebookresearch/schedule_free.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn

#: So many parts are named in a sentence; the others are counted.
NAMED = 3


def to_train_mode(model: nn.Module | None, in_eval: Iterable[nn.Module] = (), optimizer: Any = None) -> None:
    """`model.train()`, as the model itself does it; the modules `in_eval` stay in eval mode. None changes no module.

    An `optimizer` that has modes of its own is put into train mode, too.
    """
    if model is not None:
        _switch(model, True)
        for module in in_eval:
            module.training = False
    _call(optimizer, "train")


def to_eval_mode(model: nn.Module, optimizer: Any = None) -> None:
    """`model.eval()`, and the optimizer's: a schedule-free one then gives the model its averaged weights."""
    _switch(model, False)
    _call(optimizer, "eval")


@contextmanager
def evaluating(model: nn.Module, optimizer: Any = None) -> Iterator[None]:
    """Inside, model and optimizer are in eval mode; then each module gets its own back, the optimizer train mode."""
    training = [module for module in model.modules() if module.training]
    to_eval_mode(model, optimizer)
    try:
        yield
    finally:
        for module in training:
            module.training = True
        _call(optimizer, "train")


def has_modes(optimizer: Any) -> bool:
    """True for optimizers that must be told when a training begins and when its weights are looked at."""
    return all(callable(getattr(optimizer, name, None)) for name in ("train", "eval"))


def _call(optimizer: Any, name: str) -> None:
    if optimizer is not None and has_modes(optimizer):
        getattr(optimizer, name)()


def _switch(module: nn.Module, mode: bool) -> None:
    """`module.train(mode)`, also where a class gave the name `train` to something else, as `train(self, x, y)`."""
    if not any(_shadowed(type(one)) for one in module.modules()):
        if mode:
            module.train()
        else:
            module.eval()
        return
    if not _shadowed(type(module)) and not any(True for _ in module.children()):
        module.train(mode)
        return
    module.training = mode
    for child in module.children():
        _switch(child, mode)


def _shadowed(kind: type[nn.Module]) -> bool:
    """True where `train` or `eval` can't be called as torch's."""
    return not all(
        function is own or _takes(function, count)
        for function, own, count in ((kind.train, nn.Module.train, 2), (kind.eval, nn.Module.eval, 1))
    )


def _takes(function: Any, count: int) -> bool:
    try:
        inspect.signature(function).bind(*[None] * count)
    except TypeError:
        return False
    except ValueError:  # written in C
        return True
    return True


def kept_in_eval(model: nn.Module) -> list[nn.Module]:
    """The parts that stand in eval mode in a model that itself is in train mode: somebody has put them there.

    A model that is in eval mode itself comes from an evaluation, or was loaded: its training begins with `train()`.
    """
    return [module for module in model.modules() if not module.training] if model.training else []


def modes_note(model: nn.Module) -> str | None:
    """A sentence that names the parts which stay in eval mode (see `kept_in_eval`); None without such.

    Where a class has a `train` of its own, that decides, and there is nothing to say.
    """
    held = {id(module) for module in kept_in_eval(model)}
    names: list[str] = []
    settled: list[str] = []
    for name, module in model.named_modules():
        if any(name.startswith(above) for above in settled):
            continue
        if type(module).train is not nn.Module.train:
            settled.append(f"{name}." if name else "")
        elif id(module) in held:
            names.append(name)
            settled.append(f"{name}.")
    if not names:
        return None
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return (
        f"These parts of the model were in eval mode and remained so: {', '.join(names[:NAMED])}{more}. If your "
        "training calls model.train(), call it before the sweep."
    )

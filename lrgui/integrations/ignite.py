"""Sweeps with an Ignite `Engine` whose process function makes the steps."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sized
from functools import wraps
from typing import TYPE_CHECKING, Any

import torch

from lrgui.core.optimizers import optimizer_name
from lrgui.integrations.keeping import Kept
from lrgui.integrations.packages import package, refuse

if TYPE_CHECKING:
    from lrgui.api.result import Result

package("ignite.engine", pip="pytorch-ignite")

_TAKEN = ("optimizer", "loss", "training_step", "device", "amp", "clip_grad_norm", "fresh_init", "validation", "metric")
"""What the process function decides, or what can't be had of one that also makes the step."""

_COUNT = "lrgui_batches"


def find_lr(
    trainer: Any,
    loader: Iterable[Any],
    to_save: Mapping[str, Any],
    *,
    output_transform: Callable[[Any], Any] = lambda output: output,
    **settings: Any,
) -> Result:
    """Sweep the learning rate with `trainer`'s own process function, which computes the loss and makes the step.

    No handler runs, so nothing is logged, saved or scheduled. Afterwards the engine, and what is in `to_save`,
    are as if nothing had been.

    Args:
        trainer: your Engine, for instance of `create_supervised_trainer`.
        loader: the training batches.
        to_save: "model" and "optimizer", as for Ignite's `FastaiLRFinder.attach`; whatever else the process
            function changes and has `state_dict` and `load_state_dict` (a GradScaler) is put back too.
        output_transform: gets the loss, a number or a tensor with one, from the process function's output.
        settings: settings of `lrgui.find_lr`, except those that the process function decides. Where it
            accumulates gradients, give the same `accumulation`.

    Raises:
        ValueError: `to_save` lacks the model or the optimizer, or the output is no loss.
    """
    from lrgui.api.find import find_lr as find

    refuse(settings, _TAKEN, "process function")
    for name, kind in (("model", torch.nn.Module), ("optimizer", torch.optim.Optimizer)):
        if not isinstance(to_save.get(name), kind):
            raise ValueError(f"to_save has no “{name}”: pass {{'model': model, 'optimizer': optimizer}}.")
    model, optimizer = to_save["model"], to_save["optimizer"]
    others = [part for name, part in to_save.items() if name not in ("model", "optimizer") and _has_state(part)]
    before = [copy.deepcopy(part.state_dict()) for part in others]
    made = _Made(optimizer)

    @wraps(trainer._process_function)  # so that a snapshot finds what it holds
    def step(_: torch.nn.Module, batch: Any) -> torch.Tensor:
        if made.begins():
            _begin(trainer, loader)
            for part, state in zip(others, before, strict=True):
                part.load_state_dict(copy.deepcopy(state))
        trainer.state.iteration += 1
        trainer.state.batch = batch
        trainer.state.output = trainer._process_function(trainer, batch)
        return _as_loss(output_transform(trainer.state.output))

    title = f"{type(model).__name__} · {optimizer_name(optimizer)}"
    kept = Kept(trainer, within=("ignite",))
    with kept, kept:
        try:
            return find(model, loader, optimizer=made, training_step=step, **{"title": title, **settings})
        finally:
            made.leave()
            for part, state in zip(others, before, strict=True):
                part.load_state_dict(state)


def _begin(trainer: Any, loader: Iterable[Any]) -> None:
    """The engine's state as at the start of a run: process functions look at its iteration."""
    state = trainer.state
    state.iteration, state.epoch, state.max_epochs = 0, 1, 1
    state.epoch_length = len(loader) if isinstance(loader, Sized) else None
    state.dataloader = loader


def _has_state(part: Any) -> bool:
    return hasattr(part, "state_dict") and hasattr(part, "load_state_dict")


def _as_loss(value: Any) -> torch.Tensor:
    """A loss that can be gone back from, to nowhere: the process function has been there already."""
    try:
        number = torch.as_tensor(value).detach().reshape(())
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(
            f"The process function returned {type(value).__name__}, not a loss: pass an output_transform that extracts "
            "the loss."
        ) from None
    return number.clone().to(torch.promote_types(number.dtype, torch.float32)).requires_grad_()


class _Made(torch.optim.Optimizer):
    """The process function's optimizer, whose steps have been made already; shares its groups and its state."""

    def __init__(self, inner: torch.optim.Optimizer) -> None:
        super().__init__([{"params": [torch.zeros(1)]}], {"lr": 0.0})
        self.stands_for = inner
        self.param_groups = inner.param_groups
        self.state = inner.state
        self.defaults = inner.defaults
        self.param_groups[0][_COUNT] = 0

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        pass

    def zero_grad(self, set_to_none: bool = True) -> None:
        pass

    def begins(self) -> bool:
        """True at the first batch of every sweep: the count stands in a group, which is put back after each."""
        self.param_groups[0][_COUNT] += 1
        return bool(self.param_groups[0][_COUNT] == 1)

    def leave(self) -> None:
        del self.param_groups[0][_COUNT]

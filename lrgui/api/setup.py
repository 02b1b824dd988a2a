"""From what a caller has (a model or how to make one, an optimizer or its class) to what an engine needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from lrgui.api.arguments import batches_of, check_metric, criterion_of, device_of
from lrgui.api.optimizer import MakeOptimizer, is_made, optimizer_and_company
from lrgui.core.engine.batches import endless, is_one_shot, to_device
from lrgui.core.engine.cleanup import Assured, all_of
from lrgui.core.engine.devices import best_kind
from lrgui.core.engine.loader_state import loader_back
from lrgui.core.engine.loop_options import apply_options, take_back
from lrgui.core.engine.modes import evaluating
from lrgui.core.engine.objective import Supervised
from lrgui.core.engine.output_loss import loss_in
from lrgui.core.engine.param_groups import inside
from lrgui.core.engine.random_state import RandomState
from lrgui.core.engine.step import Loss
from lrgui.core.engine.validation import Probe
from lrgui.core.run_settings import LoopSettings
from lrgui.tasks.optimizers.hidden_layers import hidden_layers

Model = nn.Module | Callable[[], nn.Module]
"""A model, or a function that makes one."""


@dataclass(frozen=True)
class Made:
    """A model and its optimizer, on their device."""

    model: nn.Module
    optimizer: torch.optim.Optimizer
    device: torch.device
    came_with: Any = None
    """What the optimizer was in: a scheduler beside it lives as long as somebody has it."""
    notes: tuple[str, ...] = ()
    """Sentences about how it is trained."""

    def trained_as(self, config: LoopSettings, loss: Loss, last: Assured) -> Made:
        """The same, with what `config` switches on (`core.engine.loop_options`); `last` takes that back."""
        undo, notes = apply_options(config, self.model, self.optimizer, loss)
        last.add(partial(take_back, undo))
        return replace(self, notes=(*self.notes, *notes))


def made(model: Model, optimizer: MakeOptimizer | None, device: Any, lr: float) -> Made:
    """The model and its optimizer. Raises ValueError, with a sentence, where they can't be used.

    A module that is given stays where it is; one that a function makes goes to `device`, or to the best there is.
    """
    given = isinstance(model, nn.Module)
    module = model if isinstance(model, nn.Module) else model()
    if not isinstance(module, nn.Module):
        raise ValueError(f"The model's function must return a torch.nn.Module, not {type(module).__name__}.")
    parameters = list(module.parameters())
    if not parameters:
        hidden = next((sentence for sentence, _ in hidden_layers(module)), "")
        raise ValueError(f"The model has no parameters: there is nothing to train. {hidden}".rstrip())
    if any(parameter.is_meta for parameter in parameters):
        raise ValueError(
            "The model is on the meta device, so its weights have no values yet: make it elsewhere, or give it values "
            "first (to_empty(device=…), then load_state_dict)."
        )
    if not given:
        module = module.to(best_device() if device is None else device_of(device))
    if not given and is_made(optimizer):
        raise ValueError(
            "The model is created by a function, so its optimizer cannot exist yet: pass an optimizer class, or a "
            "function (parameters, learning rate)."
        )
    found, came_with = optimizer_and_company(module, optimizer, lr)
    return Made(module, found, _device_of(module), came_with)


def give_sizes(made: Made, loader: Iterable[Any], loss: Loss) -> None:
    """Let the lazy layers of a model find their sizes from the first batch. Nothing else is changed.

    Raises ValueError, with a sentence, where the loader runs once: a batch taken from it would be missing.
    """
    tensors = (*made.model.parameters(), *made.model.buffers())
    if not any(map(is_lazy, tensors)):
        return
    if is_one_shot(loader):
        raise ValueError(
            "The model has uninitialized lazy layers, and the loader is an iterator that can be read only once: run "
            "one batch through the model in the function that creates it."
        )
    random_state, back = RandomState(), loader_back(loader)
    batches = endless(loader)
    try:
        with torch.no_grad(), evaluating(made.model):
            loss(made.model, to_device(next(batches), made.device))
    finally:
        batches.close()  # type: ignore[attr-defined]
        all_of([*back, random_state.restore])


def best_device() -> torch.device:
    """The accelerator that is there, on it the device that the program made the current one; else the CPU."""
    kind = best_kind()
    if kind == "cuda":
        return torch.device(kind, torch.cuda.current_device())
    return torch.device(kind, torch.xpu.current_device()) if kind == "xpu" else torch.device(kind)


def moved(made: Made, device: Any, last: Assured) -> Made:
    """Model and optimizer on `device`; `last` moves them back to where they were. None leaves them there."""
    wanted = made.device if device is None else device_of(device)
    if wanted.type == made.device.type and wanted.index in (None, made.device.index):
        return made
    last.add(partial(_move, made, made.device))
    _move(made, wanted)
    return replace(made, device=wanted)


def _move(made: Made, device: torch.device) -> None:
    """Parameters stay the same objects, so the optimizer keeps them; what it remembers of each goes along."""
    made.model.to(device)
    for parameter, state in (inside(made.optimizer) or made.optimizer).state.items():
        for key, value in state.items():
            # Step counts stay on the CPU, where optimizers keep them; what has a parameter's shape lies beside it.
            if isinstance(value, torch.Tensor) and value.shape == parameter.shape and value.dim() > 0:
                state[key] = value.to(device)


def _device_of(module: nn.Module) -> torch.device:
    return next(module.parameters()).device


@dataclass(frozen=True)
class Measures:
    """What is measured of a batch."""

    loss: Loss
    probe: Probe | None
    metric: Callable[[], Any] | None
    """The metric of the training batch whose loss was just computed."""
    metric_name: str | None = None


def objective(
    loss: Callable[[Any, Any], torch.Tensor] | None,
    training_step: Loss | None,
    validation: Any,
    metric: Callable[[Any, Any], Any] | None,
    device: torch.device,
    amp: str | None,
) -> Measures:
    """The loss of a training batch, and what is measured beside it.

    `validation` is an iterable of batches or a pair of one and a number: only so many batches are used then.
    With a training step the metric takes (model, batch), else (output, target).
    """
    if loss is not None and training_step is not None:
        raise ValueError("Both loss and training_step were given: pass one of them (a training step returns the loss).")
    check_metric(metric, "output, target" if training_step is None else "model, batch")
    batches, count = _counted(validation)
    batches = None if batches is None else batches_of(batches, "validation")
    name = None if metric is None else getattr(metric, "__name__", "metric").replace("<lambda>", "metric")
    if training_step is None:
        supervised = Supervised(criterion_of(loss), metric)
        probe = None if batches is None else Probe(supervised.both, batches, count=count, device=device, amp=amp)
        on_batch = None if metric is None or probe is not None else supervised.measured
        return Measures(supervised.loss, probe, on_batch, name)
    stepped = _Stepped(training_step, metric)
    probe = None if batches is None else Probe(stepped.both, batches, count=count, device=device, amp=amp)
    return Measures(stepped.loss, probe, None if metric is None or probe is not None else stepped.measured, name)


def prepared(
    model: Model,
    loader: Iterable[Any] | Callable[[], Iterable[Any]],
    loss: Callable[[Any, Any], torch.Tensor] | None,
    optimizer: MakeOptimizer | None,
    lr: float,
    *,
    device: Any,
    training_step: Loss | None,
    validation: Any,
    metric: Callable[[Any, Any], Any] | None,
    config: LoopSettings,
    last: Assured,
) -> tuple[Made, Measures, Iterable[Any]]:
    """What a sweep and a race begin with: the model on its device, what is measured of a batch, and the batches.

    `lr` is the rate of an optimizer that is made here; `last` moves back what was moved, and takes back what `config`
    switched on. Raises ValueError, with a
    sentence, where something of it can't be used.
    """
    given = isinstance(model, nn.Module)
    ready = moved(made(model, optimizer, device, lr), device if given else None, last)
    measured = objective(loss, training_step, validation, metric, ready.device, config.amp)
    batches = batches_of(loader)
    if not given:
        give_sizes(ready, batches, measured.loss)
    return ready.trained_as(config, measured.loss, last), measured, batches


class _Stepped:
    """A training step written by hand, and a metric of (model, batch)."""

    def __init__(self, step: Loss, metric: Callable[[Any, Any], Any] | None) -> None:
        self._step = step
        self._metric = metric
        self._last: tuple[nn.Module, Any] | None = None

    @property
    def objective(self) -> Any:
        """That of a built task whose loss is the step; None for others."""
        return getattr(getattr(self._step, "__self__", None), "objective", None)

    def loss(self, model: nn.Module, batch: Any) -> torch.Tensor | None:
        if self._metric is not None:
            self._last = (model, batch)
        value = self._step(model, batch)
        return value if isinstance(value, torch.Tensor) else loss_in(value)

    def both(self, model: nn.Module, batch: Any) -> tuple[Any, Any]:
        loss = loss_in(self._step(model, batch))
        if loss is None:
            return None, None
        return loss, None if self._metric is None else self._metric(model, batch)

    def measured(self) -> Any:
        assert self._metric is not None
        assert self._last is not None
        with torch.no_grad():
            return self._metric(*self._last)


def _counted(validation: Any) -> tuple[Iterable[Any] | None, int | None]:
    if isinstance(validation, tuple) and len(validation) == 2 and isinstance(validation[1], int):
        if validation[1] < 1:
            raise ValueError(f"{validation[1]} validation batches are too few: use 1 or more, or omit the argument.")
        return validation
    return validation, None


def precision(amp: str | torch.dtype | torch.amp.GradScaler | None) -> tuple[str | None, torch.amp.GradScaler | None]:
    """The name of a mixed precision, and the scaler where the caller brings one."""
    if isinstance(amp, torch.amp.GradScaler):
        return "fp16", amp
    if isinstance(amp, torch.dtype):
        names = {torch.bfloat16: "bf16", torch.float16: "fp16"}
        if amp not in names:
            raise ValueError(f"{amp} is not a mixed-precision setting: use torch.bfloat16 or torch.float16.")
        return names[amp], None
    return amp, None


def chosen_groups(optimizer: torch.optim.Optimizer, wanted: Sequence[int | str] | None) -> list[int] | None:
    """Indices of the parameter groups in `wanted`, by index or by name. ValueError where there is no such group."""
    if wanted is None:
        return None
    names = group_names(optimizer)
    found = []
    for one in [wanted] if isinstance(wanted, str | int) else wanted:
        if isinstance(one, int) and -len(names) <= one < len(names):
            found.append(one % len(names))
        elif one in names:
            found.append(names.index(str(one)))
        else:
            raise ValueError(f"The optimizer has no parameter group {one!r}: it has {', '.join(names)}.")
    if not found:
        raise ValueError("No parameter group selected: name at least one, or omit param_groups.")
    return sorted(set(found))


def group_names(optimizer: torch.optim.Optimizer) -> list[str]:
    """What the parameter groups are called: their "name", else "group 0", "group 1", …"""
    return [str(group.get("name") or f"group {index}") for index, group in enumerate(optimizer.param_groups)]

"""From a batch of any usual kind to a loss: what of it goes into the model, and what is the target."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import torch
from torch import nn

#: Names under which a mapping holds its target, in the order in which they are looked for.
TARGETS = ("labels", "label", "targets", "target", "y")

NO_LOSS = (
    "No loss was given, and the model's output has none of its own: pass loss=… (output, target), "
    "or training_step=… (model, batch)."
)

Criterion = Callable[[Any, Any], torch.Tensor]
"""Takes the model's output and the target, returns the scalar loss."""
Metric = Callable[[Any, Any], Any]
"""Takes the model's output and the target, returns a number."""


class Objective(Protocol):
    """What a model is trained for: the loss of a batch, and a metric where there is one."""

    @property
    def has_metric(self) -> bool:
        """True where `both` and `measured` give a metric."""

    def loss(self, model: nn.Module, batch: Any) -> torch.Tensor:
        """The scalar loss of one batch on the device."""

    def both(self, model: nn.Module, batch: Any) -> tuple[Any, Any]:
        """Loss and metric (None where there is none) of one validation batch."""

    def measured(self) -> Any:
        """The metric of the batch whose loss was computed last."""


class Supervised:
    """The loss of a batch without a training step written by hand.

    * a tensor alone is its own target (an autoencoder's batch);
    * of a tuple, a list, a named tuple or a dataclass the last item is the target, the others go into the model;
    * of a mapping the entry named `labels`, `label`, `targets`, `target` or `y` is the target; the others go in
      by name where the model takes such names, else the one that is left goes in alone.

    Without a criterion the model must compute its loss itself, as Hugging Face's models do: the whole mapping
    goes in, and the output has a `loss`. A metric gets the output's logits where it has such.

    What the model said last is kept for `measured`: a metric on training batches costs no second forward pass.
    """

    def __init__(self, criterion: Criterion | None, metric: Metric | None = None) -> None:
        self.criterion = criterion
        self._metric = metric
        self._last: tuple[Any, Any] | None = None

    @property
    def has_metric(self) -> bool:
        """True where a metric was given."""
        return self._metric is not None

    def loss(self, model: nn.Module, batch: Any) -> torch.Tensor:
        """The loss of one batch on the device."""
        simple = type(batch) in (list, tuple) and len(batch) == 2 and isinstance(batch[0], torch.Tensor)
        if simple and self.criterion is not None:
            output, target = model(batch[0]), batch[1]  # nearly always; the long way round would find the same
            if not isinstance(output, torch.Tensor):
                output = _answer(output)
        else:
            output, target = self.forward(model, batch)
        if self._metric is not None:
            self._last = (_detached(_answer(output)), target)
        return self.judged(output, target)

    def both(self, model: nn.Module, batch: Any) -> tuple[Any, Any]:
        """Loss and metric (None where there is none) of one batch, with one forward pass."""
        output, target = self.forward(model, batch)
        loss = self.judged(output, target)
        return loss, None if self._metric is None else self._metric(_detached(_answer(output)), target)

    def measured(self) -> Any:
        """The metric of the batch whose loss was computed last."""
        assert self._metric is not None
        assert self._last is not None
        with torch.no_grad():
            return self._metric(*self._last)

    def judged(self, output: Any, target: Any) -> torch.Tensor:
        """The loss of what `forward` gave."""
        if self.criterion is not None:
            return self.criterion(output, target)
        return own_loss(output)

    def forward(self, model: nn.Module, batch: Any) -> tuple[Any, Any]:
        """The model's output for one batch, and the target: what the criterion gets."""
        if self.criterion is None:
            return self._forward_whole(model, batch)
        if isinstance(batch, Mapping):
            inputs, target = _target_of(batch)
            output = _call_with_names(model, inputs)
        else:
            arguments, target = _positional(model, batch)
            output = model(*arguments)
        return _answer(output), target

    def _forward_whole(self, model: nn.Module, batch: Any) -> tuple[Any, Any]:
        """A model that computes its loss itself gets everything, the target too."""
        if isinstance(batch, Mapping):
            target = next((batch[name] for name in TARGETS if name in batch), None)
            return model(**batch), target
        arguments, target = _positional(model, batch)
        if isinstance(batch, torch.Tensor):
            return model(*arguments), target
        if not _takes(model, len(arguments) + 1, optional=True):
            raise ValueError(NO_LOSS)
        return model(*arguments, target), target


def own_loss(output: Any) -> torch.Tensor:
    """The loss in a model's own output. Raises ValueError where it has none."""
    loss = output.get("loss") if isinstance(output, Mapping) else getattr(output, "loss", None)
    if isinstance(output, torch.Tensor) and output.numel() == 1:
        return output
    if loss is None:
        raise ValueError(NO_LOSS)
    value: torch.Tensor = loss
    return value


def _positional(model: nn.Module, batch: Any) -> tuple[tuple[Any, ...], Any]:
    """What goes into the model one after the other, and the target."""
    if isinstance(batch, torch.Tensor):
        return (batch,), batch
    if dataclasses.is_dataclass(batch) and not isinstance(batch, type):
        batch = tuple(getattr(batch, field.name) for field in dataclasses.fields(batch))
    if isinstance(batch, tuple | list) and len(batch) == 1 and isinstance(batch[0], torch.Tensor):
        return (batch[0],), batch[0]  # a TensorDataset of inputs alone
    if not isinstance(batch, tuple | list) or len(batch) < 2:
        raise ValueError(
            f"A batch of type {type(batch).__name__} can't be split into inputs and target: "
            "give a training_step(model, batch), which returns the loss."
        )
    *inputs, target = batch
    if len(inputs) == 1 and isinstance(inputs[0], tuple | list) and _takes(model, len(inputs[0])):
        return tuple(inputs[0]), target
    return tuple(inputs), target


def _takes(model: nn.Module, count: int, optional: bool = False) -> bool:
    """True where the model's forward pass has `count` > 1 places for inputs, more than one of them required.

    With `optional` also where all but the first may be left out.
    """
    parameters = _forward_parameters(model)
    if parameters is None or count < 2:
        return False
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    places = [p for p in parameters if p.kind in kinds]
    required = [p for p in places if p.default is inspect.Parameter.empty]
    if any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters):
        return not required or len(required) <= count
    return (optional or len(required) > 1) and len(required) <= count <= len(places)


def _target_of(batch: Mapping[str, Any]) -> tuple[dict[str, Any], Any]:
    for name in TARGETS:
        if name in batch:
            return {key: value for key, value in batch.items() if key != name}, batch[name]
    raise ValueError(
        f"No target was found in a batch with {_listed(batch)}: name it one of {', '.join(TARGETS)}, "
        "or give a training_step(model, batch)."
    )


def _call_with_names(model: nn.Module, inputs: dict[str, Any]) -> Any:
    parameters = _forward_parameters(model)
    names = {p.name for p in parameters or ()}
    anything = parameters is None or any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters)
    if inputs.keys() <= names:
        return model(**inputs)
    if len(inputs) == 1:
        return model(*inputs.values())
    if anything:
        return model(**inputs)
    raise ValueError(
        f"The model's forward pass does not take {_listed(inputs.keys() - names)} from the batch: "
        "give a training_step(model, batch)."
    )


def _forward_parameters(model: nn.Module) -> list[inspect.Parameter] | None:
    """The parameters of a model's forward pass, past the wrappers; None where they can't be read."""
    while True:
        wrapped = isinstance(model, nn.DataParallel | nn.parallel.DistributedDataParallel)
        inner = model.module if wrapped else getattr(model, "_orig_mod", None)
        if not isinstance(inner, nn.Module):
            break
        model = inner
    try:
        return list(inspect.signature(model.forward).parameters.values())
    except (TypeError, ValueError):
        return None


def _answer(output: Any) -> Any:
    """What a criterion wants of a model's output: a Hugging Face output's logits, all else as it is."""
    if isinstance(output, torch.Tensor | tuple | list):
        return output
    if isinstance(output, Mapping):
        return output.get("logits", output)
    return output.logits if isinstance(getattr(output, "logits", None), torch.Tensor) else output


def _detached(output: Any) -> Any:
    if isinstance(output, torch.Tensor):
        output = output.detach()
        # Mixed precision's half numbers: numpy does not know bf16, and metrics are written for whole ones.
        return output.float() if output.dtype in (torch.bfloat16, torch.float16) else output
    if isinstance(output, tuple | list):
        items = [_detached(item) for item in output]
        return type(output)(*items) if hasattr(output, "_fields") else type(output)(items)
    if type(output) is dict:
        return {key: _detached(item) for key, item in output.items()}
    return output


def _listed(names: Any) -> str:
    return ", ".join(f"“{name}”" for name in sorted(map(str, names))) or "nothing"

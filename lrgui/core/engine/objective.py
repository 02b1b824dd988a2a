"""From a batch of any usual kind to a loss: what of it goes into the model, and what is the target."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn

from lrgui.core.engine.model_inputs import TARGETS, ModelInputs, listed_names
from lrgui.core.engine.output_loss import NO_LOSS, NO_LOSS_IN_EVAL, loss_in, own_loss

#: Names of a target beside an image: the classes of its pixels.
_MASKS = ("mask", "masks")
_IMAGES = ("image", "img", "pixel")

Criterion = Callable[[Any, Any], torch.Tensor]
"""Takes the model's output and the target, returns the scalar loss."""
Metric = Callable[[Any, Any], Any]
"""Takes the model's output and the target, returns a number."""


class Objective(Protocol):
    """What a model is trained for: the loss of a batch, and a metric where there is one."""

    @property
    def has_metric(self) -> bool:
        """True where `both` and `measured` give a metric."""

    def loss(self, model: nn.Module, batch: Any) -> torch.Tensor | None:
        """The scalar loss of one batch on the device; None leaves the batch out."""

    def both(self, model: nn.Module, batch: Any) -> tuple[Any, Any]:
        """Loss and metric (None where there is none) of one validation batch; a loss of None leaves it out."""

    def measured(self) -> Any:
        """The metric of the batch whose loss was computed last."""

    def without_loss(self) -> ValueError:
        """What is wrong where the loss of a batch that must have one was None, in a sentence."""


class Supervised:
    """The loss of a batch without a training step written by hand.

    * a tensor alone is its own target (an autoencoder's batch);
    * of a tuple, a list, a named tuple or a dataclass the last item is the target, the others go into the model;
    * of a mapping the entry named `labels`, `label`, `targets`, `target` or `y` (beside an image also `mask`) is the
      target; the others go in by name where the model takes such names, else the one that is left goes in alone.
      Entries without a tensor that the model does not know (names of files) stay out.

    numpy arrays in a batch become tensors.

    Without a criterion the model must compute its loss itself, as Hugging Face's models do: the whole mapping
    goes in, of a tuple the last item as the argument that is called `labels`, `targets` or the like. `loss_in` says
    where the loss is looked for in the output. A metric gets the output's logits where it has such.

    What the model said last is kept for `measured`: a metric on training batches costs no second forward pass.
    """

    def __init__(self, criterion: Criterion | None, metric: Metric | None = None) -> None:
        self.criterion = criterion
        self._metric = metric
        self._last: tuple[Any, Any] | None = None
        self._inputs: ModelInputs | None = None
        self._without_graph = torch.no_grad()  # made once: it is entered in every step

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
            self._last = (_detached(output if isinstance(output, torch.Tensor) else _answer(output)), target)
        return self.judged(output, target)

    def both(self, model: nn.Module, batch: Any) -> tuple[Any, Any]:
        """Loss and metric (None where there is none) of one batch, with one forward pass."""
        output, target = self.forward(model, batch)
        try:
            loss = self.judged(output, target)
        except ValueError as error:
            if str(error) != NO_LOSS or model.training:
                raise
            raise ValueError(NO_LOSS_IN_EVAL) from None
        return loss, None if self._metric is None else self._metric(_detached(_answer(output)), target)

    def measured(self) -> Any:
        """The metric of the batch whose loss was computed last."""
        assert self._metric is not None
        assert self._last is not None
        with self._without_graph:
            return self._metric(*self._last)

    def without_loss(self) -> ValueError:
        """What is wrong where the loss function returned None."""
        return ValueError("The loss function returned None: did you forget return?")

    def judged(self, output: Any, target: Any) -> torch.Tensor:
        """The loss of what `forward` gave."""
        if self.criterion is None:
            return own_loss(output)
        value = self.criterion(output, target)
        if isinstance(value, torch.Tensor):
            return value
        if value is None:
            raise self.without_loss()
        found: torch.Tensor = loss_in(value)
        return found

    def forward(self, model: nn.Module, batch: Any) -> tuple[Any, Any]:
        """The model's output for one batch, and the target: what the criterion gets."""
        takes = self._inputs
        if takes is None or takes.model is not model:
            takes = self._inputs = ModelInputs(model)
        batch = _without_arrays(model, batch)
        if self.criterion is None:
            return self._forward_whole(takes, batch)
        if isinstance(batch, Mapping):
            inputs, target = _target_of(batch)
            return _answer(takes.called_by_name(inputs)), target
        arguments, target = _positional(takes, batch)
        return _answer(takes.called(arguments)), target

    def _forward_whole(self, takes: ModelInputs, batch: Any) -> tuple[Any, Any]:
        """A model that computes its loss itself gets everything, the target too."""
        if isinstance(batch, Mapping):
            name = target_name(batch)
            return takes.model(**takes.with_target(batch, name)), None if name is None else batch[name]
        arguments, target = _positional(takes, batch)
        if isinstance(batch, torch.Tensor):
            return takes.model(*arguments), target
        return takes.called_with_target(arguments, target), target


def _positional(takes: ModelInputs, batch: Any) -> tuple[tuple[Any, ...], Any]:
    """What goes into the model one after the other, and the target."""
    if isinstance(batch, torch.Tensor):
        return (batch,), batch
    if dataclasses.is_dataclass(batch) and not isinstance(batch, type):
        batch = tuple(getattr(batch, field.name) for field in dataclasses.fields(batch))
    if isinstance(batch, tuple | list) and len(batch) == 1 and isinstance(batch[0], torch.Tensor):
        return (batch[0],), batch[0]  # a TensorDataset of inputs alone
    if not isinstance(batch, tuple | list) or len(batch) < 2:
        raise ValueError(
            f"A batch of type {type(batch).__name__} cannot be split into inputs and target: pass a "
            "training_step(model, batch), which returns the loss."
        )
    *inputs, target = batch
    packed = callable(getattr(inputs[0], "to", None))  # a tuple that is one thing, as PackedSequence
    if len(inputs) == 1 and isinstance(inputs[0], tuple | list) and not packed and takes.several(len(inputs[0])):
        return tuple(inputs[0]), target
    return tuple(inputs), target


def target_name(batch: Mapping[str, Any]) -> str | None:
    """The name under which a batch holds its target, None where it has none."""
    beside_image = any(str(name).lower().startswith(_IMAGES) for name in batch)
    return next((name for name in (*TARGETS, *(_MASKS if beside_image else ())) if name in batch), None)


def _target_of(batch: Mapping[str, Any]) -> tuple[dict[str, Any], Any]:
    target = target_name(batch)
    if target is not None:
        return {name: value for name, value in batch.items() if name != target}, batch[target]
    raise ValueError(
        f"No target was found in a batch with {listed_names(batch)}: name it one of {', '.join(TARGETS)}, or pass a "
        "training_step(model, batch)."
    )


def _without_arrays(model: nn.Module, batch: Any) -> Any:
    """`batch` with tensors in the place of numpy's arrays, on the model's device."""
    if isinstance(batch, np.ndarray):
        return _as_tensor(model, batch)
    if type(batch) in (list, tuple) and any(isinstance(item, np.ndarray) for item in batch):
        return [_as_tensor(model, item) for item in batch]
    if isinstance(batch, Mapping) and any(isinstance(item, np.ndarray) for item in batch.values()):
        return {name: _as_tensor(model, item) for name, item in batch.items()}
    return batch


def _as_tensor(model: nn.Module, item: Any) -> Any:
    if not isinstance(item, np.ndarray) or item.dtype.kind not in "biufc":
        return item
    first = next(model.parameters(), None)
    return torch.as_tensor(item, device=None if first is None else first.device)


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

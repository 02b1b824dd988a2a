"""Where the loss is in what a model, a training step or a loss function returned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch

NO_LOSS = (
    "No loss was given, and the model's output contains none: pass loss=… (output, target), "
    "or training_step=… (model, batch)."
)
NO_LOSS_IN_EVAL = (
    "In eval mode the model's output contains no loss (detection models return boxes instead): omit the validation "
    "batches, or compute the loss in a training_step(model, batch)."
)


def own_loss(output: Any) -> torch.Tensor:
    """The loss in a model's own output. Raises ValueError where it has none."""
    loss = loss_in(output, summed=True)
    if not isinstance(loss, torch.Tensor) or (loss is output and loss.numel() != 1):
        raise ValueError(NO_LOSS)
    return loss


def loss_in(value: Any, summed: bool = False) -> Any:
    """The loss in what a model, a training step or a loss function returned; `value` itself where there is none.

    * a tensor is the loss; None stays None;
    * a mapping or an object has it as its `loss`;
    * of a tuple or a list it is the first single number, one that gradients go through before all others:
      `(loss, extras)` and `(logits, loss)` alike;
    * with `summed` a mapping of single numbers, as detection models return, is their sum; where some have "loss" in
      their names it is the sum of those.
    """
    if value is None or isinstance(value, torch.Tensor):
        return value
    if isinstance(value, Mapping):
        if "loss" in value:
            return value["loss"]
        parts = [part for name, part in value.items() if "loss" in str(name)] or list(value.values())
        return sum(parts) if summed and parts and len(_numbers(parts)) == len(parts) else value
    own = getattr(value, "loss", None)
    if isinstance(own, torch.Tensor):
        return own
    if isinstance(value, tuple | list):
        numbers = _numbers(value)
        numbers = [one for one in numbers if one.dim() == 0] or numbers  # logits of a batch of one are one number, too
        return next((one for one in numbers if one.requires_grad), numbers[0] if numbers else value)
    return value


def _numbers(values: Iterable[Any]) -> list[torch.Tensor]:
    return [one for one in values if isinstance(one, torch.Tensor) and one.numel() == 1 and one.is_floating_point()]

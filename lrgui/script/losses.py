"""Which of a script's losses an optimizer step follows: those whose gradients the step is made of."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Sequence
from typing import Any

import torch

#: So many of an optimizer's parameters are looked at: enough to see which losses reach it, few enough to cost nothing.
WITNESSES = 8

Stamp = tuple[Any, ...]


class StepLosses:
    """The losses behind one optimizer's next step, added up.

    Counted is a loss whose backward pass reached the optimizer's parameters (a GAN has several losses, each for one
    optimizer), from the moment when the gradients were cleared last (what another step left behind is thrown away
    then), and only as long as the weights are the same: SAM and closures compute a second loss at other weights.
    Micro-batches add up, as their gradients do.
    """

    def __init__(self, parameters: Iterable[torch.Tensor]) -> None:
        taken = [p for p in parameters if isinstance(p, torch.Tensor) and p.requires_grad]
        pick = range(0, len(taken), max(1, -(-len(taken) // WITNESSES)))
        self._witnesses = [weakref.ref(taken[index]) for index in pick]
        self._before: Stamp = ()
        self._after: Stamp | None = None
        self._weights: Stamp = ()
        self._counted: list[Any] = []
        self._others: list[Any] = []
        self._taken: list[Any] = []
        self._taken_at: Stamp = ()

    def backward_begins(self) -> None:
        """Look at the gradients before a backward pass."""
        self._before = self._gradients()
        weights = self._versions()
        if self._counted and weights == self._weights and self._before != self._after and self._cleared():
            self._counted.clear()
        if not self._counted:
            self._weights = weights

    def backward_ended(self, loss: Any) -> None:
        """Take in the loss of the backward pass that has just ended, a number or a tensor of shape ()."""
        after = self._gradients()
        if after == self._before:
            self._others.append(loss)
            return
        self._after = after
        if self._versions() == self._weights:
            self._counted.append(loss)

    def gradients_taken(self, loss: Any) -> None:
        """Take in a loss whose gradients with respect to the parameters were asked for (`torch.autograd.grad`): the
        person puts them into `.grad`. Where a backward pass follows, they were for something else."""
        weights = self._versions()
        if not self._taken:
            self._taken_at = weights
        if weights == self._taken_at:
            self._taken.append(loss)

    def trains_any_of(self, tensors: Iterable[Any]) -> bool:
        """True where one of the parameters that are looked at is among them."""
        witnesses = [ref() for ref in self._witnesses]
        return any(tensor is witness for tensor in tensors for witness in witnesses)

    @property
    def count(self) -> int:
        """How many losses the step has so far."""
        return len(self._counted or self._taken or self._others)

    def take(self) -> Any:
        """The sum of the losses, a number or a tensor of shape (); None where there was none. Begins the next step.

        Where no loss is known to have reached the parameters, all that there were since the last step count.
        """
        losses = self._counted or self._taken or self._others
        total = added(losses)
        self.drop()
        return total

    def drop(self) -> None:
        """Begin the next step."""
        self._counted, self._taken, self._others, self._after = [], [], [], None

    def _cleared(self) -> bool:
        """Whether no gradient is left, as after `zero_grad`; clipping after each micro-batch leaves some.

        Reads numbers, which waits for a device: asked only where gradients were changed between micro-batches.
        """
        gradients = [None if parameter is None else parameter.grad for parameter in (ref() for ref in self._witnesses)]
        return not any(gradient is not None and bool(gradient.any()) for gradient in gradients)

    def _gradients(self) -> Stamp:
        """Tells one state of the gradients from another without reading a number."""
        stamp = []
        for witness in self._witnesses:
            parameter = witness()
            gradient = None if parameter is None else parameter.grad
            stamp.append(None if gradient is None else (id(gradient), gradient._version))
        return tuple(stamp)

    def _versions(self) -> Stamp:
        found = (witness() for witness in self._witnesses)
        return tuple(None if parameter is None else parameter._version for parameter in found)


def added(losses: Sequence[Any]) -> Any:
    """The sum of numbers and tensors; None of none."""
    if not losses:
        return None
    total = losses[0]
    for loss in losses[1:]:
        total = total + loss
    return total


def loss_of(tensors: Any, weights: Any) -> Any:
    """What a call of `backward` is about, as one number: a float from the CPU, a tensor of shape () from elsewhere.

    `weights` are the gradients that were passed in: the loss is then the sum that they weigh.
    """
    tensors = (tensors,) if isinstance(tensors, torch.Tensor) else tuple(tensors)
    weights = (weights,) if weights is None or isinstance(weights, torch.Tensor) else tuple(weights)
    parts = []
    for index, tensor in enumerate(tensors):
        weight = weights[index] if index < len(weights) else None
        with torch.no_grad():
            value = getattr(tensor, UNSCALED, tensor).detach()
            if weight is not None:
                value = (value * weight.detach()).sum()
            elif value.dim():
                value = value.sum()
            parts.append(value.item() if value.device.type == "cpu" else value.clone())
    return added(parts)


#: Where a loss that a GradScaler has scaled keeps the one before.
UNSCALED = "_lrgui_unscaled"

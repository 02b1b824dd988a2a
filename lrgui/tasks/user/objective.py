"""What a person's task is trained for: their loss, their steps, their metrics, checked where they return."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from lrgui.core.engine.objective import Supervised, target_name
from lrgui.core.engine.output_loss import NO_LOSS, loss_in
from lrgui.core.formats import format_figure
from lrgui.tasks.user.calling import Part, described
from lrgui.tasks.user.target import TaskError

Words = Callable[[str], TaskError]
"""Makes an error of a sentence in which “{}” stands for the function."""


def scalar(value: Any, error: Words, wanted: str = "the loss") -> torch.Tensor:
    """`value` where it is a loss that can be trained with; raises TaskError, with the probable cause, else."""
    if isinstance(value, torch.Tensor):
        if value.numel() != 1:
            raise error(
                f"{{}} returned a tensor of shape {tuple(value.shape)}: {wanted} is one number; use its .mean()."
            )
        if torch.is_grad_enabled() and not value.requires_grad:
            raise error(
                "{} returned a loss that leads back to no weight: .item(), .detach(), no_grad(), argmax() or a "
                "computation outside torch detached it."
            )
        return value
    if value is None:
        raise error("{} returned None: did you forget return?")
    if isinstance(value, bool | int | float):
        raise error(
            f"{{}} returned the number {format_figure(value, 6)}: return the tensor itself, without .item() or float()."
        )
    raise error(f"{{}} returned {described(value)}: return {wanted}, a tensor.")


def checked_loss(function: Callable[..., Any], part: Part) -> Callable[[Any, Any], torch.Tensor]:
    """`function` (output, target), but what is no loss is said in a sentence."""

    def loss(output: Any, target: Any) -> torch.Tensor:
        value = function(output, target)
        return scalar(value if isinstance(value, torch.Tensor) else loss_in(value), part.error)

    loss.__wrapped__ = part.thing  # type: ignore[attr-defined]  # for whoever looks for its line
    return loss


def checked_metric(function: Callable[..., Any], part: Part) -> Callable[[Any, Any], Any]:
    """`function` (output, target), but what is neither a number nor a mapping of numbers is said in a sentence."""

    def metric(output: Any, target: Any) -> Any:
        value = function(output, target)
        if isinstance(value, Mapping):
            if not value:
                raise part.error("{} returned an empty dict: return at least one number.")
            return {str(name): _number(one, part, f"“{name}”") for name, one in value.items()}
        return _number(value, part, "it")

    return metric


def _number(value: Any, part: Part, what: str) -> Any:
    if isinstance(value, torch.Tensor) and value.numel() == 1:
        return value.detach()
    if isinstance(value, bool | int | float):
        return float(value)
    if value is None:
        raise part.error("{} returned None: did you forget return?")
    if isinstance(value, torch.Tensor):
        raise part.error(f"{{}}: {what} has the shape {tuple(value.shape)}; return one number, such as its .mean().")
    if hasattr(value, "item") and getattr(value, "size", 0) == 1:  # numpy's numbers
        return float(value.item())
    raise part.error(
        f"{{}}: {what} is of the type {type(value).__name__}; return a number, or a dict of names and numbers."
    )


class OwnLoss(Supervised):
    """A model that computes its loss itself; where it does not, the sentence is about task files."""

    def __init__(self, metric: Callable[[Any, Any], Any] | None, sentence: str, file: str) -> None:
        super().__init__(None, metric)
        self._sentence, self._file = sentence, file
        self._unlabelled = False

    def forward(self, model: nn.Module, batch: Any) -> tuple[Any, Any]:
        """The model's output for one batch, and the target. Raises TaskError where the model takes none."""
        self._unlabelled = isinstance(batch, Mapping) and target_name(batch) is None
        with self._in_words():
            return super().forward(model, batch)

    def judged(self, output: Any, target: Any) -> torch.Tensor:
        """The loss in what `forward` gave. Raises TaskError where there is none."""
        with self._in_words():
            return super().judged(output, target)

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except ValueError as error:
            if str(error) != NO_LOSS:
                raise
            more = " A model with a loss of its own returns it when the batch has an entry “labels”."
            more = more if self._unlabelled else ""
            raise TaskError(self._sentence + more, self._file) from None


#: Errors of code that was given something of another kind.
_MISFITS = (AttributeError, TypeError, KeyError, IndexError, ValueError, AssertionError)


class Steps:
    """Steps that the person wrote: each gets the model and a batch, and returns the loss.

    Also a mapping with “loss” or a tuple with the loss in it will do, and None leaves the batch out. What else is in
    the mapping of a validation step are metrics, by name.
    """

    has_metric = False  # none of training batches; `both` gives one where the validation step has one

    def __init__(
        self,
        training: Callable[[nn.Module, Any], Any],
        training_part: Part,
        validation: Callable[[nn.Module, Any], Any] | None = None,
        validation_part: Part | None = None,
    ) -> None:
        """Without a step for validation the other one serves."""
        self.training_step = training_part.thing  # for whoever looks for its line
        self._training, self._training_part = training, training_part
        self._validation = validation or training
        self._validation_part = validation_part or training_part

    def loss(self, model: nn.Module, batch: Any) -> torch.Tensor | None:
        """The loss of one batch on the device; None where the step leaves the batch out."""
        value = self._training(model, batch)
        if value is None:
            return None
        return scalar(_loss_of(value, self._training_part), self._training_part.error)

    def both(self, model: nn.Module, batch: Any) -> tuple[Any, Any]:
        """Loss, and metrics by name (None where there is none), of one validation batch."""
        part = self._validation_part
        try:
            value = self._validation(model, batch)
        except _MISFITS as error:
            if part is not self._training_part or model.training:
                raise
            said = next(iter(str(error).splitlines()), "")
            raise TaskError(
                f"{part.words} fails on validation batches, for which the model is in eval mode and may return "
                f"something else ({type(error).__name__}: {said}): write validation_step(model, batch), or omit those "
                "batches."
            ) from error
        metrics = None
        # What a training step returns beside its loss is for its author's own loop.
        if isinstance(value, Mapping) and part is not self._training_part:
            others = {str(name): one for name, one in value.items() if name != "loss"}
            metrics = {name: _number(one, part, f"“{name}”") for name, one in others.items()} or None
        if value is None:
            return None, None
        loss = _loss_of(value, part)
        if isinstance(loss, int | float) and not isinstance(loss, bool):
            return float(loss), metrics  # nothing is learned from it, so a number is as good as a tensor
        with torch.no_grad():
            return scalar(loss, part.error), metrics

    def without_loss(self) -> ValueError:
        """What is wrong where the only batch that was tried was left out."""
        return self._training_part.error("{} returned None: did you forget return? Return None only to skip a batch.")

    def measured(self) -> Any:
        """None: training batches have no metric."""
        return None


def _loss_of(value: Any, part: Part) -> Any:
    found = loss_in(value)
    if isinstance(found, Mapping):
        if found and all(isinstance(one, torch.Tensor) for one in found.values()):
            raise part.error("{} returned a dict of losses: return their sum, sum(losses.values()).")
        raise part.error("{} returned a dict without “loss”: return the loss, or a dict that has it.")
    return found

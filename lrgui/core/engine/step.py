"""One optimizer step as a training makes it: forward, backward, accumulation, clipping, mixed precision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from lrgui.core.engine.gradients import gradient_norms
from lrgui.core.engine.precision import autocast
from lrgui.core.engine.team import Team
from lrgui.core.run_settings import LoopSettings

Loss = Callable[[nn.Module, Any], torch.Tensor | None]
"""Takes the model and one batch on the device, returns the scalar loss; None leaves the batch out."""

#: So many batches without a loss, one after the other, are no exception any more.
MOST_WITHOUT_LOSS = 20


class Stepper:
    """Makes optimizer steps. For each: `forward` once per batch of the step, then `step`.

    A step takes `config.accumulation` batches; `batches` says otherwise for one (what is left at the end of an epoch).

    The last batch's gradients are computed in `step`, so that its loss can be looked at before.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        loss: Loss,
        device: torch.device,
        team: Team,
        config: LoopSettings,
        *,
        scaler: torch.amp.GradScaler | None = None,
        first: Callable[[torch.Tensor], object] | None = None,
        each: Callable[[torch.Tensor], object] | None = None,
    ) -> None:
        """`first` gets the first batch's loss, before its gradients are computed, `each` that of every batch."""
        self._first = first
        self._each = each
        self._model = model
        self._optimizer = optimizer
        self._loss = loss
        self._team = team
        self.batches = config.accumulation
        self._clip = config.clip_grad_norm
        self._autocast = None if config.amp is None else autocast(config.amp, device)
        self._scaler = scaler
        self._parameters = [p for group in optimizer.param_groups for p in group["params"]]
        # torch's own does no more than the loop below, but for a small model it costs a tenth of the whole step.
        ordinary = type(optimizer).zero_grad is torch.optim.Optimizer.zero_grad
        self._zero_grad = self._drop_gradients if ordinary else optimizer.zero_grad
        self._pending: torch.Tensor | None = None
        self._total: torch.Tensor | None = None
        self._checked = False
        self._left_out = 0
        self.measures_gradients = False
        """True where `step` is to measure the gradients, before they are clipped."""
        self.norms: list[float | None] | None = None
        """The norm of each parameter's gradient (`gradients.gradient_norms`), as it was measured last."""

    def forward(self, batch: Any, number: int) -> torch.Tensor | None:
        """The loss of the step's batch `number`, 0 … `batches` - 1, of one element.

        None where the training step has none for this batch, which another one must take the place of. Raises
        ValueError where that happens `MOST_WITHOUT_LOSS` times in a row.
        """
        if number == 0:
            self._zero_grad()
            self._total = None
        last = number == self.batches - 1
        if last:
            value = self._pending = self._value(batch)
            if value is None:
                return None
        else:
            # Gradients travel between processes once a step, with the last batch.
            with self._team.no_sync(self._model):
                value = self._value(batch)
                if value is None:
                    return None
                self._backward(value)
        if self.batches == 1:
            self._total = value  # detached only for those who ask: a small model's step would show it
        else:
            seen = value.detach()
            self._total = seen if self._total is None else self._total + seen
        return value

    def cut(self, batches: int) -> None:
        """The step has only so many batches after all, and they have been here: the data ended before."""
        for parameter in self._parameters:
            if parameter.grad is not None:
                parameter.grad.mul_(self.batches / batches)
        self.batches = batches

    @property
    def loss(self) -> torch.Tensor:
        """The step's loss, the mean over its batches, on the device. Shape ()."""
        assert self._total is not None
        mean = self._total.detach() if self.batches == 1 else self._total / self.batches
        return mean if mean.dim() == 0 else mean.reshape(())

    @property
    def number(self) -> float:
        """The step's loss, read off the device, for which it has to wait."""
        assert self._total is not None
        return self._total.item() if self.batches == 1 else self.loss.item()

    def only_loss(self, batch: Any) -> float:
        """The loss of a batch that no step follows; what was computed for one is given up. 0 where there is none."""
        value = self.loss_if_any(batch)
        return 0.0 if value is None else value

    def loss_if_any(self, batch: Any) -> float | None:
        """As `only_loss`, None where the training step has no loss for this batch."""
        self._pending = self._total = None
        value = self._value(batch)
        return None if value is None else float(value.detach())

    def step(self) -> bool:
        """Backward and step. False where fp16's scaler found gradients that overflowed and skipped the step."""
        pending, self._pending = self._pending, None
        if pending is not None:
            self._backward(pending)
        scaler = self._scaler
        if self._clip is not None or self.measures_gradients:
            if scaler is not None:
                scaler.unscale_(self._optimizer)
            if self.measures_gradients:
                self.norms = gradient_norms(self._parameters)
        if self._clip is not None:
            torch.nn.utils.clip_grad_norm_(self._parameters, self._clip)
        if scaler is None:
            self._optimizer.step()
            return True
        before = scaler.get_scale()
        scaler.step(self._optimizer)
        scaler.update()
        return scaler.get_scale() >= before  # the scaler halves its scale whenever it skips, and only then

    def _drop_gradients(self) -> None:
        for parameter in self._parameters:
            parameter.grad = None

    def refuse_nothing(self) -> None:
        """Raise ValueError where the data ended and no batch of them had a loss."""
        if self._left_out and not self._checked:
            raise ValueError(self._no_loss())

    def _value(self, batch: Any) -> torch.Tensor | None:
        if self._autocast is None:
            value = self._loss(self._model, batch)
        else:
            with self._autocast:
                value = self._loss(self._model, batch)
        if not self._checked or not isinstance(value, torch.Tensor):
            if value is None:
                self._leave_out()
                return None
            check_loss(value)
            self._checked = True
            if self._first is not None:
                self._first(value)
        if self._left_out:
            self._left_out = 0
        if self._each is not None:
            self._each(value)
        return value

    def _leave_out(self) -> None:
        if self._team.size > 1:
            raise ValueError(
                "The training step returned None to skip a batch. That works only in a single process: other processes "
                "would wait for its gradients."
            )
        self._left_out += 1
        if self._left_out == MOST_WITHOUT_LOSS:
            raise ValueError(self._no_loss())

    def _no_loss(self) -> str:
        how_many = "the only batch" if self._left_out == 1 else f"{self._left_out} batches in a row"
        return f"The training step returned None for {how_many}: did you forget return? None skips a batch."

    def _backward(self, value: torch.Tensor) -> None:
        if self.batches > 1:
            value = value / self.batches
        if self._scaler is not None:
            value = self._scaler.scale(value)
        value.backward()  # type: ignore[no-untyped-call]


def check_loss(value: Any) -> None:
    """Raise ValueError with a sentence where `value` is no loss that can be learned from."""
    if isinstance(value, Mapping):
        raise ValueError("A dict without “loss” was returned: return the loss, or a dict that contains it.")
    if isinstance(value, tuple | list):
        raise ValueError(
            f"A {type(value).__name__} without a loss was returned, which must be a scalar tensor: return the loss, or "
            "(loss, anything else)."
        )
    if not isinstance(value, torch.Tensor):
        raise ValueError(
            f"The loss must be a tensor, not {type(value).__name__}: return it without .item() or float()."
        )
    if value.numel() != 1:
        shape = "×".join(map(str, value.shape))
        raise ValueError(f"The loss must be a scalar, not {shape} numbers: use reduction='mean' or .mean().")
    if not value.is_floating_point():
        raise ValueError(f"The loss must be a floating-point number, not {value.dtype}.")
    if not value.requires_grad:
        raise ValueError(
            "The loss does not depend on any trainable parameter: it was detached, computed under no_grad, or every "
            "parameter is frozen (requires_grad=False)."
        )

"""What the validation loss says while a training goes on: that it rises, and when to stop."""

from __future__ import annotations

import math

import torch
from torch import nn

from lrgui.core.formats import format_loss

#: So many epochs in a row must be above the one before …
RISES = 3
#: … by more than this share of what the loss has fallen.
CLEARLY = 0.05


class ValidationWatch:
    """Says once that the validation loss rises, until it has found a new best; and knows the best epoch."""

    WAY_OUT = (
        "The network begins to memorize: lower the learning rate now, or train again with the schedule Reduce on "
        "plateau, or with Early stopping, which restores the best epoch's weights."
    )

    def __init__(self) -> None:
        self._first = self._last = math.nan
        self._rises = 0
        self._said = False
        self.best = math.inf
        self.best_epoch = 0
        """From 1; 0 before the first finite loss."""

    def push(self, epoch: int, loss: float) -> str | None:
        """Look at one more epoch's loss; a sentence where it has begun to rise."""
        if math.isnan(self._first):
            self._first = loss
        self._rises = self._rises + 1 if loss > self._last else 0
        self._last = loss
        if loss < self.best:
            self.best, self.best_epoch, self._said = loss, epoch, False
        fall = max(self._first - self.best, 0.0)
        if self._said or self._rises < RISES or not loss > self.best + max(CLEARLY * fall, 1e-3 * abs(self.best)):
            return None
        self._said = True
        return (
            f"The validation loss has risen for {self._rises} epochs, from {format_loss(self.best)} in epoch "
            f"{self.best_epoch} to {format_loss(loss)}. {self.WAY_OUT}"
        )


class EarlyStopping:
    """Keeps the weights of the epoch with the lowest validation loss in memory, on their device, and says when to stop.

    `patience` is how many epochs in a row may be no better.
    """

    def __init__(self, model: nn.Module, patience: int) -> None:
        self._model = model
        self._patience = patience
        self._kept: dict[str, torch.Tensor] = {}
        self._epoch = 0
        self._best = math.inf

    @torch.no_grad()
    def push(self, epoch: int, loss: float) -> str | None:
        """Look at one more epoch's loss; a sentence where the training should stop."""
        if loss < self._best:
            self._best, self._epoch = loss, epoch
            self._kept = {name: value.detach().clone() for name, value in self._tensors().items()}
            return None
        if epoch - self._epoch < self._patience:
            return None
        if not self._epoch:
            return f"no validation loss was finite in {epoch} epochs"
        waited = "an epoch" if self._patience == 1 else f"{self._patience} epochs"
        return f"for {waited} no validation loss was below that of epoch {self._epoch} ({format_loss(self._best)})"

    @torch.no_grad()
    def restore(self, epoch: int) -> str:
        """Put the best weights back, in place; a sentence of it, empty where those of `epoch`, the last, are."""
        if not self._epoch or self._epoch == epoch:
            return ""
        for name, value in self._tensors().items():
            if name in self._kept:
                value.copy_(self._kept[name])
        return f" The weights are those of epoch {self._epoch}, the best one."

    def _tensors(self) -> dict[str, torch.Tensor]:
        return {**dict(self._model.named_parameters()), **dict(self._model.named_buffers())}

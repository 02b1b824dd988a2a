"""When to stop a training by its validation loss, and the weights that were best."""

from __future__ import annotations

import math

import torch
from torch import nn

from lrgui.core.formats import format_loss


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

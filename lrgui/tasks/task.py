"""A task made real: model, batches, loss and optimizer, ready for the engines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


@dataclass(frozen=True)
class Data:
    """Train and validation examples and what a good answer is."""

    train: Dataset[Any]
    validation: Dataset[Any] | None
    detail: str
    """One line for people: "1,347 training images 8×8 · 10 classes"."""
    classes: int | None
    criterion: Callable[[Any, Any], torch.Tensor]
    correct: Callable[[Any, Any], int] | None
    """How many of a batch's answers are right; None where the word has no meaning."""


@dataclass(frozen=True)
class Task:
    """Everything that an engine needs, on its device, with fresh weights."""

    name: str
    data: Data
    model: nn.Module
    optimizer: torch.optim.Optimizer
    loader: DataLoader[Any]
    validation: DataLoader[Any] | None
    device: torch.device

    def loss(self, model: nn.Module, batch: Any) -> torch.Tensor:
        """The loss of one `(inputs, targets)` batch."""
        inputs, targets = batch
        return self.data.criterion(model(inputs), targets)

    @property
    def parameters(self) -> int:
        """Trainable numbers in the model."""
        return sum(p.numel() for p in self.model.parameters() if p.requires_grad)

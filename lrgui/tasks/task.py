"""A task made real: model, batches, loss and optimizer, ready for the engines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.utils.data import Dataset

from lrgui.core.curve.own_rate import OwnRate
from lrgui.core.engine.objective import Objective


@dataclass(frozen=True)
class Data:
    """Train and validation examples and what a good answer is."""

    train: Dataset[Any]
    validation: Dataset[Any] | None
    detail: str
    """One line for people: "1,347 training images 8×8 · 10 classes"."""
    classes: int | None
    """Number of classes, None where the task is no classification."""
    criterion: Callable[[Any, Any], torch.Tensor]
    metric: Callable[[Any, Any], Any] | None
    """Takes output and target, returns a number: the mean over the batch's examples. None where there is none."""
    inputs: tuple[int, ...] = ()
    """Shape of one example's input, without the batch: (channels, height, width), (columns,), (length,)."""
    outputs: int = 1
    """Numbers that a model puts out for each example: the classes, or 1 for a regression."""
    metric_name: str = "accuracy"
    """What the metric is called. "accuracy" is a share, 0…1; other metrics are numbers in their own unit."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What else the models of this kind of data need to know (sizes of embeddings, of a vocabulary)."""
    collate: Callable[[list[Any]], Any] | None = None
    """How examples become a batch; None is torch's way."""
    notes: tuple[str, ...] = ()
    """Sentences that the person should read once: what was skipped or filled in."""


@dataclass(frozen=True)
class BuiltTask:
    """Everything that an engine needs, on its device, with fresh weights."""

    name: str
    """For titles."""
    detail: str
    """One line about the data."""
    model: nn.Module
    optimizer: torch.optim.Optimizer
    loader: Iterable[Any]
    validation: Iterable[Any] | None
    objective: Objective
    device: torch.device
    classes: int | None = None
    metric_name: str = ""
    """What the objective's metric is called; empty where it has none or says so itself."""
    train_size: int = 0
    """Examples; 0 where that is not known."""
    val_size: int = 0
    notes: tuple[str, ...] = ()
    own_rate: OwnRate | None = None
    """The rate that the person's own optimizer has; None where the form's optimizer trains."""
    came_with: Any = None
    """What the person's own optimizer was in: a scheduler beside it lives as long as somebody has it."""

    def loss(self, model: nn.Module, batch: Any) -> torch.Tensor | None:
        """The loss of one batch on the device; None where its training step leaves the batch out."""
        return self.objective.loss(model, batch)

    def certain_loss(self, model: nn.Module, batch: Any) -> torch.Tensor:
        """The loss of a batch that has one. Raises ValueError where its training step leaves it out."""
        loss = self.objective.loss(model, batch)
        if loss is None:
            raise self.objective.without_loss()
        return loss

    @property
    def parameters(self) -> int:
        """Trainable numbers in the model."""
        return sum(p.numel() for p in self.model.parameters() if p.requires_grad)

"""Means over the examples, of training and of validation data."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import nn

from lrgui.core.engine.batches import batch_size, one_pass, to_device
from lrgui.core.engine.modes import to_eval_mode
from lrgui.core.engine.objective import Objective
from lrgui.core.engine.precision import autocast
from lrgui.core.events import ACCURACIES


def first_of(metric: Any) -> Any:
    """A metric's number: the first of several, None where there is none."""
    return next(iter(metric.values()), None) if isinstance(metric, Mapping) else metric


class Means:
    """Means over the examples: of the loss, and of the metrics where there are any."""

    def __init__(self, metric_name: str) -> None:
        self.name = metric_name
        self._loss = self._metric = 0.0
        self._seen = self._measured = 0
        self._named: dict[str, tuple[float, int]] = {}
        """Of several metrics each one's sum, and the examples behind it."""

    def add(self, loss: float, metric: Any, count: int) -> None:
        """Take in one batch of `count` examples."""
        self._loss += loss * count
        self._seen += count
        if metric is None:
            return
        if isinstance(metric, float):  # nearly always
            self._metric += metric * count
            self._measured += count
            return
        if isinstance(metric, Mapping):
            self.name = str(next(iter(metric), self.name))
            for name, value in metric.items():
                total, seen = self._named.get(str(name), (0.0, 0))
                self._named[str(name)] = total + float(value) * count, seen + count
        metric = first_of(metric)
        if metric is not None:
            self._metric += float(metric) * count
            self._measured += count

    @property
    def empty(self) -> bool:
        """True before the first batch."""
        return self._seen == 0

    @property
    def loss(self) -> float:
        """The mean loss."""
        return self._loss / max(self._seen, 1)

    @property
    def metric(self) -> float | None:
        """The mean metric, None where none was given."""
        return self._metric / self._measured if self._measured else None

    @property
    def several(self) -> dict[str, float | None] | None:
        """All metrics by name, None where there is at most one; one that is not finite has no number."""
        if len(self._named) < 2:
            return None
        means = {name: total / seen for name, (total, seen) in self._named.items()}
        return {name: mean if math.isfinite(mean) else None for name, mean in means.items()}

    @property
    def is_accuracy(self) -> bool:
        """True where the metric is a share of right answers."""
        return self.name in ACCURACIES


@torch.no_grad()
def evaluate(
    model: nn.Module,
    loader: Iterable[Any],
    objective: Objective,
    device: torch.device | str,
    metric_name: str = "accuracy",
    amp: str | None = None,
    optimizer: torch.optim.Optimizer | None = None,
) -> Means:
    """Mean loss and metric over the examples, with the model in eval mode, in which it stays.

    `amp` is the precision of the training, as in `TrainSettings`. A schedule-free `optimizer` gives the model its
    averaged weights. Batches without a loss are left out. Raises ValueError, with a sentence, for batches
    that do not come to an end.
    """
    to_eval_mode(model, optimizer)
    means = Means(metric_name)
    precision = autocast(amp, torch.device(device))
    for batch in one_pass(loader, "validation"):
        batch = to_device(batch, device)
        with precision:
            loss, metric = objective.both(model, batch)
        if loss is None:
            continue
        means.add(float(loss), metric, batch_size(batch))
    return means

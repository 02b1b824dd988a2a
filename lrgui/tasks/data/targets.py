"""What is to be learned: classes or numbers, with the loss and the measure that belong to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from lrgui.tasks.data.tables.columns import mean_and_deviation

#: With more classes than this something else was meant.
MOST_CLASSES = 1000
#: With fewer examples than this nothing can be told.
FEWEST = 5


@dataclass(frozen=True)
class Goal:
    """Targets as tensors, and all that depends on their kind. The fields are those of `Data`."""

    targets: torch.Tensor
    """(N,) whole numbers for classes, (N, outputs) standardised numbers for a regression."""
    outputs: int
    classes: int | None
    criterion: Callable[[Any, Any], torch.Tensor]
    metric: Callable[[Any, Any], Any]
    metric_name: str
    words: str
    """For the detail line: "3 classes", "regression"."""


def enough(count: int, what: str, file: str) -> None:
    """Raises ValueError, with a sentence, where `count` are too few."""
    if count < FEWEST:
        raise ValueError(
            f"{file} has too few {what}: {count}. At least {FEWEST} are needed, and a few hundred to learn anything."
        )


def classes_goal(codes: NDArray[np.int64], count: int) -> Goal:
    """Classes 0 … `count` - 1, one for each example (N,)."""
    return Goal(
        torch.from_numpy(codes), count, count, nn.CrossEntropyLoss(), accuracy, "accuracy", f"{count:,} classes"
    )


def numbers_goal(values: NDArray[np.float64], train: NDArray[np.int64]) -> Goal:
    """Numbers (N, outputs), standardised with the mean and deviation of the examples `train`.

    The metric is the mean absolute error in the numbers' own unit.
    """
    scaled = np.empty(values.shape, np.float32)
    deviations = []
    for place in range(values.shape[1]):
        mean, deviation = mean_and_deviation(values[train, place])
        deviations.append(deviation or 1.0)
        scaled[:, place] = (values[:, place] - mean) / deviations[-1]
    unit = torch.tensor(deviations, dtype=torch.float32)
    return Goal(
        torch.from_numpy(scaled),
        values.shape[1],
        None,
        nn.MSELoss(),
        MeanError(unit),
        "mean absolute error",
        "regression" if values.shape[1] == 1 else f"regression of {values.shape[1]} numbers",
    )


class MeanError:
    """The mean absolute error of standardised answers (N, outputs), in the unit that they had before."""

    def __init__(self, unit: torch.Tensor) -> None:
        """`unit` (outputs,) holds the deviations that they were divided by."""
        self.unit = unit

    def __call__(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """A tensor without dimensions."""
        if self.unit.device != output.device:
            self.unit = self.unit.to(output.device)
        return ((output.float() - target).abs() * self.unit).mean()


def accuracy(output: torch.Tensor, target: torch.Tensor) -> float:
    """The share (0…1) of rows of class scores (N, C, …) that have their highest at the target (N, …).

    Waits for the device, as whoever wants to have the number must.
    """
    right = output.argmax(dim=1) == target
    return int(torch.count_nonzero(right)) / max(right.numel(), 1)  # a mean takes a copy of 32 bits and longer

"""Passes over the training data: how many batches one has, and how many optimizer steps a training makes of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lrgui.core.engine.batches import NO_BATCH, is_one_shot, length, one_pass
from lrgui.core.run_settings import TrainSettings

#: The way out where an epoch has no end.
STEPS = "say how many steps to train (Steps in the window, --steps on the command line)"


def batches_in(loader: Iterable[Any]) -> int:
    """How many batches a pass over `loader` has; one that does not know is gone through once.

    Raises ValueError, with a sentence, where there is none, or where the loader runs once only.
    """
    if is_one_shot(loader):
        raise ValueError(
            "A training reads the batches once per epoch, but this loader is an iterator that can be read only once: "
            f"return a DataLoader or a list, or {STEPS}."
        )
    count = length(loader)
    if count is None:
        count = sum(1 for _ in one_pass(loader, "training", f", or {STEPS}"))
    if count == 0:
        raise ValueError(NO_BATCH)
    return count


def steps_per_epoch(batches: int, accumulation: int) -> int:
    """Optimizer steps of a pass over so many batches: the last one takes what is left."""
    return -(-batches // accumulation)


def planned_steps(config: TrainSettings, per_pass: int) -> int:
    """Optimizer steps of the whole training, where a pass over the loader has so many batches."""
    return sum(steps_per_epoch(batches, config.accumulation) for batches in config.batches_of_epochs(per_pass))

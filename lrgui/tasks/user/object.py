"""The object style of a task: `task = lrgui.Task(model=…, train_loader=…, loss=…)`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Task:
    """Your model, your batches and your loss, for LR Finder's window and command line.

    Each part is what a task file would have as a function of that name, or the finished thing:

        task = lrgui.Task(model=Net(), train_loader=loader, loss=nn.CrossEntropyLoss())

    A class of your own works, too: `class Mine(lrgui.Task)` with methods `model(self)`, `train_loader(self,
    batch_size)`, …, and `task = Mine()`.
    """

    def __init__(
        self,
        model: Any = None,
        train_loader: Any = None,
        loss: Any = None,
        *,
        training_step: Any = None,
        optimizer: Any = None,
        val_loader: Any = None,
        validation_step: Any = None,
        metrics: Any = None,
        name: str = "",
        defaults: Mapping[str, Any] | None = None,
    ) -> None:
        """Nothing is called here.

        Args:
            model: a module, or a function that returns one.
            train_loader, val_loader: batches, a data set, or a function (batch_size) that returns either.
            loss: (output, target) → scalar; may be left out where the model computes its own loss.
            training_step, validation_step: (model, batch) → loss, instead of `loss`.
            optimizer: an optimizer, or a function (params, lr) that returns one.
            metrics: (output, target) → a number, or several by name of which the first counts.
            name: for titles. defaults: what the form begins with, as in a task file.
        """
        given = {
            "model": model,
            "train_loader": train_loader,
            "loss": loss,
            "training_step": training_step,
            "optimizer": optimizer,
            "val_loader": val_loader,
            "validation_step": validation_step,
            "metrics": metrics,
            "name": name or None,
            "defaults": defaults,
        }
        for key, value in given.items():
            if value is not None:
                object.__setattr__(self, key, value)  # what a subclass defines stays where nothing is given

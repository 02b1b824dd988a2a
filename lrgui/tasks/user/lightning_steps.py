"""A LightningModule's steps as an objective: the loss of a batch, and what its validation step logs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from lrgui.core.engine.output_loss import loss_in
from lrgui.tasks.lightning_loop import LightningLoop, called_as_it_asks, overrides
from lrgui.tasks.user.calling import Part
from lrgui.tasks.user.lightning_trainer import StandIn
from lrgui.tasks.user.objective import Steps

#: How a metric's name begins that is logged while validating.
_PREFIXES = ("validation", "valid", "val", "test")


class LightningSteps:
    """Training and validation steps of a LightningModule; what the latter logs are its metrics."""

    has_metric = False  # none of training batches

    def __init__(self, network: Any, loop: LightningLoop, trainer: StandIn, part: Part) -> None:
        """`part` is the training step, for sentences."""
        self._trainer = trainer  # the module holds it weakly
        self._loop = loop
        self._logged: dict[str, Any] = {}
        validation = defined(network, "validation_step")
        self._validates = validation is not None
        self._part = Part("validation_step", validation, part.file) if validation is not None else part
        self._steps = Steps(self._training_step, part)
        self.training_step = network.training_step
        self._validation = called_as_it_asks(validation)
        network.log = self._log
        network.log_dict = self._log_dict

    def loss(self, model: nn.Module, batch: Any) -> torch.Tensor | None:
        """The loss of one batch on the device; None where the step leaves the batch out."""
        self._logged.clear()
        return self._steps.loss(model, batch)

    def both(self, model: nn.Module, batch: Any) -> tuple[Any, Any]:
        """Loss, and the logged metrics by name (None where there is none), of one validation batch."""
        self._logged.clear()
        if not self._validates:
            return self._steps.both(model, batch)
        value = self._validation(self._loop.ready(batch), 0)
        logged = {short_name(name): number for name, one in self._logged.items() if (number := _plain(one)) is not None}
        loss = value.get("loss") if isinstance(value, Mapping) else loss_in(value)
        if loss is None:
            loss = next((number for name, number in logged.items() if "loss" in name), None)
        if loss is None:  # it says nothing of the loss, but a curve wants one
            self._logged.clear()
            loss = self._steps.both(model, batch)[0]
        metrics = {name: number for name, number in logged.items() if "loss" not in name}
        # The first one counts: an accuracy, where there is one.
        ordered = sorted(metrics, key=lambda name: "acc" not in name)
        return loss, {name: metrics[name] for name in ordered} or None

    def without_loss(self) -> ValueError:
        """What is wrong where the only batch that was tried was left out."""
        return self._steps.without_loss()

    def measured(self) -> Any:
        """None: training batches have no metric."""
        return None

    def _training_step(self, model: nn.Module, batch: Any) -> Any:
        return self._loop.step(self._loop.ready(batch))

    def _log(self, name: str, value: Any, *_: Any, **__: Any) -> None:
        self._logged[name] = value

    def _log_dict(self, dictionary: Mapping[str, Any], *_: Any, **__: Any) -> None:
        self._logged.update(dictionary)


def defined(owner: Any, name: str) -> Any:
    """A method that the person wrote; None for one that is Lightning's."""
    return getattr(owner, name) if overrides(owner, name) else None


def _plain(value: Any) -> float | None:
    """A logged value as a number; torchmetrics' metrics are asked for that of this batch."""
    compute, reset = getattr(value, "compute", None), getattr(value, "reset", None)
    if callable(compute) and callable(reset):
        of_batch = getattr(value, "_forward_cache", None)
        if of_batch is None:
            of_batch = compute()
            reset()
        value = of_batch
    if isinstance(value, torch.Tensor):
        return float(value.detach()) if value.numel() == 1 else None
    return float(value) if isinstance(value, bool | int | float) else None


def short_name(name: str) -> str:
    """ "val_loss" → "loss", "val/acc" → "accuracy", so that it is drawn as one."""
    for prefix in _PREFIXES:
        if name.lower().startswith(prefix) and name[len(prefix) : len(prefix) + 1] in ("_", "/", "-", "."):
            name = name[len(prefix) + 1 :]
            break
    return "accuracy" if name == "acc" else name

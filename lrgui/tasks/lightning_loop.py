"""What Lightning's loop does with a module around one training step, for tasks and for sweeps with a Trainer.

`trainer` is the person's own Trainer, ready for its first step, or what a task puts in the place of one
(`tasks/user/lightning.py`). Lightning itself calls the hooks, so that callbacks, DataModule and module take part in its
order. For `lightning` and for `pytorch_lightning`, which are the same code under two names; neither is imported here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

import torch
from torch.utils.hooks import RemovableHandle

from lrgui.core.engine.param_groups import inside
from lrgui.tasks.user.signature import Signature, signature_of

ROOTS = ("lightning.pytorch", "pytorch_lightning")
#: Their top-level packages.
PACKAGES = tuple(root.split(".")[0] for root in ROOTS)

#: What {} (the module) is refused for; the way out follows.
BY_HAND = "{} uses manual optimization (automatic_optimization is False), so its steps cannot be swept from outside:"


def of_lightning(kind: type) -> bool:
    """True for a class that Lightning itself defines."""
    return kind.__module__.split(".")[0] in PACKAGES


def descends(kind: type, base: str) -> bool:
    """True for a class that has Lightning's class of the name `base` among its own."""
    return any(one.__name__ == base and of_lightning(one) for one in kind.__mro__)


def overrides(owner: Any, name: str) -> bool:
    """True where a module, a DataModule or a callback has a method of its own in the place of Lightning's."""
    for one in type(owner).__mro__:
        if name in vars(one):
            return not of_lightning(one)
    return name in vars(owner)


def part_of_lightning(module: Any, name: str) -> Any:
    """`name`, a module of the Lightning that this LightningModule is of."""
    origins = [one.__module__ for one in type(module).__mro__ if one.__name__ == "LightningModule"]
    root = next(root for root in ROOTS if any(f"{origin}.".startswith(f"{root}.") for origin in origins))
    return import_module(f"{root}.{name}")


def silent_logger(module: Any) -> Any:
    """Lightning's own logger that takes everything and keeps nothing."""
    return part_of_lightning(module, "loggers.logger").DummyLogger()


def called_as_it_asks(step: Any, call: Callable[..., Any] | None = None) -> Callable[[Any, int], Any]:
    """`step` as a function of a batch and its number, of which it gets what it takes; the loader is the first one.

    With `call` that is called with what `step` takes.
    """
    signature, step = signature_of(step) or Signature(), call or step
    if signature.any_places:
        return lambda batch, number: step(batch, number)
    places = signature.by_place
    loader = [0 for one in places[2:] if one.required]
    taken = min(len(places), 2)
    return lambda batch, number: step(*(batch, number)[:taken], *loader)


class LightningLoop:
    """The training of `trainer.lightning_module` up to the optimizer's step, with `trainer.optimizers[0]`."""

    def __init__(self, trainer: Any) -> None:
        """`trainer` has its module, its optimizer and its batches."""
        self._trainer, self._module = trainer, trainer.lightning_module
        self._call = part_of_lightning(self._module, "trainer.call")
        data = trainer._data_connector._datahook_selector.datamodule
        before = "on_before_batch_transfer"
        self._before = overrides(self._module, before) or (data is not None and overrides(data, before))
        self._step = called_as_it_asks(
            self._module.training_step, partial(self._call._call_strategy_hook, trainer, "training_step")
        )
        self._count = 0

    def begin(self) -> None:
        """The hooks between the set-up and the first batch."""
        for hook in ("on_train_start", "on_train_epoch_start"):
            self._hook(hook)

    def ready(self, batch: Any) -> Any:
        """A loader's batch in the Trainer's precision, through the hooks of batches, on the device."""
        batch = self._trainer.precision_plugin.convert_input(batch)
        if self._before:
            batch = self._module._on_before_batch_transfer(batch, dataloader_idx=0)
        return self._trainer.strategy.batch_to_device(batch, dataloader_idx=0)

    def step(self, batch: Any) -> Any:
        """What the training step returns for a batch that is ready. Without gradients it is no batch of the training:
        its hooks are left out, and it is not counted.
        """
        trainer, number = self._trainer, self._count
        batches = trainer.num_training_batches
        trainer._logger_connector.on_batch_start(batch)
        if torch.is_grad_enabled():
            self._count = number + 1 if number + 1 < batches else 0
            self._hook("on_train_batch_start", batch, number)
        output = self._step(batch, number)
        trainer._logger_connector.on_batch_end()
        return output

    def follow_optimizer(self) -> RemovableHandle:
        """From now on do before each step of the optimizer what the Trainer does: on_before_optimizer_step, then
        clipping, also the module's own.
        """
        optimizer = self._trainer.optimizers[0]
        torchs = inside(optimizer)
        assert torchs is not None  # anything else is no optimizer

        def before_step(*_: Any) -> None:
            self._trainer.precision_plugin._after_closure(self._module, optimizer)

        return torchs.register_step_pre_hook(before_step)

    def _hook(self, name: str, *arguments: Any) -> None:
        if self._trainer.callbacks:
            self._call._call_callback_hooks(self._trainer, name, *arguments)
        if overrides(self._module, name):
            self._call._call_lightning_module_hook(self._trainer, name, *arguments)

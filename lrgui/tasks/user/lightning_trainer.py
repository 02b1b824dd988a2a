"""What a LightningModule asks of its Trainer, where there is none."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import Any

import torch

from lrgui.core.engine.batches import length, to_device
from lrgui.tasks.lightning_loop import overrides, part_of_lightning, silent_logger
from lrgui.tasks.user.batches import Batches

#: Hooks with which a module or its data bring a batch to the device.
_MOVING = ("transfer_batch_to_device", "on_after_batch_transfer")


class StandIn:
    """What modules ask of their Trainer, where there is none: one device, one process, no logs."""

    def __init__(self, device: torch.device, data: Any, network: Any) -> None:
        """`count` adds what is known once there are batches."""
        part = partial(part_of_lightning, network)
        self.datamodule = data
        self.lightning_module = network
        self.training = True
        self.validating = self.testing = self.predicting = self.sanity_checking = False
        self.is_global_zero = True
        self.world_size = self.num_devices = self.num_nodes = 1
        self.global_rank = self.local_rank = self.node_rank = 0
        self.current_epoch = self.global_step = 0
        self.max_epochs, self.max_steps, self.min_epochs = 12, -1, None
        self.accumulate_grad_batches = 1
        self.gradient_clip_val: float | None = None
        self.gradient_clip_algorithm: str | None = None
        self.precision = "32-true"
        self.num_training_batches = self.estimated_stepping_batches = 1
        self.num_val_batches: list[int] = []
        self.callbacks: list[Any] = []
        self.callback_metrics: dict[str, Any] = {}
        self.logged_metrics: dict[str, Any] = {}
        self.progress_bar_metrics: dict[str, Any] = {}
        self.progress_bar_callback = None
        self.lr_scheduler_configs: list[Any] = []
        self.optimizers: list[torch.optim.Optimizer] = []
        self.logger = silent_logger(network)
        self.loggers = [self.logger] if self.logger is not None else []
        self.log_dir = self.default_root_dir = "."
        self.barebones = self.fast_dev_run = False
        self.profiler = part("profilers").PassThroughProfiler()
        self.precision_plugin = part("plugins.precision").Precision()
        self.strategy = SimpleNamespace(
            _lightning_optimizers=[],
            root_device=device,
            is_global_zero=True,
            training_step=lambda *arguments: network.training_step(*arguments),
            batch_to_device=self._to_device,
        )
        owners = [one for one in (network, data) if one is not None]
        self._moves = any(overrides(one, hook) for one in owners for hook in _MOVING)
        chosen = part("trainer.connectors.data_connector")._DataHookSelector(network, data)
        self._data_connector = SimpleNamespace(_datahook_selector=chosen)
        self._logger_connector = SimpleNamespace(on_batch_start=lambda batch: None, on_batch_end=lambda: None)

    def count(self, training: Batches) -> None:
        """Take note of how many batches an epoch has."""
        count = length(training.loader)
        if count is not None:
            self.num_training_batches = count
            self.estimated_stepping_batches = count * self.max_epochs

    def _to_device(self, batch: Any, dataloader_idx: int = 0) -> Any:
        device = self.strategy.root_device
        if self._moves:
            return self.lightning_module._apply_batch_transfer_handler(batch, device, dataloader_idx)
        return to_device(batch, device)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"The module asks for trainer.{name}, but LR Finder runs it without a Trainer: "
            "check self._trainer is None first, or pass the value as an argument of the module."
        )

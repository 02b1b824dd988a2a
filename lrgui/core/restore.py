"""Putting everything back: a snapshot of model, optimizer and random state, restored bit for bit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm, _NormBase
from torch.nn.modules.lazy import LazyModuleMixin

from lrgui.core.insist import Action, all_of, interrupts_later
from lrgui.core.loader_state import generators_of, loader_back, loader_notes
from lrgui.core.random_state import RandomState
from lrgui.core.remember import Remembered, is_fully_sharded
from lrgui.core.spill import LIMIT, Copies

__all__ = ["RandomState", "Snapshot", "fresh_batch_norm", "generators_of"]


class Snapshot:
    """The state of a model, of everything that trains it, and of the random generators, at one moment.

    `restore()` puts back, in place, so that whoever holds something keeps it:

    * the model: parameters, buffers, gradients, `requires_grad`, each module's train/eval mode, and attributes
      that are plain values, tensors or containers (BatchNorm's `momentum`, a counter); what came since goes;
    * the optimizer: its state (what was created since is dropped), settings per group, hooks; the attributes of
      `schedulers` and the `scaler`;
    * the generators that the `loader`, its samplers and its data set hold, and their epoch;
    * the generators of Python, numpy and torch on the CPU and on every device in use.

    The values lie on the CPU, once. If they are more than `limit_bytes` and a `folder` is given, they lie in a
    private temporary file there, which vanishes with `close()`, with this object, and with the process.
    `notes` says in sentences what can't be put back.

    Errors, before anything is changed: ValueError for lazy layers that have no size yet, OSError for a folder
    that does not exist, can't be written or has no room.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer | None = None,
        *,
        loader: Iterable[Any] | None = None,
        scaler: torch.amp.GradScaler | None = None,
        schedulers: Iterable[Any] = (),
        folder: Path | str | None = None,
        limit_bytes: int = LIMIT,
    ) -> None:
        self.notes = loader_notes(loader)
        self._copies = Copies(folder, limit_bytes)
        remembered = Remembered(self._copies)
        _gather_up(model)
        for module in model.modules():
            remembered.module(module)
        for owner in (optimizer, scaler, *schedulers):
            remembered.add(owner)
        self._copies.take()
        self._random = RandomState()
        self._actions: list[Action] = [
            lambda: _gather_up(model),
            *remembered.actions,
            self._copies.wait,
            *loader_back(loader),
            self._random.restore,
        ]

    def restore(self) -> None:
        """Put everything back. May be called more than once.

        What can be put back is put back, whatever fails; the first error is raised at the end. Ctrl+C waits.
        """
        if self._copies.closed:
            raise ValueError("This snapshot is closed: take a new one.")
        with interrupts_later(), torch.no_grad():
            all_of(self._actions)

    def close(self) -> None:
        """Give memory and file back. Nothing can be restored afterwards."""
        self._copies.close()
        self._actions.clear()

    def __enter__(self) -> Snapshot:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@contextmanager
def fresh_batch_norm(model: nn.Module, plain_average: bool = True) -> Iterator[None]:
    """Inside, running statistics start anew, and BatchNorm's are plain averages (`momentum` None), put back after.

    A running average with the usual momentum would weigh the statistics of the last, exploding batches most.
    Without `plain_average` momentum stays as it is: for a plain one torch reads the count of batches in every
    BatchNorm, for which an accelerator has to wait. InstanceNorm keeps its momentum: without one it would never
    update.
    """
    norms = [m for m in model.modules() if isinstance(m, _NormBase) and m.track_running_stats]
    before = {norm: norm.momentum for norm in norms}
    try:
        for norm in norms:
            if not (isinstance(norm, LazyModuleMixin) and norm.has_uninitialized_params()):
                norm.reset_running_stats()
            if plain_average and isinstance(norm, _BatchNorm):
                norm.momentum = None
        yield
    finally:
        for norm, momentum in before.items():
            norm.momentum = momentum


def _gather_up(model: nn.Module) -> None:
    """Let FSDP2 modules hold their own shards again, which they don't between a forward and a backward pass."""
    for module in model.modules():
        if is_fully_sharded(module):
            module.reshard()  # type: ignore[operator]

"""Putting everything back: a snapshot of model, optimizer and random state, restored bit for bit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from lrgui.core.engine.cleanup import Action, all_of, interrupts_later
from lrgui.core.engine.loader_state import generators_of, loader_back, loader_notes
from lrgui.core.engine.loss_state import behind, leaves
from lrgui.core.engine.random_state import RandomState
from lrgui.core.engine.state_capture import Remembered, is_fully_sharded
from lrgui.core.engine.tensor_store import LIMIT, Copies

__all__ = ["RandomState", "Snapshot", "generators_of"]


_SHARDED = "torch.distributed.fsdp"
"""Where the older wrapper of sharded models comes from (FSDP1)."""


class Snapshot:
    """The state of a model, of everything that trains it, and of the random generators, at one moment.

    `restore()` puts back, in place, so that whoever holds something keeps it:

    * the model: parameters, buffers, gradients, `requires_grad`, each module's train/eval mode, and attributes
      that are plain values, tensors or containers (BatchNorm's `momentum`, a counter); what came since goes;
    * the optimizer: its state (what was created since is dropped), settings per group, hooks; the attributes of
      `schedulers` and the `scaler`;
    * the modules, optimizers and tensors that learn which the `loss` reaches beside the model (see `loss_state`): a
      criterion with parameters or buffers, a head that only a training step knows;
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
        loss: Callable[..., Any] | None = None,
        folder: Path | str | None = None,
        limit_bytes: int = LIMIT,
    ) -> None:
        self.notes: tuple[str, ...] = loader_notes(loader)
        self.changed = False
        """True from where somebody says so until the next `restore`."""
        self._model = model
        self._copies = Copies(folder, limit_bytes)
        schedulers = tuple(schedulers)
        self._now = partial(Snapshot, model, optimizer, scaler=scaler, schedulers=schedulers, loss=loss)
        self._late: list[nn.Parameter] = []
        remembered = self._remembered = Remembered(self._copies)
        reached = list(behind(loss))
        outside = [
            part for root in reached if isinstance(root, nn.Module) for part in root.modules() if _is_ready(part)
        ]
        _gather_up(model)
        for module in {id(module): module for module in (*model.modules(), *outside)}.values():
            remembered.module(module)
        for owner in (optimizer, scaler, *schedulers, *reached):
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

    def add_behind(self, loss: torch.Tensor) -> None:
        """Remember the parameters too that a loss learns from and nobody has named; to be asked before it is used."""
        if any(is_fully_sharded(m) or type(m).__module__.startswith(_SHARDED) for m in self._model.modules()):
            return  # the graph has the gathered parameters, which come and go
        found = [leaf for leaf in leaves(loss) if isinstance(leaf, nn.Parameter) and not self._remembered.knows(leaf)]
        if not found:
            return
        self._remember_late(found)
        shapes = ", ".join("×".join(map(str, parameter.shape)) or "one number" for parameter in found[:3])
        tensors = "a parameter tensor" if len(found) == 1 else f"{len(found)} parameter tensors"
        self.notes += (
            f"The loss uses {tensors} outside the model and the arguments "
            f"({shapes}{', …' if len(found) > 3 else ''}): restored, but not the buffers and modes beside them.",
        )

    def _remember_late(self, parameters: Sequence[nn.Parameter]) -> None:
        copies = Copies()
        late = Remembered(copies)
        for parameter in parameters:
            late.add(parameter)
            self._remembered.take_over(parameter)
        copies.take()
        self._actions += [*late.actions, copies.wait]
        self._late += parameters

    @contextmanager
    def for_a_moment(self) -> Iterator[None]:
        """Inside everything is put back, after it all is again as it was before; the loader stays as it is left.

        It takes the memory of another snapshot.
        """
        with self._now() as now:
            now._remember_late(self._late)
            try:
                self.restore()
                yield
            finally:
                now.restore()

    def restore(self) -> None:
        """Put everything back. May be called more than once.

        What can be put back is put back, whatever fails; the first error is raised at the end. Ctrl+C waits.
        """
        if self._copies.closed:
            raise ValueError("This snapshot is closed; take a new one.")
        with interrupts_later(), torch.no_grad():
            self.changed = False  # a second try would fail as the first did
            all_of(self._actions)

    def restore_changed(self) -> None:
        """Put everything back where somebody has said that it was `changed`, and not put it back since."""
        if self.changed:
            self.restore()

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


def _gather_up(model: nn.Module) -> None:
    """Let FSDP2 modules hold their own shards again, which they don't between a forward and a backward pass."""
    for module in model.modules():
        if is_fully_sharded(module):
            module.reshard()  # type: ignore[operator]


def _is_ready(module: nn.Module) -> bool:
    """False for a module outside of the model that has no weights yet."""
    held = [vars(module).get(name) for name in ("_parameters", "_buffers")]
    return all(isinstance(one, dict) and not any(map(is_lazy, one.values())) for one in held)

"""The running statistics of normalisation layers, which a sweep begins anew where they are learned at all."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm, _NormBase
from torch.nn.modules.instancenorm import _InstanceNorm
from torch.nn.modules.lazy import LazyModuleMixin

_FORWARDS = (_BatchNorm.forward, nn.SyncBatchNorm.forward, _InstanceNorm.forward)
"""The forward passes that are known: what one of somebody else's makes of statistics and momentum is not."""


class FreshStats:
    """Lets the running statistics of BatchNorm and InstanceNorm begin anew, each where it first runs in train mode.

    Whether it does only its forward pass tells: a model's `train`, `forward`, its hooks or a training step may put
    it into eval mode, where it computes with the statistics that it has. Those of such a one, of a subclass with a
    forward pass of its own, and of a compiled one stay as they are. One that runs in both modes in the first step
    gets its own back where it first runs in eval mode.

    BatchNorm's statistics become plain averages (`momentum` None): with the usual momentum the last, exploding
    batches would weigh most. Without `plain_average` momentum stays as it is: for a plain one torch reads the count
    of batches in every BatchNorm, for which an accelerator has to wait. InstanceNorm keeps its momentum: without
    one it would never update.
    """

    def __init__(self, model: nn.Module, plain_average: bool = True) -> None:
        self._plain_average = plain_average
        self._norms = [_Norm(module) for module in model.modules() if _is_known(module)]

    def begin(self) -> None:
        """Look at each norm's forward passes from here on."""
        for norm in self._norms:
            norm.hook = norm.module.register_forward_pre_hook(partial(self._met, norm))

    def settled(self) -> None:
        """The first step's forward passes are over: what they did not decide stays as it is."""
        for norm in self._norms:
            norm.leave()

    def leave(self) -> None:
        """Give every norm its momentum again. Statistics are in the sweep's snapshot."""
        for norm in self._norms:
            norm.leave()
            norm.put_momentum_back()

    def _met(self, norm: _Norm, module: nn.Module, _: Any) -> None:
        if torch.compiler.is_compiling() or module is not norm.module:  # DataParallel runs copies
            return
        if not norm.module.training:
            norm.leave()
            norm.put_back()
        elif norm.before is None and not _is_without_size(norm.module):
            norm.reset(self._plain_average)


def start_again(module: nn.Module) -> None:
    """Let a norm's statistics start again, once and for good; nothing for other modules, and those that did so."""
    if _is_known(module) and module not in _started and not _is_without_size(module):
        _started.add(module)
        _Norm(module).reset(plain_average=False)


_started: weakref.WeakSet[nn.Module] = weakref.WeakSet()


@dataclass
class _Norm:
    module: Any
    before: list[torch.Tensor] | None = None
    """Its own statistics, once they were reset."""
    momentum: float | None = None
    hook: Any = field(default=None, repr=False)

    def reset(self, plain_average: bool) -> None:
        self.before = [buffer.clone() for buffer in self._statistics()]
        self.momentum = self.module.momentum
        self.module.reset_running_stats()
        if plain_average and isinstance(self.module, _BatchNorm):
            self.module.momentum = None

    def put_back(self) -> None:
        if self.before is not None:
            self.put_momentum_back()
            for buffer, value in zip(self._statistics(), self.before, strict=True):
                buffer.data.copy_(value)  # a backward pass may be to come, which has seen the buffer's version
            self.before = None

    def put_momentum_back(self) -> None:
        if self.before is not None:
            self.module.momentum = self.momentum

    def leave(self) -> None:
        if self.hook is not None:
            self.hook.remove()
            self.hook = None

    def _statistics(self) -> list[torch.Tensor]:
        module = self.module
        return [b for b in (module.running_mean, module.running_var, module.num_batches_tracked) if b is not None]


def _is_known(module: nn.Module) -> bool:
    return (
        isinstance(module, _NormBase)
        and module.track_running_stats
        and type(module).forward in _FORWARDS
        and "forward" not in vars(module)
    )


def _is_without_size(module: nn.Module) -> bool:
    return isinstance(module, LazyModuleMixin) and module.has_uninitialized_params()

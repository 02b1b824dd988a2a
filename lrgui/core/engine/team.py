"""A sweep by several processes at once (torchrun): what they agree on, and the mean of their losses."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import timedelta
from typing import Any, Protocol, runtime_checkable

import torch
import torch.distributed as dist
from torch import nn

#: How long the processes wait for each other at a sweep's beginning; one that is later never comes.
GATHERING = timedelta(minutes=10)
#: How long they wait for one that is paused. One that died is noticed at once, by its closed connection.
PATIENCE = timedelta(days=30)
#: How long a process that fails tries to tell the others, who may wait where they can't hear it.
NOTICE = timedelta(minutes=1)


class Team:
    """The processes of a distributed run; a single process is a team of one.

    All its methods but `no_sync` and `tell` must be called by all processes, in the same order.
    """

    def __init__(self, size: int = 1, rank: int = 0, group: dist.ProcessGroup | None = None) -> None:
        self.size = size
        self.rank = rank
        self._group = group

    @property
    def leads(self) -> bool:
        """True for the process that reports."""
        return self.rank == 0

    def agree(self, *flags: bool) -> tuple[bool, ...]:
        """Each flag, True where any process says True. Never touches an accelerator.

        RuntimeError when another process of the run is gone.
        """
        return self._agreed(flags, PATIENCE)

    def tell(self, *flags: bool) -> None:
        """Take part in an agreement as the one process that fails: what the others say doesn't matter any more.

        Returns after `NOTICE` also where they don't come: those that wait in the model's own communication are
        only freed by the end of this process.
        """
        try:
            self._agreed(flags, NOTICE)
        except RuntimeError:
            pass  # the trouble of this process says more

    def _agreed(self, flags: tuple[bool, ...], patience: timedelta) -> tuple[bool, ...]:
        if self._group is None:
            return flags
        said = torch.tensor(flags, dtype=torch.uint8)
        options = dist.AllreduceOptions()
        options.reduceOp = dist.ReduceOp.MAX
        options.timeout = patience
        try:
            self._group.allreduce([said], options).wait()
        except RuntimeError as error:
            raise RuntimeError(
                "Another process of this run ended, so this one cannot continue: look for the first error above, or in "
                "the output of the other processes."
            ) from error
        return tuple(map(bool, said.tolist()))

    def led(self, number: int) -> int:
        """The leading process' number, for all."""
        if self._group is None:
            return number
        said = torch.tensor(number, dtype=torch.int64)
        dist.broadcast(said, 0, group=self._group)
        return int(said)

    def mean(self, loss: torch.Tensor) -> torch.Tensor:
        """The mean of all processes' losses, detached, at least float32, on the loss' device.

        NaN where any process has NaN. Waits for no device, where the run's backend is made for it.
        """
        if self._group is None:
            return loss.detach()
        total = loss.detach().to(torch.promote_types(loss.dtype, torch.float32), copy=True)
        world = dist.group.WORLD
        assert world is not None
        if total.device.type in {device.type for device in world._device_types}:
            dist.all_reduce(total)
        else:  # NCCL has no part on the CPU, Gloo none on MPS
            there = total.cpu()
            dist.all_reduce(there, group=self._group)
            total = there.to(total.device)
        return total / self.size

    def share(self, loader: Iterable[Any]) -> Iterable[Any]:
        """This process' batches of a loader that gives the same ones to all: of each `size` in a row its own."""
        return loader if self.size == 1 else _Share(loader, self)

    def wrapped(self, model: nn.Module) -> nn.Module:
        """The model as all processes train it together."""
        if self.size == 1 or _parallel_already(model):
            return model
        return nn.parallel.DistributedDataParallel(model)

    @contextmanager
    def no_sync(self, model: nn.Module) -> Iterator[None]:
        """Inside, gradients stay with each process: for all micro-batches of a step but the last."""
        with ExitStack() as stack:
            for module in _parallel(model) if self._group is not None else ():
                if isinstance(module, _Synced):
                    stack.enter_context(module.no_sync())
                else:
                    module.set_requires_gradient_sync(False)
                    stack.callback(module.set_requires_gradient_sync, True)
            yield

    def close(self) -> None:
        """Give the team's own process group back; the next `team()` makes another."""
        group, self._group = self._group, None
        if group is not None and dist.is_initialized():
            world = dist.group.WORLD
            if world is not None and _teams.get(world) is self:
                del _teams[world]
            dist.destroy_process_group(group)


class _Share:
    """See `Team.share`; what is left over at the end is left out."""

    def __init__(self, loader: Iterable[Any], team: Team) -> None:
        self._loader, self._team = loader, team

    def __iter__(self) -> Iterator[Any]:
        own = None
        for number, batch in enumerate(self._loader):
            place = number % self._team.size
            own = batch if place == self._team.rank else own
            if place == self._team.size - 1:
                yield own

    def __len__(self) -> int:
        return len(self._loader) // self._team.size  # type: ignore[arg-type]


def _parallel_already(model: nn.Module) -> bool:
    return any(True for _ in _parallel(model))


_teams: weakref.WeakKeyDictionary[dist.ProcessGroup, Team] = weakref.WeakKeyDictionary()


def team() -> Team:
    """The team of this process: everybody in torch.distributed's default group, or one where there is none.

    Initialises nothing by itself. All processes must call it together; the answer is kept for the next sweep.
    RuntimeError where others don't come, or torch has no Gloo.
    """
    if not (dist.is_available() and dist.is_initialized()) or dist.get_world_size() == 1:
        return Team()
    world = dist.group.WORLD
    assert world is not None
    if world not in _teams:
        if not dist.is_gloo_available():
            raise RuntimeError("This build of torch has no Gloo backend: sweep in one process.")
        try:
            # A group of its own: flags travel on the CPU, whatever the run's backend, and may wait long.
            group = dist.new_group(backend="gloo", timeout=GATHERING)
        except RuntimeError as error:
            raise RuntimeError(
                f"Not all {dist.get_world_size()} processes started the sweep: call it in every process, not only on "
                "rank 0."
            ) from error
        assert isinstance(group, dist.ProcessGroup)
        _teams[world] = Team(dist.get_world_size(), dist.get_rank(), group)
    return _teams[world]


def settle(model: nn.Module) -> None:
    """Bring a model's sharded parameters (FSDP2) to rest, as they are between two steps; nothing for others.

    A forward pass without its backward leaves whole copies of parameters gathered, in place of the shards, and
    micro-batches without the last one leave gradients behind: both would outlive a state that is put back.
    """
    for module in model.modules():
        if isinstance(module, _Sharded):
            module.reshard()
            state = module._get_fsdp_state()
            # torch has no public way to drop what micro-batches have gathered.
            groups = getattr(state, "_fsdp_param_groups", None) or [state._fsdp_param_group]
            for parameter in (p for group in groups if group is not None for p in group.fsdp_params):
                parameter.unsharded_accumulated_grad = None
                if hasattr(parameter, "_unsharded_param"):
                    parameter._unsharded_param.grad = None


@runtime_checkable
class _Synced(Protocol):
    """What DistributedDataParallel can do; its own import would cost time in every sweep."""

    def no_sync(self) -> AbstractContextManager[None]: ...


@runtime_checkable
class _Sharded(Protocol):
    """What a module of FSDP2 can do."""

    def set_requires_gradient_sync(self, requires_gradient_sync: bool) -> None: ...

    def reshard(self) -> None: ...

    def _get_fsdp_state(self) -> Any: ...


def _parallel(model: nn.Module) -> Iterator[_Synced | _Sharded]:
    """The outermost modules that share gradients between processes: the model itself, or parts of it."""
    if isinstance(model, _Synced | _Sharded):
        yield model
    else:
        for child in model.children():
            yield from _parallel(child)

"""What rates a scheduler will give, found by following a copy of it: nothing of the user's moves."""

from __future__ import annotations

import itertools
import math
import types
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch.optim import lr_scheduler

from lrgui.core.engine.attached import is_plateau, kind_of, parts_of
from lrgui.core.engine.scheduler_rates import group_slots, rescale, scheduler_slots

_LENGTHS = ("_milestones", "milestones", "total_iters", "anneal_epochs", "total_size", "step_size")
_LOOKED_AT = 1024
_FURTHEST = 1 << 16
"""Steps that a schedule is followed for: at least, and at most."""


class CannotRescale(ValueError):  # noqa: N818
    """A scheduler whose rates can't be set from outside: `why`, to which the message may add the way out."""

    def __init__(self, why: str, way_out: str = "") -> None:
        super().__init__(f"{why} {way_out}" if way_out else why)
        self.why = why


def highest(scheduler: Any, groups: Sequence[dict[str, Any]], indices: Sequence[int]) -> tuple[float | None, bool]:
    """The highest rate that groups `indices` reach in the whole course of a schedule, from its first step on.

    None where it rises without end: as far as 65,536 steps. Followed are copies; nothing of the user's moves. The
    second value says whether rates stand under names of the class's own (`scheduler_slots(other=True)`). Raises
    CannotRescale where multiplying the rates that are known by 2 does not double what the schedule gives.
    """
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a copy has to say, the user's own scheduler will say
        try:
            return _highest(scheduler, groups, indices, other=False), False
        except CannotRescale:
            return _highest(scheduler, groups, indices, other=True), True


def followed(scheduler: Any, groups: Sequence[dict[str, Any]], steps: int) -> list[list[float]]:
    """The groups' rates at so many steps of a schedule, from its first one on; fewer where it ends before.

    Followed is a copy; nothing of the user's moves. Raises CannotRescale where that can't be done.
    """
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(itertools.islice(_Copy(scheduler, groups).rates(), steps))


def _highest(scheduler: Any, groups: Sequence[dict[str, Any]], indices: Sequence[int], *, other: bool) -> float | None:
    name = type(scheduler).__name__
    plain, doubled = _Copy(scheduler, groups), _Copy(scheduler, groups)
    slots = [
        *group_slots(doubled.groups, indices),
        *scheduler_slots(doubled.scheduler, indices, len(groups), other=other),
    ]
    rescale(slots, 2.0, 1.0)
    factors = [2.0 if i in indices else 1.0 for i in range(len(groups))]
    declared = _declared(scheduler, groups, indices)
    horizon = _LOOKED_AT if declared is not None else min(max(_LOOKED_AT, 2 * length_of(scheduler)), _FURTHEST)
    began = None if type(scheduler).__module__.startswith("torch.") else getattr(scheduler, "last_epoch", None)
    top, place, step = 0.0, 0, 0
    twice = doubled.rates()
    for step, rates in enumerate(plain.rates()):
        if step < _LOOKED_AT:
            expected = [rate * factor for rate, factor in zip(rates, factors, strict=True)]
            if not _close(expected, next(twice, [])):
                raise CannotRescale(f"The rates of {name} cannot be scaled from outside.")
            if step == began and not _close(rates, [float(group["lr"]) for group in groups]):
                raise CannotRescale(f"{name} has already started and cannot be rescaled.")
        now = max(rates[i] for i in indices)
        if not math.isfinite(now):
            return None
        if now > top * (1 + 1e-9):
            top, place = now, step
        if step >= horizon:
            if declared is not None or place * 2 < horizon:
                break
            if horizon >= _FURTHEST:
                return None
            horizon *= 2  # it was still rising
    return max(top, declared or 0.0)


def _close(left: Sequence[float], right: Sequence[float]) -> bool:
    return len(left) == len(right) and all(
        math.isclose(a, b, rel_tol=1e-5, abs_tol=1e-30) for a, b in zip(left, right, strict=True)
    )


def length_of(scheduler: Any) -> int:
    """Steps after which it may still change its mind, summed over its parts."""
    total = 0
    for part in (scheduler, *parts_of(scheduler)):
        own = not type(part).__module__.startswith("torch.")
        for name, value in vars(part).items():
            if name in _LENGTHS or own:
                values = (
                    value if isinstance(value, (list, tuple)) else list(value) if isinstance(value, dict) else [value]
                )
                total += max((v for v in values if isinstance(v, int) and not isinstance(v, bool)), default=0)
    return total


def _declared(scheduler: Any, groups: Sequence[dict[str, Any]], indices: Sequence[int]) -> float | None:
    """The highest rate that OneCycleLR and CyclicLR are given by name."""
    rates: list[float] = []
    for part in (scheduler, *parts_of(scheduler)):
        if isinstance(part, lr_scheduler.OneCycleLR):
            rates.extend(float(groups[i]["max_lr"]) for i in indices)
        elif isinstance(part, lr_scheduler.CyclicLR):
            rates.extend(float(part.max_lrs[i]) for i in indices)
    return max(rates, default=None)


class _Copy:
    """A scheduler with an optimizer of its own, where its steps move nothing else."""

    def __init__(self, scheduler: Any, groups: Sequence[dict[str, Any]]) -> None:
        one = torch.zeros((), device="cpu")
        self.optimizer = torch.optim.SGD([{"params": [one.clone()]} for _ in groups], lr=1.0)
        self.groups = self.optimizer.param_groups
        for mine, theirs in zip(self.groups, groups, strict=True):
            mine.update({key: _plain(value) for key, value in theirs.items() if key != "params"})
        self._originals: dict[int, Any] = {}
        self.scheduler = self._copied(scheduler)
        self._timm = kind_of(scheduler) == "timm"

        def step() -> None:
            """Without a step of the optimizer first, schedulers warn."""

        step._wrapped_by_lr_sched = True  # type: ignore[attr-defined]
        step._with_counter = True  # type: ignore[attr-defined]
        self.optimizer.step = step  # type: ignore[assignment, method-assign]
        self.optimizer._opt_called = True  # type: ignore[attr-defined]

    def rates(self) -> Iterator[list[float]]:
        """The groups' rates from the first step on, as long as the schedule goes."""
        try:
            self._begin()
        except Exception as error:
            name = type(self.scheduler).__name__
            raise CannotRescale(f"{name} can't be followed: {type(error).__name__}.") from error
        yield self._now()
        step = 0
        while True:
            step += 1
            try:
                self._go_on(step)
            except OverflowError:
                yield [math.inf] * len(self.groups)
                return
            except Exception:  # its last step: OneCycleLR raises there, and functions of a certain length do
                return
            yield self._now()

    def _now(self) -> list[float]:
        return [float(group["lr"]) for group in self.groups]

    def _begin(self) -> None:
        for group in self.groups:
            group["lr"] = group.get("initial_lr", group["lr"])
        if self._timm:
            self._go_on(0)
        else:
            _restart(self.scheduler, self.optimizer)

    def _go_on(self, step: int) -> None:
        if self._timm:
            self.scheduler.update_groups(self.scheduler._get_lr(step))
        else:
            self.scheduler.step()

    def _copied(self, value: Any) -> Any:
        if id(value) in self._originals:
            return self._originals[id(value)]
        if kind_of(value) is not None:
            copied = object.__new__(type(value))
            self._originals[id(value)] = copied
            copied.__dict__.update({name: self._copied(part) for name, part in vars(value).items()})
            if "verbose" in vars(copied):
                copied.verbose = False
            return copied
        if isinstance(getattr(value, "param_groups", None), list):
            return self.optimizer
        if isinstance(value, types.MethodType) and id(value.__self__) in self._originals:
            return types.MethodType(value.__func__, self._originals[id(value.__self__)])
        if type(value) in (list, tuple):
            return type(value)([self._copied(part) for part in value])
        return value.copy() if isinstance(value, (dict, set)) else _plain(value)


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, torch.Tensor) and value.numel() == 1 else value


def _restart(scheduler: Any, optimizer: torch.optim.Optimizer) -> None:
    """Let a torch scheduler stand where it stood when it was made."""
    parts = getattr(scheduler, "_schedulers", None)
    if isinstance(scheduler, (lr_scheduler.SequentialLR, lr_scheduler.ChainedScheduler)) and parts is not None:
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        for part in parts:
            _restart(part, optimizer)
        if isinstance(scheduler, lr_scheduler.SequentialLR):
            lr_scheduler.SequentialLR.__init__(scheduler, optimizer, parts, scheduler._milestones)
        else:
            lr_scheduler.ChainedScheduler.__init__(scheduler, parts)
    elif not is_plateau(scheduler):
        scheduler.last_epoch = -1
        scheduler._initial_step()

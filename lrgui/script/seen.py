"""What is known of a script's optimizers and its training, and who is told of it."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import nn
from torch.optim.optimizer import Optimizer

from lrgui.script.losses import StepLosses


@dataclass(eq=False)
class Seen:
    """One of the script's optimizers."""

    optimizer: weakref.ref[Any]
    losses: StepLosses
    made_at: tuple[str, int] = ("", 0)
    """The person's file and line where it is made; "" and 0 where that is not known."""
    made_lr: float = 0.0
    """The largest of the rates that it was made with; 0 where that is not known."""
    number: int = -1
    """By first steps, from 0; -1 before the first one."""
    steps: int = 0
    counts: int = 0
    """How many losses the last step had."""

    @property
    def groups(self) -> Sequence[Any]:
        """The parameter groups, or what has the rates in the place of these."""
        return groups_of(self.optimizer())

    @property
    def parameters(self) -> list[Any]:
        """All that it trains."""
        return parameters_of(self.optimizer())

    @property
    def name(self) -> str:
        """Its class."""
        return type(self.optimizer()).__name__


class Follower(Protocol):
    """Is told of what happens; may raise, which ends the script."""

    def before_step(self, seen: Seen, closure: bool) -> None:
        """An optimizer is about to step. With a `closure` the losses are known after it only."""

    def after_step(self, seen: Seen, closure: bool) -> None:
        """It has stepped."""

    def skipped(self, seen: Seen) -> None:
        """fp16's scaler found gradients that overflowed, and left the step out."""

    def goes_back(self, loss: torch.Tensor) -> None:
        """The backward pass of a loss is about to begin."""

    def by_hand(self) -> None:
        """The weights change, but no optimizer steps."""

    def met(self, module: nn.Module) -> None:
        """A module is about to do its forward pass; told only until the first step is over."""


@dataclass
class Counts:
    """What was seen so far, for a sentence."""

    forward: int = 0
    """Of outermost modules; counted until the first optimizer step."""
    backward: int = 0
    steps: int = 0

    @property
    def words(self) -> str:
        """ "3 forward passes, 2 backward passes, no optimizer step"; "2 backward passes, 2 optimizer steps"."""
        counted = [("forward pass", self.forward)] if not self.steps else []  # later ones are not counted
        pairs = (*counted, ("backward pass", self.backward))
        words = [f"{count:,} {name}{'' if count == 1 else 'es'}" for name, count in pairs]
        steps = "no optimizer step" if not self.steps else f"{self.steps:,} optimizer step{'s' * (self.steps != 1)}"
        return ", ".join([*words, steps])


def groups_of(optimizer: Any) -> Sequence[Any]:
    """The dicts with the rates: the parameter groups; fastai's optimizers have the rates in `hypers`."""
    return list(optimizer.hypers) if _is_fastais(optimizer) else optimizer.param_groups


def parameters_of(optimizer: Any) -> list[Any]:
    """All parameters of an optimizer."""
    if _is_fastais(optimizer):
        return [parameter for part in optimizer.param_lists for parameter in part]
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def _is_fastais(optimizer: Any) -> bool:
    return not isinstance(optimizer, Optimizer) and hasattr(optimizer, "hypers") and hasattr(optimizer, "param_lists")

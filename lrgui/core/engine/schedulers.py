"""The schedule of a training or of a race's candidate at work on an optimizer: its rates, and its momentum."""

from __future__ import annotations

from typing import Any

import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau

from lrgui.core.engine.modes import has_modes
from lrgui.core.engine.param_groups import free_rates, inside, put_rate, ratios
from lrgui.core.run_settings import TrainSettings
from lrgui.core.schedule_shapes import drop, shape_of

#: So many steps are computed at once.
_BLOCK = 1024


class Schedule:
    """Sets an optimizer's rates for each step as `config` says, from those of the first step on, which it sets at once.

    Parameter groups keep the ratio that their rates have now; `config.max_lr` is the largest one's. A momentum, or
    first beta, is cycled only where all groups have one in use: plain SGD does not become SGD with momentum, and a
    schedule-free optimizer keeps its first beta, by which it reads the weights.

    The rates are those of torch's schedulers (tested against them); computed from `core.schedule_shapes`, they need no
    torch optimizer, start anywhere, and follow exactly the line that was drawn beforehand.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, config: TrainSettings, total_steps: int) -> None:
        self._optimizer = optimizer
        self._groups = optimizer.param_groups
        self._config, self._total = config, total_steps
        self._shape = shape_of(config, total_steps)
        free_rates(self._groups)
        self._highest = [config.max_lr * ratio for ratio in ratios(self._groups)]
        inner = inside(optimizer) or optimizer
        cycled = bool(self._shape.momentum) and _has_momentum(inner)
        self.cycles_momentum = cycled and not has_modes(optimizer)
        """True where each step has a momentum of its own."""
        self._first_beta = "betas" in inner.defaults  # as torch's OneCycleLR decides which it is
        self._step, self._epochs = 0, 0
        self._drop = 1.0
        """By what epochs have lowered the rates."""
        self._block, self._shares, self._momenta = -1, list[float](), list[float]()
        self._plateau = _plateau(config) if config.schedule == "plateau" else None
        self._apply()

    @property
    def momentum(self) -> float | None:
        """The momentum of the next step, where it is cycled."""
        return self._momenta[self._step % _BLOCK] if self.cycles_momentum else None

    def step(self) -> None:
        """A step was made, and another one follows."""
        self._step += 1
        self._apply()

    def epoch(self, loss: float) -> None:
        """An epoch is over; `loss` is what a plateau is seen in."""
        self._epochs += 1
        self._drop = drop(self._config, self._epochs)
        if self._plateau is not None:
            self._plateau.step(loss)
            self._drop = float(self._plateau.optimizer.param_groups[0]["lr"])
        self._apply()

    def state_dict(self) -> dict[str, Any]:
        """Where it stands: plain numbers alone."""
        state = {"step": self._step, "epochs": self._epochs, "drop": self._drop}
        return state if self._plateau is None else {**state, "plateau": _state_of(self._plateau)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from where another schedule of the same training stood, and set the rates of its next step."""
        self._step, self._epochs = int(state["step"]), int(state["epochs"])
        self._drop = float(state["drop"])
        if self._plateau is not None:
            self._plateau.load_state_dict(state["plateau"])
            self._plateau.optimizer.param_groups[0]["lr"] = self._drop
        self._apply()

    def _apply(self) -> None:
        block, at = divmod(self._step, _BLOCK)
        if block != self._block:
            first = block * _BLOCK
            self._block = block
            self._shares = self._shape.shares(first, _BLOCK).tolist()
            self._momenta = self._shape.momenta(first, _BLOCK).tolist() if self.cycles_momentum else []
        share = self._shares[at] * self._drop
        for group, highest in zip(self._groups, self._highest, strict=True):
            put_rate(group, "lr", highest * share)
        if self.cycles_momentum:
            self._put_momentum(self._momenta[at])

    def _put_momentum(self, value: float) -> None:
        for group in self._groups:
            if self._first_beta:
                group["betas"] = (value, *group["betas"][1:])
            else:
                group["momentum"] = value


def _has_momentum(optimizer: torch.optim.Optimizer) -> bool:
    """True where a momentum (or first beta) is in use in all groups, under the name by which torch would cycle it.

    torch sets it even where it is 0, which would silently turn plain SGD into SGD with momentum, and raises for
    optimizers that have none among their defaults.
    """
    if "betas" in optimizer.defaults:
        found = [(group.get("betas") or (0,))[0] for group in optimizer.param_groups]
    else:
        found = [group.get("momentum") for group in optimizer.param_groups if "momentum" in optimizer.defaults]
    return bool(found) and all(one is not None and one > 0 for one in found)


def _plateau(config: TrainSettings) -> ReduceLROnPlateau:
    """torch's own, on a rate of 1: what becomes of it is what all rates are multiplied by."""
    stand_in = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    return ReduceLROnPlateau(stand_in, factor=config.gamma, patience=config.plateau_patience, eps=0.0)


def _state_of(plateau: ReduceLROnPlateau) -> dict[str, Any]:
    return {name: value for name, value in plateau.state_dict().items() if isinstance(value, int | float | str | None)}

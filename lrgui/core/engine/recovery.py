"""Going back to the last good state of a training that diverged, and on from there at a lower rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from lrgui.core.control import LOWER
from lrgui.core.engine.averaging import AveragedWeights
from lrgui.core.engine.live_rate import LiveRate
from lrgui.core.engine.schedulers import Schedule
from lrgui.core.engine.snapshot import Snapshot

#: A training goes back so many times, each time to a rate lower by `LOWER`.
MOST_RECOVERIES = 2


@dataclass
class GoodState:
    """A training at the end of an epoch, in memory; the data's order is not part of it: others come next."""

    snapshot: Snapshot
    step: int
    epoch: int
    """Epochs that were over."""
    factor: float
    """By which the schedule's rates were multiplied."""
    schedule: dict[str, Any]
    averaged: dict[str, Any] | None

    @property
    def words(self) -> str:
        """ "the end of epoch 3"."""
        return f"the end of epoch {self.epoch}" if self.epoch else "the start"


class Recovery:
    """Keeps the last good state of a training, and returns to it."""

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        scaler: Any,
        schedule: Schedule,
        loss: Any,
        rate: LiveRate,
        averaged: AveragedWeights | None = None,
    ) -> None:
        self._parts = (model, optimizer)
        self._more = {"scaler": scaler, "loss": loss}
        self.schedule, self._rate, self._averaged = schedule, rate, averaged
        self._good: GoodState | None = None
        self.made = 0
        """How many times the training went back."""

    @property
    def lowered(self) -> float:
        """By what the rates came down where it went back."""
        return float(LOWER**self.made)

    def keep(self, step: int, epoch: int) -> None:
        """The training is good as it is now."""
        self.close()
        self._good = GoodState(
            Snapshot(*self._parts, **self._more),
            step,
            epoch,
            self._rate.factor,
            self.schedule.state_dict(),
            None if self._averaged is None else self._averaged.state_dict(),
        )

    def go_back(self) -> GoodState | None:
        """Return to the good state, at a lower rate; None where the training went back often enough."""
        good = self._good
        if good is None or self.made == MOST_RECOVERIES:
            return None
        self.made += 1
        good.snapshot.restore()
        self.schedule.load_state_dict(good.schedule)
        if self._averaged is not None and good.averaged is not None:
            self._averaged.load_state_dict(good.averaged)
        self._rate.start_at(LOWER * min(self._rate.factor, good.factor))
        return good

    def close(self) -> None:
        """Let go of the state."""
        if self._good is not None:
            self._good.snapshot.close()
            self._good = None

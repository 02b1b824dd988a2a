"""Changing the rate of a training while it runs: every rate of its schedule is multiplied from then on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch

from lrgui.core.engine.param_groups import put_rate

_AS_THEY_ARE = nullcontext()


class LiveRate:
    """The factor between the schedule's rates and those that the optimizer has.

    Schedulers go on from the rates that they find, or compute them from the step alone: inside `planned` each finds
    those that it set itself. Nothing is touched while the factor was never changed.
    """

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self._optimizer = optimizer
        self.factor = 1.0
        self._planned: list[float] | None = None
        """The schedule's rate of each group; None where the groups have it."""

    def multiply(self, factor: float) -> None:
        """Multiply the rates from now on."""
        if self._planned is None:
            self._planned = self._rates()
        self.factor *= factor
        self._put()

    def planned(self) -> AbstractContextManager[None]:
        """Inside the groups have the schedule's rates, whose changes count."""
        return _AS_THEY_ARE if self._planned is None else self._with(self._planned)

    @contextmanager
    def _with(self, planned: list[float]) -> Iterator[None]:
        for group, rate in zip(self._optimizer.param_groups, planned, strict=True):
            put_rate(group, "lr", rate)
        try:
            yield
        finally:
            self._planned = self._rates()
            self._put()

    def start_at(self, factor: float) -> None:
        """The groups have the schedule's own rates, as it set them; from now on they have `factor` times those."""
        self._planned, self.factor = self._rates(), factor
        self._put()

    def begin_again(self, factor: float) -> bool:
        """A new schedule has set the groups' rates, which are `factor` times those from now on; True where the old or
        the new ones are not the schedule's own."""
        before, self.factor, self._planned = self.factor, 1.0, None
        if factor != 1.0:
            self.multiply(factor)
        return (before, factor) != (1.0, 1.0)

    def _rates(self) -> list[float]:
        return [float(group["lr"]) for group in self._optimizer.param_groups]

    def _put(self) -> None:
        assert self._planned is not None
        for group, rate in zip(self._optimizer.param_groups, self._planned, strict=True):
            put_rate(group, "lr", self.factor * rate)

"""Looking on while a script trains: loss, rate and gradient norm of each step; nothing is changed."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import nn

from lrgui.core.engine.gradients import gradient_norm
from lrgui.core.engine.readback import Readings
from lrgui.core.engine.stopping import PlateauWatch, TrainWatch
from lrgui.core.events import BatchEvent, EndEvent, EndReason, OutputEvent, Stream
from lrgui.core.formats import format_loss
from lrgui.core.run_settings import SweepSettings
from lrgui.script.seen import Seen
from lrgui.script.sweeping import Script, ScriptSweep

#: What the number beside each loss is called.
GRADIENT_NORM = "gradient norm"
#: So many losses at both ends of a training are told as its first and last loss, by their median.
ENDS = 20


class ScriptWatch(ScriptSweep):
    """A `Follower` that only tells; its rates are the script's own, the largest of the groups."""

    _metric_name = GRADIENT_NORM

    def __init__(self, script: Script) -> None:
        super().__init__(script, SweepSettings(steps=0, end_chosen=True))
        self._guard: TrainWatch | None = TrainWatch(1.0)
        self._plateau = PlateauWatch()
        self._norm: Any = None
        self._count = 0
        self._first = math.nan
        self._last: deque[float] = deque(maxlen=ENDS)
        self._lowest = math.inf
        self._told = False

    def before_step(self, seen: Seen, closure: bool) -> None:
        """See `Follower`."""
        if seen.number == self._number and not closure:
            self._norm = gradient_norm(seen.parameters)
        super().before_step(seen, closure)
        if len(self._trace) > 3:
            self._trace[:] = [self._trace[0], max(self._trace), self._trace[-1]]

    def after_step(self, seen: Seen, closure: bool) -> None:
        """See `Follower`."""
        if seen is self._swept and closure:
            self._measure(seen)

    def skipped(self, seen: Seen) -> None:
        """See `Follower`: the scaler tries again by itself."""

    def goes_back(self, loss: torch.Tensor) -> None:
        """See `Follower`: nothing is read off a training."""

    def by_hand(self) -> None:
        """See `Follower`: it goes on, but there is nothing to see."""
        if not self._told:
            self._told = True
            self._say(
                OutputEvent(f"{self._script.name} changes its weights itself: no steps can be seen.", Stream.NOTE)
            )

    def met(self, module: nn.Module) -> None:
        """See `Follower`: a training keeps its statistics."""

    def finish(self, end: EndEvent) -> None:
        """The person stops the training: the script hears it as it would at a terminal, and may save its weights."""
        if self.end is None and end.reason == EndReason.CANCELLED:
            self.end, self.facts = end, self.seen_facts()
            raise KeyboardInterrupt
        super().finish(end)

    # -- what is otherwise than in a sweep

    @property
    def points(self) -> int:
        """How many steps were seen."""
        return self._count

    @property
    def how_far(self) -> str:
        """ "after 7 steps"."""
        return f"after {self._count:,} step{'' if self._count == 1 else 's'}"

    @property
    def looks_broken(self) -> bool:
        """False: no rate of ours was set, so a script that fails does so by itself."""
        return False

    @property
    def is_beyond(self) -> bool:
        """False, as `looks_broken`."""
        return False

    @property
    def _lr(self) -> float:
        return self._trace[-1]

    def stopped(self) -> EndEvent:
        """The end of a training that the person stopped."""
        return EndEvent(EndReason.CANCELLED, f"Stopped {self.how_far}; everything measured so far is kept.")

    def ran_out(self) -> EndEvent:
        """The end of a training that the script itself ended."""
        first, last = format_loss(self._first), format_loss(_median(self._last))
        words = f"the loss went from {first} to {last}, lowest {format_loss(self._lowest)}"
        return EndEvent(EndReason.COMPLETED, f"{self._script.name} ended {self.how_far}: {words}.")

    def _planned_rates(self) -> list[float]:
        return []

    def _is_idle(self, seen: Seen, closure: bool) -> bool:
        """Every step is looked at."""
        return False

    def _begin(self, seen: Seen) -> bool:
        if not super()._begin(seen):
            return False
        self._guard = TrainWatch(max(float(group["lr"]) for group in seen.groups))
        return True

    def _put_rates(self, groups: Sequence[Any], lr: float) -> None:
        """They are the script's."""

    def _send(self, number: int, loss: Any) -> None:
        point = number, self._lr, self._clock.seconds
        norm, self._norm = self._norm, None
        norm = math.nan if norm is None else norm
        if isinstance(loss, torch.Tensor) and self._readings.late:
            values = torch.stack([loss.detach().reshape(()).float(), torch.as_tensor(norm, device=loss.device).float()])
            readings: Readings[Any] = self._readings
            self._arrived(readings.push(point, values))
        else:
            self._arrived([(point, [float(loss), float(norm)])])

    def _arrived(self, numbers: Iterable[tuple[tuple[int, float, float], Sequence[float]]]) -> None:
        for (step, lr, seconds), (loss, norm) in numbers:
            self._say(BatchEvent(0, step, lr, loss, seconds, metric=None if math.isnan(norm) else norm))
            self._look(loss)

    def _look(self, loss: float) -> None:
        self._count += 1
        self._last.append(loss)
        if self._count == 1:
            self._first = loss
        self._lowest = min(self._lowest, loss)
        if (words := self._plateau.push(loss)) is not None:
            self._say(OutputEvent(words, Stream.NOTE))
        stop = None if self._guard is None else self._guard.push(loss)
        if stop is not None:
            self._guard = None  # said once
            self._say(OutputEvent(f"Step {self._count:,}: {stop.detail}", Stream.NOTE))


def _median(losses: Iterable[float]) -> float:
    ordered = sorted(losses)
    return ordered[len(ordered) // 2] if ordered else math.nan

"""One training of a race: a script's own loop, under its own schedule scaled to a rate, or under OneCycle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from lrgui.core.engine.param_groups import put_rate
from lrgui.core.engine.stopping import TrainWatch
from lrgui.core.events import EndEvent, EndReason, ScriptEvent
from lrgui.core.run_settings import RaceSettings, SweepSettings
from lrgui.core.schedule_shapes import planned_lr
from lrgui.script.seen import Seen
from lrgui.script.sweeping import Script, ScriptSweep, own_rate_of


class ScriptTraining(ScriptSweep):
    """A `Follower` that trains at `config.around`, for `config.steps` steps. A rate of 0 trains nothing.

    The script's own rates, each group's, are multiplied by one factor that makes of `config.own_lr` the rate. Where the
    trainings are judged by what the script prints, the last step's validation is waited for: the script ends with the
    step after it.
    """

    def __init__(self, script: Script, config: RaceSettings) -> None:
        lr = config.around
        self._race = config
        sweep = SweepSettings(start_lr=lr, end_lr=lr, steps=config.steps, end_chosen=True)
        super().__init__(script, sweep)
        self._guard = TrainWatch(lr)
        self._factor = 1.0
        self._course = course(config) if config.one_cycle or lr == 0 else []
        self._made = 0
        self._reached: EndEvent | None = None

    def before_step(self, seen: Seen, closure: bool) -> None:
        """See `Follower`."""
        if self._reached is not None and seen is self._swept:
            self.finish(self._reached)
        super().before_step(seen, closure)

    def goes_back(self, loss: torch.Tensor) -> None:
        """See `Follower`: nothing is read off a training."""

    def met(self, module: nn.Module) -> None:
        """See `Follower`: a training keeps its statistics."""

    # -- what is otherwise than in a sweep

    def _begin(self, seen: Seen) -> bool:
        if not super()._begin(seen):
            return False
        race = self._race
        if self._course:
            return True
        own = race.own_lr
        if own is None:
            found = own_rate_of(seen)
            own = 0.0 if found is None else found.lr
        if not own > 0:
            words = "has no learning rate of its own that could be scaled: its optimizer begins with 0."
            way_out = "--verify-schedule onecycle replaces its schedule."
            self.finish(EndEvent(EndReason.FAILED, f"{self._script.name} {words} {way_out}"))
        self._factor = race.around / own
        return True

    def _planned_rates(self) -> list[float]:
        return [self._race.around] * self._race.steps

    def _put_rates(self, groups: Sequence[Any], lr: float) -> None:
        if self._course:
            super()._put_rates(groups, self._course[min(self._made, len(self._course) - 1)])
            self._made += 1
            return
        for group, own in zip(groups, self._own, strict=True):
            put_rate(group, "lr", own * self._factor)

    def _judge(self, lr: float, loss: float) -> None:
        self._losses.append(loss)
        stop = self._guard.push(loss)
        if stop is not None and self.end is None:
            self.finish(EndEvent(stop.reason, stop.detail))

    def _complete(self) -> None:
        end = EndEvent(EndReason.COMPLETED, f"All {self._race.steps:,} steps trained.")
        if not self._race.metric:
            self.finish(end)
        self._reached = end

    def seen_facts(self) -> ScriptEvent | None:
        """See `ScriptSweep`; the step at which a script ends that was waited for is none of the training's."""
        facts = super().seen_facts()
        return facts if facts is None or self._reached is None else replace(facts, steps=len(self._trace))

    def ran_out(self) -> EndEvent:
        """The end of a run whose script came to its own end, after some steps."""
        return self._reached or EndEvent(EndReason.DATA_ENDED, f"{self._script.name} ended {self.how_far}.")


def course(config: RaceSettings) -> list[float]:
    """The rates of a OneCycle training at `config.around`, step by step; all 0 for a rate of 0."""
    if config.around == 0:
        return [0.0] * config.steps
    rates: list[float] = planned_lr(config.cycle(config.around), config.steps, config.steps).tolist()
    return rates

"""What may be spent on a learning rate, and the race that this is enough for after a sweep. Needs no torch."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lrgui.core.curve.plan import ONE_CYCLE, SHORT, Plan
from lrgui.core.formats import format_estimate
from lrgui.core.run_settings import FEWEST_TRAININGS, MOST_STEPS, RaceSettings, SweepSettings

if TYPE_CHECKING:
    from lrgui.core.curve.recommend import Recommendation

#: A training of fewer steps says too little about a longer one.
FEWEST_STEPS = 40
#: How a budget is written: a number and its unit; a number alone is seconds.
_UNITS = {"s": 1.0, "sec": 1.0, "second": 1.0, "m": 60.0, "min": 60.0, "minute": 60.0, "h": 3600.0, "hour": 3600.0}
_WRITTEN = re.compile(r"([\d.,_]+)\s*([a-z]*?)s?", re.IGNORECASE)


@dataclass(frozen=True)
class Budget:
    """What sweep and race together may take: seconds or optimizer steps; one of them is given."""

    seconds: float | None = None
    steps: int | None = None

    @classmethod
    def read(cls, value: Any) -> Budget:
        """From a number of seconds, or as people write it: "30s", "2 min", "1h", "500 steps".

        Raises ValueError, with a sentence, for anything else.
        """
        if isinstance(value, cls):
            return value
        text = str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
        found = _WRITTEN.fullmatch(text)
        try:
            number = float(found[1].replace(",", "").replace("_", "")) if found else math.nan
        except ValueError:
            number = math.nan
        unit = found[2].lower() if found else ""
        if unit == "step" and number.is_integer() and 1 <= number <= MOST_STEPS:
            return cls(steps=int(number))
        unit = unit or "s"
        if unit in _UNITS and 0 < number < math.inf:
            return cls(seconds=number * _UNITS[unit])
        raise ValueError(f"The budget cannot be “{value}”. Write a time or a number of steps: 30s, 2m or 500 steps.")

    @property
    def words(self) -> str:
        """For people: "30 s", "2 min", "500 steps"."""
        return f"{self.steps:,} steps" if self.seconds is None else format_estimate(self.seconds)

    def plan_words(self, sweep: SweepSettings) -> str:
        """What it will be spent on, as far as that is known before the sweep: "a sweep of 200 steps, then …"."""
        made = sweep.steps * sweep.batches_per_lr * sweep.repeats
        first = f"a sweep of {made:,} steps"
        if self.steps is None:
            return f"{first}, then, where its confidence is not high, short trainings in the rest of the time."
        if made >= self.steps:
            return f"the sweep alone takes {made:,} steps, so nothing is measured after it."
        config = self.race(RaceSettings(), Plan(sweep.planned_steps), made, 0.0)
        return (
            f"{first}, which leaves nothing to measure with."
            if config is None
            else f"{first}, then, where its confidence is not high, {config.cost}."
        )

    def left(self, made: int, seconds: float) -> int:
        """How many steps are left after a sweep of `made` steps that took so many `seconds`."""
        if self.steps is not None:
            return self.steps - made
        assert self.seconds is not None
        each = seconds / max(made, 1)
        return MOST_STEPS if each <= 0 else int(min((self.seconds - seconds) / each, MOST_STEPS))

    def race(self, base: RaceSettings, plan: Plan, made: int, seconds: float) -> RaceSettings | None:
        """The race for what is left after a sweep of `made` steps: `base` with its trainings and steps.

        As many trainings as the left allows at `FEWEST_STEPS`, then as long as it allows, but no longer than the
        training that is planned. None where it is not enough for three trainings.
        """
        left = self.left(made, seconds)
        for trainings in range(RaceSettings().trainings, FEWEST_TRAININGS - 1, -1):
            steps = min(left // trainings, max(plan.steps or SHORT, FEWEST_STEPS))
            if steps >= FEWEST_STEPS:
                return replace(base, trainings=trainings, steps=steps, rates=None)
        return None

    def alone(self, made: int, seconds: float) -> str:
        """What a sweep took of it: "the sweep alone took 200 steps"."""
        return f"the sweep alone took {f'{made:,} steps' if self.seconds is None else format_estimate(seconds)}"

    def too_small(self, made: int, seconds: float) -> str:
        """The sentence that says why there is no race."""
        left = self.left(made, seconds)
        if left <= 0:
            return f"The budget of {self.words} is used up: {self.alone(made, seconds)}. Nothing is measured."
        return (
            f"The budget of {self.words} is too small to measure: after the sweep it leaves {left:,} steps, and three "
            f"trainings of {FEWEST_STEPS} need {FEWEST_TRAININGS * FEWEST_STEPS}. Nothing is measured."
        )


def race_to_prove(
    budget: Budget, pick: Recommendation, plan: Plan, base: RaceSettings, made: int, seconds: float
) -> tuple[RaceSettings | None, str]:
    """The race that settles what a sweep of `made` steps recommends, `base` with its rate, trainings and steps.

    Where there is none to run, None and the sentence that says why: the sweep is sure, there is nothing to race around,
    or the budget is too small.
    """
    if pick.confidence == "high":
        used_up = budget.left(made, seconds) <= 0
        rest = f"; {budget.alone(made, seconds)}." if used_up else ", and the budget is not used up."
        return None, f"The confidence is high: nothing was measured{rest}"
    around = pick.by_schedule.get(ONE_CYCLE)  # whatever is planned, the race is one of OneCycles
    if around is None:
        return None, "There is no rate to measure around."
    config = budget.race(replace(base, around=around), plan, made, seconds)
    return config, "" if config is not None else budget.too_small(made, seconds)


def cost_words(config: RaceSettings, made: int, seconds: float) -> str:
    """What a race will take, as fast as the sweep of `made` steps in `seconds` was: "3 to 5 trainings of 120 steps,
    about 25 s"."""
    about = f", at most about {format_estimate(seconds / made * config.total_steps())}" if made and seconds > 0 else ""
    return f"{config.cost}{about}"

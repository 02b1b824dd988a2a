"""The shape of a OneCycle training."""

from __future__ import annotations

from dataclasses import dataclass

from lrgui.core.curve.plan import ONE_CYCLE
from lrgui.core.formats import exact_number
from lrgui.core.limits import MOST_DIVISOR
from lrgui.core.options import Problem
from lrgui.core.settings import setting

#: The schedules that may begin with a warm-up of their own.
WARMED = ("cosine", "linear", "wsd")
#: How a OneCycle's rate goes from one end of a phase to the other.
ANNEALING = {"cos": "Cosine", "linear": "Linear"}


def of_schedules(*schedules: str) -> tuple[str, tuple[str, ...]]:
    """A setting of these schedules alone."""
    return "schedule", schedules


@dataclass(frozen=True, kw_only=True)
class CycleSettings:
    """The shape of a OneCycle training, shared by trainings and races."""

    pct_start: float = setting(
        0.3,
        label="Warm-up",
        tip="Share of the steps during which the rate rises",
        kind="share",
        unit="share of the steps",
        above=0,
        below=1,
        only=of_schedules(ONE_CYCLE),
    )
    anneal: str = setting(
        "cos",
        label="Annealing",
        tip="How the rate of a OneCycle rises and falls: along a cosine or a straight line",
        choices=ANNEALING,
        unit="shape",
        rare=True,
        only=of_schedules(ONE_CYCLE),
    )
    div_factor: float = setting(
        10.0,
        label="Initial LR divisor",
        tip="The first rate is max LR divided by this",
        unit="factor",
        minimum=1,
        maximum=MOST_DIVISOR,
        rare=True,
        only=of_schedules(ONE_CYCLE, *WARMED),
    )
    final_div_factor: float = setting(
        100.0,
        label="Final LR divisor",
        tip="The last rate is the first rate divided by this",
        unit="factor",
        minimum=1,
        maximum=MOST_DIVISOR,
        rare=True,
        only=of_schedules(ONE_CYCLE),
    )
    three_phase: bool = setting(
        False,
        label="Three phases",
        tip="The rate falls to its first value as slowly as it rose, then on to the last one",
        unit="switch",
        rare=True,
        only=of_schedules(ONE_CYCLE),
    )
    cycle_momentum: bool = setting(
        True,
        label="Cycle momentum",
        tip="Momentum, or Adam's first beta, falls while the rate rises; without effect where none is in use",
        unit="switch",
        rare=True,
        only=of_schedules(ONE_CYCLE),
    )
    base_momentum: float = setting(
        0.85,
        label="Lowest momentum",
        tip="The momentum at max LR, where it is cycled",
        unit="momentum",
        minimum=0,
        below=1,
        rare=True,
        only=of_schedules(ONE_CYCLE),
    )
    max_momentum: float = setting(
        0.95,
        label="Highest momentum",
        tip="The momentum at the first and the last step, where it is cycled",
        unit="momentum",
        minimum=0,
        below=1,
        rare=True,
        only=of_schedules(ONE_CYCLE),
    )

    def cycle_problems(self) -> list[Problem]:
        """What is wrong with these settings together."""
        if not self.base_momentum > self.max_momentum:
            return []
        ends = f"({exact_number(self.base_momentum)}) is above the highest ({exact_number(self.max_momentum)})"
        return [Problem("base_momentum", f"The lowest momentum {ends}.", "0.85 and 0.95 are usual.")]

"""The settings of a race: short trainings at rates around a pick."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from lrgui.core.cycle_settings import CycleSettings
from lrgui.core.limits import MOST_STEPS, rate_setting
from lrgui.core.loop_settings import LoopSettings
from lrgui.core.metrics import higher_is_better
from lrgui.core.options import Problem
from lrgui.core.settings import problems_of, setting, values_of
from lrgui.core.train_settings import TrainSettings

#: The widest field and the longest halving of a race.
MOST_RATES = 33
MOST_ROUNDS = 8
#: No round of a race leaves fewer: a smooth through two points is none.
FEWEST_FINALISTS = 3
#: A bracketing race has the pick and a rate on both sides of it; further ones are added one at a time.
FEWEST_TRAININGS = 3
MOST_TRAININGS = 9
#: What a race is judged by.
LOSS, METRIC, HIGHEST, LOWEST = "loss", "metric", "highest", "lowest"
#: Decades between neighbouring rates of a bracketing race: ×2.4. Measured (docs/explanation/verify.md).
BRACKET_DISTANCE = 0.375
#: A pattern of a printed number, as an example.
_PATTERN = "'val_loss: ([0-9.]+)'"


@dataclass(frozen=True)
class RaceSettings(CycleSettings, LoopSettings):
    """A race of short OneCycle trainings at rates around a pick.

    It brackets the best rate: three trainings, at the pick and on both sides of it, then neighbours of the best while
    that is at an end. With `rates` a fixed field races instead, by successive halving.
    """

    around: float = rate_setting(
        1e-2,
        label="Around",
        subject="The rate to race around",
        tip="The learning rate in the middle",
        rounded=True,
    )
    trainings: int = setting(
        5,
        label="Trainings",
        tip="Most trainings: three, then a neighbour of the best one as long as the best is at an end",
        unit="trainings",
        minimum=FEWEST_TRAININGS,
        maximum=MOST_TRAININGS,
    )
    steps: int = setting(
        160,
        label="Steps",
        tip="Optimizer steps of a training, as close to your real training as possible; in a fixed field of a training "
        "in the last round",
        unit="steps",
        minimum=8,
        maximum=MOST_STEPS,
    )
    rates: int | None = setting(
        None,
        label="Fixed field",
        subject="The rates of a fixed field",
        tip="Race this many rates by successive halving instead of bracketing the best one",
        kind="whole",
        unit="learning rates",
        minimum=FEWEST_FINALISTS,
        maximum=MOST_RATES,
        none="bracketing",
        rare=True,
    )
    octaves: float = setting(
        0.5,
        label="Distance",
        tip="Distance between the rates of a fixed field, in factors of two: half an octave is ×1.41",
        unit="octaves",
        above=0,
        maximum=4,
        rare=True,
    )
    rounds: int = setting(
        3,
        label="Rounds",
        tip="Rounds of a fixed field: after each, the worse half drops out and the others train twice as long",
        unit="rounds",
        minimum=1,
        maximum=MOST_ROUNDS,
        rare=True,
    )

    judge: str = setting(
        LOSS,
        label="Judged by",
        subject="What a race is judged by",
        tip="What decides which training is best: its validation loss (its last training losses without validation "
        "data), or the task's metric. On small data the best rates by one and by the other can lie far apart",
        choices={
            LOSS: "Loss",
            METRIC: "Metric, whose name says which is better",
            HIGHEST: "Highest metric",
            LOWEST: "Lowest metric",
        },
        unit="what decides",
        rare=True,
    )

    one_cycle: bool = False
    """A training script's own schedule is scaled to each rate; True replaces it by OneCycle, as all other races are."""
    metric: str = ""
    """Of a training script: the pattern of a number that it prints, by whose last one a training is judged; empty is
    its loss. `judge` says which is better; LOSS and names that say nothing are for lower ones."""
    own_lr: float | None = None
    """The rate of a training script's schedule that becomes a candidate's; None is what can be seen of it."""

    @property
    def metric_name(self) -> str:
        """What `metric` is called: the words in front of its number; empty without one."""
        return (re.split(r"[^\w /-]", self.metric.lstrip("^"))[0].strip() or "metric") if self.metric else ""

    @property
    def by_metric(self) -> bool:
        """True where a metric decides, not the loss."""
        return bool(self.metric) or self.judge != LOSS

    def higher(self, name: str) -> bool | None:
        """Whether a higher metric called `name` is better; None where neither setting nor name say so."""
        if self.judge == METRIC:
            return higher_is_better(name)
        return self.judge == HIGHEST

    @property
    def places(self) -> int:
        """How many rates the race can reach."""
        return self.rates if self.rates is not None else 2 * self.middle + 1

    @property
    def middle(self) -> int:
        """Which of them is the pick, from 0; of an even number one more lies below it than above."""
        return self.rates // 2 if self.rates is not None else self.trainings - 2

    @property
    def distance(self) -> float:
        """Decades between neighbouring rates."""
        return self.octaves * math.log10(2) if self.rates is not None else BRACKET_DISTANCE

    @property
    def stages(self) -> int:
        """Rounds that are run: one where the race brackets."""
        return self.rounds if self.rates is not None else 1

    def lrs(self) -> list[float]:
        """The max learning rates that the race can reach, rising. Shape (`places`,)."""
        return [self.around * 10.0 ** (self.distance * (index - self.middle)) for index in range(self.places)]

    def cycle(self, lr: float) -> TrainSettings:
        """The training of one candidate."""
        return TrainSettings(epochs=1, max_lr=lr, **values_of(self, CycleSettings), **values_of(self, LoopSettings))

    def budget(self, number: int) -> int:
        """Optimizer steps of each training in round `number` (from 0): N, or N/4, N/2, N in three rounds."""
        return max(4, self.steps >> (self.stages - 1 - number))

    def field(self, number: int) -> int:
        """Most trainings of round `number` (from 0); of a fixed field fewer only where some diverge."""
        if self.rates is None:
            return self.trainings
        count = self.rates
        for _ in range(number):
            count = survivors(count)
        return count

    def total_steps(self) -> int:
        """Optimizer steps of the whole race: it never takes more."""
        return sum(self.field(number) * self.budget(number) for number in range(self.stages))

    @property
    def cost(self) -> str:
        """What it takes, for people: "3 to 5 trainings of 160 steps", "7 rates, 1,080 steps"."""
        if self.rates is not None:
            return f"{self.rates} rates, {self.total_steps():,} steps"
        most = f" to {self.trainings}" if self.trainings > FEWEST_TRAININGS else ""
        return f"{FEWEST_TRAININGS}{most} trainings of {self.steps:,} steps"

    @property
    def price(self) -> str:
        """The same with all that follows from it: "3 to 5 trainings of 160 steps, 480 to 800 steps in all"."""
        if self.rates is not None:
            rounds = " + ".join(f"{self.field(n)} × {self.budget(n):,}" for n in range(self.stages))
            return f"{self.cost} ({rounds})"
        least, most = FEWEST_TRAININGS * self.steps, self.total_steps()
        return f"{self.cost}, {f'{least:,} to ' if least < most else ''}{most:,} steps in all"

    def validate(self) -> list[Problem]:
        """Every problem with these settings, an empty list where there is none."""
        problems = problems_of(self) or self.cycle_problems()
        try:
            groups = re.compile(self.metric).groups
        except re.error as error:
            what = f"The pattern “{self.metric}” cannot be read: {error}."
            problems.append(Problem("metric", what, f"Write it as for Python's re, such as {_PATTERN}."))
        else:
            if self.metric and not groups:
                what = f"The pattern “{self.metric}” does not say where its number stands."
                problems.append(Problem("metric", what, f"Put the number in parentheses, such as {_PATTERN}."))
        return problems


def survivors(count: int) -> int:
    """How many of `count` candidates are left after a round: the better half, but enough for a smooth."""
    return max(min(count, FEWEST_FINALISTS), (count + 1) // 2)

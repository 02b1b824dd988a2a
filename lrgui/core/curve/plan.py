"""The training that a pick is meant for: by what OneCycle's maximum is multiplied for it, and how that is said."""

from __future__ import annotations

import math
from dataclasses import dataclass

from lrgui.core.formats import format_figure, format_percent
from lrgui.core.learning_rate import format_lr

#: The schedules of a training, by key, and what lists call them.
SCHEDULES: dict[str, str] = {
    "onecycle": "OneCycle",
    "warmup": "Warm-up, then decay",
    "decay": "Decay from the start",
    "constant": "Constant",
    "step": "Drops in steps",
}
#: What a curve is read for: the maximum of a OneCycle.
ONE_CYCLE = "onecycle"
#: The kinds of optimizers that are told apart: first and second moments of the gradients (Adam), second ones alone
#: (RMSprop, Adagrad), a momentum alone, and plain SGD.
FAMILIES = ("adam", "adaptive", "momentum", "sgd")
#: The trainings by which the rule was judged: OneCycle of about so many steps.
SHORT = 300
#: A longer training never has its pick multiplied by less than this on account of its length.
LOWEST = 0.1

# By schedule, then by the optimizer's family; None is one that nobody knows. Measured on the development tasks of
# benchmarks/suggestions (docs/explanation/suggestions.md). Without momentum OneCycle does not cycle it, and its maximum
# is nearer to a rate that can be kept.
#: What the pick is multiplied by for a training that is as short as those of the benchmark.
FACTORS: dict[str, dict[str | None, float]] = {
    "onecycle": {"adam": 1.0, "adaptive": 1.0, "momentum": 1.0, "sgd": 1.0, None: 1.0},
    "warmup": {"adam": 1.0, "adaptive": 1.0, "momentum": 1.0, "sgd": 1.0, None: 1.0},
    "decay": {"adam": 0.7, "adaptive": 0.9, "momentum": 0.7, "sgd": 0.9, None: 0.75},
    "step": {"adam": 0.6, "adaptive": 0.9, "momentum": 0.6, "sgd": 0.9, None: 0.7},
    "constant": {"adam": 0.35, "adaptive": 0.6, "momentum": 0.35, "sgd": 0.6, None: 0.4},
}
#: A training that is longer than `SHORT` by a factor wants a rate that is multiplied by this power of it.
EXPONENTS: dict[str | None, float] = {"adam": -0.45, "adaptive": -0.35, "momentum": -0.4, "sgd": -0.15, None: -0.3}
#: Even without noise nine of ten picks lie only within this, in decades, of a rate that is nearly the best.
FLOORS: dict[str, float] = dict.fromkeys(SCHEDULES, 0.15)

#: A training that sees each example more often than this, with a network that has more parameters than there are
#: examples, can learn them by heart, and a curve of training losses cannot show it. Of the picks that the curve alone
#: would call high, those before it have a regret below 0.1 in 96 % (development) and 99 % (unseen tasks), those beyond
#: it in 81 % and 84 % …
BY_HEART = 15.0
#: … and one in ten lies further than this from a rate that is nearly the best, in decades.
BY_HEART_FLOOR = 0.3

#: The schedules for which both rates are named where nobody said which one is planned, and what they are then.
NAMED = {"onecycle": "as OneCycle's maximum", "constant": "as a constant rate"}
#: How a training is spoken of.
_TRAINING = {
    "onecycle": "",
    "warmup": " with warm-up",
    "decay": " whose rate decays from the start",
    "constant": " at a constant rate",
    "step": " whose rate drops in steps",
}

#: An average over more than this share of the sweep's steps answers too late to be read where it is seen …
LONG_MEMORY = 0.25
#: … and the pick may be too high by as many decades: ×1.7 to ×3.8 with momentum 0.99 and 0.999 on the digits.
LATE = 0.4

#: A sweep of LBFGS has learned all that there is at its lowest rates: the pick may lie this much too low, in decades
#: (1.3e-4 on a small classification, where 1 ends with a far lower loss).
ASTRAY = 3.0


@dataclass(frozen=True)
class Plan:
    """The training to come, as far as its best learning rate depends on it."""

    steps: int | None = None
    """Optimizer steps; None is a short one."""
    schedule: str | None = None
    """One of `SCHEDULES`; None where nobody said: a pick is then meant for OneCycle's maximum."""
    family: str | None = None
    """The optimizer's, one of `FAMILIES`; None for one that nobody knows."""
    memory: float | None = None
    """Steps over which the optimizer averages gradients, 1/(1 - β); None where it does not, or nobody knows."""
    epoch_steps: float | None = None
    """Optimizer steps of an epoch; None where nobody knows."""
    examples: int | None = None
    """Training examples; None where nobody knows."""
    parameters: int = 0
    """Trainable parameters of the model."""
    own_steps: bool = False
    """True where the optimizer finds the length of its steps itself, as LBFGS does."""
    planned_epochs: int | None = None
    """Epochs, where the length was given so; `steps` are then None until somebody knows those of an epoch."""

    def share(self, schedule: str | None = None) -> float:
        """What the pick for a short OneCycle is multiplied by; for `schedule` where that is not the planned one."""
        key = schedule or self.schedule or ONE_CYCLE
        factor = FACTORS[key][self.family]
        if self.steps is None or self.steps <= SHORT:
            return factor
        return factor * float(max((self.steps / SHORT) ** EXPONENTS[self.family], LOWEST))

    def as_trained(self, lr: float, schedule: str) -> float:
        """The rate of a training on `schedule` that corresponds to `lr`, a rate of the planned schedule."""
        return lr * self._to(schedule)

    def from_trained(self, lr: float, schedule: str) -> float:
        """The rate of the planned schedule that corresponds to `lr`, that of a training on `schedule`."""
        return lr / self._to(schedule)

    def differs_from(self, schedule: str) -> bool:
        """True where the planned schedule wants another rate than a training of the same length on `schedule`."""
        return self._to(schedule) != 1

    def as_one_cycle(self, lr: float) -> float:
        """The maximum of a OneCycle that corresponds to `lr`, a rate of the planned schedule."""
        return self.as_trained(lr, ONE_CYCLE)

    def from_one_cycle(self, lr: float) -> float:
        """The rate of the planned schedule that corresponds to `lr`, the maximum of a OneCycle."""
        return self.from_trained(lr, ONE_CYCLE)

    @property
    def differs(self) -> bool:
        """True where the planned schedule wants another rate than a OneCycle of the same length."""
        return self.differs_from(ONE_CYCLE)

    def _to(self, schedule: str) -> float:
        return self.share(schedule) / self.share()

    @property
    def floor(self) -> float:
        """How far a pick may lie from a rate that is nearly the best even without noise, in decades."""
        floor = FLOORS[self.schedule or ONE_CYCLE]
        return max(floor, BY_HEART_FLOOR) if self.by_heart else floor

    def floor_read(self, sweep_steps: int) -> float:
        """The same of a pick that is read off a sweep of `sweep_steps` steps, which the optimizer may answer late."""
        late = LATE if self._remembered(sweep_steps) > LONG_MEMORY else 0.0
        return math.hypot(self.floor, late, ASTRAY if self.own_steps else 0.0)

    def at_most(self, sweep_steps: int) -> str:
        """The highest confidence that a sweep of `sweep_steps` steps can give: the optimizer may answer too late, or
        find its steps itself, and what is learned by heart cannot be seen."""
        share = self._remembered(sweep_steps)
        return "low" if share > 1 or self.own_steps else "medium" if share > LONG_MEMORY or self.by_heart else "high"

    def _remembered(self, sweep_steps: int) -> float:
        """The optimizer's memory as a share of the sweep."""
        return 0.0 if self.memory is None else self.memory / sweep_steps

    def remarks(self, sweep_steps: int) -> str:
        """What to add to how a pick came about: sentences, each with a space before it.

        What it was multiplied by, an optimizer that remembers too long for a sweep of `sweep_steps` steps, or finds
        its steps itself, and a training that can learn its examples by heart.
        """
        return self._scaled_words() + self._memory_words(sweep_steps) + self._steps_words() + self._epochs_words()

    @property
    def epochs(self) -> float | None:
        """How often the training sees each example; None where nobody knows."""
        return None if self.epoch_steps is None else (self.steps or SHORT) / self.epoch_steps

    @property
    def by_heart(self) -> bool:
        """True where the training may well learn its few examples by heart."""
        few = self.examples is not None and self.examples < self.parameters
        return few and self.epochs is not None and self.epochs > BY_HEART

    def _scaled_words(self) -> str:
        share = self.share()
        if share == 1:
            return ""
        done = "Lowered" if share < 1 else "Raised"
        return f" {done} to {format_percent(share)} for {self._training}."

    @property
    def _training(self) -> str:
        """ "a training of 4,000 steps at a constant rate"."""
        long = "" if self.steps is None or self.steps <= SHORT else f" of {self.steps:,} steps"
        return f"a training{long}{_TRAINING[self.schedule or ONE_CYCLE]}"

    @property
    def words(self) -> str:
        """The training, in a few words: "OneCycle · 4,000 steps", "OneCycle · 12 epochs (276 steps)", "OneCycle · up
        to 300 steps"."""
        length = f"up to {SHORT} steps" if self.steps is None else f"{self.steps:,} steps"
        if self.planned_epochs is not None:
            length = f"{self.planned_epochs:,} epoch{'s' if self.planned_epochs != 1 else ''} ({length})"
        return f"{SCHEDULES[self.schedule or ONE_CYCLE]} · {length}"

    def derived_words(self, lr: float, maximum: float, steps: int) -> str:
        """How `lr` follows from `maximum`, which OneCycles of `steps` steps measured: a sentence with a space before
        it."""
        return (
            f" {format_lr(maximum)} is the maximum of a OneCycle of {steps:,} steps; {format_lr(lr)} is derived from "
            f"it for {self._training}."
        )

    def _steps_words(self) -> str:
        if not self.own_steps:
            return ""
        return (
            " The optimizer finds the length of its steps itself, from the curvature: it has learned long before the "
            "rate is as high as it can be. Its default, 1, is mostly right."
        )

    def _epochs_words(self) -> str:
        if not self.by_heart:
            return ""
        assert self.examples is not None
        assert self.epochs is not None
        return (
            f" {self.steps or SHORT:,} steps are {round(self.epochs):,} epochs of {self.examples:,} examples, for a "
            f"model of {self.parameters:,} parameters: whether such a training overfits, a training loss cannot show. "
            "Verify by validation losses."
        )

    def _memory_words(self, sweep_steps: int) -> str:
        if self.memory is None or self._remembered(sweep_steps) <= LONG_MEMORY:
            return ""
        enough = format_figure(self.memory / LONG_MEMORY, 2)
        return (
            f" The optimizer averages gradients over about {format_figure(self.memory, 2)} steps, which is long for a "
            f"sweep of {sweep_steps:,}: the loss answers late, and the pick may be too high. Sweep {enough} steps."
        )


#: What a pick is meant for where nobody said.
USUAL = Plan()


def rates_words(rates: dict[str, float]) -> str:
    """The rates by schedule in a sentence: "As OneCycle's maximum 1.6e-2; as a constant rate 5e-3."."""
    words = "; ".join(f"{name} {format_lr(rates[key])}" for key, name in NAMED.items())
    return f"{words[:1].upper()}{words[1:]}."

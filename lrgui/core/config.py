"""The settings of a sweep, a training and a race: plain frozen data that can say what is wrong with itself."""

from __future__ import annotations

import math
from dataclasses import dataclass

#: How the rate may rise.
SCHEDULES = ("exponential", "linear")
#: Number formats of mixed precision.
PRECISIONS = ("bf16", "fp16")
#: The longest sweep and training that a form or a command line accepts; a typo should not run for a week.
MOST_STEPS = 1_000_000
MOST_EPOCHS = 100_000
MOST_REPEATS = 50
#: Beyond these a rate and its tenfold cannot be drawn; weights cannot follow by far.
LOWEST_LR, HIGHEST_LR = 1e-30, 1e30
#: The steepest OneCycle: beyond it its rates are no numbers any more.
MOST_DIVISOR = 1e12
#: A larger loss counts as infinite: sums of squares of such numbers are, and pictures of them crash Qt.
MOST_LOSS = 1e150
#: The widest field and the longest halving of a race.
MOST_RATES = 33
MOST_ROUNDS = 8
#: No round of a race leaves fewer: a smooth through two points is none.
FEWEST_FINALISTS = 3


def counted(loss: float) -> float:
    """A loss as it counts: infinite beyond `MOST_LOSS`; NaN stays."""
    return math.copysign(math.inf, loss) if abs(loss) > MOST_LOSS else loss


def is_finite(value: object) -> bool:
    """False for NaN and the infinities, which JSON does not have; true for everything else, numbers or not."""
    return not isinstance(value, float) or math.isfinite(value)


@dataclass(frozen=True)
class Problem:
    """One setting that cannot be used: which, what is wrong, and what would be right."""

    field: str
    what: str
    fix: str

    def __str__(self) -> str:
        return f"{self.what} {self.fix}"


@dataclass(frozen=True)
class SweepConfig:
    """A learning-rate range test (Leslie Smith): the rate rises batch by batch."""

    start_lr: float = 1e-6
    """Learning rate of the first step."""
    end_lr: float = 1.0
    """Learning rate of the last step."""
    steps: int = 200
    """Planned learning rates, one point each; fewer are measured when the loss explodes."""
    beta: float = 0.98
    """Smoothing of the classic average, 0 ≤ β < 1; 0 is no smoothing."""
    stop_factor: float = 4.0
    """The sweep ends when the classic average is above this multiple of its best; 0 switches every
    divergence stop off (only a loss that is not finite ends the sweep then)."""
    schedule: str = "exponential"
    """How the rate rises, one of `SCHEDULES`."""
    batches_per_lr: int = 1
    """Optimizer steps at each learning rate; a point's loss is their mean."""
    accumulation: int = 1
    """Batches whose gradients are averaged into one optimizer step."""
    clip_grad_norm: float | None = None
    """Gradients are scaled down to this norm; None clips nothing."""
    amp: str | None = None
    """Mixed precision, one of `PRECISIONS`; None computes in the model's own."""
    repeats: int = 1
    """How often a job sweeps, each time from the same weights with another order of the data."""

    def validate(self) -> list[Problem]:
        """Every problem with these settings, an empty list where there is none."""
        problems = [
            *_positive("start_lr", "The first learning rate", self.start_lr, "1e-6"),
            *_positive("end_lr", "The last learning rate", self.end_lr, "1"),
        ]
        if not problems and self.end_lr <= self.start_lr:
            problems.append(
                Problem(
                    "end_lr",
                    f"The last learning rate ({self.end_lr:g}) is not above the first ({self.start_lr:g}).",
                    "Sweep upward, for example from 1e-6 to 1.",
                )
            )
        if not 2 <= self.steps <= MOST_STEPS:
            problems.append(
                Problem("steps", f"{self.steps} steps cannot be swept.", f"Use 2 to {MOST_STEPS:,}; 200 is usual.")
            )
        if not (math.isfinite(self.beta) and 0 <= self.beta < 1):
            problems.append(
                Problem("beta", f"The smoothing β = {self.beta:g} is out of range.", "Use 0 to 0.999; 0.98 is usual.")
            )
        if not math.isfinite(self.stop_factor) or (self.stop_factor != 0 and self.stop_factor <= 1):
            problems.append(
                Problem(
                    "stop_factor",
                    f"The stop factor {self.stop_factor:g} would end every sweep at once.",
                    "Use more than 1 (4 is usual), or 0 to switch the stop off.",
                )
            )
        if not 1 <= self.repeats <= MOST_REPEATS:
            problems.append(
                Problem(
                    "repeats",
                    f"{self.repeats} repeats cannot be swept.",
                    f"Use 1 to {MOST_REPEATS}; 3 show how sure the pick is.",
                )
            )
        return [
            *problems,
            *_one_of("schedule", "schedule", self.schedule, SCHEDULES),
            *_count("batches_per_lr", "steps per learning rate", self.batches_per_lr),
            *_loop_problems(self.accumulation, self.clip_grad_norm, self.amp),
        ]


@dataclass(frozen=True)
class TrainConfig:
    """A OneCycle training (Leslie Smith, Nicholay Topin), cosine annealing, two phases."""

    epochs: int = 12
    max_lr: float = 1e-2
    """The top of the cycle."""
    pct_start: float = 0.3
    """Share of the steps on which the rate rises, 0 < share < 1."""
    div_factor: float = 10.0
    """The first rate is `max_lr / div_factor`."""
    final_div_factor: float = 100.0
    """The last rate is `max_lr / div_factor / final_div_factor`."""
    accumulation: int = 1
    """As in `SweepConfig`, and so are the next two: a rate holds for the loop with which it was found."""
    clip_grad_norm: float | None = None
    amp: str | None = None
    steps: int | None = None
    """Optimizer steps in all, for batches that do not come to an end; the epochs are then equal parts of them, and
    begin where the last one stopped. None: an epoch is a pass over the loader."""

    def batches_of_epochs(self, per_pass: int) -> list[int]:
        """The batches of each epoch, where a pass over the loader has `per_pass`."""
        if self.steps is None:
            return [per_pass] * self.epochs
        each = -(-self.steps // self.epochs)
        return [min(each, self.steps - done) * self.accumulation for done in range(0, self.steps, each)]

    def validate(self) -> list[Problem]:
        """Every problem with these settings, an empty list where there is none."""
        problems = _positive("max_lr", "The max learning rate", self.max_lr, "1e-2")
        if not 1 <= self.epochs <= MOST_EPOCHS:
            problems.append(
                Problem("epochs", f"{self.epochs} epochs cannot be trained.", f"Use 1 to {MOST_EPOCHS:,}; 12 is usual.")
            )
        if self.steps is not None and not 1 <= self.steps <= MOST_STEPS:
            what = f"{self.steps} steps cannot be trained."
            problems.append(Problem("steps", what, f"Use 1 to {MOST_STEPS:,}, or none: whole passes."))
        if not (math.isfinite(self.pct_start) and 0 < self.pct_start < 1):
            problems.append(
                Problem(
                    "pct_start",
                    f"A warm-up of {self.pct_start:.0%} is out of range.",
                    "Use 1 % to 99 %; 30 % is usual.",
                )
            )
        for name, words, value, usual in (
            ("div_factor", "The start divisor", self.div_factor, "10"),
            ("final_div_factor", "The final divisor", self.final_div_factor, "100"),
        ):
            if not 1 <= value <= MOST_DIVISOR:
                side = "above 1e12" if value > MOST_DIVISOR else "below 1"
                problems.append(Problem(name, f"{words} {value:g} is {side}.", f"Use 1 or more; {usual} is usual."))
        return [*problems, *_loop_problems(self.accumulation, self.clip_grad_norm, self.amp)]


@dataclass(frozen=True)
class RaceConfig:
    """A race of short OneCycle trainings at rates around a pick, the worse half leaving after each round."""

    around: float = 1e-2
    """The pick: the rate in the middle of the field."""
    rates: int = 7
    """How many rates race."""
    octaves: float = 0.5
    """From each rate to the next, in factors of two: half an octave is ×1.41."""
    steps: int = 160
    """Optimizer steps of a training in the last round; each round before has half as many."""
    rounds: int = 3
    pct_start: float = 0.3
    """As in `TrainConfig`, and so are the next two."""
    div_factor: float = 10.0
    final_div_factor: float = 100.0
    accumulation: int = 1
    """As in `SweepConfig`, and so are the next two."""
    clip_grad_norm: float | None = None
    amp: str | None = None

    def lrs(self) -> list[float]:
        """The max learning rates that race, rising; with an even number one more lies below the pick than above."""
        below = self.rates // 2
        return [self.around * 2.0 ** (self.octaves * (index - below)) for index in range(self.rates)]

    def cycle(self, lr: float) -> TrainConfig:
        """The training of one candidate."""
        loop = self.accumulation, self.clip_grad_norm, self.amp
        return TrainConfig(1, lr, self.pct_start, self.div_factor, self.final_div_factor, *loop)

    def budget(self, number: int) -> int:
        """Optimizer steps of each training in round `number` (from 0): N/4, N/2, N in three rounds."""
        return max(4, self.steps >> (self.rounds - 1 - number))

    def field(self, number: int) -> int:
        """How many start in round `number` (from 0), if nobody diverges."""
        count = self.rates
        for _ in range(number):
            count = survivors(count)
        return count

    def total_steps(self) -> int:
        """Optimizer steps of the whole race, if nobody diverges: it never takes more."""
        return sum(self.field(number) * self.budget(number) for number in range(self.rounds))

    @property
    def cost(self) -> str:
        """What it takes, for people: "7 rates, 1,080 steps"."""
        return f"{self.rates} rates, {self.total_steps():,} steps"

    def validate(self) -> list[Problem]:
        """Every problem with these settings, an empty list where there is none."""
        problems = _positive("around", "The rate to race around", self.around, "1e-2")
        if not FEWEST_FINALISTS <= self.rates <= MOST_RATES:
            problems.append(
                Problem(
                    "rates",
                    f"{self.rates} rates cannot race.",
                    f"Use {FEWEST_FINALISTS} to {MOST_RATES}; 7 are usual.",
                )
            )
        if not (math.isfinite(self.octaves) and 0 < self.octaves <= 4):
            problems.append(
                Problem(
                    "octaves", f"A distance of {self.octaves:g} octaves is out of range.", "Use 0.1 to 4; 0.5 is usual."
                )
            )
        if not 1 <= self.rounds <= MOST_ROUNDS:
            problems.append(
                Problem("rounds", f"{self.rounds} rounds cannot be run.", f"Use 1 to {MOST_ROUNDS}; 3 are usual.")
            )
        if not 8 <= self.steps <= MOST_STEPS:
            problems.append(
                Problem(
                    "steps", f"{self.steps} steps cannot be raced over.", f"Use 8 to {MOST_STEPS:,}; 160 are usual."
                )
            )
        return [*problems, *self.cycle(1.0).validate()]


def survivors(count: int) -> int:
    """How many of `count` candidates are left after a round: the better half, but enough for a smooth."""
    return max(min(count, FEWEST_FINALISTS), (count + 1) // 2)


def _loop_problems(accumulation: int, clip: float | None, amp: str | None) -> list[Problem]:
    """Problems of the settings that say how an optimizer step is made."""
    problems = [
        *([] if amp is None else _one_of("amp", "mixed precision", amp, PRECISIONS)),
        *_count("accumulation", "batches per step", accumulation),
    ]
    if clip is not None and not (math.isfinite(clip) and clip > 0):
        problems.append(
            Problem("clip_grad_norm", f"Gradients cannot be clipped to {clip:g}.", "Use a norm above 0, or none.")
        )
    return problems


def _count(name: str, words: str, count: int) -> list[Problem]:
    if 1 <= count <= MOST_STEPS:
        return []
    return [Problem(name, f"{count} {words} cannot be run.", "Use 1 or more; 1 is usual.")]


def _one_of(name: str, words: str, value: str, choices: tuple[str, ...]) -> list[Problem]:
    if value in choices:
        return []
    return [Problem(name, f"There is no {words} “{value}”.", f"Choose one of: {', '.join(choices)}.")]


def _positive(name: str, words: str, value: float, usual: str) -> list[Problem]:
    if LOWEST_LR <= value <= HIGHEST_LR:
        return []
    if math.isfinite(value) and value > 0:
        return [Problem(name, f"{words} must lie between 1e-30 and 1e30, not {value:g}.", f"{usual} is usual.")]
    return [Problem(name, f"{words} must be above 0 and finite, not {value:g}.", f"{usual} is usual.")]

"""The settings of a sweep, a training and a race: plain frozen data that can say what is wrong with itself."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lrgui.core.curve.plan import ONE_CYCLE, SCHEDULES
from lrgui.core.formats import exact_number
from lrgui.core.learning_rate import exact_lr
from lrgui.core.metrics import higher_is_better
from lrgui.core.options import Problem, is_finite
from lrgui.core.settings import problems_of, setting, settings_of, values_of

__all__ = [
    "LOOP",
    "OF_READING",
    "CycleSettings",
    "LoopSettings",
    "Problem",
    "RaceSettings",
    "SweepSettings",
    "TrainSettings",
    "counted",
    "is_finite",
    "survivors",
]

#: The longest sweep and training that a form or a command line accepts; a typo should not run for a week.
MOST_STEPS = 1_000_000
MOST_EPOCHS = 100_000
#: The longest training that is planned elsewhere.
MOST_PLANNED = 1_000_000_000
MOST_REPEATS = 50
#: Beyond these a rate and its tenfold cannot be drawn; weights cannot follow by far. A run's file can hold them.
LOWEST_LR, HIGHEST_LR = 1e-30, 1e30
#: What a person may set: rates beyond are slips of the keyboard, also where the loss is scaled by millions.
LOWEST_SET, HIGHEST_SET = 1e-15, 1e6
#: The steepest OneCycle, the most patient stop rule and the loosest clipping that make sense.
MOST_DIVISOR, MOST_STOP_FACTOR, MOST_NORM = 1_000_000, 10_000, 1_000_000
#: A larger loss counts as infinite: sums of squares of such numbers are, and pictures of them crash Qt.
MOST_LOSS = 1e150
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


def counted(loss: float) -> float:
    """A loss as it counts: infinite beyond `MOST_LOSS`; NaN stays."""
    return math.copysign(math.inf, loss) if abs(loss) > MOST_LOSS else loss


def _rate(default: float, **words: Any) -> Any:
    return setting(default, kind="rate", minimum=LOWEST_SET, maximum=HIGHEST_SET, unit="learning rate", **words)


@dataclass(frozen=True, kw_only=True)
class LoopSettings:
    """How an optimizer step is made: alike in sweeps, trainings and races, since a rate holds for the loop with which
    it was found."""

    accumulation: int = setting(
        1,
        label="Accumulation",
        tip="Batches whose gradients are averaged into one step; 2 doubles the effective batch size, not the memory",
        unit="batches",
        minimum=1,
        maximum=MOST_STEPS,
        rare=True,
    )
    clip_grad_norm: float | None = setting(
        None,
        label="Clip gradients",
        subject="The norm that gradients are clipped to",
        tip="Clip the gradient norm to this value before each step; set it as in your training",
        kind="number",
        unit="norm",
        above=0,
        maximum=MOST_NORM,
        none="off",
        rare=True,
    )
    amp: str | None = setting(
        None,
        label="Precision",
        tip="Mixed precision saves time and memory on a GPU; bf16 is safer than fp16, which is slow on a CPU",
        choices={"bf16": "bf16", "fp16": "fp16"},
        unit="number format",
        none="Full",
        rare=True,
    )
    label_smoothing: float = setting(
        0.0,
        label="Label smoothing",
        tip="Share of the target that is spread over all classes, in the training loss; needs a cross entropy",
        unit="share",
        minimum=0,
        below=1,
        zero="off",
        rare=True,
    )
    decay_norms: bool = setting(
        True,
        label="Decay norms",
        tip="Weight decay for biases and norms, too, as torch's optimizers have it; off gives parameters of at most "
        "one dimension a group of their own, at the same learning rate",
        unit="switch",
        rare=True,
    )
    compile: bool = setting(
        False,
        label="Compile",
        tip="Run the model by torch.compile: the first steps take long, later ones less; on the CPU it needs a C++ "
        "compiler",
        unit="switch",
        rare=True,
    )
    deterministic: bool = setting(
        False,
        label="Deterministic",
        tip="Use deterministic algorithms alone, also on a GPU; slower, and an error where an operation has none",
        unit="switch",
        rare=True,
    )


#: The schedules that a training can run, by key, and what lists call them.
TRAINED: dict[str, str] = {
    ONE_CYCLE: "OneCycle",
    "constant": "Constant",
    "cosine": "Cosine decay",
    "linear": "Linear decay",
    "wsd": "Warm-up, stable, decay",
    "step": "Drops in steps",
    "plateau": "Reduce on plateau",
}
#: Those that may begin with a warm-up of their own.
_WARMED = ("cosine", "linear", "wsd")
_NAMED = {
    ONE_CYCLE: "OneCycle",
    "constant": "a constant rate",
    "cosine": "cosine decay",
    "linear": "linear decay",
    "wsd": "warm-up, a stable rate and decay",
    "step": "a rate that drops in steps",
    "plateau": "a rate that drops on plateaus",
}
#: How a OneCycle's rate goes from one end of a phase to the other.
ANNEALING = {"cos": "Cosine", "linear": "Linear"}


def _of(*schedules: str) -> tuple[str, tuple[str, ...]]:
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
        only=_of(ONE_CYCLE),
    )
    anneal: str = setting(
        "cos",
        label="Annealing",
        tip="How the rate of a OneCycle rises and falls: along a cosine or a straight line",
        choices=ANNEALING,
        unit="shape",
        rare=True,
        only=_of(ONE_CYCLE),
    )
    div_factor: float = setting(
        10.0,
        label="Initial LR divisor",
        tip="The first rate is max LR divided by this",
        unit="factor",
        minimum=1,
        maximum=MOST_DIVISOR,
        rare=True,
        only=_of(ONE_CYCLE, *_WARMED),
    )
    final_div_factor: float = setting(
        100.0,
        label="Final LR divisor",
        tip="The last rate is the first rate divided by this",
        unit="factor",
        minimum=1,
        maximum=MOST_DIVISOR,
        rare=True,
        only=_of(ONE_CYCLE),
    )
    three_phase: bool = setting(
        False,
        label="Three phases",
        tip="The rate falls to its first value as slowly as it rose, then on to the last one",
        unit="switch",
        rare=True,
        only=_of(ONE_CYCLE),
    )
    cycle_momentum: bool = setting(
        True,
        label="Cycle momentum",
        tip="Momentum, or Adam's first beta, falls while the rate rises; without effect where none is in use",
        unit="switch",
        rare=True,
        only=_of(ONE_CYCLE),
    )
    base_momentum: float = setting(
        0.85,
        label="Lowest momentum",
        tip="The momentum at max LR, where it is cycled",
        unit="momentum",
        minimum=0,
        below=1,
        rare=True,
        only=_of(ONE_CYCLE),
    )
    max_momentum: float = setting(
        0.95,
        label="Highest momentum",
        tip="The momentum at the first and the last step, where it is cycled",
        unit="momentum",
        minimum=0,
        below=1,
        rare=True,
        only=_of(ONE_CYCLE),
    )

    def cycle_problems(self) -> list[Problem]:
        """What is wrong with these settings together."""
        if not self.base_momentum > self.max_momentum:
            return []
        ends = f"({exact_number(self.base_momentum)}) is above the highest ({exact_number(self.max_momentum)})"
        return [Problem("base_momentum", f"The lowest momentum {ends}.", "0.85 and 0.95 are usual.")]


@dataclass(frozen=True)
class SweepSettings(LoopSettings):
    """A learning-rate range test (Leslie Smith): the rate rises batch by batch."""

    start_lr: float = _rate(
        1e-6, label="From", tip="Learning rate of the first step", flag="--from", subject="The first learning rate"
    )
    end_lr: float = _rate(
        1.0,
        label="To",
        tip="Learning rate of the last step; unless set, at least ten times the optimizer's own",
        flag="--to",
        subject="The last learning rate",
    )
    steps: int = setting(
        200,
        label="Steps",
        tip="Points of the curve, each at a higher rate; fewer are measured if the loss explodes",
        unit="learning rates",
        minimum=2,
        maximum=MOST_STEPS,
    )
    beta: float = setting(
        0.98,
        label="Smoothing β",
        tip="Smoothing of the classic average, 0 for none; can be changed after a run, because the raw losses are kept",
        unit="weight of what came before",
        minimum=0,
        below=1,
    )
    stop_factor: float = setting(
        4.0,
        label="Stop factor",
        tip="End the sweep when the classic average exceeds this multiple of its minimum; 0 ends it only when the loss "
        "is not finite",
        unit="× best loss",
        above=1,
        maximum=MOST_STOP_FACTOR,
        zero="off",
    )
    schedule: str = setting(
        "exponential",
        label="Schedule",
        tip="How the rate rises: by a constant factor (exponential) or a constant amount (linear)",
        choices={"exponential": "Exponential", "linear": "Linear"},
        unit="shape",
        rare=True,
    )
    repeats: int = setting(
        1,
        label="Repeats",
        tip="Sweeps from the same weights, each with the data in a different order; 3 show how reliable the "
        "recommendation is",
        unit="sweeps",
        minimum=1,
        maximum=MOST_REPEATS,
        rare=True,
    )
    batches_per_lr: int = setting(
        1,
        label="Steps per rate",
        tip="Optimizer steps at each rate; a point is their mean loss. More steps reduce the noise and take longer",
        unit="steps",
        minimum=1,
        maximum=MOST_STEPS,
        rare=True,
    )
    end_chosen: bool = False
    """True where somebody chose the last rate: then it does not follow the optimizer (`core.curve.own_rate`)."""

    length_usual: bool = False
    """True where nobody chose the length of the training to come: that of the optimizer's schedule goes before it."""

    def with_given(self, given: Mapping[str, Any]) -> SweepSettings:
        """The same with these settings, by name, as somebody chose them: one length takes the place of another."""
        lengths: dict[str, Any] = {name: given.get(name) for name in _LENGTHS} | {"length_usual": False}
        return replace(
            self,
            **(lengths if given.keys() & set(_LENGTHS) else {}),
            **{name: value for name, value in given.items() if name not in _LENGTHS},
            end_chosen=self.end_chosen or "end_lr" in given,
        )

    planned_schedule: str | None = setting(
        None,
        label="Planned schedule",
        tip="Schedule of the training to come; OneCycle's maximum can be higher than a constant rate. Automatic reads "
        "it off your scheduler; without one both rates are named",
        choices=SCHEDULES,
        unit="schedule",
    )
    planned_steps: int | None = setting(
        None,
        label="Planned steps",
        tip="Optimizer steps of the training to come; a longer one wants a lower rate. Automatic is what your schedule "
        "says, otherwise a few hundred",
        kind="whole",
        unit="steps",
        minimum=1,
        maximum=MOST_PLANNED,
    )
    planned_epochs: int | None = setting(
        None,
        label="Planned epochs",
        tip="Epochs of the training to come, in place of its steps: they are counted once the data is there",
        kind="whole",
        unit="epochs",
        minimum=1,
        maximum=MOST_EPOCHS,
    )

    def validate(self) -> list[Problem]:
        """Every problem with these settings, an empty list where there is none."""
        problems = problems_of(self)
        if self.planned_steps is not None and self.planned_epochs is not None:
            what = f"The training to come has two lengths, {self.planned_steps} steps and {self.planned_epochs} epochs."
            problems.append(Problem("planned_epochs", what, "Give one of them."))
        if not {"start_lr", "end_lr"} & {problem.field for problem in problems} and self.end_lr <= self.start_lr:
            ends = f"({exact_lr(self.end_lr)}) is not above the first ({exact_lr(self.start_lr)})"
            problems.insert(
                0,
                Problem("end_lr", f"The last learning rate {ends}.", "Sweep upward, for example from 1e-6 to 1."),
            )
        return problems


@dataclass(frozen=True)
class TrainSettings(CycleSettings, LoopSettings):
    """A training: how long, how high its rate goes, and on which schedule.

    OneCycle is that of Leslie Smith and Nicholay Topin.
    """

    epochs: int = setting(
        12,
        label="Epochs",
        tip="Passes over the training examples",
        unit="epochs",
        minimum=1,
        maximum=MOST_EPOCHS,
    )
    max_lr: float = _rate(1e-2, label="Max LR", tip="The highest rate of the schedule", rounded=True)
    schedule: str = setting(
        ONE_CYCLE,
        label="Schedule",
        tip="How the rate changes during the training; another schedule wants another rate, which a selected one is "
        "converted to",
        choices=TRAINED,
        unit="schedule",
    )
    steps: int | None = setting(
        None,
        label="Steps",
        tip="Total optimizer steps, for batches that never end; divided equally among the epochs",
        kind="whole",
        unit="steps",
        minimum=1,
        maximum=MOST_STEPS,
        none="whole passes",
        rare=True,
    )
    warmup: float = setting(
        0.1,
        label="Warm-up",
        tip="Share of the steps in which the rate rises in a straight line, before it is held or decays; 0 for none",
        kind="share",
        unit="share of the steps",
        minimum=0,
        below=1,
        only=_of(*_WARMED),
    )
    warmup_steps: int | None = setting(
        None,
        label="Warm-up steps",
        tip="The same as a number of optimizer steps",
        kind="whole",
        unit="steps",
        minimum=0,
        maximum=MOST_STEPS,
        none="by share",
        rare=True,
        only=_of(*_WARMED),
    )
    decay: float = setting(
        0.2,
        label="Decay",
        tip="Share of the steps, at the end, in which the rate falls to zero in a straight line",
        kind="share",
        unit="share of the steps",
        above=0,
        below=1,
        only=_of("wsd"),
    )
    step_size: int = setting(
        4,
        label="Drop every",
        tip="Epochs after which the rate drops, again and again",
        unit="epochs",
        minimum=1,
        maximum=MOST_EPOCHS,
        only=_of("step"),
    )
    gamma: float = setting(
        0.1,
        label="Drop factor",
        tip="By what the rate is multiplied where it drops",
        unit="factor",
        above=0,
        below=1,
        only=_of("step", "plateau"),
    )
    plateau_patience: int = setting(
        2,
        label="Patience",
        subject="The patience of the schedule",
        tip="Epochs without a better validation loss (training loss without validation data) that the rate stays as it "
        "is; after one more it drops",
        unit="epochs",
        minimum=0,
        maximum=MOST_EPOCHS,
        only=_of("plateau"),
    )

    patience: int | None = setting(
        None,
        label="Early stopping",
        subject="The patience of early stopping",
        tip="Stop when the validation loss has found no new lowest value for so many epochs, and restore the best "
        "epoch's weights",
        kind="whole",
        unit="epochs",
        minimum=1,
        maximum=MOST_EPOCHS,
        none="off",
        rare=True,
    )
    recover: bool = setting(
        False,
        label="Recover",
        tip="If the loss explodes or becomes NaN, or the network dies, return to the end of the last good epoch and "
        "continue at a tenth of the rate, at most twice",
        unit="switch",
        rare=True,
    )
    checkpoints: float = setting(
        5.0,
        label="Checkpoints",
        tip="Keep the training's state and its best weights at the end of each epoch and every so many minutes within "
        "one, so that it can be resumed; 0 keeps no weights",
        unit="minutes",
        above=0,
        maximum=10_000,
        zero="off",
        rare=True,
    )

    ema_decay: float | None = setting(
        None,
        label="Average weights",
        tip="Decay of an exponential moving average (EMA) of the weights, such as 0.999: it is evaluated, and kept at "
        "the end",
        kind="number",
        unit="decay per step",
        above=0,
        below=1,
        none="off",
        rare=True,
    )

    def batches_of_epochs(self, per_pass: int) -> list[int]:
        """The batches of each epoch, where a pass over the loader has `per_pass`.

        With `steps` an epoch begins where the last one stopped; without, it is a pass over the loader.
        """
        if self.steps is None:
            return [per_pass] * self.epochs
        each = -(-self.steps // self.epochs)
        return [min(each, self.steps - done) * self.accumulation for done in range(0, self.steps, each)]

    def warmup_of(self, total: int) -> int:
        """Optimizer steps of the warm-up, of `total`; at least one step is left for what comes after it."""
        return min(int(self.warmup * total) if self.warmup_steps is None else self.warmup_steps, total - 1)

    def decay_of(self, total: int) -> int:
        """Optimizer steps, of `total`, of the decay that follows a stable rate: at least one."""
        return max(1, min(int(self.decay * total), total - self.warmup_of(total)))

    @property
    def planned_schedule(self) -> str:
        """Which of the schedules that a sweep can be planned for this one is (`core.curve.plan.SCHEDULES`)."""
        if self.schedule in _WARMED:
            warm = self.warmup > 0 if self.warmup_steps is None else self.warmup_steps > 0
            return "warmup" if warm else "decay"
        return "step" if self.schedule == "plateau" else self.schedule

    @property
    def schedule_words(self) -> str:
        """The schedule within a sentence: "OneCycle", "a constant rate"."""
        return _NAMED[self.schedule]

    def validate(self) -> list[Problem]:
        """Every problem with these settings, an empty list where there is none."""
        problems = problems_of(self)
        return problems or (self.cycle_problems() if self.schedule == ONE_CYCLE else [])


@dataclass(frozen=True)
class RaceSettings(CycleSettings, LoopSettings):
    """A race of short OneCycle trainings at rates around a pick.

    It brackets the best rate: three trainings, at the pick and on both sides of it, then neighbours of the best while
    that is at an end. With `rates` a fixed field races instead, by successive halving.
    """

    around: float = _rate(
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


#: The settings of a sweep that say how long the training to come is: one of them at most.
_LENGTHS = ("planned_steps", "planned_epochs")
#: A pattern of a printed number, as an example.
_PATTERN = "'val_loss: ([0-9.]+)'"
#: The settings that a step is made by, by name.
LOOP = tuple(option.name for option in settings_of(LoopSettings))
#: The settings of a sweep that belong to reading its curve, not to measuring it: they can be changed after a run.
OF_READING = ("beta", "planned_schedule", "planned_steps", "planned_epochs", "length_usual")

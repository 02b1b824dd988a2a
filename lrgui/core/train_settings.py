"""The settings of a training."""

from __future__ import annotations

from dataclasses import dataclass

from lrgui.core.curve.plan import ONE_CYCLE
from lrgui.core.cycle_settings import WARMED, CycleSettings, of_schedules
from lrgui.core.limits import MOST_EPOCHS, MOST_STEPS, rate_setting
from lrgui.core.loop_settings import LoopSettings
from lrgui.core.options import Problem
from lrgui.core.settings import problems_of, setting

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
#: The same within a sentence.
_NAMED = {
    ONE_CYCLE: "OneCycle",
    "constant": "a constant rate",
    "cosine": "cosine decay",
    "linear": "linear decay",
    "wsd": "warm-up, a stable rate and decay",
    "step": "a rate that drops in steps",
    "plateau": "a rate that drops on plateaus",
}


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
    max_lr: float = rate_setting(1e-2, label="Max LR", tip="The highest rate of the schedule", rounded=True)
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
        only=of_schedules(*WARMED),
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
        only=of_schedules(*WARMED),
    )
    decay: float = setting(
        0.2,
        label="Decay",
        tip="Share of the steps, at the end, in which the rate falls to zero in a straight line",
        kind="share",
        unit="share of the steps",
        above=0,
        below=1,
        only=of_schedules("wsd"),
    )
    step_size: int = setting(
        4,
        label="Drop every",
        tip="Epochs after which the rate drops, again and again",
        unit="epochs",
        minimum=1,
        maximum=MOST_EPOCHS,
        only=of_schedules("step"),
    )
    gamma: float = setting(
        0.1,
        label="Drop factor",
        tip="By what the rate is multiplied where it drops",
        unit="factor",
        above=0,
        below=1,
        only=of_schedules("step", "plateau"),
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
        only=of_schedules("plateau"),
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
        label="Checkpoints (min)",
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
        if self.schedule in WARMED:
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

"""The settings of a sweep, and of the training that it is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lrgui.core.curve.plan import SCHEDULES
from lrgui.core.learning_rate import exact_lr
from lrgui.core.limits import MOST_EPOCHS, MOST_PLANNED, MOST_REPEATS, MOST_STEPS, MOST_STOP_FACTOR, rate_setting
from lrgui.core.loop_settings import LoopSettings
from lrgui.core.options import Problem
from lrgui.core.settings import problems_of, setting

#: The settings of a sweep that say how long the training to come is: one of them at most.
_LENGTHS = ("planned_steps", "planned_epochs")
#: The settings of a sweep that belong to reading its curve, not to measuring it: they can be changed after a run.
OF_READING = ("beta", "planned_schedule", "planned_steps", "planned_epochs", "length_usual")


@dataclass(frozen=True)
class SweepSettings(LoopSettings):
    """A learning-rate range test (Leslie Smith): the rate rises batch by batch."""

    start_lr: float = rate_setting(
        1e-6, label="From", tip="Learning rate of the first step", flag="--from", subject="The first learning rate"
    )
    end_lr: float = rate_setting(
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

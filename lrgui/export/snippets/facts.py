"""What is known of a rate and of the training it is meant for: what snippets are made of. Nothing in it is guessed."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from lrgui.core.curve.plan import ONE_CYCLE, USUAL, Plan
from lrgui.core.events import ScriptEvent, TaskEvent
from lrgui.core.formats import exact_number
from lrgui.core.learning_rate import same_lr, shown_lr
from lrgui.core.options import filled, option_problems
from lrgui.core.run_settings import CycleSettings, LoopSettings, TrainSettings
from lrgui.runs.job import Job
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.user.rows import OWN, SCRIPT

if TYPE_CHECKING:
    from lrgui.core.curve.sweep_reading import SweepReading
    from lrgui.runs.record import Record

#: What makes the optimizers that torch has no class for, by the key of their row, and the argument before the rate.
_MADE_BY = {
    "muon": ("lrgui.tasks.optimizers.muon.muon_with_adamw", "model"),
    "timm": ("timm.optim.create_optimizer_v2", "params"),
    "pytorch_optimizer": ("pytorch_optimizer.create_optimizer", "model"),
}
#: What those libraries call the name of an optimizer.
_NAMED = {"timm": "opt", "pytorch_optimizer": "optimizer_name"}
#: What is passed to them beside the settings, as in a run.
_ALSO: dict[str, dict[str, Any]] = {"pytorch_optimizer": {"wd_ban_list": ()}}
#: Settings that are numbers whatever optimizer has them; `betas` are several.
_NUMBERS = ("momentum", "weight_decay", "eps", "dampening")
#: Optimizers whose first beta is in use unless somebody switches it off.
_WITH_BETAS = ("Adam", "AdamW", "NAdam", "RAdam", "Adamax", "Lion", "Lamb")


class SnippetError(ValueError):
    """Why there is no snippet: a sentence with the way out."""


@dataclass(frozen=True)
class MadeWith:
    """How an optimizer is made."""

    dotted: str
    """Its class, or the function that makes it, by its full name."""
    arguments: Mapping[str, Any] | None
    """Plain values beside parameters and rate, by name; None where nobody knows them."""
    takes: str = "params"
    """What comes first: `params` or `model`."""
    key: str = ""
    """Of its row in `core.optimizers`, empty for one that has none."""

    @property
    def name(self) -> str:
        """Its class, or what a library calls it."""
        library = _NAMED.get(self.key)
        return str((self.arguments or {})[library]) if library else self.dotted.rpartition(".")[2]

    @property
    def words(self) -> str:
        """For people: "SGD, momentum 0.9"."""
        name = "Muon" if self.key == "muon" else self.name
        momentum = (self.arguments or {}).get("momentum")
        return f"{name}, momentum {exact_number(momentum)}" if momentum and name == "SGD" else name

    @property
    def cycles_momentum(self) -> bool:
        """True where a OneCycle of ours cycles a momentum or first beta, in use; see `core.engine.schedulers`."""
        arguments = self.arguments or {}
        if "betas" in arguments and self.key != "muon":
            return bool(arguments["betas"][0] > 0)
        if "momentum" in arguments:
            return bool(arguments["momentum"] > 0)
        return self.name in _WITH_BETAS

    @property
    def is_class(self) -> bool:
        """True for a class that takes parameters, a rate and arguments."""
        return self.key not in _MADE_BY


@dataclass(frozen=True)
class Facts:
    """A learning rate, and how the training was made that it was found for."""

    lr: float
    optimizer: MadeWith | None = None
    """None where nobody knows it."""
    chosen: bool = False
    """True for a rate that a person selected, False for the recommended one."""
    batch_size: int | None = None
    loop: LoopSettings = field(default_factory=LoopSettings)
    own_loop: bool = False
    """True where a script's own loop made the steps, and nobody knows what it did at each."""
    cycle: CycleSettings = field(default_factory=CycleSettings)
    plan: Plan = USUAL
    """The training to come, which the rate is meant for; without a schedule it is OneCycle's maximum."""
    by_schedule: Mapping[str, float] = field(default_factory=dict)
    """The same rate for each schedule that code may run, where it was recommended."""
    epochs: int | None = None
    """Its epochs."""
    batches: int | None = None
    """Batches of an epoch."""
    task: TaskSpec | None = None
    """What was swept, where it was a job's task."""
    several_groups: bool = False
    """True where the optimizer is one of the caller's own with several parameter groups."""
    script: ScriptEvent | None = None
    """What was seen of a script of the person's own."""
    planned_as: Facts | None = None
    """The rate for the planned schedule, where code runs another one; see `running`."""

    @property
    def schedule(self) -> str:
        """The planned schedule, a key of `core.curve.plan.SCHEDULES`."""
        return self.plan.schedule or ONE_CYCLE

    @property
    def trained(self) -> TrainSettings | None:
        """The settings of the window's own training, where its schedule is the planned one."""
        cycle = self.cycle
        return cycle if isinstance(cycle, TrainSettings) and cycle.planned_schedule == self.schedule else None

    @property
    def warm_share(self) -> float:
        """The share of the steps in which the rate rises."""
        trained, steps = self.trained, self.total_steps
        if trained is None or trained.schedule == ONE_CYCLE:
            return self.cycle.pct_start
        if trained.warmup_steps is None:
            return trained.warmup
        return self.cycle.pct_start if steps is None else trained.warmup_of(steps) / steps

    def running(self, schedule: str) -> Facts:
        """The same for code that can only run `schedule`, with the rate that this wants."""
        if schedule == self.schedule:
            return self
        factor = self.plan.share(schedule) / self.plan.share()
        lr = self.by_schedule.get(schedule, self.lr * factor)
        if factor != 1:
            lr = shown_lr(lr)  # it is an estimate: no more digits than are shown
        return replace(self, lr=lr, plan=replace(self.plan, schedule=schedule), planned_as=self)

    @property
    def steps_per_epoch(self) -> int | None:
        """Optimizer steps of an epoch: the last one takes what is left."""
        return None if self.batches is None else -(-self.batches // self.loop.accumulation)

    @property
    def total_steps(self) -> int | None:
        """Optimizer steps of the whole training, where they can be known."""
        if self.plan.steps is not None or self.epochs is None or self.steps_per_epoch is None:
            return self.plan.steps
        return self.epochs * self.steps_per_epoch

    @property
    def first_lr(self) -> float:
        """Where a OneCycle begins."""
        return self.lr / self.cycle.div_factor

    @property
    def last_lr(self) -> float:
        """Where it ends."""
        return self.first_lr / self.cycle.final_div_factor


def made_by_row(task: TaskSpec) -> MadeWith | None:
    """The optimizer that a task's settings name; None for one that the task's code makes itself.

    Raises SnippetError for settings that it can't have.
    """
    row = task.optimizer_row
    if row is None:
        return None
    for problem in option_problems(row.options, task.optimizer_options, "optimizer_options"):
        raise SnippetError(str(problem))
    settings = {"momentum": task.momentum, "weight_decay": task.weight_decay}
    arguments = {name: settings[name] for name in row.fields}
    usual, own = row.own_arguments(), row.own_arguments(task.optimizer_options)
    if row.key in _MADE_BY:
        dotted, takes = _MADE_BY[row.key]
        named = {_NAMED.get(row.key, "") if name == "name" else name: value for name, value in own.items()}
        return MadeWith(dotted, {**named, **arguments, **_ALSO.get(row.key, {})}, takes, row.key)
    # torch's own defaults need not be repeated.
    arguments |= {name: value for name, value in own.items() if value != usual[name]}
    return MadeWith(row.dotted, arguments, key=row.key)


def made_by_event(event: TaskEvent | None) -> MadeWith | None:
    """The optimizer that a run says it had: one of the caller's own. None where it does not say.

    Names and values are read as such: a file can say anything, and this becomes code.
    """
    if event is None or not re.fullmatch(r"[^\W\d]\w*(\.[^\W\d]\w*)+", event.optimizer_class):
        return None
    arguments: dict[str, Any] | None = None
    if event.optimizer_arguments is not None:
        try:
            arguments = {
                str(name): _plain(str(name), ast.literal_eval(str(value)))
                for name, value in event.optimizer_arguments.items()
                if str(name).isidentifier()
            }
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            arguments = None
    return MadeWith(event.optimizer_class, arguments)


def _plain(name: str, value: Any) -> Any:
    """A value that code can hold, of the kind that a setting of this name has. Raises ValueError for another."""
    parts = value if isinstance(value, tuple) else (value,)
    number = name in _NUMBERS or name == "betas"
    if not all(isinstance(part, int | float if number else int | float | str | None) for part in parts):
        raise ValueError("not plain")
    if number and (isinstance(value, tuple) is not (name == "betas") or (name == "betas" and len(value) < 2)):
        raise ValueError("not one of its values")
    return value


def facts_of_job(
    lr: float, job: Job, record: Record | None, *, chosen: bool = True, plan: Plan = USUAL, trains: bool = False
) -> Facts:
    """What a job says of the rate `lr`; `record` is its run. `trains`: the job's training is the one that is planned,
    which only those know who show it."""
    task, event = job.task, None if record is None else record.task
    own, by_script = task.optimizer == OWN, task.source == SCRIPT
    if trains and plan.steps is None and plan.planned_epochs is None:
        plan = replace(plan, steps=job.train.steps)
    epochs = plan.planned_epochs
    if epochs is None and trains and plan.steps is None:
        epochs = job.train.epochs
    return Facts(
        lr,
        made_by_event(event) if own else made_by_row(task),
        chosen,
        None if by_script else task.batch_size,
        job.sweep,
        by_script,
        job.train,
        plan,
        epochs=epochs,
        batches=event.batches_per_epoch or None if event is not None else None,
        task=task,
        several_groups=own and event is not None and event.optimizer_groups > 1,
        script=None if record is None else record.script,
    )


def facts_of_sweep(
    reading: SweepReading, job: Job, record: Record | None, *, selection: float | None = None, trains: bool = False
) -> Facts:
    """The same of a sweep and its recommendation, or of the rate that a person selected there.

    Raises SnippetError, with the way out, where there is neither: a guess is not to become code by itself.
    """
    pick = reading.recommendation
    lr = pick.lr if selection is None else selection
    if lr is None or (pick.lr is None and lr == pick.best_guess):
        raise SnippetError(
            f"There is no reliable learning rate to use. {pick.reason} Code is written for a rate that you select."
        )
    chosen = pick.lr is None or not same_lr(lr, pick.lr)
    facts = facts_of_job(lr, job, record, chosen=chosen, plan=reading.plan, trains=trains)
    return facts if chosen else replace(facts, by_schedule=pick.by_schedule)


def options_of(task: TaskSpec) -> dict[str, Any]:
    """A task's model settings, each: a given one, else the default."""
    row = task.model_row
    return {} if row is None else dict(filled(row.options, task.model_options))


def facts_of_call(
    lr: float,
    reading: SweepReading,
    record: Record,
    *,
    chosen: bool,
    batch_size: int | None,
    loop: LoopSettings,
) -> Facts:
    """The same of a sweep that was no job, from Python."""
    event = record.task
    return Facts(
        lr,
        made_by_event(event),
        chosen,
        batch_size,
        loop,
        plan=reading.plan,
        by_schedule={} if chosen else reading.recommendation.by_schedule,
        batches=event.batches_per_epoch or None if event is not None else None,
        several_groups=event is not None and event.optimizer_groups > 1,
    )

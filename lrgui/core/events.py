"""What a run says while it goes on: the events that engines yield and everybody else reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class StrEnum(str, Enum):
    """Words that are their own values, in files and for people (Python 3.11's, for 3.10)."""

    __str__ = str.__str__
    __repr__ = str.__repr__


class EndReason(StrEnum):
    """Every way in which a run can end."""

    COMPLETED = "completed"
    DIVERGED = "diverged"
    NOT_FINITE = "not_finite"
    DATA_ENDED = "data_ended"
    CANCELLED = "cancelled"
    OUT_OF_MEMORY = "out_of_memory"
    LOADER_DIED = "loader_died"
    BAD_BATCH = "bad_batch"
    FAILED = "failed"
    KILLED = "killed"
    """Said by whoever launched the run, never by the run itself."""
    LEFT = "left"
    """Said by whoever followed the run, and no longer does: it goes on elsewhere."""


class RunState(StrEnum):
    """What a run is doing."""

    IDLE = "idle"
    """There is none: said by who waits for one."""
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    """It was asked to end: said by who asked."""


class RunKind(StrEnum):
    """What a run is."""

    SWEEP = "sweep"
    TRAIN = "train"
    RACE = "race"
    CHECK = "check"
    """Tries one batch of the task and trains nothing."""
    COMPARE = "compare"
    """Sweeps of one task with several optimizers, each a job of its own."""
    ASIDE = "aside"
    """A sweep of the digits beside what is on screen."""


class CheckState(StrEnum):
    """How far a step of a check is, or what came of it."""

    WAITING = "waiting"
    """Not begun: said by who shows it."""
    RUNNING = "running"
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"
    SKIPPED = "skipped"


class Stream(StrEnum):
    """What a text of a run is."""

    OUT = "out"
    """The task's code printed it."""
    TRACEBACK = "traceback"
    NOTE = "note"
    """A sentence to be read once."""


END_REASONS = tuple(EndReason)
#: Those of them that are an error, of the task or around it.
ERRORS = (
    EndReason.OUT_OF_MEMORY,
    EndReason.LOADER_DIED,
    EndReason.BAD_BATCH,
    EndReason.FAILED,
    EndReason.KILLED,
)
#: Those of them in which somebody ended the run, or left it.
STOPPED = (EndReason.CANCELLED, EndReason.LEFT)
#: How a run ends that went as it was to go, as far as it went.
WELL = (EndReason.COMPLETED, *STOPPED)
#: How a sweep ends that has seen all there is to see; another says nothing about its later rates.
WHOLE = (EndReason.COMPLETED, EndReason.DIVERGED, EndReason.NOT_FINITE)
#: Those of them in which training broke at the last rate.
BROKE = (EndReason.DIVERGED, EndReason.NOT_FINITE)
#: Every state that a run can say it is in.
STATES = (RunState.STARTING, RunState.RUNNING, RunState.PAUSED)
#: What a share of right answers may be called.
ACCURACIES = ("accuracy", "acc")


@dataclass(frozen=True)
class TaskEvent:
    """What is being run, said once before the first batch."""

    name: str
    """For people: "digits · small CNN · SGD"."""
    detail: str
    """One line about data and model: "1,347 training images 8×8 · 10 classes"."""
    train_size: int
    """Training examples."""
    val_size: int
    """Validation examples, 0 where there are none."""
    parameters: int
    """Trainable numbers in the model."""
    classes: int | None
    """Number of classes, None where the task is no classification."""
    device: str
    """"cpu", "cuda:0", …"""
    batches_per_epoch: int
    steps: int
    """Planned steps of the whole run; where a run has several sweeps, of one of them."""
    steps_per_point: int = 1
    """Optimizer steps behind each point of a sweep."""
    metric_name: str = ""
    """What the numbers beside the loss are, "accuracy" is a share, 0…1; empty where there are none."""
    own_lr: float | None = None
    """The optimizer's own learning rate, of a sweep; None where it has none."""
    own_chosen: bool = True
    """False where that is only the default of its class."""
    optimizer: str = ""
    """Its class, for people; empty where that is not known."""
    end_lr: float | None = None
    """The last rate of a sweep, where it follows the optimizer and is not that of the settings."""
    optimizer_family: str = ""
    """What kind of optimizer it is (`core.curve.plan.FAMILIES`); empty where that is not known."""
    memory: float | None = None
    """Steps over which the optimizer averages gradients; None where it does not, or nobody knows."""
    schedule: str = ""
    """The schedule that is attached to the optimizer (`core.curve.plan.SCHEDULES`); empty where none was found."""
    schedule_steps: int | None = None
    """Optimizer steps of that schedule; None where it does not tell."""
    optimizer_class: str = ""
    """What code imports the optimizer's class by: "torch.optim.SGD"; empty where it cannot."""
    optimizer_arguments: dict[str, Any] | None = None
    """What it was made with beside parameters and rate, where that is not the default: literals of Python by name.
    None where that is not known."""
    optimizer_groups: int = 1
    """How many parameter groups it has."""
    made_in: dict[str, Any] | None = field(default=None, compare=False)
    """What the run was made in (`runs/made_in.py`): versions, device, digests of code and data. None where that is not
    known."""


@dataclass(frozen=True)
class StateEvent:
    """The run changed its state."""

    state: str
    """One of `STATES`."""
    detail: str = ""


@dataclass(frozen=True)
class BatchEvent:
    """One optimizer step was measured: `loss` at `lr`, before the weights were updated with it."""

    sweep: int
    """Which repeat, from 0."""
    step: int
    """Which optimizer step of this sweep or training, from 0."""
    lr: float
    loss: float
    """Raw loss, unsmoothed; NaN and infinity are kept. A validation loss where one is swept, else the batch's."""
    seconds: float
    """Seconds since the first batch, pauses left out."""
    train_loss: float | None = None
    """The batch's own loss, where `loss` is a validation loss."""
    metric: float | None = None
    """A further number at the same weights, such as an accuracy."""
    momentum: float | None = None
    """The momentum, or first beta, of this step, where the schedule of a training changes it."""


@dataclass(frozen=True)
class SweepEndEvent:
    """One sweep of a run that has several ended; the run goes on."""

    sweep: int
    """Which one, from 0."""
    reason: str
    """An `EndReason`."""
    detail: str
    guessing: float | None = field(default=None, compare=False)
    uniform: float | None = field(default=None, compare=False)
    """As `EndEvent`'s, both."""


@dataclass(frozen=True)
class ResumeEvent:
    """A training goes on from a checkpoint; what was measured after that one counts no more."""

    step: int
    """Its next optimizer step, from 0."""
    epoch: int
    """Epochs that are over."""
    steps: int
    """Planned steps of the whole training, as in `TaskEvent`, and those that were taken back before."""
    seconds: float
    """Seconds that it had trained, as its batches count them."""
    begun: int = 0
    """The step with which its schedule began: not the first where the training got more epochs."""
    factor: float | None = None
    """By which the schedule's rates are multiplied in that state; None where that is not known."""

    def counts_epoch(self, epoch: int, step: int) -> bool:
        """True where an epoch that ended before `step` was over in that state: one that ended with the state's last
        step may have ended after the state was kept."""
        return step < self.step or (step == self.step and epoch <= self.epoch)


@dataclass(frozen=True)
class EpochEvent:
    """One epoch of a training ended."""

    epoch: int
    """From 1."""
    train_loss: float
    """Mean over the epoch's examples, each measured when its batch was trained."""
    val_loss: float | None
    train_accuracy: float | None
    """0…1."""
    val_accuracy: float | None
    """0…1."""
    lr: float
    """Learning rate of the epoch's last step."""
    seconds: float
    train_metric: float | None = None
    """A number other than an accuracy that tells how good the answers are, and `metric_name` says which."""
    val_metric: float | None = None
    metric_name: str = ""
    train_metrics: dict[str, Any] | None = None
    val_metrics: dict[str, Any] | None = None
    """All numbers by name, where the task measures several."""


@dataclass(frozen=True)
class GradientEvent:
    """How large the gradients of a training's step were, before they were clipped; told of every few steps."""

    step: int
    norm: float
    """Of all of them."""
    groups: dict[str, Any] | None = None
    """Of each parameter group, by its number from 0; None where there is one."""


@dataclass(frozen=True)
class RateEvent:
    """From a training's step on every rate of its schedule is multiplied."""

    step: int
    factor: float
    """By which the rate changes here; where a new schedule begins, by which its rates are multiplied."""
    total: float
    """By which the schedule's rates are multiplied from here on."""
    lr: float
    """The rate that the step has now."""
    why: str
    """Why, in a few words for a mark: "by hand"."""
    back_to: int | None = None
    """The training went back to its state before this step of the plan; None where it goes on from where it was."""


@dataclass(frozen=True)
class CandidateEvent:
    """One step of a candidate's training in a race: its batch loss, before the weights were updated with it."""

    round: int
    """From 0."""
    candidate: int
    """From 0, by rising learning rate."""
    lr: float
    """The candidate's max learning rate."""
    step: int
    """Optimizer step of this training, from 0."""
    steps: int
    """Planned steps of this training."""
    loss: float
    seconds: float
    """Seconds since the race's first batch, pauses left out."""


@dataclass(frozen=True)
class UntrainedEvent:
    """What the weights that all candidates of a race begin with are judged by: said once, before the first training."""

    loss: float
    """As the candidates' losses: the validation loss, else the mean of some training batches."""
    metric: float | None = None


@dataclass(frozen=True)
class StandingEvent:
    """Where a candidate stands in a race: said when its training ends, and again when the round is over."""

    round: int
    candidate: int
    lr: float
    """The candidate's max learning rate."""
    loss: float
    """Its validation loss, else its last training losses; infinite where it diverged."""
    alive: bool
    """False where it diverged, and from the end of the round on where it is out."""
    steps: int
    """Planned steps of its training in this round."""
    metric: float | None = None
    """A further number of the trained candidate, such as an accuracy."""


@dataclass(frozen=True)
class CheckEvent:
    """One step of a check of a task was begun, or is over."""

    step: str
    """Its name, one of those in `tasks.checks.step.STEPS`."""
    state: str
    """A `CheckState`."""
    detail: str = ""
    """What was found: one sentence or a few figures; of a failure what is wrong and its probable cause."""
    seconds: float | None = None
    file: str = ""
    """The person's file, and the line in it, that a failure belongs to; empty and 0 where there is none."""
    line: int = 0


@dataclass(frozen=True)
class ScriptEvent:
    """What was seen of a script's own training: said once, before its run ends."""

    optimizer: str
    """Class of the optimizer that was swept."""
    number: int
    """Which of the script's optimizers that is, from 0, in the order of their first steps."""
    optimizers: int
    """How many have stepped."""
    groups: int
    """Parameter groups."""
    steps: int
    """Steps of that optimizer."""
    losses: int
    """Calls of `backward` that belong to a step: micro-batches, or several losses."""
    own_lr: float
    """The rate that the script itself had set for its first step, the largest of the groups."""
    last_lr: float
    """The one for the last step seen."""
    highest_lr: float
    """The highest one seen."""
    schedule: str = ""
    """Classes of the script's schedulers, with commas; empty where there is none."""
    file: str = ""
    """The person's file, and the line in it, where the optimizer is made; empty and 0 where that is not known."""
    line: int = 0
    option: str = ""
    """The script's own option that sets the rate: "--lr", or "optim.lr=" for one without dashes; empty where none was
    found."""
    peak_lr: float = 0.0
    """The highest one of the whole training, as far as its scheduler, its optimizer and the rates seen tell; 0 where
    that is not known."""
    rising: bool = False
    """True where the rates seen still rose at the end, and nothing tells how far: `peak_lr` is the highest so far."""
    planned: str = ""
    """What its rates look like (`core.curve.plan.SCHEDULES`), where no scheduler says it; empty where one does."""
    meanwhile: int = 0
    """Steps that the script's other optimizers made while this one was swept, at rates of their own."""


@dataclass(frozen=True)
class OutputEvent:
    """What the user's code printed, a traceback or a sentence to be read once."""

    text: str
    stream: str = Stream.OUT
    """A `Stream`."""


@dataclass(frozen=True)
class EndEvent:
    """Always the last event: why the run ended, in words that a person can act on."""

    reason: str
    """An `EndReason`."""
    detail: str
    guessing: float | None = field(default=None, compare=False)
    """Of a sweep: the loss of guessing, the best that one constant answer to all of its batches could have; None where
    the loss is of a kind for which nobody knows it."""
    uniform: float | None = field(default=None, compare=False)
    """Of classes: the loss where all are equally likely, about which a network begins that knows nothing."""


Event = (
    TaskEvent
    | StateEvent
    | BatchEvent
    | SweepEndEvent
    | EpochEvent
    | GradientEvent
    | RateEvent
    | ResumeEvent
    | CandidateEvent
    | UntrainedEvent
    | StandingEvent
    | CheckEvent
    | ScriptEvent
    | OutputEvent
    | EndEvent
)

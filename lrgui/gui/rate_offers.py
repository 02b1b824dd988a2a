"""The rates that a comparison offers to select: what sweeps recommend, races measured and trainings ran with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lrgui.core.curve.comparison import Compared
from lrgui.core.curve.plan import ONE_CYCLE
from lrgui.core.events import BROKE, RunKind
from lrgui.core.learning_rate import format_lr
from lrgui.runs.job import Job
from lrgui.runs.overlaid import OverlaidRun
from lrgui.runs.overlay import Overlay
from lrgui.runs.words import VERBS
from lrgui.tasks.spec import TaskSpec

#: What the rate of a run is that is no sweep's recommendation.
GUESS, MAX_LR, MEASURED = "a guess", "max LR", "measured"
#: … with the kind of the run, where its label does not say that.
OF_KIND = {MAX_LR: "max LR of a training", MEASURED: "measured by a race"}


@dataclass(frozen=True)
class RateOffer:
    """A rate that a run came to."""

    lr: float
    label: str
    """The run among the others: "SGD, momentum 0.9"."""
    task: TaskSpec
    """What it was run with."""
    what: str = ""
    """What the rate is, where that is not the recommendation of a sweep; and what else it is for."""
    schedule: str = ""
    """One of `core.curve.plan.SCHEDULES` of which it is the highest rate; empty where it is what a sweep recommends."""

    @property
    def name(self) -> str:
        """The label without its settings: "SGD"."""
        return self.label.split(",")[0]

    def words(self, name: str) -> str:
        """What a button or an entry says that selects it, where the run is called `name`."""
        return f"Select {format_lr(self.lr)} ({_joined(name, self.what)})"

    @property
    def tip(self) -> str:
        """What exactly that does."""
        what = f", {self.what}" if self.what else ""
        return f"Use {self.name} in the task and select {format_lr(self.lr)}{what}"


def of_optimizers(comparison: Sequence[Compared], jobs: Sequence[Job]) -> list[RateOffer]:
    """What each sweep of a comparison of optimizers recommends, or guesses; `jobs` are what was swept."""
    tasks = {job.task.optimizer: job.task for job in jobs}
    return [_of_sweep(each, tasks[each.key]) for each in comparison if each.pick is not None]


def of_runs(overlay: Overlay, form: TaskSpec) -> list[RateOffer]:
    """What each of these runs came to, where that is a rate to train with; `form` is the task in the form, and what
    another one differs in is said."""
    sweeps = dict(overlay.compared)
    found = []
    for number, (run, label) in enumerate(zip(overlay.runs, overlay.labels, strict=True)):
        other = _other(run.job.task, form, label)
        if number in sweeps:
            if sweeps[number].pick is not None:
                found.append(_of_sweep(sweeps[number], run.job.task, other))
            continue
        rate, (what, schedule) = run.result.rate, _what(run)
        if rate is not None and schedule:
            what = what if VERBS[run.kind] in label else OF_KIND[what]
            found.append(RateOffer(rate, label, run.job.task, _joined(what, other), schedule))
    return found


def _other(task: TaskSpec, form: TaskSpec, label: str) -> str:
    """What tells the task of a run from that in the form, as far as its label does not say it."""
    data = "" if task.data_and_model == form.data_and_model else _data_words(task)
    batch = "" if task.batch_size == form.batch_size else task.batch_words
    return _joined(*(words for words in (data, batch) if words not in label))


def _data_words(task: TaskSpec) -> str:
    """Data and model: "Digits · MLP"."""
    return task.title.removesuffix(f" · {task.optimizer_words}")


def _joined(*words: str) -> str:
    return ", ".join(filter(None, words))


def _of_sweep(compared: Compared, task: TaskSpec, more: str = "") -> RateOffer:
    assert compared.pick is not None
    guess = "" if compared.reading.recommendation.lr is not None else GUESS
    return RateOffer(compared.pick, compared.label, task, _joined(guess, more))


def _what(run: OverlaidRun) -> tuple[str, str]:
    """What the rate of a race or training is, and of which schedule; none where nobody should train with it."""
    if run.kind == RunKind.RACE:
        return MEASURED, ONE_CYCLE
    broke = run.record.end is not None and run.record.end.reason in BROKE
    if broke or run.job.task.is_script:  # too high, or of a schedule that only the script knows
        return "", ""
    return MAX_LR, run.job.train.planned_schedule

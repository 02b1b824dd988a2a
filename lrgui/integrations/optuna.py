"""Inside Optuna: tune further settings from a sweep on, and end bad trainings early.

    found = lrgui.find_lr(model, loader, loss, optimizer)
    space = LRSpace.of(found)

    def objective(trial):
        lr = space.suggest(trial)
        ...

    study = optuna.create_study()
    space.enqueue(study)                     # the sweep's pick is the first trial
    study.optimize(objective, n_trials=20)

`Objective` is such a function for a task of LR Finder's, `reported` feeds a pruner with the events of any run, and
`StudySpace` hands over a whole study of ours.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrgui.core.curve.sweep_reading import SweepReading
from lrgui.core.events import ERRORS, BatchEvent, EndEvent, EndReason, EpochEvent, Event
from lrgui.core.formats import format_loss
from lrgui.core.learning_rate import positive_lr
from lrgui.core.options import Scalar
from lrgui.runs.event_source import EventSource
from lrgui.runs.failures import ended_unexpectedly
from lrgui.runs.job import Job
from lrgui.runs.launch import ChildProcess
from lrgui.runs.library import start_log
from lrgui.runs.opened import open_run
from lrgui.studies.opened import open_study
from lrgui.studies.plan import task_at, with_values
from lrgui.studies.results import Cell, StudyResults
from lrgui.studies.spec import Values, singular

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import Trial

#: The name of the rate among a trial's parameters.
LR = "lr"
#: Where a sweep saw no zones, rates within this factor of its pick are tried.
AROUND = 10.0
#: Between two epochs a pruner is told the loss so often: after this share of the epoch's batches.
SHARE = 0.25


@dataclass(frozen=True)
class LRSpace:
    """The learning rates that are worth a trial."""

    low: float
    high: float
    pick: float | None = None
    """The sweep's recommendation, or its guess; None without one."""

    @classmethod
    def of(cls, found: Any) -> LRSpace:
        """From a result of `lrgui.find_lr`, a sweep's reading, the path of a saved sweep, or a cell of a study.

        From where the loss begins to fall visibly (the end of the zone “too low”) to where training diverges. Raises
        ValueError, with a sentence, where the sweep has neither zones nor a rate, OSError where a log cannot be read.
        """
        if isinstance(found, str | Path):
            opened = open_run(found)
            found = opened.sweeps.read(opened.job.sweep)
        if isinstance(found, Cell):
            return _of_cell(found)
        reading = found if isinstance(found, SweepReading) else found.reading
        return _of_reading(reading)

    def suggest(self, trial: Trial, name: str = LR) -> float:
        """The rate of a trial, on a logarithmic scale."""
        return float(trial.suggest_float(name, self.low, self.high, log=True))

    def enqueue(self, study: Study, name: str = LR, **others: Any) -> None:
        """Let the sweep's pick be the next trial, with `others` of its parameters where these are known."""
        if self.pick is not None:
            study.enqueue_trial({name: self.pick, **others}, skip_if_exists=True)

    def with_factor(self, factor: float) -> LRSpace:
        """The rates within a factor of the pick instead. Raises ValueError without a pick."""
        if self.pick is None:
            raise ValueError("The sweep has no pick: sweep again, or use its zones.")
        factor = positive_lr(factor)
        return LRSpace(self.pick / factor, self.pick * factor, self.pick)


def _of_reading(reading: SweepReading) -> LRSpace:
    pick, zones = reading.recommendation.best_guess, reading.measured_zones
    if zones is not None and zones.high_start > zones.low_end:
        low, high = zones.low_end, zones.high_start
        return LRSpace(low if pick is None else min(low, pick), high if pick is None else max(high, pick), pick)
    if pick is None:
        raise ValueError(f"There are no rates to try: {reading.recommendation.reason}")
    return LRSpace(pick / AROUND, pick * AROUND, pick)


def _of_cell(cell: Cell) -> LRSpace:
    """All seeds of a combination together; the logs have the zones."""
    spaces = []
    for row in cell.rows:
        if row.swept is not None and row.swept.good:
            try:
                spaces.append(LRSpace.of(row.log))
            except (OSError, ValueError):
                continue  # a log that was deleted, a sweep that saw nothing: the other seeds tell
    if not spaces:
        raise ValueError(f"{cell.words}: no sweep to take rates from.")
    return LRSpace(min(space.low for space in spaces), max(space.high for space in spaces), cell.lr)


@dataclass(frozen=True)
class StudySpace:
    """The combinations of a study of ours, each with the rates that its own sweeps showed."""

    cells: tuple[Cell, ...]
    spaces: tuple[LRSpace, ...]

    @classmethod
    def of(cls, found: Any) -> StudySpace:
        """From what `lrgui.study` returned, or the study's folder. Combinations without a rate are left out.

        Raises ValueError, with a sentence, where none has one, OSError where the folder cannot be read.
        """
        results: StudyResults = open_study(Path(found)) if isinstance(found, str | Path) else found.results
        pairs = []
        for cell in results.cells:
            try:
                pairs.append((cell, LRSpace.of(cell)))
            except ValueError:
                continue
        if not pairs:
            raise ValueError("No combination of the study has a rate: run it first.")
        return cls(tuple(cell for cell, _ in pairs), tuple(space for _, space in pairs))

    def suggest(self, trial: Trial) -> Values:
        """The settings of a trial: a combination of the study, and a rate within its own bounds, "train.max_lr"."""
        number = self._names.index(trial.suggest_categorical("combination", self._names))
        rate = self.spaces[number].suggest(trial, self._rate(number))
        return {**self.cells[number].values, "train.max_lr": rate}

    def enqueue(self, study: Study, most: int | None = None) -> None:
        """Let the picks of all combinations, or of the first `most`, be the next trials."""
        for number, space in list(enumerate(self.spaces))[:most]:
            space.enqueue(study, self._rate(number), combination=self._names[number])

    def _rate(self, number: int) -> str:
        """Each combination has its rate under a name of its own: bounds of one name must not change."""
        return LR if len(self.cells) == 1 else f"{LR} · {self._names[number]}"

    @property
    def _names(self) -> list[str]:
        return [cell.words for cell in self.cells]


def reported(trial: Trial, source: EventSource, *, metric: str = "loss") -> Iterator[list[Event]]:
    """The events of a run as they come, told to the trial's pruner on their way.

    Reported are validation losses (training losses without validation data) at each epoch, the step being the epoch,
    from 1; `metric="batch"` reports the mean batch loss of each quarter of an epoch instead, which prunes sooner.
    Raises `optuna.TrialPruned` where the pruner says so; the run is ended then.
    """
    import optuna

    if metric not in ("loss", "batch"):
        raise ValueError(f"The metric cannot be “{metric}”. Use loss or batch.")
    told = _Batches() if metric == "batch" else None
    with closing(source.chunks()) as chunks:  # closing them ends the run
        for events in chunks:
            yield events
            for step, loss in _losses(events, told):
                trial.report(loss, step)
                if trial.should_prune():
                    raise optuna.TrialPruned(f"Loss {format_loss(loss)} after step {step}.")


@dataclass
class _Batches:
    """Batch losses that have not been told yet."""

    per_epoch: int = 0
    losses: list[float] = field(default_factory=list)
    told: int = 0


def _losses(events: Iterable[Event], batches: _Batches | None) -> Iterator[tuple[int, float]]:
    for event in events:
        if batches is None and isinstance(event, EpochEvent):
            loss = event.train_loss if event.val_loss is None else event.val_loss
            yield event.epoch, loss if math.isfinite(loss) else math.inf
        elif batches is not None:
            batches.per_epoch = getattr(event, "batches_per_epoch", 0) or batches.per_epoch
            if isinstance(event, BatchEvent):
                batches.losses.append(event.loss)
                if len(batches.losses) >= max(1, round(SHARE * batches.per_epoch)):
                    mean = sum(batches.losses) / len(batches.losses)
                    batches.losses, batches.told = [], batches.told + 1
                    yield batches.told, mean if math.isfinite(mean) else math.inf


class Objective:
    """A function of a trial for `study.optimize`: a training of a task of LR Finder's, in a process of its own.

    It returns the best validation loss (the best training loss without validation data), reports each epoch, ends the
    training where the pruner says so, and keeps every training as a run; its log is the trial's attribute "log".
    """

    def __init__(
        self,
        task: str,
        suggest: LRSpace | StudySpace | Callable[[Trial], Mapping[str, Scalar]],
        *,
        fixed: Mapping[str, Scalar] | None = None,
        metric: str = "loss",
        open_source: Callable[[Job], EventSource] = ChildProcess,
    ) -> None:
        """`task` is what `lrgui find` takes; `suggest` a space, or a function that returns settings by name, such as
        {"train.max_lr": …, "batch_size": …}; `fixed` are settings that all trials share. Raises ValueError, with a
        sentence, for what is no task, and for a setting that there is not."""
        base, self._known, _ = task_at(task)
        shared = {singular(name): value for name, value in (fixed or {}).items()}
        self._base = with_values(base, self._known, shared)
        self._suggest, self._metric, self._open = suggest, metric, open_source

    def settings(self, trial: Trial) -> Mapping[str, Scalar]:
        """What a trial tries, by name."""
        if isinstance(self._suggest, LRSpace):
            return {"train.max_lr": self._suggest.suggest(trial)}
        if isinstance(self._suggest, StudySpace):
            return self._suggest.suggest(trial)
        return self._suggest(trial)

    def __call__(self, trial: Trial) -> float:
        """Train once. Raises `optuna.TrialPruned`, and RuntimeError, with a sentence, for a training that failed."""
        job = with_values(self._base, self._known, self.settings(trial)).training()
        problems = job.validate()
        if problems:
            raise ValueError(" ".join(map(str, problems)))
        losses: list[float] = []
        end = ended_unexpectedly()
        source = self._open(job)
        with start_log(job, "optuna") as log:
            trial.set_user_attr("log", str(log.path))
            try:
                for events in reported(trial, source, metric=self._metric):
                    log.write(events)
                    losses += [loss for _, loss in _losses(events, None)]
                    end = next((event for event in events if isinstance(event, EndEvent)), end)
            except BaseException as error:
                why = "Pruned" if type(error).__name__ == "TrialPruned" else "Stopped"
                log.write([EndEvent(EndReason.CANCELLED, f"{why}; everything measured so far is kept.")])
                raise
        if end.reason in ERRORS:
            raise RuntimeError(end.detail)
        return min((loss for loss in losses if math.isfinite(loss)), default=math.inf)


__all__ = ["LRSpace", "Objective", "StudySpace", "reported"]

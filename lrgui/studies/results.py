"""What a study found: a row for each run, a cell for each combination, and how the rate follows the batch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from lrgui.core.curve.lr_scaling import EXPONENTS, WORDS, MeasuredScaling, measured_scaling
from lrgui.core.events import EndReason, RunKind
from lrgui.core.formats import NOTHING, exact_number, format_loss, format_losses
from lrgui.core.learning_rate import format_lr
from lrgui.core.options import Scalar
from lrgui.runs.summary import GUESSED
from lrgui.runs.words import end_words
from lrgui.studies.folder import StudyFolder
from lrgui.studies.plan import Plan, StudyRun, axis_words, value_words, words_of
from lrgui.studies.spec import SEED, Values
from lrgui.studies.stage_result import StageResult

#: The axis that the measured rule is about.
BATCH = "batch_size"
#: What combinations are ranked by, and what that number is called: the first that was measured.
CRITERIA = {
    RunKind.TRAIN: "best loss of a training",
    RunKind.RACE: "best loss of a race",
    RunKind.SWEEP: "lowest loss of the sweep",
}


@dataclass(frozen=True)
class Row:
    """One combination with one seed."""

    run: StudyRun
    stages: dict[str, StageResult]
    """What its runs found, by kind."""
    attempts: int
    """How often its runs were started, lost ones included."""
    log: Path
    """The log of its first run."""

    @property
    def swept(self) -> StageResult | None:
        """Its sweep; None where that was not measured."""
        return self.stages.get(RunKind.SWEEP)

    @property
    def proven(self) -> bool:
        """True where a race of short trainings measured the rate."""
        raced = self.stages.get(RunKind.RACE)
        return raced is not None and raced.lr is not None

    @property
    def lr(self) -> float | None:
        """The rate: the race's, else the sweep's pick or guess, else the training's."""
        for kind in (RunKind.RACE, RunKind.SWEEP, RunKind.TRAIN):
            found = self.stages.get(kind)
            if found is not None and found.lr is not None:
                return found.lr
        return None

    @property
    def sure(self) -> bool:
        """True where the rate is no mere guess."""
        return self.proven or any(found.sure for found in self.stages.values())

    @property
    def confidence(self) -> str:
        """How far the rate can be relied on, in a word: "high", "a guess", "measured"."""
        if self.proven:
            return "measured"
        word = self.swept.confidence if self.swept is not None else ""
        return "a guess" if word == GUESSED else word

    def loss(self, kind: str) -> float | None:
        """The loss that its run of a kind came to."""
        found = self.stages.get(kind)
        return None if found is None or not found.good else found.loss

    @property
    def ended(self) -> str:
        """How its last run ended, in a few words; empty where none was made."""
        if not self.stages:
            return ""
        kind, found = list(self.stages.items())[-1]
        return end_words(kind, found.reason)

    @property
    def logs(self) -> list[tuple[str, Path]]:
        """The logs of its runs that ended, with words for each: "seed 0 · sweep · 3.2e-2"."""
        found = []
        for stage in self.run.every:
            result = self.stages.get(stage.kind)
            if result is not None and result.finished:
                told = end_words(stage.kind, result.reason) if result.lr is None else format_lr(result.lr)
                found.append((f"seed {self.run.seed} · {stage.kind} · {told}", self.log.parent / stage.log))
        return found

    @property
    def lost(self) -> str:
        """Why it is missing though it was started, in a sentence; empty where it is not, or was stopped."""
        killed = (found for found in self.stages.values() if found.reason == EndReason.KILLED)
        return next((found.detail for found in killed), "")

    @property
    def problem(self) -> str:
        """Why it has no result, in a sentence; empty where it has one."""
        return next((found.detail for found in self.stages.values() if not found.good), "")


@dataclass(frozen=True)
class Cell:
    """One combination: its seeds together."""

    values: Values
    rows: tuple[Row, ...]

    @property
    def counted(self) -> tuple[Row, ...]:
        """The rows whose rate counts: those with a pick; those with a guess where none has one."""
        sure = tuple(row for row in self.rows if row.lr is not None and row.sure)
        return sure or tuple(row for row in self.rows if row.lr is not None)

    @property
    def sure(self) -> bool:
        """True where a seed has more than a guess."""
        return any(row.lr is not None and row.sure for row in self.rows)

    @property
    def rates(self) -> list[float]:
        """The rates that count."""
        return [row.lr for row in self.counted if row.lr is not None]

    @property
    def lr(self) -> float | None:
        """The geometric mean of the seeds' rates; None where none has one."""
        return math.exp(sum(map(math.log, self.rates)) / len(self.rates)) if self.rates else None

    @property
    def spread(self) -> float | None:
        """Highest over lowest rate of the seeds; None for fewer than two."""
        return max(self.rates) / min(self.rates) if len(self.rates) > 1 else None

    def loss(self, kind: str) -> float | None:
        """The mean loss of the seeds' runs of a kind, those of all that have one."""
        losses = [loss for row in self.rows if (loss := row.loss(kind)) is not None]
        return sum(losses) / len(losses) if losses else None

    @property
    def words(self) -> str:
        """For people: "AdamW · batch size 64"."""
        return " · ".join(words_of(self.values)) or "the task as it is"


@dataclass(frozen=True)
class Rule:
    """How the rate follows the batch for one choice of everything else."""

    values: Values
    """Everything else."""
    scaling: MeasuredScaling
    expected: float | None
    """The exponent that the literature has for this optimizer; None where it has none."""

    @property
    def words(self) -> str:
        """In a sentence: "AdamW: LR ∝ batch^0.42 ± 0.05 from 32 to 256, 9 sweeps; square-root scaling says 0.5 …".

        Where the sweeps leave the exponent open, it is not named: somebody would use it.
        """
        found, name = self.scaling, " · ".join(words_of(self.values))
        over = f"from batch {found.low:,} to {found.high:,}"
        rule = "" if self.expected is None else f"; {WORDS[self.expected]} says {exact_number(self.expected)}"
        if found.tells(self.expected):
            error = "" if found.error is None else f" ± {exact_number(max(0.01, round(found.error, 2)))}"
            said = f"LR ∝ batch^{exact_number(round(found.exponent, 2))}{error} {over} ({found.sweeps} sweeps){rule}"
            if self.expected is not None:
                said += ", which agrees" if found.agrees(self.expected) else ", which does not hold here"
        else:
            said = f"{found.sweeps} sweeps {over} are too few to tell how LR follows the batch{rule}"
        return f"{name}: {said}." if name else f"{said}."


@dataclass(frozen=True)
class StudyResults:
    """Everything that a study knows by now."""

    plan: Plan
    folder: Path
    rows: tuple[Row, ...]

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of the settings that vary, without the seed."""
        return self.plan.spec.axes

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """A cell for each combination, in their order."""
        groups: dict[str, list[Row]] = {}
        for row in self.rows:
            groups.setdefault(repr(row.run.values), []).append(row)
        return tuple(Cell(rows[0].run.values, tuple(rows)) for rows in groups.values())

    @property
    def missing(self) -> int:
        """Runs (combinations with a seed) that have no result yet."""
        return sum(not row.stages or any(not one.finished for one in row.stages.values()) for row in self.rows)

    @property
    def failed(self) -> tuple[Row, ...]:
        """Those that ended with an error."""
        return tuple(row for row in self.rows if any(one.finished and not one.good for one in row.stages.values()))

    @property
    def criterion(self) -> str | None:
        """The kind of run whose loss ranks the combinations: the one that says most of those that were measured."""
        return next((kind for kind in CRITERIA if any(cell.loss(kind) is not None for cell in self.cells)), None)

    def ranking(self, kind: str | None) -> list[Cell]:
        """The combinations that have the loss of a run of this kind, the best first."""
        if kind is None:
            return []
        there = [(loss, number) for number, cell in enumerate(self.cells) if (loss := cell.loss(kind)) is not None]
        return [self.cells[number] for _, number in sorted(there)]

    @property
    def best(self) -> Cell | None:
        """The best combination."""
        return next(iter(self.ranking(self.criterion)), None)

    @property
    def best_words(self) -> str:
        """Which is best and by what, in a sentence; empty where fewer than two were measured."""
        best, kind = self.best, self.criterion
        measured = len(self.ranking(kind))
        if best is None or kind is None or measured < 2:
            return ""
        loss, rate = best.loss(kind), best.lr
        assert loss is not None
        at = "" if rate is None else f" at learning rate {format_lr(rate)}"
        so_far = f" so far ({measured} of {len(self.cells)} measured)" if self.missing else ""
        words = f"Best{so_far}: {best.words}{at}, by the {CRITERIA[RunKind(kind)]} ({format_loss(loss)})."
        if kind == RunKind.SWEEP:
            words += " A sweep's loss only hints at how well a combination trains. To compare them, run the study with"
            words += " measure set to prove or train."
        return words

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """How the rate follows the batch, for each choice of everything else, where two batches have a pick."""
        if BATCH not in self.axes:
            return ()
        groups: dict[str, tuple[Values, list[tuple[float, float]], str]] = {}
        for row in self.rows:
            others = {name: value for name, value in row.run.values.items() if name != BATCH}
            job = row.run.stages[0].job
            batch = job.task.batch_size * job.sweep.accumulation
            group = groups.setdefault(repr(others), (others, [], job.task.optimizer))
            if (rate := self._to_fit(row)) is not None:
                group[1].append((batch, rate))
        found = []
        for others, points, optimizer in groups.values():
            scaling = measured_scaling(*zip(*points, strict=True)) if points else None
            if scaling is not None:
                found.append(Rule(others, scaling, EXPONENTS.get(optimizer)))
        return tuple(found)

    def _to_fit(self, row: Row) -> float | None:
        """A rate that the rule is read off: the sweep's pick, or the race's where all have one."""
        if all(each.proven for each in self.rows):
            return row.lr
        return row.swept.lr if row.swept is not None and row.swept.good and row.swept.sure else None

    # -- tables

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the values of `records`."""
        return (
            *(*self.axes, SEED, "lr", "confidence", "sweep_lr", "sweep_loss", "race_lr", "race_loss"),
            *("train_lr", "train_loss", "seconds", "points", "attempts", "ended", "problem", "log"),
        )

    def records(self) -> list[tuple[Any, ...]]:
        """One line for each run, with plain values: `columns`. What was not measured is None."""
        found = []
        for row in self.rows:
            per_kind: list[float | None] = []
            for kind in (RunKind.SWEEP, RunKind.RACE, RunKind.TRAIN):
                one = row.stages.get(kind)
                per_kind += [None if one is None else one.lr, row.loss(kind)]
            seconds = sum(one.seconds for one in row.stages.values())
            points = sum(one.points for one in row.stages.values())
            found.append(
                (
                    *(row.run.values.get(axis) for axis in self.axes),
                    *(row.run.seed, row.lr, row.confidence, *per_kind, round(seconds, 3), points, row.attempts),
                    *(row.ended, row.problem, str(row.log)),
                )
            )
        return found

    def table(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Heads and cells of the table of combinations, as words."""
        kinds = [kind for kind in CRITERIA if any(cell.loss(kind) is not None for cell in self.cells)]
        seeds = len(self.plan.spec.seeds) > 1
        heads = (*map(axis_words, self.axes), "learning rate", "confidence", *(["over the seeds"] if seeds else []))
        heads += tuple(CRITERIA[kind] for kind in kinds)
        losses = [format_losses([cell.loss(kind) for cell in self.cells]) for kind in kinds]
        lines = []
        for number, cell in enumerate(self.cells):
            words = [value_words(axis, cell.values[axis]) if axis in cell.values else "" for axis in self.axes]
            rate = NOTHING if cell.lr is None else format_lr(cell.lr)
            told = list(dict.fromkeys(row.confidence for row in cell.counted if row.confidence))
            ends = list(dict.fromkeys(row.ended for row in cell.rows if row.ended))
            confidence = ", ".join(told) if told else ", ".join(ends) if ends else "not measured yet"
            spread = "" if not cell.rates else f"{format_lr(min(cell.rates))} to {format_lr(max(cell.rates))}"
            lines.append((*words, rate, confidence, *([spread] if seeds else []), *(each[number] for each in losses)))
        return heads, lines

    def sentences(self, go_on: str | None = "the same command goes on with them") -> list[str]:
        """What there is to say below the table; `go_on` is what measures what is missing, None leaves that out."""
        said = [rule.words for rule in self.rules]
        if self.best_words:
            said.append(self.best_words)
        if self.failed:
            first = self.failed[0]
            rest = f" ({len(self.failed) - 1} more failed)" if len(self.failed) > 1 else ""
            said.append(f"Failed: {first.run.words}: {first.problem}{rest}")
        if self.missing and go_on is not None:
            lost = next((row for row in self.rows if row.lost), None)
            why = "" if lost is None else f" {lost.run.words}: {lost.lost}"
            said.append(f"{self.missing} of {len(self.rows)} runs are missing; {go_on}.{why}")
        return said

    # -- the heat map

    def heat_map(self) -> HeatMap:
        """The rates over the grid: batch sizes (or the last axis) from left to right, everything else below each
        other."""
        across = BATCH if BATCH in self.axes else next(reversed(self.axes), "")
        columns = list(dict.fromkeys(_text(cell.values, across) for cell in self.cells))
        numbers = {_text(cell.values, across): cell.values.get(across) for cell in self.cells}
        if all(isinstance(numbers[text], int | float) for text in columns):
            columns.sort(key=lambda text: float(numbers[text] or 0))
        rows: dict[str, dict[str, Cell]] = {}
        for cell in self.cells:
            others = {name: value for name, value in cell.values.items() if name != across}
            rows.setdefault(" · ".join(words_of(others)), {})[_text(cell.values, across)] = cell
        grid = tuple(tuple(row.get(column) for column in columns) for row in rows.values())
        return HeatMap(across, tuple(columns), tuple(rows), grid)


@dataclass(frozen=True)
class HeatMap:
    """Cells in rows and columns."""

    across: str
    """Name of the setting that changes from left to right; empty for a study without axes."""
    columns: tuple[str, ...]
    rows: tuple[str, ...]
    cells: tuple[tuple[Cell | None, ...], ...]
    """By row and column; None for a combination that is none of the study's."""


def _text(values: Values, axis: str) -> str:
    value: Scalar = values.get(axis)
    return value_words(axis, value) if axis in values else ""


def read_results(plan: Plan, folder: StudyFolder) -> StudyResults:
    """What the folder's journal says of the plan's runs."""
    rows = []
    for run in plan.runs:
        stages = run.every
        found = {stage.kind: folder.results[stage.key] for stage in stages if stage.key in folder.results}
        attempts = sum(folder.attempts.get(stage.key, 0) for stage in stages)
        rows.append(Row(run, found, attempts, folder.log(run.stages[0])))
    return StudyResults(plan, folder.path, tuple(rows))

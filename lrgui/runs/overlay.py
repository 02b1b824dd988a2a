"""Runs of any kinds laid over each other: by what, in which units, and the table of what they came to."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np

from lrgui.core.curve.comparison import Compared, how_to_read
from lrgui.core.events import EndReason, RunKind, StrEnum
from lrgui.core.formats import NOTHING, format_losses, format_metrics, format_seconds
from lrgui.core.learning_rate import format_lr
from lrgui.runs.differences import SEED, Difference, alike_but_seed, differences, distinct_names, name_part, told_apart
from lrgui.runs.looks import next_place
from lrgui.runs.overlaid import Align, OverlaidRun, Quantity, Trace
from lrgui.runs.words import VERBS


class Scale(StrEnum):
    """What the losses of a run are divided by."""

    RAW = "raw"
    FIRST = "first"
    BEST = "best"


ALIGN_WORDS: dict[str, str] = {
    Align.LR: "Learning rate",
    Align.STEP: "Step",
    Align.EPOCH: "Epoch",
    Align.TIME: "Time",
}
SCALE_WORDS: dict[str, str] = {Scale.RAW: "raw", Scale.FIRST: "÷ first", Scale.BEST: "÷ best"}
QUANTITY_WORDS: dict[str, str] = {
    Quantity.LOSS: "Loss",
    Quantity.VALIDATION: "Validation loss",
    Quantity.METRIC: "Metric",
}
_X_TITLES: dict[str, str] = {
    Align.LR: "Learning rate (log scale)",
    Align.STEP: "Step",
    Align.EPOCH: "Epoch",
    Align.TIME: "Time (seconds)",
}
#: Columns of the table beside the settings that differ.
RATE, FINAL, BEST, STEPS, TIME, STATE = "learning rate", "final loss", "best loss", "steps", "time", "state"
_RESULTS = {"run", RATE, FINAL, BEST, STEPS, TIME, STATE}


@dataclass(frozen=True)
class View:
    """How runs are shown. What does not apply to the runs at hand takes what does."""

    align: str = ""
    """An `Align`; empty for what suits the runs."""
    scale: str = Scale.RAW
    quantity: str = Quantity.LOSS
    hidden: frozenset[int] = frozenset()
    """The runs that are not drawn, by their number from 0."""
    log: bool = False
    """True for a logarithmic axis of losses."""


@dataclass(frozen=True, eq=False)
class Overlay:
    """Runs, each with a name that tells it from the others, and how they are shown."""

    runs: tuple[OverlaidRun, ...]
    labels: tuple[str, ...]
    view: View = View()
    places: tuple[int, ...] = ()
    """The runs' places among the looks that a palette has, where these are not those of their order."""

    @classmethod
    def of(cls, runs: Sequence[OverlaidRun], view: View = View()) -> Overlay:  # noqa: B008 (frozen)
        """These runs, called by the names that somebody gave them, else by what tells them apart."""
        jobs, optimizers = [run.job for run in runs], [run.optimizer for run in runs]
        started = [run.started for run in runs]
        names = distinct_names(jobs, optimizers, started)
        called = [run.name or name for run, name in zip(runs, names, strict=True)]
        return cls(tuple(runs), tuple(told_apart(called, started)), view)

    def shown_as(self, view: View) -> Overlay:
        """The same, shown differently."""
        return replace(self, view=view)

    def measured(self) -> Overlay | None:
        """The same without runs that have measured nothing yet; None where none has."""
        kept = [number for number, run in enumerate(self.runs) if len(run.record)]
        return self._only(kept) if kept else None

    def without_hidden(self) -> Overlay:
        """The same without the runs that are hidden, and shown by what they are shown by; all where all are hidden."""
        kept = [number for number in range(len(self.runs)) if number not in self.view.hidden]
        return self._only(kept).shown_as(replace(self.view, align=self.align, hidden=frozenset())) if kept else self

    def _only(self, kept: Sequence[int]) -> Overlay:
        hidden = frozenset(place for place, number in enumerate(kept) if number in self.view.hidden)
        runs, labels = [self.runs[number] for number in kept], [self.labels[number] for number in kept]
        places = tuple(self.place(number) for number in kept)
        return Overlay(tuple(runs), tuple(labels), replace(self.view, hidden=hidden), places)

    def place(self, number: int) -> int:
        """The place of a run's colour and dashes among those of a palette (`Palette.look`)."""
        return self.places[number] if self.places else self._own_places[number]

    @cached_property
    def _own_places(self) -> list[int]:
        first = {number: group[0] for group in self.groups() for number in group}
        places = list[int]()
        for number in range(len(self.runs)):
            leader = first.get(number, number)
            places.append(next_place(places, places[leader] if leader < number else None))
        return places

    # ---------------------------------------------------------------- what applies
    @cached_property
    def aligns(self) -> tuple[str, ...]:
        """What these runs can be laid over each other by, what suits them best first."""
        kinds = {run.kind for run in self.runs}
        found: list[str] = [Align.STEP, Align.TIME]
        if all(run.steps_per_epoch is not None for run in self.runs if len(run.record)):
            found.insert(1, Align.EPOCH)
        if RunKind.TRAIN not in kinds:
            found.insert(0, Align.LR)
        elif kinds != {RunKind.TRAIN} or len({run.result.rate for run in self.runs}) > 1:
            found.append(Align.LR)
        return tuple(found)

    @property
    def align(self) -> str:
        """What they are laid over each other by."""
        return self.view.align if self.view.align in self.aligns else self.aligns[0]

    @cached_property
    def quantities(self) -> tuple[str, ...]:
        """What can be drawn of at least one of them."""
        found: list[str] = [Quantity.LOSS]
        if any(run.has_validation for run in self.runs):
            found.append(Quantity.VALIDATION)
        if self.metric_name:
            found.append(Quantity.METRIC)
        return tuple(found)

    @property
    def quantity(self) -> str:
        """What is drawn."""
        return self.view.quantity if self.view.quantity in self.quantities else Quantity.LOSS

    @cached_property
    def metric_name(self) -> str:
        """The metric that most of them have; empty where none has any."""
        names = [run.metric_name for run in self.runs]
        return max(filter(None, names), key=names.count, default="")

    @property
    def scale(self) -> str:
        """What losses are divided by; as measured where one of them is not positive, and of a metric."""
        if self.quantity == Quantity.METRIC or self.view.scale == Scale.RAW:
            return Scale.RAW
        return self.view.scale if self.can_divide else Scale.RAW

    @property
    def can_divide(self) -> bool:
        """True where a loss can be divided by the first or best of its run: all are positive."""
        if self.quantity == Quantity.METRIC:
            return False
        return all(float(trace.y.min()) > 0 for traces in self._measured for trace in traces)

    # ---------------------------------------------------------------- what is drawn
    @cached_property
    def _measured(self) -> list[list[Trace]]:
        metric = self.quantity == Quantity.METRIC
        return [
            [] if metric and run.metric_name != self.metric_name else run.traces(self.align, self.quantity)
            for run in self.runs
        ]

    @cached_property
    def traces(self) -> list[list[Trace]]:
        """What is drawn of each run, in the units that are shown."""
        found = []
        for run, traces in zip(self.runs, self._measured, strict=True):
            unit = self._unit(run, traces)
            found.append([replace(trace, y=trace.y / unit) for trace in traces])
        return found

    def _unit(self, run: OverlaidRun, traces: Sequence[Trace]) -> float:
        if self.scale == Scale.RAW or not traces:
            return 1.0
        if self.scale == Scale.BEST:
            return min(float(trace.y.min()) for trace in traces)
        if self.align == Align.LR and run.kind != RunKind.SWEEP:  # there each training is only a point: what it came to
            traces = run.traces(Align.STEP, self.quantity) or traces
        main = next((trace for trace in traces if not trace.beside), traces[0])
        return float(main.y[0])

    @property
    def x_title(self) -> str:
        """What is written along the bottom axis."""
        return _X_TITLES[self.align]

    @property
    def y_title(self) -> str:
        """What is written along the left axis."""
        if self.quantity == Quantity.METRIC:
            return self.metric_name[:1].upper() + self.metric_name[1:]
        divided = "" if self.scale == Scale.RAW else f" {SCALE_WORDS[self.scale]}"
        return f"{QUANTITY_WORDS[self.quantity]}{divided}"

    @property
    def compared(self) -> list[tuple[int, Compared]]:
        """The sweeps among them, with their number, as comparisons read them."""
        numbered = enumerate(zip(self.runs, self.labels, strict=True))
        return [(n, Compared(str(n), label, run.reading)) for n, (run, label) in numbered if run.reading is not None]

    # ---------------------------------------------------------------- in words
    @property
    def summary(self) -> str:
        """What these runs are, and how to read them."""
        kinds = [VERBS.get(run.kind, run.kind).lower() for run in self.runs]
        parts = [f"{kinds.count(kind)} {kind}{'s' if kinds.count(kind) > 1 else ''}" for kind in dict.fromkeys(kinds)]
        words = [f"{', '.join(parts)} compared."]
        labels = {each.label for each in self.differing}
        if labels & {"Data", "Model", "File or folder"}:
            words.append("Their tasks differ: compare the shapes and rates, not the losses.")
        elif {run.kind for run in self.runs} == {RunKind.SWEEP} and "Optimizer" in labels:
            names = [run.optimizer for run in self.runs]
            if len(set(names)) == len(names):
                words += how_to_read([compared for _, compared in self.compared])
        if RunKind.SWEEP in {run.kind for run in self.runs} and len({run.kind for run in self.runs}) > 1:
            words.append("In a sweep the rate rises all the time: its losses cannot be compared with a training's.")
        return " ".join(words)

    @cached_property
    def differing(self) -> list[Difference]:
        """The settings in which they differ."""
        return differences([run.job for run in self.runs], [run.optimizer for run in self.runs])

    def table(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Heads and rows: each run, what it came to, and what differs; below them mean and spread over seeds."""
        results = [run.result for run in self.runs]
        groups = self.groups()
        means = [[_mean([getattr(results[n], name) for n in group]) for group in groups] for name in ("final", "best")]
        finals = _with_spread([result.final for result in results], means[0])
        bests = _with_spread([result.best for result in results], means[1])
        metric = self.metric_name
        differing = [(column_name(each), [*each.values, *self._of_groups(each, groups)]) for each in self.differing]
        columns: list[tuple[str, list[str]]] = [(STATE, [run.ended for run in self.runs] + [""] * len(groups))]
        if not {"max LR", "around"} & {head for head, _ in differing}:
            rates = [NOTHING if result.rate is None else format_lr(result.rate) for result in results]
            columns.append((RATE, [*rates, *self._rates_of(groups)]))
        columns += [self._which_loss(FINAL, finals, groups), self._which_loss(BEST, bests, groups)]
        if metric:
            for name, head in (("final_metric", f"final {metric}"), ("best_metric", f"best {metric}")):
                values = [getattr(result, name) if result.metric_name == metric else None for result in results]
                spreads = [_mean([values[n] for n in group]) for group in groups]
                columns.append((head, _with_spread(values, spreads, partial(format_metrics, metric))))
        columns += differing
        columns.append((STEPS, [f"{run.steps:,}" if run.steps else NOTHING for run in self.runs] + [""] * len(groups)))
        columns.append(
            (TIME, [format_seconds(run.seconds) if run.steps else NOTHING for run in self.runs] + [""] * len(groups))
        )
        # While trainings go on, or wait, their columns are there from the start.
        kept = any(run.going and run.kind == RunKind.TRAIN for run in self.runs)
        columns = [(head, cells) for head, cells in columns if kept or set(cells) - {NOTHING, ""}]
        names = [*self.labels, *map(self._name_of, groups)]
        return ("run", *(head for head, _ in columns)), [
            (name, *cells) for name, *cells in zip(names, *(cells for _, cells in columns), strict=True)
        ]

    def _which_loss(self, head: str, cells: list[str], groups: Sequence[Sequence[int]]) -> tuple[str, list[str]]:
        """A column of losses that says which are those of validation: its head where all are, else the cells."""
        numbers = [*range(len(self.runs)), *(group[0] for group in groups)]
        validated = [self.runs[number].result.validated for number in numbers]
        told = [
            is_one
            for number, is_one, cell in zip(numbers, validated, cells, strict=True)
            if cell != NOTHING or (is_one and self.runs[number].going)
        ]
        if told and all(told):
            return head.replace("loss", "validation loss"), cells
        return head, [
            f"{cell} (validation)" if is_one and cell != NOTHING else cell
            for is_one, cell in zip(validated, cells, strict=True)
        ]

    def dispensable(self) -> set[int]:
        """The columns of the table that say nothing which the names in its first one do not, or that is the usual."""
        parts = [set(label.split(" · ")) for label in self.labels]
        told = {
            column_name(each)
            for each in self.differing
            if all(name_part(each.label, value) in part for value, part in zip(each.values, parts, strict=True))
        }
        if all(run.record.end_reason == EndReason.COMPLETED for run in self.runs):
            told.add(STATE)
        if len({run.steps for run in self.runs}) == 1:
            told.add(STEPS)
        return {number for number, head in enumerate(self.table()[0]) if head in told}

    def groups(self) -> list[tuple[int, ...]]:
        """The numbers of runs that differ in their seed alone, where there are at least two."""
        found: dict[str, list[int]] = {}
        for number, run in enumerate(self.runs):
            found.setdefault(alike_but_seed(run.job), []).append(number)
        seeds = [run.job.task.seed for run in self.runs]
        return [tuple(group) for group in found.values() if len({seeds[n] for n in group}) > 1]

    def _name_of(self, group: Sequence[int]) -> str:
        """What runs are called that differ in their seed alone: "max LR 1e-3 · mean of 3 seeds"."""
        parts = [set(self.labels[number].split(" · ")) for number in group]
        shared = [part for part in self.labels[group[0]].split(" · ") if all(part in each for each in parts)]
        return " · ".join([*shared, f"mean of {len(group)} seeds"])

    @staticmethod
    def _of_groups(each: Difference, groups: Sequence[Sequence[int]]) -> list[str]:
        if each.label == SEED:
            return [", ".join(each.values[n] for n in group) for group in groups]
        return [each.values[group[0]] for group in groups]

    def _rates_of(self, groups: Sequence[Sequence[int]]) -> list[str]:
        """The geometric mean of the picks of sweeps and races with several seeds, and the factor of their spread."""
        found = []
        for group in groups:
            rates = [rate for n in group if (rate := self.runs[n].result.rate) is not None]
            if not rates:
                found.append(NOTHING)
                continue
            middle = math.exp(sum(map(math.log, rates)) / len(rates))
            apart = "" if max(rates) == min(rates) else f" ({format_lr(min(rates))} to {format_lr(max(rates))})"
            found.append(f"{format_lr(middle)}{apart}")
        return found


def column_name(each: Difference) -> str:
    """The head of the column of a setting, which is never that of a result: a sweep has steps that were set, and
    steps that it did."""
    name = each.label if each.label[:2].isupper() else each.label[:1].lower() + each.label[1:]
    return f"{name} (setting)" if name in _RESULTS else name


def _mean(values: Sequence[float | None]) -> tuple[float, float] | None:
    """Mean and standard deviation (n - 1); None where one is missing."""
    there = [value for value in values if value is not None]
    if len(there) < len(values) or len(there) < 2:
        return None
    return float(np.mean(there)), float(np.std(there, ddof=1))


def _with_spread(
    values: Sequence[float | None],
    means: Sequence[tuple[float, float] | None],
    column: Callable[[Sequence[float | None]], list[str]] = format_losses,
) -> list[str]:
    """A column of numbers, then of means with their spread, written by `column` all together."""
    flat: list[float | None] = [*values]
    for mean in means:
        flat += [None, None] if mean is None else list(mean)
    told = column(flat)
    count = len(values)
    pairs = zip(told[count::2], told[count + 1 :: 2], strict=True)
    return [*told[:count], *(mean if mean == NOTHING else f"{mean} ± {spread}" for mean, spread in pairs)]

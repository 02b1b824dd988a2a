"""What a sweep that was run from Python found, with the ways to look at it, keep it and use it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lrgui.core.curve.checklist import Check
from lrgui.core.curve.curve import Curve
from lrgui.core.curve.lr_scaling import Transfer, transfer
from lrgui.core.curve.repeats import Repeats
from lrgui.core.curve.rules import Suggestion
from lrgui.core.curve.smoothing import Floats, centred, width_for
from lrgui.core.curve.sweep_reading import OURS, SweepReading, read_sweep
from lrgui.core.curve.zones import Zones
from lrgui.core.events import EndEvent
from lrgui.core.learning_rate import format_lr
from lrgui.core.run_settings import SweepSettings
from lrgui.export.report import Report
from lrgui.runs.record import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    StrPath = str | os.PathLike[str]


@dataclass(frozen=True)
class End(EndEvent):
    """Why a sweep ended: reason, detail, and the traceback where the task's code failed."""

    traceback: str = ""


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """What one call of `find_lr` found. Made by `Result.of`; nothing in it is changed later.

    Arrays of losses and metrics have the shape (m,) of `curve.lr`.
    """

    reading: SweepReading
    """The curve and all that follows from it."""
    config: SweepSettings
    """The sweep's settings."""
    title: str
    """What was swept, for people."""
    records: tuple[Record, ...]
    """The measurements as they came in, one per repeat."""
    notes: tuple[str, ...] = ()
    """Sentences about what should be known of this run."""
    groups: Mapping[str, Result] = field(default_factory=dict)
    """A result for each parameter group that was swept by itself, by name."""
    metric_name: str | None = None
    """What `metric` is called; None without one."""
    validation: bool = False
    """True where the curve is a validation loss."""
    swept: tuple[int, ...] | None = None
    """Indices of the optimizer's parameter groups that were swept; None for all."""
    optimizer: str = ""
    """The optimizer's class, by name; empty where it is not known."""
    batch_size: int | None = None
    """Examples per optimizer step, of all devices together; None where the loader does not say."""

    @classmethod
    def of(
        cls,
        records: Sequence[Record],
        config: SweepSettings,
        *,
        title: str,
        end: EndEvent,
        notes: Sequence[str] = (),
        planned_steps: int | None = None,
        traceback: str = "",
        groups: Mapping[str, Result] | None = None,
        metric_name: str | None = None,
        validation: bool = False,
        swept: Sequence[int] | None = None,
        optimizer: str = "",
        batch_size: int | None = None,
    ) -> Result:
        """The result of `records`, one per repeat.

        With several, the curve is their median and the recommendation is theirs together. `end` is how the
        whole run ended, `traceback` the lines of the task's code where that failed. ValueError without records.
        """
        if not records:
            raise ValueError("A result needs at least one record.")
        curves = tuple(_curve(record, config, end if record is records[-1] else None) for record in records)
        return cls(
            reading=read_sweep(
                curves,
                planned_range=(config.start_lr, config.end_lr),
                planned_steps=planned_steps,
                end=End(end.reason, end.detail, traceback),
            ),
            config=config,
            title=title,
            records=tuple(records),
            notes=tuple(notes),
            groups=dict(groups or {}),
            metric_name=metric_name,
            validation=validation,
            swept=None if swept is None else tuple(swept),
            optimizer=optimizer,
            batch_size=batch_size,
        )

    # -- what was found

    @property
    def lr(self) -> float | None:
        """The recommended learning rate, None where there is no reliable one."""
        return self.reading.recommendation.lr

    @property
    def best_guess(self) -> float | None:
        """The recommendation, or a number to try where there is none; None where nothing can be said."""
        return self.reading.recommendation.best_guess

    @property
    def confidence(self) -> str:
        """How far the pick can be relied on: "high", "medium", "low" or "none"."""
        return self.reading.recommendation.confidence

    @property
    def factor(self) -> float | None:
        """The pick is good to about this factor, at least 1; None where there is no pick."""
        return self.reading.recommendation.factor

    @property
    def reason(self) -> str:
        """How the pick came about, or why there is none and what to try."""
        return self.reading.recommendation.reason

    @property
    def suggestions(self) -> dict[str, Suggestion]:
        """What every rule says, by key: those that are shown, and the known packages' own."""
        return self.reading.every_suggestion

    @property
    def zones(self) -> Zones | None:
        """Too low, optimal and divergence; None where the loss never falls."""
        return self.reading.zones

    @property
    def checklist(self) -> tuple[Check, ...]:
        """Five questions with their answers."""
        return self.reading.checklist

    @property
    def interpretation(self) -> str:
        """The curve read aloud."""
        return self.reading.interpretation

    @property
    def curve(self) -> Curve:
        """The measured curve; with repeats their median."""
        return self.reading.curve

    @property
    def curves(self) -> tuple[Curve, ...]:
        """The measured curves, one per repeat."""
        return self.reading.curves

    @property
    def band(self) -> Repeats | None:
        """`lr`, `low` and `high` of the repeats' smoothed losses; None for one sweep."""
        return self.reading.band

    @property
    def end(self) -> End:
        """How the run ended."""
        end = self.reading.end
        assert isinstance(end, End)
        return end

    @property
    def planned_steps(self) -> int | None:
        """Steps of the training that the pick is meant for, where they were given."""
        return self.reading.planned_steps

    @property
    def spread(self) -> dict[str, tuple[float | None, ...]]:
        """What each rule (by key) and our own ("ours") says about each repeat alone."""
        alone = {key: (said.lr,) for key, said in self.suggestions.items()} if self.band is None else {}
        return self.reading.spread or {**alone, OURS: (self.best_guess,)}

    @cached_property
    def train_loss(self) -> Floats | None:
        """The batches' own losses where the curve is a validation loss, else None; with repeats their median."""
        return self._aligned("train_loss")

    @cached_property
    def metric(self) -> Floats | None:
        """The metric, NaN where it is not a finite number, None without one; with repeats their median."""
        return self._aligned("metric")

    @cached_property
    def metric_smoothed(self) -> Floats | None:
        """The metric, smoothed like the loss; NaN where it is not a finite number."""
        metric = self.metric
        if metric is None:
            return None
        finite = np.isfinite(metric)
        smoothed = np.full(len(metric), np.nan)
        smoothed[finite] = centred(metric[finite], width_for(self.curve.planned_steps))
        return smoothed

    @property
    def seconds(self) -> float:
        """Seconds from the first to the last batch, of all repeats together."""
        return sum(float(record.seconds[-1]) for record in self.records if len(record))

    @property
    def picture_title(self) -> str:
        """What stands above the pictures."""
        return self._report.title

    # -- how it looks

    def __repr__(self) -> str:
        from lrgui.api.text import one_line

        return one_line(self)

    def __str__(self) -> str:
        from lrgui.api.text import block

        return block(self)

    def _repr_html_(self) -> str:
        """A picture and tables for notebooks."""
        from lrgui.api.html import result_html

        return result_html(self)

    def plot(self, ax: Axes | None = None, **style: Any) -> Axes:
        """Draw the curve with matplotlib, on `ax` or on a new figure; returns the axes.

        `style` are properties of the smoothed line as matplotlib's `Axes.plot` takes them: `color`, `label`, ….
        """
        from lrgui.api.drawing import draw

        return draw(self, ax, **style)

    # -- keeping it

    def save_png(self, path: StrPath) -> Path:
        """Write the picture that `plot` draws, 8 × 5 inches at 300 DPI; returns its path. Raises ExportError."""
        return self._picture(path, "png")

    def save_svg(self, path: StrPath) -> Path:
        """Write it as scalable vector graphics; returns its path. Raises ExportError."""
        return self._picture(path, "svg")

    def save_pdf(self, path: StrPath) -> Path:
        """Write it as a PDF page of 8 × 5 inches; returns its path. Raises ExportError."""
        return self._picture(path, "pdf")

    def save_csv(self, path: StrPath) -> Path:
        """Write one line per point; returns the file's path. Raises ExportError."""
        from lrgui.export.table import table_bytes

        return self._write(path, lambda: table_bytes(self._report))

    def save_json(self, path: StrPath) -> Path:
        """Write everything as one JSON document; returns its path. Raises ExportError."""
        from lrgui.export.document import document_bytes

        return self._write(path, lambda: document_bytes(replace(self._report, more=self._more())))

    # -- using it

    def apply(self, optimizer: Any, scheduler: Any = None, lr: float | None = None) -> None:
        """Set the learning rate of an optimizer, and of its schedule: the recommended one, or `lr`.

        Parameter groups keep the ratio of their rates: the largest gets the rate itself, as in the sweep; groups
        that were not swept keep theirs. A rate that is a tensor is changed in place; `initial_lr`, which a new
        scheduler reads, goes along. Where groups were swept by themselves, `result.groups[name].apply(optimizer)`
        sets one of them.

        A schedule keeps its form: all its rates are multiplied by one number, so that the highest becomes the rate
        that is set. Schedulers that are attached to the optimizer are found; pass `scheduler`, one or a list, where
        only that one is meant (an empty list: none). Raises ValueError, with the way out, where there is no reliable
        rate and none is given, or a scheduler can't be rescaled; nothing is changed then.
        """
        from lrgui.core.engine.apply import set_rate

        set_rate(optimizer, self.required_lr() if lr is None else float(lr), swept=self.swept, scheduler=scheduler)

    def required_lr(self) -> float:
        """The recommended learning rate; ValueError, with the way out, where there is none."""
        if self.lr is not None:
            return self.lr
        if self.best_guess is None:
            raise ValueError(f"There is no learning rate to apply. {self.reason} To set one yourself, pass lr=….")
        raise ValueError(
            f"There is no reliable learning rate to apply. {self.reason} "
            f"To use the best guess ({format_lr(self.best_guess)}) all the same, pass lr=result.best_guess."
        )

    def scaled(
        self,
        *,
        batch_size: int | None = None,
        optimizer: str | type | None = None,
        from_batch_size: int | None = None,
        from_optimizer: str | type | None = None,
    ) -> Transfer:
        """The pick for another batch size or optimizer, as an estimate: `lr` (None where no rule has one) and `reason`.

        A batch size is all that one optimizer step learns from: times accumulation, times devices. `from_…` say what
        the sweep was made with where that is not known or another value is meant. Linear for SGD, square root for
        Adam and its like; see `core.curve.lr_scaling`. Raises ValueError, with the way out.
        """
        before = from_batch_size if from_batch_size is not None else self.batch_size
        name = _class_name(from_optimizer) or self.optimizer
        if not name:
            raise ValueError("The sweep's optimizer is unknown: pass from_optimizer=torch.optim.SGD, for example.")
        if before is None and batch_size is not None:
            raise ValueError("The sweep's batch size is unknown: pass from_batch_size=….")
        rate = self.lr if self.lr is not None else self.best_guess
        if rate is None:
            raise ValueError(f"There is no learning rate to scale. {self.reason}")
        batch = before if before is not None else 1
        found = transfer(
            rate, optimizer=name, batch=batch, to_optimizer=_class_name(optimizer) or None, to_batch=batch_size
        )
        return found or Transfer(rate, "Nothing changed: this is the sweep's own rate.")

    # -- inside

    @cached_property
    def _report(self) -> Report:
        """What files are made of."""
        found = {"train_loss": self.train_loss, "metric": self.metric}
        beside = {key: values for key, values in found.items() if values is not None}
        return Report(self.reading, name=self.title, beside=beside)

    def _more(self) -> dict[str, Any]:
        """Further entries of the document, plain values only."""
        return {
            "sweep": asdict(self.config),
            "planned_steps": self.planned_steps,
            "validation": self.validation,
            "metric_name": self.metric_name,
            "seconds": self.seconds,
            "notes": list(self.notes),
            "traceback": self.end.traceback,
            "groups": {
                name: replace(result._report, more=result._more()).to_dict() for name, result in self.groups.items()
            },
        }

    def _aligned(self, name: str) -> Floats | None:
        """A column of the records at the points of the curve, the median of those that have it there.

        None where no record has a number, NaN at points where none has.
        """
        rows = [values for record in self.records if (values := getattr(record, name, None)) is not None]
        if not rows:
            return None
        table = np.array([_filled(np.asarray(values, dtype=np.float64), len(self.curve)) for values in rows])
        table[~np.isfinite(table)] = np.nan
        there = ~np.isnan(table).all(axis=0)
        if not there.any():
            return None
        together = np.full(table.shape[1], np.nan)
        together[there] = np.nanmedian(table[:, there], axis=0)
        return together

    def _picture(self, path: StrPath, kind: str) -> Path:
        from lrgui.api.figure import rendered

        return self._write(path, lambda: rendered(self.plot, kind))

    def _write(self, path: StrPath, render: Any) -> Path:
        from lrgui.export.files import write_atomically

        target = Path(os.path.expanduser(path))
        write_atomically(target, render())
        return target


def _curve(record: Record, config: SweepSettings, end: EndEvent | None) -> Curve:
    """A record's curve; `end` is how the run ended, for a record that does not know."""
    last = record.end or end
    planned = max(config.steps, len(record))
    reason = last.reason if last else None
    return Curve.measured(record.lr, record.loss, planned, config.beta, reason, config.batches_per_lr)


def _class_name(optimizer: str | type | None) -> str:
    return optimizer.__name__ if isinstance(optimizer, type) else optimizer or ""


def _filled(values: Floats, count: int) -> Floats:
    """The first `count` values, NaN for those that are missing. Shape (count,)."""
    filled = np.full(count, np.nan)
    filled[: min(count, len(values))] = values[:count]
    return filled

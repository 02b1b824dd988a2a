"""What a sweep that was run from Python found: plain data, which text, page and pictures are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from lrgui.api.end import End
from lrgui.api.verified import Verified
from lrgui.core.curve.checklist import Check
from lrgui.core.curve.curve import Curve
from lrgui.core.curve.repeats import Repeats
from lrgui.core.curve.rules import Suggestion
from lrgui.core.curve.smoothing import Floats, centred, width_for
from lrgui.core.curve.sweep_reading import OURS, SweepReading
from lrgui.core.curve.zones import Zones
from lrgui.core.run_settings import SweepSettings
from lrgui.export.report import Report
from lrgui.runs.record import Record


@dataclass(frozen=True, eq=False, repr=False)
class Found:
    """A sweep: its settings, measurements and reading. Nothing in it is changed later.

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
    groups: Mapping[str, Found] = field(default_factory=dict)
    """A result for each parameter group that was swept by itself, by name."""
    metric_name: str | None = None
    """What `metric` is called; None without one."""
    validation: bool = False
    """True where the curve is a validation loss."""
    swept: tuple[int, ...] | None = None
    """Indices of the optimizer's parameter groups that were swept; None for all."""
    optimizer: str = ""
    """The optimizer's class, by name; empty where it is not known."""
    verified: Verified | None = None
    """The race that measured the recommendation, with its table; None where it is read off the curve."""
    batch_size: int | None = None
    """Examples per optimizer step, of all devices together; None where the loader does not say."""

    @property
    def lr(self) -> float | None:
        """The recommended learning rate, None where there is no reliable one."""
        return self.reading.recommendation.lr

    @property
    def best_guess(self) -> float | None:
        """The recommendation; where there is none a number to measure around, not to train with; None without that."""
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
    def measured(self) -> bool:
        """True where short trainings measured the recommendation, or `measured_lr`, which it is derived from; else it
        is read off the curve."""
        return self.reading.recommendation.measured

    @property
    def measured_lr(self) -> float | None:
        """What short trainings measured, the maximum of their OneCycles; `lr` is another rate where another training is
        planned. None where there were none, or no winner."""
        return self.reading.recommendation.measured_lr

    @property
    def own_lr(self) -> float | None:
        """The learning rate that the optimizer had of its own, None where it had none."""
        return None if self.reading.own is None else self.reading.own.lr

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
        """Steps of the training that the pick is meant for, where they were given or its schedule told."""
        return self.reading.plan.steps

    @property
    def planned_schedule(self) -> str | None:
        """The schedule that the pick is meant for, as given or as found; None: it is meant for OneCycle's maximum."""
        return self.reading.plan.schedule

    @property
    def by_schedule(self) -> dict[str, float]:
        """The pick, or the guess where there is none, for each schedule that may be planned."""
        return self.reading.recommendation.by_schedule

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

    @cached_property
    def _report(self) -> Report:
        """What files are made of."""
        found = {"train_loss": self.train_loss, "metric": self.metric}
        beside = {key: values for key, values in found.items() if values is not None}
        return Report(self.reading, name=self.title, beside=beside)

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


def _filled(values: Floats, count: int) -> Floats:
    """The first `count` values, NaN for those that are missing. Shape (count,)."""
    filled = np.full(count, np.nan)
    filled[: min(count, len(values))] = values[:count]
    return filled

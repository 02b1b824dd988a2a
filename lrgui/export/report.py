"""A sweep on its way into a file: its reading, what was swept, and what else was measured."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from lrgui.core.curve.recommend import GUESS, confidence_words
from lrgui.core.curve.smoothing import Floats
from lrgui.core.curve.sweep_reading import SweepReading, plain_numbers
from lrgui.core.learning_rate import format_lr
from lrgui.export.shown import Cell, Section, Shown, settings_section, task_section
from lrgui.runs.headline import headline
from lrgui.runs.job import Job
from lrgui.runs.record import Record

if TYPE_CHECKING:
    from lrgui.plot.curve_plot import CurveLook, CurvePlot
    from lrgui.plot.theme import Palette

#: What a picture can be made without: of the curve itself, and what only a plot in the window has.
OWN_PARTS = ("title", "legend", "zones", "marks", "selection", "points")
LOOK_PARTS = ("candidates", "earlier")


@dataclass(frozen=True, eq=False)
class Report(Shown):
    """What picture, table and document are made of."""

    parts: ClassVar[tuple[str, ...]] = (*OWN_PARTS, *LOOK_PARTS)

    reading: SweepReading
    """As shown: with the selection and the zones as the person left them."""
    job: Job | None = None
    """None for a sweep that was no job: one of the Python API."""
    synthetic: str = ""
    """Name of the scenario, where the curve was made up and nothing was trained."""
    name: str = ""
    """What was swept; empty where the job says so."""
    beside: Mapping[str, Floats] = field(default_factory=dict)
    """What else was measured at the points of the curve, by name. Shape (m,), NaN where it was not."""
    more: Mapping[str, Any] = field(default_factory=dict)
    """What else the document says, plain values by name."""
    record: Record | None = None
    """What the run said of its task; None where nobody knows."""
    made: datetime | None = None
    """When the run began; None where nobody knows."""
    look: CurveLook | None = None
    """How the window shows it; None for a picture of its own."""

    @property
    def title(self) -> str:
        """Title of the run's picture."""
        words = self.name
        if not words and self.job is not None:
            told = None if self.record is None else self.record.task
            words = headline(self.job, self.made, self.synthetic, told=told)
        return f"LR Finder: {words}" if words else "LR Finder"

    @property
    def parts_there(self) -> tuple[str, ...]:
        """Without candidates and earlier sweeps where there are none."""
        return (*OWN_PARTS, *(part for part in LOOK_PARTS if self.look is not None and getattr(self.look, part)))

    @property
    def summary(self) -> str:
        """What the curve says."""
        return self.reading.interpretation

    def plot(self, palette: Palette) -> CurvePlot:
        """The curve with zones, marks and the selection."""
        from lrgui.plot.picture import curve_plot

        return curve_plot(self.reading, palette, self.look)

    @property
    def columns(self) -> dict[str, Floats]:
        """The table's columns after those of the curve. Shape (m,)."""
        return {**self.beside, **self.reading.columns}

    def table(self) -> tuple[Sequence[str], Iterable[Sequence[Cell]]]:
        """One line per measured point; `smoothed` is centred, `average` the classic one; then the further columns."""
        curve, beside = self.reading.curve, self.columns
        columns = [column.tolist() for column in (curve.lr, curve.loss, curve.smoothed, curve.average)]
        columns += [[_cell(value) for value in column.tolist()] for column in beside.values()]
        lines = ((step, *row) for step, row in enumerate(zip(*columns, strict=True)))
        return ("step", "lr", "loss", "smoothed", "average", *beside), lines

    def to_dict(self) -> dict[str, Any]:
        """The reading and what else there is: plain values only, what is not finite as None."""
        found = self.reading.to_dict()
        found["curve"] |= {key: plain_numbers(values) for key, values in self.beside.items()}
        return {**found, **self.more}

    @property
    def swept(self) -> Job | None:
        """What was swept."""
        return None if self.synthetic else self.job

    def sections(self) -> list[Section]:
        """The numbers, the rules, the checklist, the settings, and code that uses the rate."""
        reading = self.reading
        rules = [(row.label, row.rate, row.spread, row.reason) for row in reading.table]
        heads: tuple[str, ...] = ("rule", "learning rate", "over the repeats", "why")
        if len(reading.curves) < 2:
            heads, rules = heads[:2] + heads[3:], [row[:2] + row[3:] for row in rules]  # type: ignore[misc]
        found = [
            Section("Result", ("", ""), self._numbers()),
            Section("Suggestions", heads, rules),
            Section("Checklist", lines=tuple(f"{check.sign} {check.text}" for check in reading.checklist)),
        ]
        if self.job is not None and not self.synthetic:
            found += [task_section(self.job), settings_section(self.job.sweep)]
            if code := self._snippet():
                found.append(Section("Use it", code=code))
        return found

    def program(self) -> list[str]:
        """Find, plot, pick and train."""
        from lrgui.export.program import sweep_program

        return sweep_program(self.reading, self.job, self.record, bool(self.synthetic))

    def _numbers(self) -> list[tuple[str, str]]:
        reading, pick = self.reading, self.reading.recommendation
        rows = [("Selected learning rate", "none" if reading.selection is None else format_lr(reading.selection))]
        if self.synthetic:
            rows.append(("Synthetic", "Nothing was trained: this curve was made up to teach."))
        elif pick.lr is not None:
            rows.append(("Recommended", f"{format_lr(pick.lr)}, {confidence_words(pick)}"))
        elif pick.best_guess is not None:
            rows.append(("Recommended", f"none; {format_lr(pick.best_guess)} is a {GUESS}"))
        if (zones := reading.zones) is not None:
            high = f"{format_lr(zones.low_end)} to {format_lr(zones.high_start)}"
            rows.append(("Optimal zone", high))
        rows.append(("Points measured", f"{len(reading.curve):,}"))
        if reading.end is not None and reading.end.detail:
            rows.append(("How it ended", reading.end.detail))
        return rows

    def _snippet(self) -> str:
        from lrgui.export.snippets import SnippetError, facts_of_sweep, snippet

        assert self.job is not None
        try:
            return snippet(
                facts_of_sweep(self.reading, self.job, self.record, selection=self.reading.selection), "pytorch"
            )
        except SnippetError:
            return ""


def _cell(value: float) -> float | str:
    return "" if math.isnan(value) else value

"""A sweep on its way into a file: its reading, what was swept, and what else was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lrgui.core.curve.smoothing import Floats
from lrgui.core.curve.sweep_reading import SweepReading, plain_numbers
from lrgui.runs.job import Job


@dataclass(frozen=True, eq=False)
class Report:
    """What picture, table and document are made of."""

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

    @property
    def title(self) -> str:
        """Title of the run's picture."""
        task = self.job.task.title if self.job is not None else ""
        words = f"{self.synthetic} (synthetic)" if self.synthetic else self.name or task
        return f"LR Finder: {words}" if words else "LR Finder"

    @property
    def columns(self) -> dict[str, Floats]:
        """The table's columns after those of the curve. Shape (m,)."""
        return {**self.beside, **self.reading.columns}

    def to_dict(self) -> dict[str, Any]:
        """The reading and what else there is: plain values only, what is not finite as None."""
        found = self.reading.to_dict()
        found["curve"] |= {key: plain_numbers(values) for key, values in self.beside.items()}
        return {**found, **self.more}

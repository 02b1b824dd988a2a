"""A run with everything that follows from it: what exports are made of."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from lrgui.core.analysis import Analysis
from lrgui.core.events import EndEvent
from lrgui.core.repeats import Repeats
from lrgui.core.several import Reading
from lrgui.core.smoothing import Floats
from lrgui.core.suggest import suggest
from lrgui.core.zones import Zones
from lrgui.runs.job import Job


@dataclass(frozen=True, eq=False)
class Report:
    """One sweep, as shown: `analysis` holds the selection and the zones as the person left them."""

    job: Job | None
    """None for a sweep that was no job: one of the Python API."""
    analysis: Analysis
    end: EndEvent | None
    """None for a run that was cut off without a word."""
    synthetic: str = ""
    """Name of the scenario, where the curve was made up and nothing was trained."""
    name: str = ""
    """What was swept; empty where the job says so."""
    columns: Mapping[str, Floats] = field(default_factory=dict)
    """What else was measured at the points of the curve, by name. Shape (m,), NaN where it was not."""
    more: Mapping[str, Any] = field(default_factory=dict)
    """What else the document says, plain values by name."""

    band: Repeats | None = None
    """Lowest and highest smoothed loss, where the curve is the median of repeats."""

    @classmethod
    def of_sweeps(
        cls,
        job: Job | None,
        reading: Reading,
        analysis: Analysis | None = None,
        end: EndEvent | None = None,
        synthetic: str = "",
    ) -> Report:
        """A sweep or its repeats; `analysis` is the reading's with the selection as the person left it."""
        more: dict[str, Any] = {}
        if reading.band is not None:
            more["repeats"] = len(reading.curves)
            more["spread"] = {key: list(rates) for key, rates in reading.spread.items()}
        said = analysis if analysis is not None else reading.analysis
        return cls(job, said, end, synthetic, columns=reading.columns, more=more, band=reading.band)

    @property
    def title(self) -> str:
        """Title of the run's picture."""
        task = self.job.task.title if self.job is not None else ""
        words = f"{self.synthetic} (synthetic)" if self.synthetic else self.name or task
        return f"LR Finder: {words}" if words else "LR Finder"

    def to_dict(self) -> dict[str, Any]:
        """What the command line's `--json` prints: plain values only, what is not finite as None."""
        analysis = self.analysis
        recommendation = analysis.recommendation
        every = suggest(analysis.curve, analysis.marks, every=True)
        return {
            "lr": recommendation.lr,
            "confidence": recommendation.confidence,
            "factor": recommendation.factor,
            "reason": recommendation.reason,
            "best_guess": recommendation.best_guess,
            "range_advice": None if recommendation.advice is None else asdict(recommendation.advice),
            "selection": analysis.selection,
            "suggestions": {key: {"lr": s.lr, "reason": s.reason} for key, s in every.items()},
            "zones": _zones(analysis.zones),
            "checklist": [{"key": c.key, "state": c.state, "text": c.text} for c in analysis.checklist],
            "interpretation": analysis.interpretation,
            "curve": {
                "lr": _numbers(analysis.curve.lr),
                "loss": _numbers(analysis.curve.loss),
                "smoothed": _numbers(analysis.curve.smoothed),
                "average": _numbers(analysis.curve.average),
                **{key: _numbers(values) for key, values in self.columns.items()},
            },
            "end": None if self.end is None else {"reason": self.end.reason, "detail": self.end.detail},
            **self.more,
        }


def _zones(zones: Zones | None) -> dict[str, Any] | None:
    if zones is None:
        return None
    return {
        "too_low": [zones.start, zones.low_end],
        "optimal": [zones.low_end, zones.high_start],
        "divergence": [zones.high_start, zones.end] if zones.diverges else None,
        "note": zones.note,
    }


def _numbers(values: Floats) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in np.asarray(values).tolist()]

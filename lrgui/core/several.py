"""Everything that can be said about one sweep, or about several of the same task together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from lrgui.core.analysis import Analysis, analyse
from lrgui.core.curve import Curve
from lrgui.core.learning_rate import format_lr
from lrgui.core.repeats import Repeats, combine, recommend_repeats, spread
from lrgui.core.smoothing import Floats
from lrgui.core.zones import Zones


@dataclass(frozen=True, eq=False)
class Reading:
    """One curve's analysis; with repeats that of their median curve, with the recommendation of all."""

    analysis: Analysis
    curves: tuple[Curve, ...]
    """One per sweep."""
    band: Repeats | None = None
    """Lowest and highest smoothed loss of the repeats; None for one sweep."""
    spread: dict[str, tuple[float | None, ...]] = field(default_factory=dict)
    """What every rule (by key) and our own ("ours") says about each repeat; empty for one sweep."""

    def spread_factor(self, key: str) -> float | None:
        """Highest over lowest rate of a rule; None for one sweep, or where fewer than two repeats have a rate."""
        rates = [rate for rate in self.spread.get(key, ()) if rate is not None]
        return max(rates) / min(rates) if len(rates) > 1 else None

    def spread_words(self, key: str) -> str:
        """What a rule says about the repeats, for people: "1.2e-2, 1.6e-2, none"; empty for one sweep."""
        return ", ".join("none" if rate is None else format_lr(rate) for rate in self.spread.get(key, ()))

    @property
    def columns(self) -> dict[str, Floats]:
        """Each repeat's losses and the band, at the points of the curve. Shape (m,), NaN where there is none."""
        if self.band is None:
            return {}
        count = len(self.analysis.curve)
        found: dict[str, Floats] = {}
        for number, curve in enumerate(self.curves, start=1):
            losses = np.full(count, np.nan)
            losses[: min(count, len(curve))] = curve.loss[:count]
            found[f"loss_{number}"] = losses
        return {**found, "low": self.band.low, "high": self.band.high}


def read_curves(
    curves: Sequence[Curve],
    selection: float | None = None,
    zones: Zones | None = None,
    planned_range: tuple[float, float] | None = None,
    planned_steps: int | None = None,
) -> Reading:
    """Read the curves of one sweep, or of repeats with the same rates. Arguments as `analyse` takes them."""
    if len(curves) == 1:
        return Reading(analyse(curves[0], selection, zones, planned_range, planned_steps), tuple(curves))
    band = combine(curves)
    pick = recommend_repeats(curves, planned_steps)
    analysis = analyse(band.curve, selection, zones, planned_range, planned_steps, pick)
    return Reading(analysis, tuple(curves), band, spread(curves))

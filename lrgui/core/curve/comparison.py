"""Sweeps of the same task with different optimizers: how to read their difference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lrgui.core.curve.sweep_reading import SweepReading
from lrgui.core.formats import format_change, format_decades, format_ratio
from lrgui.core.learning_rate import format_lr, shown_ratio

#: Lowest losses that differ by less than this share of the fall are called equal: the noise of a sweep is no less.
EQUAL = 0.05
#: What every comparison should be read with.
UNITS = (
    "Learning rates of different optimizers are not comparable (Adam's is usually near 1e-3, SGD's higher): the shapes "
    "show how wide the usable range is, not which optimizer trains better."
)


@dataclass(frozen=True, eq=False)
class Compared:
    """One optimizer's sweep."""

    key: str
    label: str
    reading: SweepReading

    @property
    def name(self) -> str:
        """The label without its settings: "SGD"."""
        return self.label.split(",")[0]

    @property
    def pick(self) -> float | None:
        """The recommended rate, or the best guess."""
        return self.reading.recommendation.best_guess

    @property
    def recommended(self) -> float | None:
        """The recommended rate; None where there is only a guess."""
        return self.reading.recommendation.lr

    @property
    def lowest(self) -> float | None:
        """The lowest smoothed loss; None where the loss never falls."""
        marks = self.reading.landmarks
        return marks.lowest if marks is not None and marks.falls else None

    @property
    def safe_decades(self) -> float | None:
        """Width of the optimal zone in powers of ten; None without one, or where the sweep saw no end of it."""
        zones = self.reading.zones
        return math.log10(zones.high_start / zones.low_end) if zones is not None and zones.diverges else None


def how_to_read(compared: Sequence[Compared]) -> tuple[str, ...]:
    """Two sentences: whose pick is how many times higher and whose loss falls further, and what shapes say.

    Fewer while fewer than two were measured.
    """
    if not compared:
        return ()
    if len(compared) == 1:
        return (f"Only {compared[0].label} was measured: nothing to compare yet.",)
    parts = [part for part in (_picks(compared), _falls(compared)) if part]
    first = "; ".join(parts) or "None has a recommendation: no loss fell clearly"
    return (f"{first}.", f"{_widths(compared)}{UNITS}")


def _picks(compared: Sequence[Compared]) -> str:
    picks = sorted(((each.recommended, each.name) for each in compared if each.recommended is not None), reverse=True)
    if len(picks) < 2:
        return "".join(f"Only {name} has a recommended rate, {format_lr(lr)}" for lr, name in picks)
    (high, above), (low, below) = picks[0], picks[-1]
    times = shown_ratio(high, low)
    if times < 1.1:
        return f"All recommended rates are about {format_lr(high)}"
    return f"{above}'s recommended rate, {format_lr(high)}, is {format_ratio(times)} times {below}'s, {format_lr(low)}"


def _falls(compared: Sequence[Compared]) -> str:
    falls = [(each.lowest, each) for each in compared if each.lowest is not None]
    if len(falls) < 2:
        return ""
    falls.sort(key=lambda fall: fall[0])
    (low, best), (high, worst) = falls[0], falls[-1]
    marks = best.reading.landmarks
    assert marks is not None
    if high - low < EQUAL * marks.fall:
        return "all losses fall about as far"
    least, most = format_change(high, low)
    return f"the loss falls furthest with {best.name}, to {most}, least with {worst.name}, to {least}"


def _widths(compared: Sequence[Compared]) -> str:
    widths = [f"{each.name} {format_decades(each.safe_decades)}" for each in compared if each.safe_decades is not None]
    return f"Usable range: {', '.join(widths)} decades. " if len(widths) > 1 else ""

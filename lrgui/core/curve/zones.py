"""The three zones of a curve: too low, optimal, divergence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lrgui.core.learning_rate import format_lr

if TYPE_CHECKING:
    from lrgui.core.curve.landmarks import Landmarks

#: Names of the zones, longest first: whoever draws takes the longest that fits.
ZONE_NAMES: dict[str, tuple[str, str, str]] = {
    "low": ("Too Low LR → Slow training", "Too low: slow training", "Too low"),
    "optimal": ("Optimal LR region → Steepest loss decline", "Optimal: steepest loss decline", "Optimal"),
    "divergence": ("Divergence → LR too high", "Divergence: LR too high", "Divergence"),
}


@dataclass(frozen=True)
class Zones:
    """Four learning rates that tile the axis: too low, optimal, divergence from left to right.

    `high_start == end` means that no divergence was measured; `note` then says so.
    """

    start: float
    low_end: float
    high_start: float
    end: float
    note: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.start <= self.low_end <= self.high_start <= self.end:
            raise ValueError(f"zone borders must rise from left to right, not {self}")

    @property
    def diverges(self) -> bool:
        """True where a divergence zone exists."""
        return self.high_start < self.end

    def to_dict(self) -> dict[str, Any]:
        """Plain values: first and last rate of each zone, None for a divergence that was not measured."""
        return {
            "too_low": [self.start, self.low_end],
            "optimal": [self.low_end, self.high_start],
            "divergence": [self.high_start, self.end] if self.diverges else None,
            "note": self.note,
        }


def find_zones(marks: Landmarks, start: float, end: float, pick: float | None = None) -> Zones | None:
    """The zones of a curve, None where the loss never falls. `start` and `end` are the sweep's planned range.

    The optimal zone holds `pick`, the recommended rate: a border that would leave it outside gives way. Rates that
    the recommendation takes a few steps back, since the loss answers late, train better than the border itself.
    """
    if not marks.falls:
        return None
    low = marks.begins_at if pick is None else min(marks.begins_at, pick)
    breaks = marks.rises_at if marks.rises_at is not None else marks.stopped_at
    if breaks is not None:
        edge = max(breaks, marks.lowest_at, low if pick is None else pick)
        return Zones(start, low, edge, max(end, edge))
    note = (
        f"No divergence was measured: the loss had not risen again by {format_lr(end)}. Extend the sweep to "
        f"{format_lr(end * 10)} to see where training diverges."
    )
    return Zones(start, low, end, end, note)

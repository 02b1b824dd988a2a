"""What can be dragged in a curve's plot, and where it may go. Plain numbers in axis coordinates (log10), no
Qt."""

from __future__ import annotations

from dataclasses import dataclass

#: The borders keep this distance, in decades: less could not be told apart or grabbed.
CLOSEST = 0.05

SELECTION, LOW, HIGH = "selection", "low", "high"
LOW_ZONE, OPTIMAL_ZONE, DIVERGENCE_ZONE = "low zone", "optimal zone", "divergence zone"
ZONES = {"low": LOW_ZONE, "optimal": OPTIMAL_ZONE, "divergence": DIVERGENCE_ZONE}
"""The handle that moves a whole zone, by the zone's key: the optimal one takes both borders along, the others their
inner border."""


@dataclass(frozen=True)
class Mark:
    """A rule's point on the curve."""

    key: str
    label: str
    x: float
    y: float
    number: str = "★"
    """What it is called where there is no room for its label; the table of rules has it, too."""


@dataclass
class Handles:
    """The selection, the two zone borders and the marks."""

    selection: float | None = None
    borders: tuple[float, float] | None = None
    """End of the low zone, start of the divergence zone."""
    limits: tuple[float, float] = (-6.0, 0.0)
    """Everything stays within the sweep's range."""
    marks: tuple[Mark, ...] = ()
    candidates: tuple[float, ...] = ()
    """Where rates are marked to be trained."""

    def position(self, handle: str) -> float | None:
        """Where a handle is; a zone counts from the border that it moves, the optimal one from the low border."""
        if handle == SELECTION:
            return self.selection
        if self.borders is None:
            return None
        return self.borders[1] if handle in (HIGH, DIVERGENCE_ZONE) else self.borders[0]

    def in_order(self) -> list[str]:
        """The handles that there are, in the order in which Tab goes through them."""
        found = [SELECTION] if self.selection is not None else []
        if self.borders is not None:
            stops = (self.limits[0], *self.borders, self.limits[1])
            zones = zip(ZONES.values(), stops[:-1], stops[1:], strict=True)
            found += [LOW, HIGH, *(handle for handle, left, right in zones if right > left)]
        return found

    def value(self, handle: str) -> float | tuple[float, float] | None:
        """What moves with a handle: the selection, or both borders."""
        return self.selection if handle == SELECTION else self.borders

    def clamp(self, handle: str, to: float) -> float:
        """The nearest place to `to` where the handle may be."""
        low, high = self.limits
        if handle != SELECTION and self.borders is not None:
            left, right = self.borders
            # Borders that are closer already (measured so) may stay, but not come closer.
            distance = min(CLOSEST, right - left)
            if handle in (LOW, LOW_ZONE):
                high = right - distance
            elif handle in (HIGH, DIVERGENCE_ZONE):
                low = left + distance
            else:
                high -= right - left
        return min(max(to, low), max(low, high))

    def move(self, handle: str, to: float) -> None:
        """Put a handle at an allowed place."""
        to = self.clamp(handle, to)
        if handle == SELECTION:
            self.selection = to
        elif self.borders is not None:
            left, right = self.borders
            if handle in (LOW, LOW_ZONE):
                self.borders = (to, right)
            elif handle in (HIGH, DIVERGENCE_ZONE):
                self.borders = (left, to)
            else:
                self.borders = (to, to + right - left)

    def snapped(self, to: float, reach: float) -> float:
        """`to`, or the nearest mark within `reach`."""
        low, high = self.limits
        near = [m.x for m in self.marks if abs(m.x - to) <= reach and low <= m.x <= high]
        return min(near, key=lambda x: abs(x - to)) if near else to

    def next_mark(self, start: float, direction: int) -> float | None:
        """The next mark to the right (+1) or left (-1) of `start`."""
        low, high = self.limits
        ahead = [m.x for m in self.marks if (m.x - start) * direction > 1e-6 and low <= m.x <= high]
        return min(ahead, key=lambda x: abs(x - start)) if ahead else None

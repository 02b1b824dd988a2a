"""What can be dragged in a curve's plot, and where it may go. Plain numbers in axis coordinates (log10), no
Qt."""

from __future__ import annotations

from dataclasses import dataclass

#: The borders keep this distance, in decades: less could not be told apart or grabbed.
CLOSEST = 0.05

SELECTION, LOW, HIGH, NAME = "selection", "low", "high", "name"


@dataclass(frozen=True)
class Mark:
    """A rule's point on the curve."""

    key: str
    label: str
    x: float
    y: float


@dataclass
class Handles:
    """The selection, the two zone borders and the marks."""

    selection: float | None = None
    borders: tuple[float, float] | None = None
    """End of the low zone, start of the divergence zone."""
    limits: tuple[float, float] = (-6.0, 0.0)
    """Everything stays within the sweep's range."""
    marks: tuple[Mark, ...] = ()

    def position(self, handle: str) -> float | None:
        """Where a handle is; the optimal zone's name counts from the low border."""
        if handle == SELECTION:
            return self.selection
        if self.borders is None:
            return None
        return self.borders[1] if handle == HIGH else self.borders[0]

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
            if handle == LOW:
                high = right - distance
            elif handle == HIGH:
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
            if handle == LOW:
                self.borders = (to, right)
            elif handle == HIGH:
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

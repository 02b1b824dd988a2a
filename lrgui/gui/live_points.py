"""The points of a sweep as they arrive, one by one, for a plot that looks at them now and then."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Slot

Floats = NDArray[np.float64]


class LivePoints(QObject):
    """Takes in batches as fast as they come: a call per batch only appends; arrays are made when somebody looks."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.clear()

    def clear(self) -> None:
        """A run begins: nothing is measured."""
        self.sweep = 0
        """Number of the sweep that goes on, of a run of several over the same rates."""
        self.before: tuple[Floats, Floats] = (np.empty(0), np.empty(0))
        """Rates and losses of the sweep before, shape (n,)."""
        self._step = -1
        self._begin()

    def _begin(self) -> None:
        self._fresh: list[tuple[float, float]] = []
        self._known = np.empty((1024, 2))
        self._count = 0

    def __len__(self) -> int:
        """Points of the sweep that goes on."""
        return self._count + len(self._fresh)

    @Slot(int, float, float)
    def add(self, step: int, lr: float, loss: float) -> None:
        """A batch was measured; steps that begin again are another sweep."""
        if step <= self._step:
            self.before = self.points()
            self.sweep += 1
            self._begin()
        self._step = step
        self._fresh.append((lr, loss))

    def points(self) -> tuple[Floats, Floats]:
        """Rates and losses of the sweep that goes on, shape (n,); of what was shown before nothing changes."""
        if self._fresh:
            end = len(self)
            if end > len(self._known):
                grown = np.empty((max(end, 2 * len(self._known)), 2))
                grown[: self._count] = self._known[: self._count]
                self._known = grown
            self._known[self._count : end] = self._fresh
            self._count = end
            self._fresh = []
        known = self._known[: self._count]
        return known[:, 0], known[:, 1]

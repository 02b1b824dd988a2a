"""The short trailing average that is drawn while a run goes on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lrgui.core.curve.smoothing import DebiasedAverage, trailing_beta, width_for

Floats = NDArray[np.float64]

#: More points than a screen has columns are not worth handing on.
_MOST = 4000


class LiveAverage:
    """Grows with the losses of a run, each looked at once. A loss that is not finite leaves a gap (NaN)."""

    def __init__(self) -> None:
        self._values: Floats = np.empty(1024)
        self.begin(0)

    def begin(self, planned_steps: int) -> None:
        """A run of this many steps starts."""
        self.planned_steps = planned_steps
        self.count = 0
        self._average = DebiasedAverage(trailing_beta(width_for(planned_steps)))

    def extend(self, losses: Floats) -> None:
        """All losses so far, shape (n,), of which the first `count` are known."""
        n = len(losses)
        if n < self.count:
            self.begin(self.planned_steps)
        while len(self._values) < n:
            self._values = np.concatenate([self._values, np.empty(len(self._values))])
        fresh, values = np.asarray(losses[self.count :]), self._values[self.count : n]
        finite = np.isfinite(fresh)
        values[finite] = self._average.push_all(fresh[finite])
        values[~finite] = np.nan
        self.count = n

    def thinned(self, x: Floats) -> tuple[Floats, Floats]:
        """The average at each x (shape (n,)), every k-th point where there are very many; the last is
        kept. Of a run that goes on it is the same points until there are twice as many."""
        y = self._values[: self.count]
        step = 1 << max(0, (self.count // _MOST).bit_length() - 1)
        if step == 1:
            return x, y.copy()
        keep = np.append(np.arange(0, self.count - 1, step), self.count - 1)
        return x[keep], y[keep]

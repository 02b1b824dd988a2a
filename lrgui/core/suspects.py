"""Whose fault a loss is that is not finite: the rate's, or that of the batch itself."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import Any

import torch

from lrgui.core.batches import tensors_of

#: The last batches that are kept to be looked at; a step may have more.
MOST = 8


def holds_bad_values(batch: Any) -> bool:
    """True where a tensor of the batch holds NaN or infinite values."""
    return any(not bool(torch.isfinite(x).all()) for x in tensors_of(batch) if x.is_floating_point() or x.is_complex())


class Suspects:
    """The batches by which a loss can have come to be not finite: those of the last steps.

    A rate that is too high breaks the weights, and they then every loss. A batch that is bad, or a loss function that
    can't deal with it, gives no finite loss with any weights, also with those that the run began with.
    """

    def __init__(self, batches: int) -> None:
        """Keeps the last `batches` batches, at most `MOST`."""
        self._last: deque[Any] = deque(maxlen=min(batches, MOST))
        self._count = 0

    def add(self, batch: Any) -> None:
        """The next batch is `batch`, as it came from the loader."""
        self._count += 1
        self._last.append(batch)

    def found(self, loss_at_first: Callable[[Any], float]) -> str:
        """A sentence about the batch that is to blame, empty where none is.

        `loss_at_first` gives a batch's loss with the weights that the run began with.
        """
        first = self._count - len(self._last) + 1
        for number, batch in enumerate(self._last, start=first):
            loss = loss_at_first(batch)
            if math.isfinite(loss):
                continue
            if holds_bad_values(batch):
                return f"Batch {number} holds NaN or infinite values, so its loss is not finite: clean the data."
            what = "NaN" if math.isnan(loss) else "infinite"
            return (
                f"The loss of batch {number} is {what} even with the weights that the sweep began with: look at what "
                f"that batch holds, and at the loss function."
            )
        return ""

    def holding_bad_values(self) -> str:
        """As `found`, but judged by what the batches hold: for those who can't compute a loss by themselves."""
        return self.found(lambda batch: math.nan if holds_bad_values(batch) else 0.0)

"""Whose fault a loss is that is not finite: the rate's, or that of the batch itself."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, suppress
from typing import Any

import torch

from lrgui.core.engine.batches import tensors_of
from lrgui.core.engine.loss_graph import data_of
from lrgui.core.events import EndEvent, EndReason

#: So many of the last batches are kept to be looked at, if a step has them; more only as long as they are small.
MOST = 8
#: What more than `MOST` batches may hold, in bytes.
MOST_BYTES = 1 << 28

#: What is said where the validation loss is not finite with the weights that the run began with.
VALIDATION = (
    "The validation loss is not finite even with the initial weights: check the validation data and the loss function."
)


def bad_data(what: str) -> str:
    """What is said of `what` holds NaN or infinite values."""
    return f"{what} contains NaN or infinite values, so its loss is not finite: clean the data."


Look = AbstractContextManager[Callable[[Any], float]]
"""Inside, everything is as the run began; it gives a function that computes a batch's loss then."""


def holds_bad_values(batch: Any) -> bool:
    """True where a tensor of the batch holds NaN or infinite values."""
    return any(not bool(torch.isfinite(x).all()) for x in tensors_of(batch) if x.is_floating_point() or x.is_complex())


def holds_bad_data(loss: torch.Tensor, weights: Iterable[Any]) -> bool:
    """True where a loss that is not finite was computed from data that holds NaN or infinite values, with finite
    `weights`, those that are trained. The loss is not yet gone back through.

    Minus infinity is none: masks of attention are made of it.
    """
    if any(holds_bad_values(weight.detach()) for weight in weights if isinstance(weight, torch.Tensor)):
        return False
    return any(bool((torch.isnan(data) | torch.isposinf(data)).any()) for data in data_of(loss))


def bad_batch(why: str) -> EndEvent | None:
    """How a run ended whose last loss was not finite because of what `why` says; None where it says nothing."""
    return EndEvent(EndReason.BAD_BATCH, why) if why else None


class Suspects:
    """The batches by which a loss can have come to be not finite: those of the last steps.

    A rate that is too high breaks the weights, and they then every loss. A batch that is bad, or a loss function that
    can't deal with it, gives no finite loss with any weights, also with those that the run began with.
    """

    def __init__(self, batches: int) -> None:
        """Keeps the last `batches` batches, where they are large at most `MOST`."""
        self._batches = batches
        self._last: deque[Any] = deque(maxlen=min(batches, MOST))
        self._count = 0

    def add(self, batch: Any) -> None:
        """The next batch is `batch`, as it came from the loader."""
        if self._count == 0 and self._batches > MOST:
            size = sum(x.nbytes for x in tensors_of(batch))
            self._last = deque(maxlen=min(self._batches, max(MOST, MOST_BYTES // max(size, 1))))
        self._count += 1
        self._last.append(batch)

    def found(self, look: Look | None, measured: int) -> str:
        """A sentence about what is to blame, empty where it is the rate.

        Measured, not guessed: by the losses that `look` gives. Without one, and where it fails, the batches are judged
        by what they hold.

        Args:
            measured: how many finite losses there were before.
        """
        why = ""
        if look is not None:
            with suppress(Exception), look as loss_of:  # a failure now says nothing about the loss before
                why = self._first_bad(loss_of)
        why = why or self._first_bad(lambda batch: math.nan if holds_bad_values(batch) else 0.0)
        if not why and measured == 0:
            why = "The loss was not finite before anything was trained: check the data, the model and the loss."
        return why

    def _first_bad(self, loss_of: Callable[[Any], float]) -> str:
        first = self._count - len(self._last) + 1
        for number, batch in enumerate(self._last, start=first):
            loss = loss_of(batch)
            if math.isfinite(loss):
                continue
            if holds_bad_values(batch):
                return bad_data(f"Batch {number}")
            what = "NaN" if math.isnan(loss) else "infinite"
            return (
                f"The loss of batch {number} is {what} even with the initial weights: check what that batch holds, "
                f"and the loss function."
            )
        return ""

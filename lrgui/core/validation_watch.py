"""That the validation loss of a training rises."""

from __future__ import annotations

import math

from lrgui.core.formats import format_loss

#: How the sentence begins that says so.
RISEN = "The validation loss has risen"
#: So many epochs in a row must be above the one before …
RISES = 3
#: … by more than this share of what the loss has fallen.
CLEARLY = 0.05


class ValidationWatch:
    """Says once that the validation loss rises, until it has found a new best; and knows the best epoch."""

    WAY_OUT = (
        "The network begins to memorize: lower the learning rate now, or train again with the schedule Reduce on "
        "plateau, or with Early stopping, which restores the best epoch's weights."
    )

    def __init__(self) -> None:
        self._first = self._last = math.nan
        self._rises = 0
        self._said = False
        self.best = math.inf
        self.best_epoch = 0
        """From 1; 0 before the first finite loss."""

    def push(self, epoch: int, loss: float) -> str | None:
        """Look at one more epoch's loss; a sentence where it has begun to rise."""
        if math.isnan(self._first):
            self._first = loss
        self._rises = self._rises + 1 if loss > self._last else 0
        self._last = loss
        if loss < self.best:
            self.best, self.best_epoch, self._said = loss, epoch, False
        fall = max(self._first - self.best, 0.0)
        if self._said or self._rises < RISES or not loss > self.best + max(CLEARLY * fall, 1e-3 * abs(self.best)):
            return None
        self._said = True
        return (
            f"{RISEN} for {self._rises} epochs, from {format_loss(self.best)} in epoch "
            f"{self.best_epoch} to {format_loss(loss)}. {self.WAY_OUT}"
        )

"""When to stop: rules that watch raw losses and say, in words, that a run has broken."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median

import numpy as np

from lrgui.core.curve.confidence import AT_ONCE
from lrgui.core.curve.smoothing import DebiasedAverage, noise_of
from lrgui.core.events import EndReason
from lrgui.core.formats import format_loss
from lrgui.core.learning_rate import format_lr
from lrgui.core.lower_rate import lower_rate

#: Batches in the short median of the sustained-rise rule.
SHORT = 7
#: A best average above this share of the start's size is clearly positive.
CLEARLY = 0.05
#: A rise that stays is far where it is this many times the noise of the batches …
AGAINST_NOISE = 6.0
#: … and the scale of a rise, where a multiple of the best means nothing, is at least this many times the noise.
SCALE_NOISE = 10.0
#: Standard errors beyond which the mean of an epoch is no longer that of the start.
ERRORS = 4.0
#: Where fall and noise are below this share of the start there is nothing to measure a rise by but the start itself.
NOTHING = 1e-3


@dataclass(frozen=True)
class Stop:
    """Why to stop: a reason of `events.END_REASONS` and a sentence."""

    reason: str
    detail: str


def stopped_where(what: str, lr: float, done: int, planned: int) -> str:
    """The sentence for a sweep that stopped where training breaks: that is where it was to go, unless at once."""
    if done <= AT_ONCE * planned:
        return f"Stopped after {done:,} of {planned:,} steps, at {format_lr(lr)}: {what}."
    return f"Done. {done:,} of {planned:,} steps; stopped at {format_lr(lr)}, where {what}, as intended."


class SweepWatch:
    """The stop rules of a sweep.

    * Not finite: at once.
    * Classic: the debiased average rises above `factor` times its best. Where that best is not clearly
      positive a multiple means nothing; then the rise is measured against
      `scale = max(start - best, 10 × noise)`: `average - best > (factor - 1) · scale`.
    * Sustained rise: the average lags so far behind that the classic rule often comes late or never (a network
      that died returns to the loss of guessing). So also: the median of the last seven raw losses stands above
      the start by half of the whole fall or six times the noise, whatever is more.
    The two last rules wait for a tenth of the planned steps (the sustained one for at least seven batches) and
    are off with factor 0.

    A loss of another unit stops at the same step. A constant that is part of the loss does not matter to the
    sustained rise; the classic rule is by its definition a multiple of the loss, whose factor people set, so with
    a constant it comes later or not at all, and the sustained one ends the sweep. Where there is neither a fall
    nor noise, the size of the start is the only measure: the scale is the start, the sustained rise a fifth of it.
    """

    def __init__(self, planned_steps: int, beta: float, factor: float) -> None:
        self._planned = planned_steps
        self._early = max(2, planned_steps // 10)
        self._calm = max(self._early, SHORT)
        self._factor = factor
        self._average = DebiasedAverage(beta)
        self._best = math.inf
        self._count = 0
        self._first = math.nan
        self._losses: list[float] = []  # all until the start is known, then the last few
        self._start = math.nan
        self._noise = 0.0
        self._above = 0
        """How many of the last losses are above the start: without most of them their median is not."""

    @property
    def measured(self) -> int:
        """How many losses were finite."""
        return self._count

    def push(self, lr: float, loss: float) -> Stop | None:
        """Look at one more raw loss."""
        if not math.isfinite(loss):
            what = "NaN" if math.isnan(loss) else "infinite"
            return self._stop(EndReason.NOT_FINITE, f"the loss became {what}", lr)
        self._count = count = self._count + 1
        average = self._average.push(loss)
        if average < self._best:
            self._best = average
        self._losses.append(loss)
        if count <= self._calm:
            self._begin(count)
        else:
            # Kept up to date rather than counted anew: beside a small model's step it would show.
            self._above += (loss > self._start) - (self._losses.pop(0) > self._start)
        if self._factor == 0 or count <= self._early:
            return None
        if average > self._factor * self._best:  # as it is wherever the classic rule stops
            stop = self._classic(lr, average)
            if stop is not None:
                return stop
        return self._sustained(lr) if 2 * self._above > SHORT else None

    def _begin(self, count: int) -> None:
        """Take in one of the losses by which the others are judged."""
        if count == 1:
            self._first = self._losses[0]
        if count == self._calm:
            # The first tenth runs at rates too low to change anything: its median is where the loss starts.
            self._start = float(np.median(self._losses))
            # Second differences of few losses may happen to be small: how far they lie apart counts as well.
            apart = 1.4826 * float(np.median(np.abs(np.array(self._losses) - self._start)))
            self._noise = max(noise_of(np.array(self._losses)), apart)
            self._losses = self._losses[-SHORT:]
            self._above = sum(loss > self._start for loss in self._losses)

    def _classic(self, lr: float, average: float) -> Stop | None:
        best, start = self._best, self._first
        if best <= CLEARLY * abs(start):
            noise = self._noise if math.isfinite(self._start) else noise_of(np.array(self._losses))
            scale = max(start - best, SCALE_NOISE * noise)
            scale = scale if scale > NOTHING * abs(start) else abs(start)
            if average - best <= (self._factor - 1) * scale:
                return None
        return self._stop(EndReason.DIVERGED, "the loss blew up", lr)

    def _sustained(self, lr: float) -> Stop | None:
        recent = sorted(self._losses)[SHORT // 2]
        fall = max(self._start - self._best, 0.0)
        margin = max(0.5 * fall, AGAINST_NOISE * self._noise)
        margin = margin if margin > NOTHING * abs(self._start) else 0.2 * abs(self._start)
        if recent <= self._start + margin:
            return None
        return self._stop(EndReason.DIVERGED, "the loss stayed far above its start", lr)

    def _stop(self, reason: str, what: str, lr: float) -> Stop:
        return Stop(reason, stopped_where(what, lr, self._count, self._planned))


class PlateauWatch:
    """Says when a loss stops falling: three stretches in a row are, by their means, not below the best one.

    A stretch has a hundred steps, of a longer training a tenth of what it has behind it: the longer it goes on, the
    slower it may fall.
    """

    STRETCH, SHARE, MOST = 100, 0.1, 3

    def __init__(self) -> None:
        self._count = 0
        self._losses: list[float] = []
        self._best = math.inf
        self._error = 0.0
        self._flat = self._since = 0

    def push(self, loss: float) -> str | None:
        """Look at one more raw loss; a sentence where the loss falls no more, once until it falls again."""
        self._count += 1
        self._losses.append(loss)
        if len(self._losses) < max(self.STRETCH, self.SHARE * self._count):
            return None
        values, self._losses = np.array(self._losses), []
        mean, error = float(values.mean()), float(values.std() / math.sqrt(len(values)))
        if not mean >= self._best - 2 * math.hypot(error, self._error):
            self._best, self._error, self._flat, self._since = mean, error, 0, self._count
            return None
        self._flat += 1
        if self._flat != self.MOST:
            return None
        return f"Plateau: the loss has not fallen for {self._count - self._since:,} steps (mean {format_loss(mean)})."


class TrainWatch:
    """The stop rules of a training: loss not finite, far above the start for good, or back at it.

    Far is measured by the size of the start as well, so a constant that is part of the loss makes them come later
    or never: to end a training costs what it has learned, and at its beginning nothing else says how far is far.

    Epochs are judged against the start by their standard errors, because a few batches tell little about where a
    noisy training begins: one that merely does not learn stays within them.
    """

    def __init__(self, max_lr: float) -> None:
        self.advice = lower_rate(max_lr).words
        """The sentence with which it ends a training."""
        self._losses: list[float] = []
        self._start = math.nan
        self._mean = math.nan
        """Mean of the first batches, with which means of epochs can be compared; `_start` is their median."""
        self._spread = 0.0
        """Standard deviation of the first batches."""
        self._lowest = math.inf
        self._best_epoch, self._best_error = math.inf, 0.0
        self._last_epoch = math.inf
        self._bad_epochs = 0
        self._count, self._sum, self._squares = 0, 0.0, 0.0
        """Of the epoch's losses, as distances from the first of them."""
        self._origin = math.nan

    def go_on(self) -> None:
        """The training went back to a good state, and goes on from there: its start stays the measure."""
        self._losses.clear()
        self._bad_epochs = self._count = 0
        self._sum = self._squares = 0.0

    def push(self, loss: float) -> Stop | None:
        """Look at one more raw loss."""
        if not math.isfinite(loss):
            what = "NaN" if math.isnan(loss) else "infinite"
            return Stop(EndReason.NOT_FINITE, f"Training diverged: the loss became {what}. {self.advice}")
        if self._count == 0:
            self._origin = loss
        apart = loss - self._origin
        self._count, self._sum, self._squares = self._count + 1, self._sum + apart, self._squares + apart * apart
        self._losses.append(loss)
        if len(self._losses) == SHORT and math.isnan(self._start):
            self._start = float(np.median(self._losses))
            self._mean, self._spread = float(np.mean(self._losses)), float(np.std(self._losses, ddof=1))
        self._lowest = min(self._lowest, loss)
        if len(self._losses) <= SHORT:
            return None
        if len(self._losses) > 8 * SHORT:
            del self._losses[: -2 * SHORT]
        if loss - self._start <= 2 * abs(self._start):  # nearly always, and all the rest would say the same
            return None
        recent = self._losses[-SHORT:]
        far = max(2 * abs(self._start), 2 * (self._start - self._lowest))
        above = min(recent) - self._start
        # The noise is looked at last: beside a small model's step it would show.
        if above > far and above > max(far, SCALE_NOISE * noise_of(np.array(self._losses[-2 * SHORT :]))) > 0:
            return Stop(
                EndReason.DIVERGED, f"Training diverged: the loss stays far above where it started. {self.advice}"
            )
        return None

    def epoch(self, train_loss: float) -> Stop | None:
        """Look at the mean loss of one more epoch: two in a row above the start, or back at it, are a dead network.

        A network that died at too high a rate gives the loss of guessing, which no rule on single batches
        sees. A training that is merely slow stays at or below its start and goes on.
        """
        start, error = self._mean, self._error()
        self._last_epoch = train_loss
        self._count, self._sum, self._squares = 0, 0.0, 0.0
        if not math.isfinite(start):
            return None
        learned = self._best_epoch < start - max(0.2 * abs(start), ERRORS * max(error, self._best_error))
        bad = train_loss > start + (-0.02 * abs(start) if learned else max(0.01 * abs(start), ERRORS * error))
        self._bad_epochs = self._bad_epochs + 1 if bad else 0
        if train_loss < self._best_epoch:
            self._best_epoch, self._best_error = train_loss, error
        if self._bad_epochs < 2:
            return None
        where = "fell back to where it started" if learned else "stays above where it started"
        return Stop(EndReason.DIVERGED, f"Training diverged: the loss {where} for two epochs. {self.advice}")

    def _error(self) -> float:
        """Standard error of the distance between the epoch's mean and the start, which is a mean of few batches.

        Few batches may happen to lie close together, and of losses with a long tail they mostly do: the epoch's own
        spread counts as well.
        """
        count, spread = self._count, self._spread
        if count > 1:
            variance = max(self._squares - self._sum * self._sum / count, 0.0) / (count - 1)
            spread = max(spread, math.sqrt(variance)) if math.isfinite(variance) else spread
        return spread * math.sqrt(1 / SHORT + (1 / count if count else 0.0))

    @property
    def good(self) -> bool:
        """True where the last epoch is one to go back to: not above the start, nor far back to it from the best one."""
        if not math.isfinite(self._mean):
            return True
        return self._last_epoch <= self._mean - 0.5 * max(self._mean - self._best_epoch, 0.0)

    @property
    def learned(self) -> bool:
        """True where the last losses are clearly below the start; also before there is a start."""
        if not math.isfinite(self._start):
            return True
        recent = median(self._losses[-SHORT:])
        return recent < self._start - max(0.2 * abs(self._start), self._spread)

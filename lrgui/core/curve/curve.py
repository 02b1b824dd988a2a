"""A measured curve: raw losses at rising learning rates, and what is computed from them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from lrgui.core.curve.smoothing import Floats, centred, debiased_average, noise_of, width_for
from lrgui.core.events import BROKE, WHOLE, EndReason

#: Losses that differ by less than this share of their size are the same: float32 tells them apart no better.
RESOLUTION = 1e-6
#: Steps back never go further than this, in decades.
FURTHEST = 0.6
#: What ended a sweep that has not seen everything, as in "an error after 59 of 200 steps".
_EARLY: dict[str, str] = {
    EndReason.DATA_ENDED: "the batches ended",
    EndReason.CANCELLED: "stopped",
    EndReason.OUT_OF_MEMORY: "out of memory",
    EndReason.LOADER_DIED: "a DataLoader worker died",
    EndReason.BAD_BATCH: "a batch whose loss is not finite",
    EndReason.FAILED: "an error",
    EndReason.KILLED: "its process ended unexpectedly",
    EndReason.LEFT: "it was no longer followed",
}


def only_so_many(points: int) -> str:
    """For sentences that say why there is nothing to read: "only 1 point was measured"."""
    return f"only {points} point{' was' if points == 1 else 's were'} measured"


@dataclass(frozen=True, eq=False)
class Curve:
    """What one sweep measured. Raw values are kept, everything else follows from them.

    Points from the first loss that is not finite on are left out of `lr` and `loss` and counted in `dropped`
    (build with `Curve.measured`): no rule may read them, yet a sweep that ended in NaN is worth reading.
    """

    lr: Floats
    """Learning rates, rising. Shape (m,)."""
    loss: Floats
    """Raw finite losses, one per batch, measured before the step. Shape (m,)."""
    planned_steps: int
    """How many steps the sweep would have had."""
    beta: float = 0.98
    end_reason: str | None = None
    """Why the sweep ended (`events.END_REASONS`), None while it runs, and where its end was never recorded."""
    dropped: int = 0
    """Points left out because the loss was no longer finite."""
    steps_per_point: int = 1
    """Optimizer steps at each learning rate."""
    guessing: float | None = None
    """The loss of guessing, the best that one constant answer could have (`EndEvent.guessing`); None where unknown."""
    uniform: float | None = None
    """The loss where all classes are equally likely (`EndEvent.uniform`)."""
    others: bool = False
    """True where other optimizers trained meanwhile, each at a rate of its own: they move the loss, too."""

    @classmethod
    def measured(
        cls,
        lr: Floats,
        loss: Floats,
        planned_steps: int,
        beta: float = 0.98,
        end_reason: str | None = None,
        steps_per_point: int = 1,
        guessing: float | None = None,
        uniform: float | None = None,
        others: bool = False,
    ) -> Curve:
        """A curve from raw arrays of the same shape, cut at the first loss that is not finite."""
        lr = np.asarray(lr, dtype=np.float64)
        loss = np.asarray(loss, dtype=np.float64)
        bad = np.flatnonzero(~np.isfinite(loss))
        keep = int(bad[0]) if len(bad) else len(loss)
        kept = (_own(lr[:keep]), _own(loss[:keep]))
        dropped = len(loss) - keep
        return cls(*kept, planned_steps, beta, end_reason, dropped, steps_per_point, guessing, uniform, others)

    def __len__(self) -> int:
        return len(self.lr)

    def with_beta(self, beta: float) -> Curve:
        """The same measurement with another smoothing of the classic average."""
        return replace(self, beta=beta)

    @cached_property
    def average(self) -> Floats:
        """The classic average: exponential with β, debiased; lags to the right. Shape (m,)."""
        return debiased_average(self.loss, self.beta)

    @cached_property
    def smoothed(self) -> Floats:
        """The centred smoother: passes through the dots. Shape (m,).

        A line through neighbours can run out a little below all of them: where no loss is below 0, neither is it.
        """
        smooth = centred(self.loss, width_for(self.planned_steps))
        return np.maximum(smooth, 0.0) if len(self) and self.loss.min() >= 0 else smooth

    @cached_property
    def noise(self) -> float:
        """Standard deviation of the batch noise."""
        return noise_of(self.loss)

    @cached_property
    def log_lr(self) -> Floats:
        """log10 of the learning rates. Shape (m,)."""
        return np.log10(self.lr)

    @property
    def resolution(self) -> float:
        """Differences of losses below this are rounding: `RESOLUTION` of their usual size."""
        return RESOLUTION * float(np.median(np.abs(self.loss))) if len(self) else 0.0

    @property
    def broke(self) -> bool:
        """True where training broke at the last rate: the loss exploded, or was no longer finite."""
        return len(self) > 0 and not self.ended_early and (self.end_reason in BROKE or self.dropped > 0)

    @property
    def ended_early(self) -> str:
        """Why the sweep says nothing about its later rates, such as "an error after 59 of 200 steps".

        Empty where it saw all there is to see. What was measured of a sweep that goes on, or whose end was never
        recorded, says no more than that of one that was stopped. A sweep that broke before anything was measured did
        not break because of its rates.
        """
        if not len(self) and (self.end_reason in BROKE or self.dropped):
            return "the loss was not finite from the first batch on"
        if self.end_reason in WHOLE or len(self) >= self.planned_steps or (self.end_reason is None and self.dropped):
            return ""
        steps = f"{len(self):,} of {self.planned_steps:,} steps"
        if self.end_reason is None:
            return f"{steps} {'is' if len(self) == 1 else 'are'} recorded"
        return f"{_EARLY.get(self.end_reason, self.end_reason)} after {steps}"

    @property
    def cut_short(self) -> str:
        """The same as a clause: "the run ended early (an error after 59 of 200 steps)", or, where it may still go on,
        "only 59 of 200 steps are recorded"."""
        early = self.ended_early
        return early and (f"only {early}" if self.end_reason is None else f"the run ended early ({early})")

    def steps_back(self, x: Floats, steps: int) -> Floats:
        """The log10 rates that were set `steps` optimizer steps before the log10 rates `x`. Shape of `x`."""
        index = np.arange(len(self), dtype=np.float64)
        points = steps / self.steps_per_point
        back: Floats = np.interp(np.interp(x, self.log_lr, index) - points, index, self.log_lr)
        # A linear sweep begins with steps of several decades each: there a step back says nothing.
        return np.maximum(back, x - FURTHEST)

    def work_before(self, x: Floats) -> Floats:
        """What training had done on its way up to the log10 rates `x`: the sum of the rates of all steps so far, as a
        number of steps at that rate. Shape of `x`.

        With s steps for each decade it soon is s / ln 10, whatever the rate.
        """
        done = np.log10(self.steps_per_point * np.cumsum(self.lr))
        work: Floats = 10.0 ** (np.interp(x, self.log_lr, done) - x)
        return work

    def loss_at(self, lr: float) -> float:
        """The centred smoothed loss at `lr`, linear in log LR between points, NaN outside the measured range."""
        return self._at(lr, self.smoothed)

    def average_at(self, lr: float) -> float:
        """The same of the classic average."""
        return self._at(lr, self.average)

    def _at(self, lr: float, line: Floats) -> float:
        if not len(self) or not self.lr[0] * (1 - 1e-9) <= lr <= self.lr[-1] * (1 + 1e-9):
            return float("nan")
        return float(np.interp(np.log10(lr), self.log_lr, line))


def _own(values: Floats) -> Floats:
    """Values that nobody else will change: read-only ones as they are (long runs are large), others copied."""
    return values if not values.flags.writeable else values.copy()

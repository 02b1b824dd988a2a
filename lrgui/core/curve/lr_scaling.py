"""What becomes of a pick when batch size, number of devices or optimizer change: an estimate, or none.

SGD and what averages its weights (ASGD): proportional to the batch (Goyal et al. 2017, arXiv:1706.02677). Those that
divide by a running mean of squared gradients: to the square root of the batch (Krizhevsky 2014, arXiv:1404.5997, had
it for SGD; Malladi et al. 2022, arXiv:2205.10287, derive it for Adam and RMSprop; Adafactor, Shazeer & Stern 2018,
arXiv:1804.04235, divides by such a mean, too, in factors; LAMB was published with it: You et al. 2020,
arXiv:1904.00962). Not here: Adagrad, which divides by a sum that the number of steps makes larger, and Muon and Lion,
whose steps have the same size whatever the gradient's: nobody's rule for them is settled. From one optimizer to
another there is no rule: their rates have different units.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lrgui.core.formats import format_ratio
from lrgui.core.learning_rate import exact_lr, format_lr
from lrgui.core.optimizers import OPTIMIZERS

#: How the rate follows the batch: the exponent, by an optimizer's key or class in lower case.
EXPONENTS: dict[str, float] = {
    **dict.fromkeys(("sgd", "asgd"), 1.0),
    **dict.fromkeys(("adam", "adamw", "nadam", "radam", "adamax", "rmsprop", "sparseadam", "fusedadam"), 0.5),
    **dict.fromkeys(("adafactor", "lamb"), 0.5),
}
WORDS = {1.0: "linear scaling", 0.5: "square-root scaling"}
SOURCES = {1.0: "Goyal et al. 2017", 0.5: "Malladi et al. 2022"}
#: Whose rule it is where that is somebody else.
OWN_SOURCES = {"lamb": "You et al. 2020"}
#: A batch that changes by more than this factor is beyond what the rules were tried on.
FAR = 8.0
#: An exponent that is known less closely than this says nothing: the rules differ by 0.5.
TELLING = 0.25
#: Exponents that differ by less move a rate by less than a sweep can tell, over any batches that people try.
CLOSE = 0.05
#: Student's t, 97.5 %, for 1, 2, … degrees of freedom; for more `_student` comes close enough.
_T = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)


@dataclass(frozen=True)
class Transfer:
    """A pick carried over to another setting."""

    lr: float | None
    """An estimate, never a measurement; None where there is none to be had."""
    reason: str
    """What it follows from, or why there is none and what to do. One or two sentences."""
    source: str = ""
    """Whose rule it is; empty without an estimate."""


def transfer(
    lr: float,
    *,
    optimizer: str,
    batch: int,
    to_optimizer: str | None = None,
    to_batch: int | None = None,
    extrapolate: bool = True,
) -> Transfer | None:
    """The pick `lr` of `optimizer` at `batch` examples per step, carried over; None where nothing has changed.

    A batch is everything that one optimizer step learns from: batch size × accumulation × devices. Optimizers are
    named by key or class. Without `extrapolate` there is no estimate for a batch that changes by more than `FAR`.
    ValueError for a rate or batch that is not above 0.
    """
    to_batch = batch if to_batch is None else to_batch
    if not (math.isfinite(lr) and lr > 0):
        raise ValueError(f"A learning rate must be above 0 and finite, not {exact_lr(lr)}.")
    if batch < 1 or to_batch < 1:
        raise ValueError(f"A batch needs at least 1 example, not {min(batch, to_batch)}.")
    old, new = optimizer.lower(), (to_optimizer or optimizer).lower()
    if old != new:
        return Transfer(None, _other_optimizer(optimizer, to_optimizer or optimizer))
    if to_batch == batch:
        return None
    made = f"The sweep was made with batch {batch:,}"
    exponent = EXPONENTS.get(old)
    if exponent is None:
        row = OPTIMIZERS.get(old)
        label = row.label if row is not None else optimizer
        return Transfer(None, f"{made}; how {label}'s rate scales with the batch size is unknown: sweep again.")
    ratio = to_batch / batch
    far = ""
    if not 1 / FAR <= ratio <= FAR:
        far = f"he batch changes {format_ratio(max(ratio, 1 / ratio))}-fold, beyond what the rule covers: sweep again."
        if not extrapolate:
            return Transfer(None, f"{made}; t{far}")
    there = lr * ratio**exponent
    words = f"{made}; for {to_batch:,} an estimate is {format_lr(there)} ({WORDS[exponent]})."
    if far:
        words += f" T{far}"
    return Transfer(there, words, OWN_SOURCES.get(old, SOURCES[exponent]))


def _other_optimizer(old: str, new: str) -> str:
    before, after = OPTIMIZERS.get(old.lower()), OPTIMIZERS.get(new.lower())
    label = after.label if after is not None else new
    made = f"The sweep was made with {before.label if before is not None else old}"
    usual = f" (usually {after.typical_lr})" if after is not None else ""
    return f"{made}; its rate does not transfer to {label}{usual}: sweep again."


@dataclass(frozen=True)
class MeasuredScaling:
    """How the rate follows the batch, as sweeps at several batch sizes measured it: log LR = a + exponent · log batch,
    by least squares over all of them."""

    exponent: float
    error: float | None
    """Half the width of the exponent's 95 % interval (Student's t); None where two sweeps leave nothing to estimate it
    from."""
    low: int
    high: int
    """The smallest and the largest batch: beyond them nothing was measured."""
    sweeps: int
    """Picks that went into it."""
    intercept: float
    """The natural logarithm of the fitted rate for a batch of 1."""

    def at(self, batch: float) -> float:
        """The fitted rate for a batch, in examples per step."""
        return math.exp(self.intercept + self.exponent * math.log(batch))

    def tells(self, expected: float | None) -> bool:
        """Whether the sweeps say how the rate follows the batch: the exponent is known closely, or at least known not
        to be the one that a rule expects."""
        close = self.error is not None and self.error <= TELLING
        return close or (expected is not None and self.agrees(expected) is not None)

    def agrees(self, exponent: float) -> bool | None:
        """Whether another exponent lies in the measured interval, or nearly; None where that is too wide to tell."""
        if self.error is None:
            return None
        inside = abs(self.exponent - exponent) <= max(self.error, CLOSE)
        return None if inside and self.error > TELLING else inside


def measured_scaling(batches: Sequence[float], rates: Sequence[float]) -> MeasuredScaling | None:
    """How `rates`, picks of sweeps that differ in their batch only (and their seed), follow `batches`, in examples per
    step. Both above 0, one of each per sweep. None for fewer than two different batches.
    """
    if len(set(batches)) < 2:
        return None
    x, y = np.log(np.asarray(batches, dtype=float)), np.log(np.asarray(rates, dtype=float))
    spread = float(np.sum((x - x.mean()) ** 2))
    exponent = float(np.sum((x - x.mean()) * (y - y.mean()))) / spread
    intercept = float(y.mean() - exponent * x.mean())
    free = len(x) - 2
    left = float(np.sum((y - intercept - exponent * x) ** 2))
    error = _student(free) * math.sqrt(left / free / spread) if free > 0 else None
    return MeasuredScaling(exponent, error, round(min(batches)), round(max(batches)), len(x), intercept)


def _student(free: int) -> float:
    """The 97.5 % quantile of Student's t, to 0.3 %."""
    return _T[free - 1] if free <= len(_T) else 1.96 + 2.4 / free + 3.0 / free**2

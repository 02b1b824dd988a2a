"""Smoothers: the lagging average that the named rules read, and the centred one that is drawn and measured."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


#: Products up to which a sum over neighbours is made one by one; beyond, a Fourier transform is quicker.
DIRECT = 4_000_000
#: More losses than these are averaged in blocks of so many, in a tenth of the time.
_MANY, _BLOCK = 20_000, 64


class DebiasedAverage:
    """The exponential average of the classic learning-rate finder, one loss at a time.

    `average = β·average + (1 - β)·loss`, debiased by `1 - β**count`. A constant loss gives that constant from
    the first point on.
    """

    def __init__(self, beta: float) -> None:
        self.beta = beta
        self._average = 0.0
        self._weight = 1.0

    def push(self, loss: float) -> float:
        """Add one loss, return the debiased average so far."""
        self._average = self.beta * self._average + (1 - self.beta) * loss
        self._weight *= self.beta
        return self._average / (1 - self._weight)

    def push_all(self, losses: Floats) -> Floats:
        """The same for losses of shape (n,) one after the other. Shape (n,)."""
        if len(losses) > _MANY and bool(np.isfinite(losses).all()):
            return self._push_many(losses)
        beta, fresh = self.beta, 1 - self.beta
        average, weight = self._average, self._weight
        found = []
        for loss in losses.tolist():
            average = beta * average + fresh * loss
            weight *= beta
            found.append(average / (1 - weight))
        self._average, self._weight = average, weight
        return np.array(found)

    def _push_many(self, losses: Floats) -> Floats:
        """In blocks: what a block adds by itself is one product, and what came before it only fades."""
        count = len(losses)
        blocks = np.zeros((-(-count // _BLOCK), _BLOCK))
        blocks.ravel()[:count] = losses
        powers = self.beta ** np.arange(_BLOCK + 1)
        steps = np.arange(_BLOCK)
        ages = steps[:, None] - steps[None, :]
        own = blocks @ np.where(ages >= 0, (1 - self.beta) * powers[np.abs(ages)], 0.0).T
        before = []
        average = self._average
        for last in own[:, -1].tolist():
            before.append(average)
            average = powers[-1] * average + last
        averages = (own + np.array(before)[:, None] * powers[1:]).ravel()[:count]
        weights = self._weight * self.beta ** np.arange(1, count + 1)
        self._average, self._weight = float(averages[-1]), float(weights[-1])
        return np.asarray(averages / (1 - weights))


def debiased_average(losses: Floats, beta: float) -> Floats:
    """`DebiasedAverage` over a whole array of shape (n,); NaN from the first NaN on."""
    return DebiasedAverage(beta).push_all(np.asarray(losses, dtype=np.float64))


def width_for(planned_steps: int) -> float:
    """Standard deviation, in steps, of the centred smoother: 1.5 % of the sweep, at least one step.

    Tied to the planned length, so that the same stretch of the axis is averaged whatever the step count.
    """
    return max(1.0, 0.015 * planned_steps)


def centred(losses: Floats, width: float) -> Floats:
    """A Gaussian-weighted local line through each point and its neighbours on both sides. Shape (n,).

    `width` is the Gaussian's standard deviation in steps. A local *line* (Cleveland's loess of degree one)
    has no lag inside and none at the ends, where a plain weighted mean would flatten the curve. The losses are
    smoothed on an asinh scale (linear within the curve's own range, logarithmic far above it), so that one
    exploded batch does not drag up its neighbours. Losses must be finite; a constant stays that constant.
    """
    n = len(losses)
    if n < 3:
        return losses.astype(np.float64, copy=True)
    origin, scale = _scale(losses)
    y = np.arcsinh((losses - origin) / scale)
    reach = int(min(n - 1, np.ceil(4 * width)))
    offsets = np.arange(-reach, reach + 1, dtype=np.float64)
    kernel = np.exp(-0.5 * (offsets / width) ** 2)
    # Moments of the weights around each point: sums over those neighbours that exist.
    inside = np.ones(n)
    s0 = _correlate(inside, kernel, reach)
    s1 = _correlate(inside, kernel * offsets, reach)
    s2 = _correlate(inside, kernel * offsets**2, reach)
    t0 = _correlate(y, kernel, reach)
    t1 = _correlate(y, kernel * offsets, reach)
    determinant = s0 * s2 - s1 * s1
    line = (s2 * t0 - s1 * t1) / np.where(determinant > 1e-12, determinant, 1.0)
    mean = t0 / s0
    return origin + scale * np.sinh(np.where(determinant > 1e-12, line, mean))


def trailing_beta(width: float) -> float:
    """The β whose exponential average looks back about `width` steps: a line that grows while a sweep runs."""
    return 1 - 1 / (1 + width)


def noise_of(losses: Floats) -> float:
    """Standard deviation of the batch noise, estimated where the loss is calm.

    Takes second differences (a slope cancels out) and their median absolute deviation (an explosion does not
    count): `1.4826 · median|d| / √6` for Gaussian noise. 0 for fewer than three points.
    """
    if len(losses) < 3:
        return 0.0
    second = np.abs(np.diff(losses, n=2))
    return float(1.4826 * np.median(second) / np.sqrt(6.0))


def _scale(losses: Floats) -> tuple[float, float]:
    origin = float(np.median(losses))
    spread = float(np.percentile(losses, 75) - np.percentile(losses, 5))
    floor = 1e-9 * max(abs(origin), 1e-30)
    return origin, max(spread, floor, 1e-300)


def _correlate(values: Floats, kernel: Floats, reach: int) -> Floats:
    """Sums of each value's neighbours, weighted with `kernel` (shape (2 · reach + 1,)). Shape of `values`."""
    padded = np.pad(values, reach)
    if len(values) * len(kernel) <= DIRECT:
        return np.correlate(padded, kernel, mode="valid")
    # The kernel grows with the sweep, so sums one by one would cost the square of its length.
    size = 1 << (len(padded) + len(kernel)).bit_length()
    product = np.fft.irfft(np.fft.rfft(padded, size) * np.fft.rfft(kernel[::-1], size), size)
    return product[len(kernel) - 1 : len(padded)]

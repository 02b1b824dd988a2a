"""Which part of the losses a plot shows at first. Plain arithmetic, no Qt."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def curve_range(raw: Floats, smoothed: Floats, header: float = 0.0) -> tuple[float, float]:
    """Bottom and top for a whole curve: from a bit below its lowest point to a part of the explosion.

    The scale is the fall, so that one loss of 1e5 does not flatten the curve; above the start level there is
    room for the zones' names and the selection's label, the share `header` of the height. Arrays of shape
    (n,), finite, n ≥ 1.
    """
    lowest = float(smoothed.min())
    first = max(1, len(raw) // 10)
    level = float(np.median(smoothed[:first]))
    calm = raw[: int(np.argmin(smoothed)) + 1]
    noisy_low, noisy_high = (float(q) for q in np.percentile(calm, (1, 99)))
    high, low = max(level, noisy_high), min(lowest, noisy_low)
    # A curve that does not fall is shown with its noise filling a third of the height, not the whole of it.
    span = max(high - low, 0.05 * abs(level), 1e-9)
    bottom, header = low - 0.14 * span, min(max(header, 0.0), 0.4)
    return bottom, max(high + 0.42 * span, (high - header * bottom) / (1 - header))


def live_range(raw: Floats, shown: tuple[float, float] | None) -> tuple[float, float]:
    """Bottom and top while a sweep runs: steady, from zero (or the lowest loss) to above the start.

    `shown` is what is visible now; it is kept for as long as it will do, so that the plot does not tremble.
    """
    first = float(np.median(raw[:10]))
    # The last dots of an explosion may leave the view; what is learned may not.
    low, high = float(raw.min()), float(np.percentile(raw, 90))
    high = max(high, first)
    if shown is not None and shown[0] <= low and high <= shown[1]:
        return shown
    bottom = 0.0 if low >= 0 else low - 0.15 * (high - low)
    span = max(high - bottom, 0.05 * abs(first), 1e-9)
    if low < bottom or bottom == high:
        bottom = low - 0.1 * span
    return bottom, high + 0.3 * span


def losses_range(losses: Floats, others: Floats) -> tuple[float, float]:
    """Bottom and top for a training: all of `others` (losses per epoch) and nearly all batch losses.

    A diverging training is shown up to three times its first losses. Arrays of shape (n,), finite, not both
    empty.
    """
    everything = np.concatenate([losses, others])
    low = float(everything.min())
    high = float(np.percentile(losses, 99.5)) if len(losses) else float(others.max())
    if len(others):
        high = max(high, float(others.max()))
    if len(losses) >= 10:
        first = float(np.median(losses[:10]))
        high = min(high, max(3 * first, first + 2 * (first - low)))
    bottom = 0.0 if low >= 0 else low - 0.05 * (high - low)
    span = max(high - bottom, 1e-9)
    return bottom - 0.03 * span, high + 0.08 * span

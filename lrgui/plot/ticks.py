"""Where the ticks of an axis stand and what is written at them. Plain arithmetic, no Qt."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from lrgui.core.learning_rate import exact_lr

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

#: Room that one label of a logarithmic axis wants, in logical pixels: along a level one, and along an upright one.
_DECADE_WIDTH, _DECADE_HEIGHT = 44, 18
_DETAIL_WIDTH = 62


class Tick(NamedTuple):
    """One tick; `text` is empty where there is no room for words or no need."""

    position: float
    """In axis coordinates."""
    text: str
    major: bool


def power_of_ten(exponent: int) -> str:
    """`10⁻⁵`."""
    return "10" + str(exponent).translate(_SUPERSCRIPT)


def decade_ticks(low: float, high: float, pixels: float, room: float = _DECADE_WIDTH) -> list[Tick]:
    """Ticks of a logarithmic axis that shows log10 values from `low` to `high` on a length of `pixels`, with labels
    at least `room` of them apart.

    Powers of ten carry labels. The steps between them are unlabelled, unless less than two decades are
    visible: then they read `2×10⁻³`, as many as fit. Within a small part of a decade the steps become finer.
    """
    span = high - low
    if not (math.isfinite(span) and span > 0 and pixels > 0):
        return []
    per_decade = pixels / span
    every = next((n for n in (1, 2, 3, 5, 10, 20, 50) if n * per_decade >= room), 100)
    if span < 0.45:
        return list(_within_a_decade(low, high, pixels))
    ticks: list[Tick] = []
    for exponent in range(math.floor(low) - 1, math.ceil(high) + 1):
        shown = exponent % every == 0
        ticks.append(Tick(exponent, power_of_ten(exponent) if shown else "", shown))
        if per_decade < 22:
            continue
        labelled = _labelled_factors(per_decade) if span < 2 else ()
        for factor in range(2, 10):
            text = f"{factor}×{power_of_ten(exponent)}" if factor in labelled else ""
            ticks.append(Tick(exponent + math.log10(factor), text, False))
    return [tick for tick in ticks if low <= tick.position <= high]


def upright_decade_ticks(low: float, high: float, pixels: float) -> list[Tick]:
    """As `decade_ticks`, for an upright axis: along it labels are as long as they are high."""
    return decade_ticks(low, high, pixels, _DECADE_HEIGHT)


def linear_ticks(low: float, high: float, pixels: float, room: float = 58) -> list[Tick]:
    """Ticks of a linear axis at 1, 2 or 5 times a power of ten, at least `room` pixels apart.

    A short axis puts up with less room, so that it has two or three numbers and not one.
    """
    span = high - low
    if not (math.isfinite(span) and span > 0 and pixels > 0):
        return []
    ticks: list[Tick] = []
    for least in (max(26.0, pixels / 4), _DECADE_HEIGHT):
        step = _nice_step(span * min(room, least) / pixels)
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        ticks = [Tick(i * step, _plain(i * step, step), True) for i in range(first, last + 1)]
        if len(ticks) > 1:
            break
    return ticks


def rate_ticks(low: float, high: float, pixels: float) -> list[Tick]:
    """As `linear_ticks`, with learning rates as they are written everywhere."""
    return [Tick(t.position, exact_lr(t.position), t.major) for t in linear_ticks(low, high, pixels)]


def loss_ticks(low: float, high: float, pixels: float, room: float = 30) -> list[Tick]:
    """Ticks of a logarithmic axis of losses, log10 values from `low` to `high`: powers of ten where there are several,
    else plain numbers at least `room` pixels apart."""
    span = high - low
    if not (math.isfinite(span) and span > 0 and pixels > 0) or span >= 3:
        return decade_ticks(low, high, pixels)
    if span < 0.5:
        ends = 10.0**low, 10.0**high
        return [Tick(math.log10(t.position), t.text, t.major) for t in linear_ticks(*ends, pixels) if t.position > 0]
    ticks: list[Tick] = []
    for exponent in range(math.floor(low), math.ceil(high) + 1):
        ticks += [
            Tick(exponent + math.log10(n), _plain(n * 10.0**exponent, 10.0**exponent), n == 1) for n in range(1, 10)
        ]
    ticks = [tick for tick in ticks if low <= tick.position <= high]
    taken: list[float] = []
    # Powers of ten first, then 2 and 5, then whatever has room.
    for n in (1, 2, 5, 3, 7, 4, 6, 8, 9):
        for tick in ticks:
            mine = abs(tick.position % 1 - math.log10(n)) < 1e-6 or (n == 1 and tick.position % 1 > 1 - 1e-6)
            if mine and all(abs(tick.position - other) * pixels / span >= room for other in taken):
                taken.append(tick.position)
    return [Tick(t.position, t.text if t.position in taken else "", t.position in taken) for t in ticks]


def _labelled_factors(per_decade: float) -> tuple[int, ...]:
    """Which of 2…9 may carry a label without touching its neighbours."""
    for factors in ((2, 3, 4, 5, 6, 7, 8, 9), (2, 3, 4, 6, 8), (2, 3, 5), (2, 5), (3,)):
        stops = (1, *factors, 10)
        if min(math.log10(b / a) for a, b in pairwise(stops)) * per_decade >= _DETAIL_WIDTH:
            return factors
    return ()


def _within_a_decade(low: float, high: float, pixels: float) -> Iterator[Tick]:
    start, end = 10.0**low, 10.0**high
    exponent = math.floor(low + 1e-9)
    scale = 10.0**exponent
    step = _nice_step((end - start) / scale * (_DETAIL_WIDTH + 22) / pixels)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    for i in range(math.ceil(start / scale / step - 1e-9), math.floor(end / scale / step + 1e-9) + 1):
        value = i * step
        text = power_of_ten(exponent) if value == 1 else f"{value:.{digits}f}×{power_of_ten(exponent)}"
        if abs(value - 10) < step / 2:
            text = power_of_ten(exponent + 1)
        yield Tick(math.log10(value * scale), text, True)


def _nice_step(at_least: float) -> float:
    power = 10.0 ** math.floor(math.log10(at_least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= at_least * (1 - 1e-9))


def _plain(value: float, step: float) -> str:
    if value == 0 or abs(value) < step / 1e6:
        return "0"
    if not 1e-4 <= abs(value) < 1e5:
        # As many digits as tell it from its neighbours.
        digits = max(0, math.floor(math.log10(abs(value)) + 1e-9) - math.floor(math.log10(step) + 1e-9))
        mantissa, exponent = f"{value:.{digits}e}".split("e")
        mantissa = (mantissa.rstrip("0").rstrip(".") if digits else mantissa).replace("-", "−")
        return f"{mantissa}×{power_of_ten(int(exponent))}" if mantissa != "1" else power_of_ten(int(exponent))
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    return f"{value:,.{digits}f}".replace("-", "−")

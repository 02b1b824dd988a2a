"""How numbers are written for people: one function for each kind; learning rates have `learning_rate`.

No function fails on any number: what is not finite is written as NaN or inf, and no zero has a sign.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from lrgui.core.events import ACCURACIES

#: What stands where there is no number.
NOTHING = "–"
#: Numbers below this (but 0), and from `HUGE` on, are written with an exponent: 4.2e-5, 1.20e9.
TINY, HUGE = 1e-3, 1e9
#: Significant digits of a loss in a sentence, and of the largest of a table, whose numbers are compared closely.
DIGITS, TABLE_DIGITS = 3, 4


def format_loss(loss: float) -> str:
    """A loss in a sentence, always with three digits: `2.30`, `0.684`, `1,230`, `4.20e-5`."""
    return _significant(loss, DIGITS)


def format_losses(losses: Sequence[float | None]) -> list[str]:
    """A table's column of losses, all with the same number of decimals: `2.3026`, `0.0312`; None is a dash.

    One that would come to 0 is written with digits of its own: `4.20e-5`.
    """
    largest = max((abs(loss) for loss in losses if loss is not None and math.isfinite(loss)), default=0.0)
    size = math.floor(math.log10(largest)) if largest else 0
    # Below ten four decimals; fewer the larger the losses are, more where all are small.
    places = max(0, TABLE_DIGITS - max(0, size - 1) if size >= -1 else TABLE_DIGITS - 1 - size)
    if 0 < largest < TINY:
        return [NOTHING if loss is None else format_loss(loss) for loss in losses]
    return [NOTHING if loss is None else _with_places(loss, places) for loss in losses]


def format_change(before: float, after: float) -> tuple[str, str]:
    """Two losses with as many digits as show their difference, also beside a constant in both: `2.32`, `2.00`."""
    apart = abs(before - after)
    if not math.isfinite(apart) or apart == 0:
        return format_loss(before), format_loss(after)
    places = 1 - math.floor(math.log10(apart))
    size = max(abs(before), abs(after))
    if places > 6 or size >= HUGE:
        digits = max(DIGITS, places + math.floor(math.log10(size)) + 1)
        return _significant(before, digits), _significant(after, digits)
    return _with_places(before, places), _with_places(after, places)


def format_figure(value: float, digits: int = 3) -> str:
    """Any other measured number, a mean or a norm: `0.5`, `12.3`, `136,800`, `4.2e-5`."""
    text = _significant(value, digits)
    mantissa, e, exponent = text.partition("e")
    return (mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa) + e + exponent


def format_metric(name: str, value: float | None) -> str:
    """A metric as its kind is read: an accuracy in percent, any other with four digits; None is a dash.

    An accuracy above 1 is in percent already.
    """
    if value is None:
        return NOTHING
    share = value if abs(value) <= 1 else value / 100
    return format_percent(share, 1) if name in ACCURACIES else format_figure(value, 4)


def format_metrics(name: str, values: Sequence[float | None]) -> list[str]:
    """A table's column of metrics: accuracies in percent, others with the same number of decimals."""
    return [format_metric(name, value) for value in values] if name in ACCURACIES else format_losses(values)


def exact_number(value: float) -> str:
    """A setting with all its digits: `0.9`, `1e-5`, `1e12`."""
    text = f"{_named(value) or f'{value + 0.0:.10g}'}"
    mantissa, e, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if e else text


def format_percent(share: float, places: int = 0) -> str:
    """A share, 0 to 1, in percent: `95 %`, `97.2 %`."""
    return f"{_named(share) or _unsigned(f'{100 * share:,.{places}f}')} %"


def format_ratio(factor: float) -> str:
    """How many times, with two digits: `1.4`, `12`, `1,200`, `0.071`."""
    return format_figure(factor, 2)


def format_decades(width: float) -> str:
    """A width on a log axis, always with one decimal: `2.2`, `2.0`, `< 0.1`."""
    return "< 0.1" if 0 < width < 0.05 else _with_places(width, 1)


def format_factor(factor: float) -> str:
    """A factor: `×1.4`."""
    return f"×{format_ratio(factor)}"


def format_bytes(count: float) -> str:
    """An amount of memory or data, in powers of 1,000: `812 bytes`, `3.2 MB`, `383 MB`, `1.5 GB`."""
    if not math.isfinite(count):
        return f"{_named(count)} bytes"
    units = ("byte" if abs(round(count)) == 1 else "bytes", "kB", "MB", "GB", "TB")
    power = 0
    while abs(count) >= 999.5 and power < len(units) - 1:
        count, power = count / 1000, power + 1
    text = f"{count:,.0f}" if power == 0 or abs(count) >= 9.95 else f"{count:.1f}".removesuffix(".0")
    return f"{_unsigned(text)} {units[power]}"


def format_seconds(seconds: float) -> str:
    """A time that was measured: `1.2 ms`, `340 ms`, `1.2 s`, `48 s`, `3 min 20 s`, `2 h 5 min`."""
    if not math.isfinite(seconds):
        return f"{_named(seconds)} s"
    if seconds < 0:
        return f"-{format_seconds(-seconds)}"
    if seconds == 0:
        return "0 s"
    for limit, unit, size in ((0.9995, "ms", 1e3), (59.5, "s", 1.0)):
        if seconds < limit:
            count = seconds * size
            return "< 0.1 ms" if seconds < 5e-5 else f"{count:.1f} {unit}" if count < 9.95 else f"{count:.0f} {unit}"
    whole, small, large = (round(seconds), "s", "min") if seconds < 3599.5 else (round(seconds / 60), "min", "h")
    return f"{whole // 60:,} {large}" + (f" {whole % 60} {small}" if whole % 60 else "")


def format_estimate(seconds: float) -> str:
    """A time that is still to come or passing now, in one unit: `12 s`, `3 min`, `1.5 h`."""
    if not math.isfinite(seconds):
        return f"{_named(seconds)} s"
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:,.1f} h"


def _significant(value: float, digits: int) -> str:
    """`value` with so many significant digits, zeros at the end included."""
    if not math.isfinite(value) or value == 0:
        return _named(value) or "0"
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    size = int(exponent)  # of the rounded number: 0.9996 is 1.00
    if not TINY <= 10.0**size < HUGE:
        return f"{mantissa}e{size}"
    return f"{float(f'{mantissa}e{exponent}'):,.{max(0, digits - 1 - size)}f}"


def _with_places(value: float, places: int) -> str:
    """`value` with so many decimals (-2: in hundreds), or where it would come to 0 with digits of its own."""
    rounded = round(value, places) if math.isfinite(value) else value
    if value != 0 and (rounded == 0 or not abs(value) < 1e3 * HUGE):
        return _significant(value, DIGITS)
    return f"{rounded + 0.0:,.{max(0, places)}f}"


def _named(value: float) -> str:
    """What is written for a number that is not finite; "" for a finite one."""
    return "" if math.isfinite(value) else "NaN" if math.isnan(value) else "inf" if value > 0 else "-inf"


def _unsigned(text: str) -> str:
    """No minus before a zero: "-0.0" is "0.0"."""
    return text.removeprefix("-") if not text.strip("-0.,") else text

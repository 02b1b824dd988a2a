"""How learning rates are written and read."""

from __future__ import annotations

import math


def format_lr(lr: float) -> str:
    """Two significant digits, always the same width: `3.2e-02`."""
    return f"{lr:.1e}"


def short_lr(lr: float, digits: int = 1) -> str:
    """The way people say it: `2e-3`; with two digits `3.2e-2` (and still `2e-3`); from 1 on plain: `1`, `25`."""
    if 1 <= float(f"{lr:.{digits - 1}e}") < 1e4:
        return f"{float(f'{lr:.{digits - 1}e}'):g}"
    mantissa, exponent = f"{lr:.{digits - 1}e}".split("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}e{int(exponent)}"


def exact_lr(lr: float) -> str:
    """A rate with all its digits, as people write it: `1e-6`, `3.2e-2`, `1`, `25`."""
    if 1 <= lr < 1e4:
        return f"{lr:.10g}"
    mantissa, exponent = f"{lr:.9e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


def parse_lr(text: str) -> float:
    """Read a learning rate as a person types it: `1e-3`, `0.001`, `3,2e-2`.

    Raises ValueError, with a sentence for people, for anything that is not a positive finite number.
    """
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        raise ValueError(f"“{text}” is not a number; write a learning rate like 1e-3 or 0.001.") from None
    if not math.isfinite(value) or value <= 0:
        raise ValueError(f"A learning rate must be above 0 and finite, not {text.strip()}.")
    return value

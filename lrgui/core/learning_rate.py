"""How learning rates are written and read."""

from __future__ import annotations

import math

#: Decades between a rate and how two digits say it, at most: 1.05 may be read as 1 or as 1.1.
SAME = 0.0213


def format_lr(lr: float) -> str:
    """For people, with two significant digits: `3.2e-2`, `2e-3`, from 1 on plain: `1`, `25`."""
    return exact_lr(float(f"{lr:.1e}"))


def exact_lr(lr: float) -> str:
    """For fields and ranges, with all its digits: `1e-6`, `3.2e-2`, `1.25e-4`, `1`, `25`."""
    if not math.isfinite(lr):
        return f"{lr:g}"
    if 1 <= abs(lr) < 1e4 or lr == 0:
        return f"{lr:.10g}"
    mantissa, exponent = f"{lr:.9e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


def same_lr(lr: float, other: float) -> bool:
    """True where people take two rates for one: written with two digits, a rate is up to 5 % off."""
    return abs(math.log10(lr / other)) < SAME


def parse_lr(text: str) -> float:
    """Read a learning rate as a person types it: `1e-3`, `0.001`, `3,2e-2`.

    Raises ValueError, with a sentence for people, for anything that is not a positive finite number.
    """
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        raise ValueError(f"“{text}” is not a number; write a learning rate like 1e-3 or 0.001.") from None
    return positive_lr(value, text.strip())


def positive_lr(lr: float, named: str = "") -> float:
    """The same number, where it is a learning rate. Raises ValueError, with a sentence for people, for one that is not
    positive and finite; `named` is how the person wrote it."""
    value = float(lr)
    if not math.isfinite(value) or value <= 0:
        raise ValueError(f"A learning rate must be above 0 and finite, not {named or exact_lr(value)}.")
    return value

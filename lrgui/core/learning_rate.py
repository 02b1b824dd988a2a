"""How learning rates are written and read."""

from __future__ import annotations

import math
import os

#: Environment variable that says how rates are written, to the processes that a window starts, too.
RATES = "LRGUI_RATES"
#: The ways of writing, by key, and what they are called.
PLAIN = "plain"
WAYS = {"scientific": "Scientific, 3.2e-2", PLAIN: "Plain, 0.032"}
#: Lower rates are not written plainly: nobody counts so many zeros.
_LEAST_PLAIN = 1e-6
#: Decades between a rate and how two digits say it, at most: 1.05 may be read as 1 or as 1.1.
SAME = 0.0213


_written: list[str] = []
"""What `write_rates` said last, if anything."""


def write_rates(way: str) -> None:
    """Write rates in one of `WAYS` from now on, in this process and in those that it starts."""
    os.environ[RATES] = way
    _written[:] = [way]


def rates_given() -> str:
    """What the person set the variable to before the start, so that no setting of the program decides; or empty."""
    way = os.environ.get(RATES, "")
    return "" if [way] == _written else way


def format_lr(lr: float) -> str:
    """For people, with two significant digits: `3.2e-2`, `2e-3`, from 1 on plain: `1`, `25`; or as `WAYS` says."""
    return exact_lr(shown_lr(lr))


def shown_lr(lr: float) -> float:
    """The rate with the two digits that people see."""
    return float(f"{lr:.1e}")


def shown_ratio(lr: float, other: float) -> float:
    """How many times `other` the rate `lr` is, by the numbers that people see: whoever divides them finds the same."""
    return shown_lr(lr) / shown_lr(other)


def exact_lr(lr: float) -> str:
    """For fields and ranges, with all its digits: `1e-6`, `3.2e-2`, `1.25e-4`, `1`, `25`; or as `WAYS` says."""
    if os.environ.get(RATES) == PLAIN and _LEAST_PLAIN <= abs(lr) < 1:
        return f"{lr:.{9 - math.floor(math.log10(abs(lr)))}f}".rstrip("0")
    return scientific_lr(lr)


def scientific_lr(lr: float) -> str:
    """For code and files, with all its digits: `1e-6`, `3.2e-2`, from 1 on plain, whatever people like to read."""
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

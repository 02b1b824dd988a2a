"""Python source text: calls as a formatter would lay them out, numbers as people write them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from lrgui.core.formats import exact_number
from lrgui.core.learning_rate import scientific_lr, shown_lr

#: The longest line of code.
MOST_COLUMNS = 88
#: A rate that somebody typed has no more characters of digits than this: "1.25".
_TYPED = 4

#: One argument of a call: its name (empty: by place), its code, and a comment ("" for none).
Argument = tuple[str, str, str]


def rate(lr: float) -> str:
    """A learning rate as code: as it is shown, and with all its digits where somebody typed it: `3.2e-2`, `1.0`."""
    exact = scientific_lr(lr)
    return _float(exact if len(exact.partition("e")[0]) <= _TYPED else scientific_lr(shown_lr(lr)))


def literal(value: Any) -> str:
    """A plain value as code; floats stay floats: `0.9`, `1e-4`, `10.0`, `(0.9, 0.999)`."""
    if isinstance(value, tuple | list):
        return f"({', '.join(literal(one) for one in value)}{',' if len(value) == 1 else ''})"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return _float(exact_number(value)) if isinstance(value, float) else repr(value)


def _float(text: str) -> str:
    return text if set(text) & set(".en") else f"{text}.0"


def named(arguments: Mapping[str, Any]) -> list[Argument]:
    """Arguments by name."""
    return [(name, literal(value), "") for name, value in arguments.items()]


def call(function: str, arguments: Sequence[Argument], before: str = "", after: str = "", indent: int = 0) -> list[str]:
    """The lines of `before function(arguments)after`: one line where it fits and nothing is to be said."""
    words = [f"{name}={code}" if name else code for name, code, _ in arguments]
    pad = " " * indent
    line = f"{pad}{before}{function}({', '.join(words)}){after}"
    if len(line) <= MOST_COLUMNS and not any(comment for *_, comment in arguments):
        return [line]
    rows = [
        f"{pad}    {word},{f'  # {comment}' if comment else ''}"
        for word, (*_, comment) in zip(words, arguments, strict=True)
    ]
    return [f"{pad}{before}{function}(", *rows, f"{pad}){after}"]

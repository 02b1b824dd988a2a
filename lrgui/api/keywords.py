"""Functions that take the settings of a class as keyword arguments, with their help, as the class declares them."""

from __future__ import annotations

import difflib
import functools
import inspect
import operator
import textwrap
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from lrgui.core.options import NUMBERS, Option
from lrgui.core.settings import settings_of

Returned = TypeVar("Returned")

_TYPES = {"whole": "int", "number": "float", "rate": "float", "share": "float", "flag": "bool"}
#: Where a docstring lists the settings, one line for each.
PLACE = "{settings}"
_WIDTH = 112


def takes(
    cls: type, *, without: Iterable[str] = (), types: dict[str, str] | None = None
) -> Callable[[Callable[..., Returned]], Callable[..., Returned]]:
    """Let a function take the settings of `cls`, less those `without`; it gets them as one object, `config`.

    `types` are annotations in place of the usual ones. Numbers of numpy and torch become Python's.
    """
    left_out = set(without)
    options = [option for option in settings_of(cls) if option.name not in left_out]
    names = {option.name for option in options}

    def wrap(function: Callable[..., Returned]) -> Callable[..., Returned]:
        usual = inspect.signature(function)
        own = [place for place in usual.parameters.values() if place.name != "config"]
        keywords = [
            inspect.Parameter(
                option.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=option.default,
                annotation=(types or {}).get(option.name, _annotation(option)),
            )
            for option in options
        ]
        before = [place for place in own if place.kind is not inspect.Parameter.KEYWORD_ONLY]
        after = [place for place in own if place.kind is inspect.Parameter.KEYWORD_ONLY]
        known = {place.name for place in own} | names

        @functools.wraps(function)
        def call(*arguments: Any, **values: Any) -> Returned:
            for name in values.keys() - known:
                raise TypeError(_unknown(function.__name__, name, known))
            given = {o.name: _plain(o, values.pop(o.name)) for o in options if o.name in values}
            # A class may want to know what was chosen, and what is only the default.
            config = cls().with_given(given) if hasattr(cls, "with_given") else cls(**given)
            return function(*arguments, config=config, **values)

        call.__signature__ = usual.replace(parameters=[*before, *keywords, *after])  # type: ignore[attr-defined]
        call.__doc__ = (function.__doc__ or "").replace(PLACE, _help(options))
        return call

    return wrap


def _annotation(option: Option) -> str:
    kind = _TYPES.get(option.kind, "str")
    return f"{kind} | None" if option.optional else kind


def _plain(option: Option, value: Any) -> Any:
    """A number of numpy or torch as Python's own; all else as it is, for the checks to judge."""
    if isinstance(value, bool | int | float | str | None):
        return value
    try:
        if option.kind == "whole":
            return operator.index(value)
        return float(value) if option.kind in NUMBERS else value
    except (TypeError, ValueError):
        return value


def _unknown(function: str, name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), 1)
    hint = f" Did you mean {near[0]}?" if near else ""
    return f"{function}() has no argument {name}.{hint}"


def _help(options: Iterable[Option]) -> str:
    """One entry of a docstring's list for each setting; the first one's indent is there already."""
    lines: list[str] = []
    for option in options:
        usual = "" if option.default is None else f", {option.default!r} by default"
        text = f"{option.name}: {option.tip[0].lower()}{option.tip[1:]} ({_allowed(option)}{usual})."
        lines += textwrap.wrap(text, _WIDTH, initial_indent=" " * 8, subsequent_indent=" " * 12)
    return "\n".join(lines).lstrip()


def _allowed(option: Option) -> str:
    words = (option.range or "any number").removesuffix(f", or {option.none.lower()}")
    return f"{words}; None is {option.none.lower()}" if option.optional else words

"""Settings declared once: a field of a frozen dataclass that says what it is called, means and allows.

The form's row, the command line's option, the Python function's argument, the checks and the page of the reference are
made from that field: a new setting needs its row here and the line that uses it.
"""

from __future__ import annotations

import inspect
from dataclasses import Field, field, fields, replace
from functools import cache
from typing import Any

from lrgui.core.options import Option, Problem, Scalar, is_finite

_KEY = "option"
_KINDS: dict[type, str] = {bool: "flag", int: "whole", float: "number", str: "text"}


def setting(
    default: Scalar,
    *,
    label: str,
    tip: str,
    kind: str = "",
    choices: dict[str, str] | None = None,
    **limits: Any,
) -> Any:
    """A field of a settings class. `kind` follows from the default where there is one; `limits` are `Option`'s."""
    kind = kind or ("choice" if choices else _KINDS[type(default)])
    option = Option(
        "",
        label,
        kind,
        default,
        tip,
        tuple((choices or {}).items()),
        optional=default is None,
        usual=default if default is not None else None,
        **limits,
    )
    return field(default=default, metadata={_KEY: option})


@cache
def settings_of(cls: type) -> tuple[Option, ...]:
    """The settings of a class: its own first, then those that it shares with others, each in their order."""
    own = [name for base in cls.__mro__ for name in inspect.get_annotations(base)]
    known: dict[str, Field[Any]] = {each.name: each for each in fields(cls)}
    return tuple(
        replace(known[name].metadata[_KEY], name=name) for name in dict.fromkeys(own) if _KEY in known[name].metadata
    )


def matters(settings: Any, option: Option) -> bool:
    """False for a setting that has no effect beside the others as they are, such as the patience of another schedule.

    Forms, documents and checks leave it out; its value stays for when it matters again.
    """
    if option.only is None:
        return True
    name, values = option.only
    return getattr(settings, name) in values if hasattr(settings, name) else True


def in_use(settings: Any) -> tuple[Option, ...]:
    """The settings that have an effect, see `matters`."""
    cls: Any = type(settings)
    return tuple(option for option in settings_of(cls) if matters(settings, option))


def idle(settings: Any) -> tuple[Option, ...]:
    """The settings that have none."""
    cls: Any = type(settings)
    return tuple(option for option in settings_of(cls) if not matters(settings, option))


def problems_of(settings: Any) -> list[Problem]:
    """The problems of each setting by itself; one without effect must only be finite."""
    cls: Any = type(settings)
    problems = []
    for option in settings_of(cls):
        value = getattr(settings, option.name)
        problem = option.problem(value) if matters(settings, option) or not is_finite(value) else None
        problems += [] if problem is None else [problem]
    return problems


def values_of(settings: Any, cls: type) -> dict[str, Any]:
    """The values of those settings that `settings` shares with `cls`, one of its bases or another class."""
    own: Any = type(settings)
    names = {option.name for option in settings_of(own)}
    return {option.name: getattr(settings, option.name) for option in settings_of(cls) if option.name in names}

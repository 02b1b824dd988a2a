"""Frozen dataclasses from plain data (what JSON knows), checked type by type."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")

_WORDS = {float: "a number", int: "an integer", str: "a text", bool: "true or false"}


@dataclass(frozen=True)
class PlainField:
    """One field of a dataclass, as far as plain data is concerned."""

    name: str
    type: type
    optional: bool
    """None is allowed."""
    required: bool
    """There is no default."""
    mapping: bool = False
    """A mapping of texts to plain values of any kind."""


_FIELDS: dict[type, tuple[PlainField, ...]] = {}  # the lookup of types is slow, and events are many


def plain_fields(cls: type) -> tuple[PlainField, ...]:
    """The fields of a dataclass; their types: float, int, str, bool, a dataclass, one of these or None, or a mapping
    of names to such values."""
    if cls not in _FIELDS:
        _FIELDS[cls] = _read_fields(cls)
    return _FIELDS[cls]


def _read_fields(cls: type) -> tuple[PlainField, ...]:
    hints = get_type_hints(cls)
    found = []
    for field in fields(cls):
        kind, optional = hints[field.name], False
        if get_origin(kind) in (Union, types.UnionType):
            (kind,) = (part for part in get_args(kind) if part is not type(None))
            optional = True
        mapping = get_origin(kind) is dict
        required = field.default is MISSING and field.default_factory is MISSING
        found.append(PlainField(field.name, dict if mapping else kind, optional, required, mapping))
    return tuple(found)


def from_plain(cls: type[T], data: object, what: str) -> T:
    """A `cls` from a mapping; unknown keys are ignored, missing ones take their default.

    `what` names the thing in messages ("The job"). Raises ValueError with a sentence where a field is missing
    or of the wrong type. Values are not judged: that is what `validate()` is for.
    """
    if not isinstance(data, Mapping):
        raise ValueError(f"{what} must be an object with named fields, not {_shown(data)}.")
    values: dict[str, Any] = {}
    for field in plain_fields(cls):
        if field.name in data:
            values[field.name] = _value(field, data[field.name], what)
        elif field.required:
            raise ValueError(f"{what} has no {field.name}.")
    return cls(**values)


def _value(field: PlainField, value: object, what: str) -> Any:
    if value is None and field.optional:
        return None
    if field.mapping:
        return _mapping(field, value, what)
    if is_dataclass(field.type):
        return from_plain(field.type, value, f"{what}'s {field.name}")
    if not isinstance(value, bool) or field.type is bool:
        if isinstance(value, field.type):
            return value
        if field.type is float and isinstance(value, int) and abs(value) < 1 << 1000:
            return float(value)
        if field.type is int and isinstance(value, float) and value.is_integer():
            return int(value)  # some writers of JSON know only one kind of number
    nothing = " or nothing" if field.optional else ""
    raise ValueError(f"{what}'s {field.name} must be {_WORDS[field.type]}{nothing}, not {_shown(value)}.")


def _mapping(field: PlainField, value: object, what: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{what}'s {field.name} must be an object with named values, not {_shown(value)}.")
    for name, one in value.items():
        if one is not None and not isinstance(one, bool | int | float | str):
            raise ValueError(f"{what}'s {field.name}.{name} must be a text or a number, not {_shown(one)}.")
    return dict(value)


def _shown(value: object) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 60 else text[:57] + "…"

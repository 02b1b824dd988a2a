"""What a function or a class is called with: one set of rules, whether it is read as text or is there."""

from __future__ import annotations

import ast
import inspect
import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from lrgui.tasks.user.roles import CONTEXT, PARAMETERS, Takes

#: In the place of a default that is not there.
MISSING = inspect.Parameter.empty

_BY_PLACE = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


@dataclass(frozen=True)
class Argument:
    """One argument, neither `*args` nor `**kwargs`."""

    name: str
    by_place: bool
    """It may be given by place."""
    by_name: bool
    """It may be given by name."""
    default: Any = MISSING
    """Its value or, in a syntax tree, its expression."""
    annotation: ast.expr | None = None
    """In a syntax tree."""

    @property
    def required(self) -> bool:
        """True where it has no default."""
        return self.default is MISSING


@dataclass(frozen=True)
class Split:
    """A function's arguments, by where a run takes their values from."""

    context: tuple[Argument, ...]
    """Those that the form's own fields fill, see `CONTEXT`."""
    settings: tuple[Argument, ...]
    """Those with a default of their own."""
    lacking: tuple[str, ...]
    """Names of those that nobody fills."""


@dataclass(frozen=True)
class Signature:
    """All arguments, in their order."""

    arguments: tuple[Argument, ...] = ()
    any_places: bool = False
    """It takes `*args`."""
    any_names: bool = False
    """It takes `**kwargs`."""

    @property
    def by_place(self) -> tuple[Argument, ...]:
        """Those that may be given by place."""
        return tuple(one for one in self.arguments if one.by_place)

    @property
    def names(self) -> tuple[str, ...]:
        """Of all arguments."""
        return tuple(one.name for one in self.arguments)

    def takes(self, is_class: bool) -> Takes:
        """What matters for the question which part of a task this is."""
        required = [one for one in self.arguments if one.required and one.name not in CONTEXT]
        return Takes(len(required), math.inf if self.any_places else len(self.by_place), is_class)

    def split(self, places: int = 0, reserved: Collection[str] = ()) -> Split:
        """The arguments without those that the role itself fills: the first `places`, and those `reserved`."""
        filled = {one.name for one in self.by_place[:places]} | set(reserved)
        rest = [one for one in self.arguments if one.name not in filled]
        own = [one for one in rest if one.name not in CONTEXT]
        return Split(
            tuple(one for one in rest if one.name in CONTEXT),
            tuple(one for one in own if not one.required),
            tuple(one.name for one in own if one.required),
        )

    def batch_size(self) -> str:
        """Of a function that returns batches: the only argument by place that has no default is the size of a batch,
        whatever it is called. Empty where there is none, or where it is called as the form's field that fills it.
        """
        needed = [one.name for one in self.by_place if one.required]
        return needed[0] if len(needed) == 1 and needed[0] not in CONTEXT else ""

    def parameters(self) -> str:
        """Of a function that makes an optimizer: the argument for the model's parameters, whatever it is called,
        where it is the first one and none of them has a known name. Else empty.
        """
        first = self.arguments[:1]
        known = {"model", *PARAMETERS} & set(self.names)
        return first[0].name if first and first[0].by_place and not known else ""


def signature_of(thing: Any) -> Signature | None:
    """Of a callable; None where that cannot be known."""
    try:
        given = list(inspect.signature(thing).parameters.values())
    except (TypeError, ValueError):
        return None
    kinds = {one.kind for one in given}
    return Signature(
        tuple(
            Argument(one.name, one.kind in _BY_PLACE, one.kind is not one.POSITIONAL_ONLY, one.default)
            for one in given
            if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
        ),
        inspect.Parameter.VAR_POSITIONAL in kinds,
        inspect.Parameter.VAR_KEYWORD in kinds,
    )


def signature_in(node: ast.FunctionDef | ast.AsyncFunctionDef, method: bool) -> Signature:
    """Of a function in a syntax tree; of a `method` without its `self`."""
    given = node.args
    placed = [*given.posonlyargs, *given.args]
    defaults = [MISSING] * (len(placed) - len(given.defaults)) + list(given.defaults)
    found = [
        Argument(one.arg, True, place >= len(given.posonlyargs), default, one.annotation)
        for place, (one, default) in enumerate(zip(placed, defaults, strict=True))
    ][method:]
    found += [
        Argument(one.arg, False, True, MISSING if default is None else default, one.annotation)
        for one, default in zip(given.kwonlyargs, given.kw_defaults, strict=True)
    ]
    return Signature(tuple(found), given.vararg is not None, given.kwarg is not None)

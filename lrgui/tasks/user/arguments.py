"""From the arguments of a function in a syntax tree to settings of the form."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lrgui.core.options import ITEMS, Option, Scalar, read_items
from lrgui.tasks.user.signature import Argument

_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Pow: operator.pow,
}
_KINDS = {"int": "whole", "float": "number", "bool": "flag", "str": "text", "Path": "text", "PathLike": "text"}
_UNKNOWN = (False, None)
_ITEM_KINDS = {"int": "whole", "float": "number", "str": "text", "Path": "text"}
#: Annotations of what holds several things of one kind.
_SEVERAL = ("list", "List", "tuple", "Tuple", "Sequence", "Iterable", "Collection")


@dataclass(frozen=True)
class Names:
    """What the names of a file stand for, as far as it can be known without running it."""

    constants: Mapping[str, Scalar] = field(default_factory=dict)
    enums: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Members of the classes that are enumerations."""


@dataclass(frozen=True)
class _Kind:
    """What an annotation, or a default, says of an argument."""

    kind: str = ""
    """One of `core.options.KINDS`; empty where nothing is said."""
    optional: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    items: str = ""


def constant(node: ast.expr, constants: Mapping[str, Scalar]) -> tuple[bool, Scalar]:
    """Whether an expression has a plain value that can be known without running it, and that value."""
    if isinstance(node, ast.Constant):
        plain = node.value is None or isinstance(node.value, bool | int | float | str)
        return (True, node.value) if plain else _UNKNOWN  # type: ignore[return-value]
    if isinstance(node, ast.Name):
        return (True, constants[node.id]) if node.id in constants else _UNKNOWN
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        known, value = constant(node.operand, constants)
        if known and isinstance(value, int | float):
            return True, -value if isinstance(node.op, ast.USub) else +value
        return _UNKNOWN
    if isinstance(node, ast.BinOp):
        return _computed(node, constants)
    if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords and _name(node.func) == "Path":
        known, value = constant(node.args[0], constants)
        return (True, value) if known and isinstance(value, str) else _UNKNOWN
    return _UNKNOWN


def _computed(node: ast.BinOp, constants: Mapping[str, Scalar]) -> tuple[bool, Scalar]:
    (left_known, left), (right_known, right) = (constant(side, constants) for side in (node.left, node.right))
    compute = _OPERATORS.get(type(node.op))
    numbers = isinstance(left, int | float) and isinstance(right, int | float)
    if not (left_known and right_known and numbers) or compute is None:
        return _UNKNOWN
    assert isinstance(left, int | float)
    assert isinstance(right, int | float)
    if not all(abs(side) < 1e15 for side in (left, right)):
        return _UNKNOWN
    if isinstance(node.op, ast.Pow) and (abs(right) > 64 or abs(left) > 1e4):
        return _UNKNOWN  # 9 ** 9 ** 9 would keep the window busy for a while
    try:
        value = compute(left, right)
    except (ArithmeticError, ValueError):
        return _UNKNOWN
    return (True, value) if isinstance(value, int | float) else _UNKNOWN


def members_of(node: ast.ClassDef) -> tuple[str, ...]:
    """The members of a class that is an enumeration, none of any other."""
    if not any(_name(base) in ("Enum", "StrEnum", "IntEnum") for base in node.bases):
        return ()
    lines = [line for line in node.body if isinstance(line, ast.Assign | ast.AnnAssign) and _makes_member(line.value)]
    names = [
        target.id
        for line in lines
        for targets in (line.targets if isinstance(line, ast.Assign) else [line.target])
        for target in (targets.elts if isinstance(targets, ast.Tuple) else [targets])
        if isinstance(target, ast.Name) and not target.id.startswith("_")
    ]
    return tuple(dict.fromkeys(names))


def _makes_member(value: ast.expr | None) -> bool:
    """False for what an enumeration takes for a method, or leaves out."""
    methods = ("property", "staticmethod", "classmethod", "nonmember")
    return not (
        value is None or isinstance(value, ast.Lambda) or (isinstance(value, ast.Call) and _name(value.func) in methods)
    )


def options_of(
    node: ast.FunctionDef | ast.AsyncFunctionDef, settings: Iterable[Argument], names: Names
) -> tuple[Option, ...]:
    """The settings that a function has, of those of its arguments that have a default."""
    tips = _tips(node)
    made = (_option(one, tips.get(one.name, f"Argument of {_owner(node)}"), names) for one in settings)
    return tuple(option for option in made if option is not None)


def shared(groups: Sequence[tuple[Option, ...]]) -> tuple[Option, ...]:
    """Options of several functions, each name once."""
    found: dict[str, Option] = {}
    for group in groups:
        for option in group:
            found.setdefault(option.name, option)
    return tuple(found.values())


def _option(argument: Argument, tip: str, names: Names) -> Option | None:
    default = argument.default
    known, value, found = _default(default, names)
    said = _annotated(argument.annotation, names)
    if isinstance(value, float) and not math.isfinite(value):
        known, value = False, None  # no form can show it, and JSON does not know it
    is_list = isinstance(default, ast.List | ast.Tuple)
    if known and found.choices:
        said = replace(found, optional=said.optional)  # a member, whatever it is annotated as
    elif said.kind and is_list != bool(said.items):
        known = False  # a list where the annotation wants one thing, or one thing where it wants a list
    if not said.kind:
        if not known or (is_list and not found.items):
            return None  # an object, a function, an empty list …: the code's own default is used
        said = replace(found, optional=said.optional)
    kind, optional = said.kind, said.optional
    if not known or value is None:
        optional, value = True, None  # empty is: as the code has it
    elif kind == "number" and isinstance(value, int):
        value = float(value)
    elif kind in ("choice", "text"):
        value = str(value)
        optional = optional or value == ""
    label = argument.name.strip("_").replace("_", " ") or argument.name
    label = label[0].upper() + label[1:]
    option = Option(argument.name, label, kind, value, tip, said.choices, optional=optional, items=said.items)
    if option.problem(value) is not None:  # `workers: int = "auto"`
        return replace(option, default=None, optional=True)
    return option


def _default(node: ast.expr, names: Names) -> tuple[bool, Scalar, _Kind]:
    """Whether a default can be known, its value as a setting has it, and its kind."""
    if isinstance(node, ast.Attribute) and node.attr in names.enums.get(_name(node.value), ()):
        return True, node.attr, _enumerated(_name(node.value), names)
    if isinstance(node, ast.List | ast.Tuple):
        read = [constant(part, names.constants) for part in node.elts]
        if not all(known and value is not None for known, value in read):
            return False, None, _Kind()
        kinds = {_kind_of(value) for _, value in read}
        text = ", ".join(str(value) for _, value in read)
        if not kinds:
            return True, text, _Kind()  # of what is for the annotation to say
        kind = "number" if kinds == {"whole", "number"} else kinds.pop() if len(kinds) == 1 else ""
        if kind not in ITEMS or read_items(text, kind) != [value for _, value in read]:
            return False, None, _Kind()
        return True, text, _Kind("text", items=kind)
    known, value = constant(node, names.constants)
    return known, value, _Kind(_kind_of(value))


def _enumerated(name: str, names: Names) -> _Kind:
    return _Kind("choice", choices=tuple((member, member) for member in names.enums[name]))


def _kind_of(value: Scalar) -> str:
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, int):
        return "whole"
    return "number" if isinstance(value, float) else "text"


def _annotated(node: ast.expr | None, names: Names) -> _Kind:
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):  # an annotation in quotes
            try:
                return _annotated(ast.parse(node.value, mode="eval").body, names)
            except (SyntaxError, ValueError):
                return _Kind()
        return _Kind(optional=node.value is None)
    if node is None:
        return _Kind()
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _united([node.left, node.right], names)
    if isinstance(node, ast.Subscript):
        return _subscripted(_name(node.value), node.slice, names)
    name = _name(node)
    return _enumerated(name, names) if name in names.enums else _Kind(_KINDS.get(name, ""))


def _subscripted(name: str, inner: ast.expr, names: Names) -> _Kind:
    parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    if name == "Optional":
        return replace(_annotated(inner, names), optional=True)
    if name == "Union":
        return _united(parts, names)
    if name in ("Annotated", "Final") and parts:
        return _annotated(parts[0], names)
    if name == "Literal":
        values = [part.value for part in parts if isinstance(part, ast.Constant)]
        choices = tuple((str(value), str(value)) for value in values if value is not None)
        return _Kind("choice" if choices else "", None in values, choices)
    if name in _SEVERAL:
        dots = [part for part in parts if not (isinstance(part, ast.Constant) and part.value is ...)]
        kinds = {_ITEM_KINDS.get(_name(part), "") for part in dots}
        kind = kinds.pop() if len(kinds) == 1 else ""
        return _Kind("text", items=kind) if kind else _Kind()
    return _Kind()


def _united(parts: Sequence[ast.expr], names: Names) -> _Kind:
    """`int | None`, `int | float`, `str | Path`: what holds all of them."""
    read = [_annotated(part, names) for part in parts]
    kinds = {(one.kind, one.items) for one in read if one.kind}
    optional = any(one.optional for one in read)
    choices = tuple(choice for one in read for choice in one.choices)
    if len(kinds) == 1:
        ((kind, items),) = kinds
        return _Kind(kind, optional, choices, items)
    return _Kind("number" if kinds == {("whole", ""), ("number", "")} else "", optional)


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _owner(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    return "the class" if node.name == "__init__" else f"{node.name}()"


def _tips(node: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, str]:
    """What the docstring says of single arguments: lines such as "hidden: neurons of a layer"."""
    text = ast.get_docstring(node) or ""
    found = re.findall(r"^[ \t]*(?::param +)?(\w+) *(?:\([^)]*\))?:[ \t]+(\S.*)$", text, re.MULTILINE)
    return {name: words.strip() for name, words in found}

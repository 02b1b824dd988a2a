"""From the arguments of a function in a syntax tree to settings of the form."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from lrgui.core.options import Option, Scalar

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


def options_of(
    node: ast.FunctionDef | ast.AsyncFunctionDef, places: int, taken: Collection[str], constants: Mapping[str, Scalar]
) -> tuple[tuple[Option, ...], list[str], dict[str, Scalar]]:
    """Settings that a function has; its arguments without a default; and the defaults of those in `taken`.

    The first `places` arguments, and those in `taken`, are given by the program and are no settings.
    """
    given = node.args
    by_place = given.posonlyargs + given.args
    without = len(by_place) - len(given.defaults)
    pairs = [(one, given.defaults[i - without] if i >= without else None) for i, one in enumerate(by_place)][places:]
    pairs += list(zip(given.kwonlyargs, given.kw_defaults, strict=True))
    options, required, context = [], list[str](), dict[str, Scalar]()
    tips = _tips(node)
    for argument, default in pairs:
        if argument.arg in taken:
            known, value = _UNKNOWN if default is None else constant(default, constants)
            if known:
                context[argument.arg] = value
        elif default is None:
            required.append(argument.arg)
        else:
            tip = tips.get(argument.arg, f"Argument of {_owner(node)}")
            option = _option(argument, default, tip, constants)
            if option is not None:
                options.append(option)
    return tuple(options), required, context


def shared(groups: Sequence[tuple[Option, ...]]) -> tuple[Option, ...]:
    """Options of several functions, each name once."""
    found: dict[str, Option] = {}
    for group in groups:
        for option in group:
            found.setdefault(option.name, option)
    return tuple(found.values())


def _option(argument: ast.arg, default: ast.expr, tip: str, constants: Mapping[str, Scalar]) -> Option | None:
    known, value = constant(default, constants)
    kind, optional, choices = _annotated(argument.annotation)
    if isinstance(value, float) and not math.isfinite(value):
        known, value = False, None  # no form can show it, and JSON does not know it
    if not kind:
        if not known:
            return None  # a list, a function …: the code's own default is used
        kind = _kind_of(value)
    if not known or value is None:
        optional, value = True, None  # empty is: as the code has it
    elif kind == "number" and isinstance(value, int):
        value = float(value)
    elif kind == "choice":
        value = str(value)
    elif kind == "text" and value == "":
        optional = True
    label = argument.arg.strip("_").replace("_", " ") or argument.arg
    return Option(argument.arg, label[0].upper() + label[1:], kind, value, tip, choices, optional=optional)


def _kind_of(value: Scalar) -> str:
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, int):
        return "whole"
    return "number" if isinstance(value, float) else "text"


def _annotated(node: ast.expr | None) -> tuple[str, bool, tuple[tuple[str, str], ...]]:
    """Kind ("" where the annotation says none), whether None is allowed, choices."""
    if node is None:
        return "", False, ()
    if isinstance(node, ast.Constant):
        if node.value is None:
            return "", True, ()
        if isinstance(node.value, str):  # an annotation in quotes
            try:
                return _annotated(ast.parse(node.value, mode="eval").body)
            except (SyntaxError, ValueError):
                return "", False, ()
        return "", False, ()
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _united([node.left, node.right])
    if isinstance(node, ast.Subscript):
        return _subscripted(_name(node.value), node.slice)
    return _KINDS.get(_name(node), ""), False, ()


def _subscripted(name: str, inner: ast.expr) -> tuple[str, bool, tuple[tuple[str, str], ...]]:
    parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    if name == "Optional":
        kind, _, choices = _annotated(inner)
        return kind, True, choices
    if name == "Union":
        return _united(parts)
    if name in ("Annotated", "Final") and parts:
        return _annotated(parts[0])
    if name == "Literal":
        values = [part.value for part in parts if isinstance(part, ast.Constant)]
        choices = tuple((str(value), str(value)) for value in values if value is not None)
        return "choice" if choices else "", None in values, choices
    return "", False, ()


def _united(parts: Sequence[ast.expr]) -> tuple[str, bool, tuple[tuple[str, str], ...]]:
    """`int | None`, `int | float`, `str | Path`: what holds all of them."""
    read = [_annotated(part) for part in parts]
    kinds = {kind for kind, _, _ in read if kind}
    optional = any(may for _, may, _ in read)
    choices = tuple(choice for _, _, some in read for choice in some)
    if len(kinds) == 1:
        return kinds.pop(), optional, choices
    return ("number" if kinds == {"whole", "number"} else ""), optional, ()


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _owner(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    return "the class" if node.name == "__init__" else f"{node.name}()"


def _tips(node: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, str]:
    """What the docstring says of single arguments: lines such as "hidden: neurons of a layer"."""
    text = ast.get_docstring(node) or ""
    found = re.findall(r"^[ \t]*(?::param +)?(\w+) *(?:\([^)]*\))?:[ \t]+(\S.*)$", text, re.MULTILINE)
    return {name: words.strip() for name, words in found}

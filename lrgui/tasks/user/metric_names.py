"""What the metrics of a person's functions are called, read from their source: a run says it before its first batch."""

from __future__ import annotations

import ast
import inspect
import linecache
import textwrap
from collections.abc import Iterator
from typing import Any


def first_name(function: Any, usual: str = "") -> str:
    """The first metric that `function` returns by name or logs, an accuracy before all others.

    `usual` where its source says none. Losses are none.
    """
    names = [name for name in _names(function) if "loss" not in name.lower()]
    return next((name for name in names if "acc" in name.lower()), names[0] if names else usual)


def _names(function: Any) -> Iterator[str]:
    function = inspect.unwrap(getattr(function, "__func__", function))
    code = getattr(function, "__code__", None)
    if code is None:
        return
    linecache.checkcache(code.co_filename)  # the file may have been saved again since the last run
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, SyntaxError, ValueError):
        return
    returned = [node.value for node in ast.walk(tree) if isinstance(node, ast.Return)]
    for node in (*returned, *_logged(tree)):
        if isinstance(node, ast.Dict):
            yield from (key.value for key in node.keys if isinstance(key, ast.Constant) and isinstance(key.value, str))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict":
            yield from (one.arg for one in node.keywords if one.arg is not None)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _logged(tree: ast.AST) -> Iterator[ast.expr]:
    """What Lightning's `self.log(name, …)` and `self.log_dict({…})` are given first."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr in ("log", "log_dict") and node.args:
            yield node.args[0]

"""Whether a Python file is a program that runs by itself, read from its syntax tree: nothing of it is run."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from lrgui.tasks.user.module_syntax import Function, ModuleSyntax, is_main_guard
from lrgui.tasks.user.roles import ROLES

#: What only a program calls that trains: its own loop, or a trainer's.
_CALLS = ("backward", "fit", "fit_one_cycle", "fine_tune")
#: Classes whose `train` or `run` does it.
_TRAINERS = ("Trainer", "Accelerator", "create_supervised_trainer")


def trains_itself(module: ModuleSyntax) -> bool:
    """True for a file with a training loop, or a call of a trainer, wherever in it."""
    return any(_is_of_training(node) for node in ast.walk(module.tree))


def trains_at_import(module: ModuleSyntax) -> bool:
    """True where whoever imports the file trains: in its own statements, or in functions that they call by name."""
    seen: set[int] = set()
    waiting = [(node, module) for node in _run(module.tree.body)]
    while waiting:
        node, home = waiting.pop()
        if not isinstance(node, ast.Call):
            continue
        if _is_of_training(node) and _name_of(node) != "fit":  # scikit-learn's scalers are fitted in tasks, too
            return True
        found = home.function(node.func.id) if isinstance(node.func, ast.Name) else None
        if found is not None and id(found[0]) not in seen:
            seen.add(id(found[0]))
            waiting += [(inner, found[1]) for inner in _run(found[0].body)]
    return False


def only_runs(module: ModuleSyntax) -> bool:
    """True for a file that makes no part of a task by a function or a class, and does something when it is run.

    Where its loop stands in another file, that is all that can be seen of it.
    """
    makers = {*module.functions, *module.classes, *module.imported}
    if makers & {"task", *ROLES} or module.leaves("LightningModule"):
        return False
    if any(isinstance(node, ast.If) and is_main_guard(node.test) for node in module.tree.body):
        return True
    if any(isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) for node in _run(module.tree.body)):
        return True
    offers = module.functions or module.classes or module.any_name
    return not offers and any(map(_is_import, module.tree.body))


def _is_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def _run(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All nodes that run with these statements: what functions do they do once they are called, a class at once."""
    waiting = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, Function | ast.Lambda) or (isinstance(node, ast.If) and is_main_guard(node.test)):
            continue
        yield node
        waiting += ast.iter_child_nodes(node)


def _name_of(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _is_of_training(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = _name_of(node)
    return (isinstance(node.func, ast.Attribute) and name in _CALLS) or name in _TRAINERS or name.endswith("Trainer")

"""What a run needs of the functions that make a task: their settings, the form's first values, and what lacks."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from lrgui.core.options import Scalar
from lrgui.tasks.user.arguments import Names, constant, options_of, shared
from lrgui.tasks.user.module_syntax import Function, ModuleSyntax, last_name
from lrgui.tasks.user.own_loop import only_runs, trains_itself
from lrgui.tasks.user.roles import (
    CONTEXT,
    LOADERS,
    PARAMETERS,
    RATES,
    ROLES,
    lacking_words,
    likely_words,
    needs_words,
)
from lrgui.tasks.user.signature import Argument, signature_in
from lrgui.tasks.user.task_outline import Outline, OutlineProblem

MODULE = "LightningModule"


def functions_of(module: ModuleSyntax, names: Mapping[str, str]) -> list[tuple[str, Function, ModuleSyntax]]:
    """The functions behind `names`, by role; those that cannot be read are left out."""
    found = {role: module.function(name) for role, name in names.items()}
    return [(role, *one) for role, one in found.items() if one is not None]


def functions_outline(
    module: ModuleSyntax, roles: Sequence[tuple[str, Function, ModuleSyntax]], method: bool = False
) -> Outline:
    """Options and defaults of functions that a run calls, each with the file that it stands in."""
    groups, defaults = [], dict[str, Scalar]()
    needs: list[tuple[str, list[str]]] = []
    line = 0
    for role, node, home in roles:
        signature = signature_in(node, method)
        filled: set[str] = set()
        if role in ("optimizer", "init"):
            filled = {*RATES, *PARAMETERS, "model"}
        if role == "optimizer":
            filled.add(signature.parameters())
        if role in LOADERS:
            filled.add(signature.batch_size())
        split, names = signature.split(ROLES.get(role, 0), filled), Names(home.constants, home.enums)
        groups.append(options_of(node, split.settings, names))
        if role != "optimizer":
            defaults = {**_known(split.context, home.constants), **defaults}
        required = list(split.lacking)
        if required:
            line = line or (node.lineno if home is module else 0)
            needs.append((f"{_called(node)} in {home.file} (line {node.lineno})", required))
    problem = OutlineProblem(needs_words(needs), line) if needs else None
    return Outline(options=shared(groups), defaults=defaults, problem=problem)


def _known(arguments: Sequence[Argument], constants: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """The form's fields that these arguments have a default for, where its value can be known."""
    read = [(one, *constant(one.default, constants)) for one in arguments if not one.required]
    return {CONTEXT[one.name]: value for one, known, value in read if known}


def _called(node: Function) -> str:
    return "__init__" if node.name == "__init__" else f"{node.name}()"


def what_lacks(module: ModuleSyntax, given: set[str]) -> OutlineProblem | None:
    """What a task of functions or an object still needs."""
    if module.any_name and not (trains_itself(module) or only_runs(module)):
        return None
    lacking = [role for role in ("model", "train_loader") if role not in given]
    if not {"loss", "training_step"} & given and (lacking or not _may_have_own_loss(module)):
        lacking.append("loss")
    if not lacking:
        return None
    models = [name for name in module.leaves("Module") if not name.startswith("_")]
    hint = likely_words(lacking, {*module.functions, *module.classes, *module.values}, module.takes, models)
    made = module.values.get("model")
    kind = last_name(made.func) if isinstance(made, ast.Call) else ""
    if module.descends(kind, MODULE):
        hint = f" Its LightningModule is a task by itself: {module.file}:{kind}."
    return OutlineProblem(
        f"{module.file} has {lacking_words(lacking)}, or begin with a template: “lrgui new”, or “New task…” in the "
        f"window.{hint}"
    )


def _may_have_own_loss(module: ModuleSyntax) -> bool:
    """True where the model may compute its loss itself: that is known for sure only once it runs."""
    plain = ("torch", "torchvision", "numpy", "math", "typing", "__future__", "pathlib", "os", "random")
    if any(origin.split(".")[0] not in plain for origin in (*module.imported.values(), *module.packages)):
        return True
    if "model" not in module.functions:
        return True
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef) and node.name == "forward":
            given = signature_in(node, method=True)
            if len(given.by_place) > 1 or given.any_places or given.any_names:
                return True
    return False

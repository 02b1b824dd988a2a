"""Which kind of task a file holds, and what that offers: functions, one function, an object, a LightningModule."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace

from lrgui.tasks.user.arguments import shared
from lrgui.tasks.user.function_outline import MODULE, functions_of, functions_outline, what_lacks
from lrgui.tasks.user.module_syntax import Function, ModuleSyntax, last_name
from lrgui.tasks.user.roles import LOADERS, ROLES
from lrgui.tasks.user.task_outline import Outline, OutlineProblem

DATA_MODULE = "LightningDataModule"


def task_in(module: ModuleSyntax, wanted: str = "") -> Outline:
    """What the task called `wanted` offers; without a name that of the usual ones."""
    found = _named(module, wanted) if wanted else _usual(module)
    text = module.constants.get("name")
    name = found.name or (text if isinstance(text, str) else "")
    defaults = {**found.defaults, **module.mapping(module.values.get("defaults"))}
    return replace(found, name=name, defaults=defaults)


def _named(module: ModuleSyntax, name: str) -> Outline:
    if name in module.classes and module.descends(name, MODULE):
        return _lightning(module, [name])
    if name in module.functions:
        return _one_function(module, name)
    if name in module.classes and module.descends(name, "Task"):
        return _own_class(module, name, {})
    if module.has(name) or module.any_name:
        return _object(module, name)
    there = [one for one in (*module.functions, *module.classes, *module.values) if not one.startswith("_")]
    listed = f"Available: {', '.join(there[:12])}." if there else "It has no functions."
    return Outline(problem=OutlineProblem(f"{module.file} has no function or object “{name}”. {listed}"))


def _usual(module: ModuleSyntax) -> Outline:
    if "task" in module.values and (not module.has("model") or _makes_task(module, module.values["task"])):
        return _object(module, "task")
    if "task" in module.imported and not module.has("model"):
        return _object(module, "task")
    if "task" in module.functions and not module.has("model"):
        return _one_function(module, "task")
    if not module.has("model"):
        modules = module.leaves(MODULE)
        if modules:
            return _lightning(module, modules)
    return _usual_functions(module)


def _makes_task(module: ModuleSyntax, value: ast.expr) -> bool:
    """True for `Task(…)`, an own class of such, a mapping, and a function of this file that returns one."""
    value = module.returned(value) or value
    if isinstance(value, ast.Dict):
        return bool(module.parts(value).keys() & {"model", "train_loader"})
    name = last_name(value.func) if isinstance(value, ast.Call) else ""
    return name == "Task" or module.descends(name, "Task")


def _usual_functions(module: ModuleSyntax) -> Outline:
    made = functions_outline(module, functions_of(module, {role: role for role in ROLES}))
    problem = OutlineProblem.both(what_lacks(module, set(filter(module.has, ROLES))), made.problem)
    return replace(
        made,
        style="functions",
        has_optimizer=module.has("optimizer"),
        has_validation=module.has("val_loader"),
        problem=problem,
        lines={role: line for role in ROLES if (line := module.line_of(role) or module.import_lines.get(role, 0))},
    )


def _one_function(module: ModuleSyntax, name: str) -> Outline:
    node = module.functions[name]
    made = functions_outline(module, [(name, node, module)])
    returned = [inner.value for inner in ast.walk(node) if isinstance(inner, ast.Return) and inner.value is not None]
    parts: dict[str, ast.expr] = {}
    for value in returned:
        parts |= module.parts(value, node)
    return _with_parts(module, made, "function", parts)


def _object(module: ModuleSyntax, name: str) -> Outline:
    value = module.returned(module.values.get(name))
    if value is None or not isinstance(value, ast.Call | ast.Dict):
        return Outline(style="object")  # made in some other way: known once it runs
    parts = module.parts(value)
    kind = last_name(value.func) if isinstance(value, ast.Call) else ""
    if module.descends(kind, "Task"):
        return _own_class(module, kind, parts)
    names = {role: parts[role] for role in ROLES if role in parts}
    roles = functions_of(module, {role: part.id for role, part in names.items() if isinstance(part, ast.Name)})
    made = functions_outline(module, roles)
    named = isinstance(value, ast.Dict) or last_name(value.func) == "Task"
    unpacked = isinstance(value, ast.Call) and any(one.arg is None for one in value.keywords)
    problem = what_lacks(module, {role for role in ROLES if role in parts}) if named and not unpacked else None
    if problem is not None:
        problem = OutlineProblem(problem.sentence, value.lineno)
    return replace(_with_parts(module, made, "object", parts), problem=OutlineProblem.both(problem, made.problem))


def _own_class(module: ModuleSyntax, kind: str, parts: Mapping[str, ast.expr]) -> Outline:
    """The outline of `class MyTask(Task)`, made with `parts`."""
    methods: dict[str, Function] = {}
    fields: dict[str, ast.expr] = {}
    for node in module.bodies(kind):
        if isinstance(node, Function):
            methods.setdefault(node.name, node)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            for one in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(one, ast.Name):
                    fields.setdefault(one.id, node.value)
    given = {*methods, *fields, *parts}
    made = functions_outline(module, [(role, methods[role], module) for role in ROLES if role in methods], method=True)
    missing = None if "__init__" in methods else what_lacks(module, given & set(ROLES))
    return replace(
        _with_parts(module, made, "object", fields),
        has_optimizer="optimizer" in given,
        has_validation="val_loader" in given,
        problem=OutlineProblem.both(missing, made.problem),
        lines=_part_lines({**fields, **methods}),
    )


def _lightning(module: ModuleSyntax, modules: list[str]) -> Outline:
    data = module.leaves(DATA_MODULE)
    for kind, names in ((MODULE, modules), (DATA_MODULE, data)):
        if len(names) > 1:
            way = (
                f"name the one to run: {module.file}:{names[0]}"
                if kind == MODULE
                else "keep the one to run in this file and the others elsewhere"
            )
            return Outline(
                style="lightning",
                problem=OutlineProblem(f"{module.file} has several {kind}s ({', '.join(names)}): {way}."),
            )
    methods = {node.name for one in (*modules, *data) for node in module.bodies(one) if isinstance(node, Function)}
    makers = [("init", init, module) for one in (*modules, *data) if (init := module.init_of(one)) is not None]
    made = functions_outline(module, makers, method=True)
    loaders = functions_of(module, {role: role for role in LOADERS})
    if not data:
        made = replace(made, options=shared([made.options, functions_outline(module, loaders).options]))
    problem = made.problem
    if not data and "train_dataloader" not in methods and not module.has("train_loader") and not module.any_name:
        problem = OutlineProblem(
            f"{module.file} has no training batches: add a LightningDataModule, a train_dataloader() in "
            f"{modules[0]}, or a function train_loader(batch_size).",
            module.line_of(modules[0]),
        )
    return replace(
        made,
        style="lightning",
        has_optimizer="configure_optimizers" in methods or module.inherits(modules[0], MODULE),
        has_validation="val_dataloader" in methods or module.has("val_loader"),
        problem=problem,
    )


def _with_parts(module: ModuleSyntax, made: Outline, style: str, parts: Mapping[str, ast.expr]) -> Outline:
    """`made`, which knows the functions, with what the parts of a task themselves say."""
    return replace(
        made,
        style=style,
        name=module.title(parts),
        defaults={**made.defaults, **module.mapping(parts.get("defaults"))},
        has_optimizer="optimizer" in parts,
        has_validation="val_loader" in parts,
        lines=_part_lines(parts),
    )


def _part_lines(parts: Mapping[str, ast.AST]) -> dict[str, int]:
    return {role: int(getattr(parts[role], "lineno", 0)) for role in ROLES if role in parts}

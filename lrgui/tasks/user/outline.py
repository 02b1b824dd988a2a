"""What a task file offers, read from its syntax tree: nothing of it is run, and torch is not needed."""

from __future__ import annotations

import ast
import os
import stat
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from lrgui.core.options import Option, Scalar
from lrgui.tasks.user.arguments import Names, constant, members_of, options_of, shared
from lrgui.tasks.user.local_files import find_module, local_files, origin_file, packages_of, tree_of
from lrgui.tasks.user.no_python import no_python
from lrgui.tasks.user.roles import (
    CONTEXT,
    LOADERS,
    PARAMETERS,
    RATES,
    ROLES,
    Takes,
    lacking_words,
    likely_words,
    needs_words,
)
from lrgui.tasks.user.signature import Argument, signature_in
from lrgui.tasks.user.source_text import encoding_of
from lrgui.tasks.user.target import Target

Function = ast.FunctionDef | ast.AsyncFunctionDef

#: The largest file that is read: the window waits for it. Source code is far smaller.
MOST_BYTES = 1_000_000

_UNREADABLE = "{} is not a Python file that can be read."

#: How a task can be written.
STYLES = ("functions", "object", "lightning", "function")

MODULE, DATA_MODULE = "LightningModule", "LightningDataModule"


@dataclass(frozen=True)
class OutlineProblem:
    """Why a task cannot be run as it is written."""

    sentence: str
    line: int = 0
    """In the task's file; 0 where it belongs to none."""


@dataclass(frozen=True)
class Outline:
    """What a task file offers."""

    name: str = ""
    """The module's variable `name`, empty where there is none."""
    style: str = "functions"
    """One of `STYLES`."""
    options: tuple[Option, ...] = ()
    """Arguments with defaults; those that several functions share once."""
    defaults: dict[str, Scalar] = field(default_factory=dict)
    """What the file wants the form to begin with, see `runs/defaults.py`."""
    has_optimizer: bool = False
    has_validation: bool = False
    problem: OutlineProblem | None = None
    modules: tuple[Path, ...] = ()
    """Files of its folder that it imports, and those that they import."""
    file: Path | None = None
    """The file that was read, None where it is not known."""
    lines: dict[str, int] = field(default_factory=dict)
    """Where the parts of the task are made, or imported, in that file, by name."""


def outline(path: str) -> Outline:
    """Read `path` (`file.py`, `package.module`, with `:name` or without). Never raises for what is in the file."""
    target = Target.parse(path)
    if target.is_module:
        found = find_module(target.place)
        if found is None:
            return Outline()  # the Python that computes may know it
        file, root = found
    else:
        file = Path(os.path.expanduser(target.place))
        root = file.parent
    if file.suffix.lower() == ".ipynb":
        return _refused(
            file, f"{file.name} is a notebook: make a script of it with “jupyter nbconvert --to script {file.name}”."
        )
    try:
        facts = file.stat()
        if not stat.S_ISREG(facts.st_mode):  # a pipe would be waited for, and a device read for ever
            return _refused(file, f"{file} is no file that can be read. Choose a Python file.")
        size = facts.st_size
        data = file.read_bytes() if size <= MOST_BYTES else b""
    except (OSError, ValueError) as error:  # ValueError: a name that no system allows
        return _refused(file, f"{file} cannot be read ({getattr(error, 'strerror', None) or error}).")
    if size > MOST_BYTES:
        big = f"{file.name} has {size / 1e6:.3g} MB, and a task has {MOST_BYTES / 1e6:g} MB at most."
        return _refused(file, f"{big} Keep its data in a file of its own, which the code reads.")
    tree = parsed(data, file.name)
    if isinstance(tree, OutlineProblem):
        return Outline(problem=tree, file=file)
    try:
        read = _Reader(tree, file, root, target.name).outline()
    except RecursionError:  # a sum of ten thousand numbers
        return _refused(file, _UNREADABLE.format(file.name))
    above = packages_of(target.place, root) if target.is_module else ()
    modules = dict.fromkeys((*above, *local_files(file, root, tree)))
    modules.pop(file, None)
    return replace(read, modules=tuple(modules), file=file)


def _refused(file: Path, sentence: str) -> Outline:
    return Outline(problem=OutlineProblem(sentence), file=file)


def parsed(data: bytes, name: str) -> ast.Module | OutlineProblem:
    """The syntax tree of a file's content, or what is wrong with it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a strange escape in somebody's text is none of the window's business
            encoding_of(data)
            return ast.parse(data, name)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return OutlineProblem(*no_python(name, error))


def top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of a module, also those within `if`, `try` and `with`, but not what only a script does."""
    for node in body:
        if isinstance(node, ast.If):
            if _is_main_guard(node.test):
                continue
            yield from top_level(node.body + node.orelse)
        elif isinstance(node, ast.Try):
            handlers = [one for handler in node.handlers for one in handler.body]
            yield from top_level(node.body + handlers + node.orelse + node.finalbody)
        elif isinstance(node, ast.With):
            yield from top_level(node.body)
        else:
            yield node


def _is_main_guard(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and any(
        isinstance(side, ast.Name) and side.id == "__name__" for side in (test.left, *test.comparators)
    )


class _Reader:
    """Finds the task in one syntax tree."""

    def __init__(self, tree: ast.Module, path: Path, root: Path, wanted: str = "") -> None:
        self.file, self.path, self.root, self.wanted = path.name, path, root, wanted
        self._others: dict[Path, _Reader] = {}
        self.functions: dict[str, Function] = {}
        self.classes: dict[str, ast.ClassDef] = {}
        self.values: dict[str, ast.expr] = {}
        self.imported: dict[str, str] = {}  # names that are imported from a module, and from which
        self.import_lines: dict[str, int] = {}
        self.packages: set[str] = set()  # modules that are imported themselves
        self.any_name = False  # `from … import *` brings names that cannot be known
        self.constants: dict[str, Scalar] = {}
        self.enums: dict[str, tuple[str, ...]] = {}
        self.tree = tree
        for node in top_level(tree.body):
            self._note(node)

    def _note(self, node: ast.stmt) -> None:
        if isinstance(node, Function):
            self.functions[node.name] = node
        elif isinstance(node, ast.ClassDef):
            self.classes[node.name] = node
            if members := members_of(node):
                self.enums[node.name] = members
        elif isinstance(node, ast.Import):
            self.packages |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if alias.name == "*":
                    self.any_name = True
                else:
                    self.imported[alias.asname or alias.name] = "." * node.level + (node.module or "")
                    self.import_lines[alias.asname or alias.name] = node.lineno
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            for name in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(name, ast.Name):
                    self.values[name.id] = node.value
                    known, value = constant(node.value, self.constants)
                    if known:
                        self.constants[name.id] = value

    def has(self, name: str) -> bool:
        return name in self.functions or name in self.classes or name in self.values or name in self.imported

    def function(self, name: str) -> tuple[Function, _Reader] | None:
        """A function of this file, or of a neighbour that it is imported from, and the reader of its file."""
        if name in self.functions:
            return self.functions[name], self
        origin = self.imported.get(name)
        path = None if origin is None else origin_file(self.path, self.root, origin)
        if path is None or path == self.path:
            return None
        if path not in self._others:
            tree = tree_of(path)
            if tree is None:
                return None
            self._others[path] = _Reader(tree, path, self.root)
        other = self._others[path]
        return (other.functions[name], other) if name in other.functions else None

    def line_of(self, name: str) -> int:
        node = self.functions.get(name) or self.classes.get(name) or self.values.get(name)
        return 0 if node is None else node.lineno

    # -- which kind of task ------------------------------------------------------------------------------------

    def outline(self) -> Outline:
        found = self._named() if self.wanted else self._usual()
        text = self.constants.get("name")
        name = found.name or (text if isinstance(text, str) else "")
        defaults = {**found.defaults, **self._mapping(self.values.get("defaults"))}
        return replace(found, name=name, defaults=defaults)

    def _named(self) -> Outline:
        name = self.wanted
        if name in self.classes and self._descends(name, MODULE):
            return self._lightning([name])
        if name in self.functions:
            return self._function(name)
        if name in self.classes and self._descends(name, "Task"):
            return self._own_class(name, {})
        if self.has(name) or self.any_name:
            return self._object(name)
        there = [one for one in (*self.functions, *self.classes, *self.values) if not one.startswith("_")]
        listed = f"There are: {', '.join(there[:12])}." if there else "It has no functions."
        return Outline(problem=OutlineProblem(f"{self.file} has no function or object “{name}”. {listed}"))

    def _usual(self) -> Outline:
        if "task" in self.values and (not self.has("model") or self._makes_task(self.values["task"])):
            return self._object("task")
        if "task" in self.imported and not self.has("model"):
            return self._object("task")
        if "task" in self.functions and not self.has("model"):
            return self._function("task")
        if not self.has("model"):
            modules = self._leaves(MODULE)
            if modules:
                return self._lightning(modules)
        return self._functions()

    def _functions(self) -> Outline:
        made = self._from_functions(self._roles({role: role for role in ROLES}))
        problem = _both(self._missing(set(filter(self.has, ROLES))), made.problem)
        return replace(
            made,
            style="functions",
            has_optimizer=self.has("optimizer"),
            has_validation=self.has("val_loader"),
            problem=problem,
            lines={role: line for role in ROLES if (line := self.line_of(role) or self.import_lines.get(role, 0))},
        )

    def _roles(self, names: Mapping[str, str]) -> list[tuple[str, Function, _Reader]]:
        """The functions behind `names`, by role; those that cannot be read are left out."""
        found = {role: self.function(name) for role, name in names.items()}
        return [(role, *one) for role, one in found.items() if one is not None]

    def _from_functions(self, roles: Sequence[tuple[str, Function, _Reader]], method: bool = False) -> Outline:
        """Options and defaults of functions that a run calls, each with the reader of its file."""
        groups, defaults = [], dict[str, Scalar]()
        needs: list[tuple[str, list[str]]] = []
        line = 0
        for role, node, reader in roles:
            signature = signature_in(node, method)
            filled: set[str] = set()
            if role in ("optimizer", "init"):
                filled = {*RATES, *PARAMETERS, "model"}
            if role == "optimizer":
                filled.add(signature.parameters())
            if role in LOADERS:
                filled.add(signature.batch_size())
            split, names = signature.split(ROLES.get(role, 0), filled), Names(reader.constants, reader.enums)
            groups.append(options_of(node, split.settings, names))
            if role != "optimizer":
                defaults = {**_known(split.context, reader.constants), **defaults}
            required = list(split.lacking)
            if required:
                line = line or (node.lineno if reader is self else 0)
                needs.append((f"{_called(node)} in {reader.file} (line {node.lineno})", required))
        problem = OutlineProblem(needs_words(needs), line) if needs else None
        return Outline(options=shared(groups), defaults=defaults, problem=problem)

    def _missing(self, given: set[str]) -> OutlineProblem | None:
        """What a task of functions or an object still needs."""
        if self.any_name:
            return None
        lacking = [role for role in ("model", "train_loader") if role not in given]
        if not {"loss", "training_step"} & given and (lacking or not self._may_have_own_loss()):
            lacking.append("loss")
        if not lacking:
            return None
        models = [name for name in self._leaves("Module") if not name.startswith("_")]
        hint = likely_words(lacking, {*self.functions, *self.classes, *self.values}, self._takes, models)
        made = self.values.get("model")
        kind = _last(made.func) if isinstance(made, ast.Call) else ""
        if self._descends(kind, MODULE):
            hint = f" Its LightningModule is a task by itself: {self.file}:{kind}."
        return OutlineProblem(
            f"{self.file} has {lacking_words(lacking)}, or begin with a template: “lrgui new”, or “New task…” in the "
            f"window.{hint}"
        )

    def _takes(self, name: str) -> Takes | None:
        """What a function or a class of this file is called with."""
        node = self.functions.get(name)
        of_class = node is None and name in self.classes
        if of_class:
            node = self._init(name)
            if node is None:  # its bases' own, which are elsewhere
                return (
                    None if any(_last(base) != "Module" for base in self.classes[name].bases) else Takes(is_class=True)
                )
        if node is None:
            return None
        return signature_in(node, of_class).takes(of_class)

    def _may_have_own_loss(self) -> bool:
        """True where the model may compute its loss itself: that is known for sure only once it runs."""
        plain = ("torch", "torchvision", "numpy", "math", "typing", "__future__", "pathlib", "os", "random")
        if any(origin.split(".")[0] not in plain for origin in (*self.imported.values(), *self.packages)):
            return True
        if "model" not in self.functions:
            return True
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef) and node.name == "forward":
                given = signature_in(node, method=True)
                if len(given.by_place) > 1 or given.any_places or given.any_names:
                    return True
        return False

    # -- one function, one object ------------------------------------------------------------------------------

    def _function(self, name: str) -> Outline:
        node = self.functions[name]
        made = self._from_functions([(name, node, self)])
        returned = [
            inner.value for inner in ast.walk(node) if isinstance(inner, ast.Return) and inner.value is not None
        ]
        parts: dict[str, ast.expr] = {}
        for value in returned:
            parts |= self._parts(value, node)
        return replace(
            made,
            style="function",
            name=self._title(parts),
            defaults={**made.defaults, **self._mapping(parts.get("defaults"))},
            has_optimizer="optimizer" in parts,
            has_validation="val_loader" in parts,
            lines=_lines(parts),
        )

    def _parts(self, value: ast.expr, within: Function | None = None) -> dict[str, ast.expr]:
        """What a call of `Task`, or a mapping, is given, by name."""
        if isinstance(value, ast.Name) and within is not None:  # task = Task(…); return task
            for inner in ast.walk(within):
                if isinstance(inner, ast.Assign) and any(
                    isinstance(one, ast.Name) and one.id == value.id for one in inner.targets
                ):
                    return self._parts(inner.value)
        if isinstance(value, ast.Call):
            by_place = dict(zip(ROLES_BY_PLACE, value.args, strict=False))
            return by_place | {one.arg: one.value for one in value.keywords if one.arg is not None}
        if isinstance(value, ast.Dict):
            pairs = zip(value.keys, value.values, strict=True)
            return {str(key.value): part for key, part in pairs if isinstance(key, ast.Constant)}
        return {}

    def _title(self, parts: dict[str, ast.expr]) -> str:
        """The text behind “name”, empty where it is none that can be known."""
        known, title = constant(parts["name"], self.constants) if "name" in parts else (False, None)
        return title if known and isinstance(title, str) else ""

    def _object(self, name: str) -> Outline:
        value = self._returned(self.values.get(name))
        if value is None or not isinstance(value, ast.Call | ast.Dict):
            return Outline(style="object")  # made in some other way: known once it runs
        parts = self._parts(value)
        kind = _last(value.func) if isinstance(value, ast.Call) else ""
        if self._descends(kind, "Task"):
            return self._own_class(kind, parts)
        names = {role: parts[role] for role in ROLES if role in parts}
        roles = self._roles({role: part.id for role, part in names.items() if isinstance(part, ast.Name)})
        made = self._from_functions(roles)
        named = isinstance(value, ast.Dict) or _last(value.func) == "Task"
        unpacked = isinstance(value, ast.Call) and any(one.arg is None for one in value.keywords)
        problem = self._missing({role for role in ROLES if role in parts}) if named and not unpacked else None
        if problem is not None:
            problem = OutlineProblem(problem.sentence, value.lineno)
        return replace(
            made,
            style="object",
            name=self._title(parts),
            defaults={**made.defaults, **self._mapping(parts.get("defaults"))},
            has_optimizer="optimizer" in parts,
            has_validation="val_loader" in parts,
            problem=_both(problem, made.problem),
            lines=_lines(parts),
        )

    def _returned(self, value: ast.expr | None) -> ast.expr | None:
        """Of a call of a function in this file what that returns, where it returns one thing; else `value`."""
        if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Name):
            return value
        function = self.functions.get(value.func.id)
        if function is None:
            return value
        returned = [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]
        return returned[0] if len(returned) == 1 else value

    def _makes_task(self, value: ast.expr) -> bool:
        """True for `Task(…)`, an own class of such, a mapping, and a function of this file that returns one."""
        value = self._returned(value) or value
        if isinstance(value, ast.Dict):
            return bool(self._parts(value).keys() & {"model", "train_loader"})
        name = _last(value.func) if isinstance(value, ast.Call) else ""
        return name == "Task" or self._descends(name, "Task")

    def _own_class(self, kind: str, parts: Mapping[str, ast.expr]) -> Outline:
        """The outline of `class MyTask(Task)`, made with `parts`."""
        methods: dict[str, Function] = {}
        fields: dict[str, ast.expr] = {}
        for node in self._bodies(kind):
            if isinstance(node, Function):
                methods.setdefault(node.name, node)
            elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                for one in node.targets if isinstance(node, ast.Assign) else [node.target]:
                    if isinstance(one, ast.Name):
                        fields.setdefault(one.id, node.value)
        given = {*methods, *fields, *parts}
        made = self._from_functions([(role, methods[role], self) for role in ROLES if role in methods], method=True)
        missing = None if "__init__" in methods else self._missing(given & set(ROLES))
        return replace(
            made,
            style="object",
            name=self._title(fields),
            defaults={**made.defaults, **self._mapping(fields.get("defaults"))},
            has_optimizer="optimizer" in given,
            has_validation="val_loader" in given,
            problem=_both(missing, made.problem),
            lines=_lines({**fields, **methods}),
        )

    def _bodies(self, name: str) -> Iterator[ast.stmt]:
        """The statements of a class and of its bases in this file, its own first."""
        seen: set[str] = set()
        waiting = [name]
        while waiting:
            name = waiting.pop(0)
            if name in seen or name not in self.classes:
                continue
            seen.add(name)
            yield from self.classes[name].body
            waiting += [_last(base) for base in self.classes[name].bases]

    # -- Lightning ---------------------------------------------------------------------------------------------

    def _descends(self, name: str, base: str, seen: tuple[str, ...] = ()) -> bool:
        if name not in self.classes or name in seen:
            return False
        bases = [_last(one) for one in self.classes[name].bases]
        return base in bases or any(self._descends(one, base, (*seen, name)) for one in bases)

    def _leaves(self, base: str) -> list[str]:
        """Classes of this file that descend from `base` and that no other one of them descends from."""
        found = [name for name in self.classes if self._descends(name, base)]
        parents = {_last(one) for name in found for one in self.classes[name].bases}
        return [name for name in found if name not in parents]

    def _lightning(self, modules: list[str]) -> Outline:
        data = self._leaves(DATA_MODULE)
        for kind, names in ((MODULE, modules), (DATA_MODULE, data)):
            if len(names) > 1:
                way = (
                    f"name the one to run: {self.file}:{names[0]}"
                    if kind == MODULE
                    else "keep the one to run in this file and the others elsewhere"
                )
                return Outline(
                    style="lightning",
                    problem=OutlineProblem(f"{self.file} has several {kind}s ({', '.join(names)}): {way}."),
                )
        methods = {node.name for one in (*modules, *data) for node in self._bodies(one) if isinstance(node, Function)}
        makers = [("init", init, self) for one in (*modules, *data) if (init := self._init(one)) is not None]
        made = self._from_functions(makers, method=True)
        loaders = self._roles({role: role for role in LOADERS})
        if not data:
            made = replace(made, options=shared([made.options, self._from_functions(loaders).options]))
        problem = made.problem
        if not data and "train_dataloader" not in methods and not self.has("train_loader") and not self.any_name:
            problem = OutlineProblem(
                f"{self.file} has no training batches: add a LightningDataModule, a train_dataloader() in "
                f"{modules[0]}, or a function train_loader(batch_size).",
                self.line_of(modules[0]),
            )
        return replace(
            made,
            style="lightning",
            has_optimizer="configure_optimizers" in methods or self._inherits(modules[0]),
            has_validation="val_dataloader" in methods or self.has("val_loader"),
            problem=problem,
        )

    def _inherits(self, name: str) -> bool:
        """True where a class has bases that stand elsewhere, beside Lightning's own: they may define anything."""
        bases = {_last(one) for one in self.classes[name].bases}
        return any(self._inherits(one) if one in self.classes else one != MODULE for one in bases)

    def _init(self, name: str) -> Function | None:
        bodies = (node for node in self._bodies(name) if isinstance(node, Function))
        return next((node for node in bodies if node.name == "__init__"), None)

    # -- values ------------------------------------------------------------------------------------------------

    def _mapping(self, value: ast.expr | None) -> dict[str, Scalar]:
        """A dict written out, `{…}` or `dict(…)`; what is no plain value is left out."""
        if isinstance(value, ast.Name):
            value = self.values.get(value.id)
        pairs: list[tuple[str, ast.expr]] = []
        if isinstance(value, ast.Dict):
            pairs = [
                (key.value, part)
                for key, part in zip(value.keys, value.values, strict=True)
                if isinstance(key, ast.Constant) and isinstance(key.value, str)
            ]
        elif isinstance(value, ast.Call) and _last(value.func) == "dict":
            pairs = [(one.arg, one.value) for one in value.keywords if one.arg is not None]
        found = {}
        for key, part in pairs:
            known, plain = constant(part, self.constants)
            if known:
                found[key] = plain
        return found


#: Arguments of `lrgui.Task` by place.
ROLES_BY_PLACE = ("model", "train_loader", "loss")


def _known(arguments: Sequence[Argument], constants: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """The form's fields that these arguments have a default for, where its value can be known."""
    read = [(one, *constant(one.default, constants)) for one in arguments if not one.required]
    return {CONTEXT[one.name]: value for one, known, value in read if known}


def _lines(parts: Mapping[str, ast.AST]) -> dict[str, int]:
    return {role: int(getattr(parts[role], "lineno", 0)) for role in ROLES if role in parts}


def _both(first: OutlineProblem | None, second: OutlineProblem | None) -> OutlineProblem | None:
    """Two problems as one, so that they can be corrected together."""
    if first is None or second is None:
        return first or second
    return OutlineProblem(f"{first.sentence} {second.sentence}", first.line or second.line)


def _called(node: Function) -> str:
    return "__init__" if node.name == "__init__" else f"{node.name}()"


def _last(node: ast.expr) -> str:
    """`pl.LightningModule` → `LightningModule`; empty for what is no name."""
    if isinstance(node, ast.Subscript):
        node = node.value
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""

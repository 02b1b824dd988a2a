"""The syntax tree of one Python file, by names: its functions, classes, values and imports. Nothing of it is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from lrgui.core.options import Scalar
from lrgui.tasks.user.arguments import constant, members_of
from lrgui.tasks.user.local_files import origin_file, tree_of
from lrgui.tasks.user.roles import Takes
from lrgui.tasks.user.signature import signature_in

Function = ast.FunctionDef | ast.AsyncFunctionDef

#: Arguments of `lrgui.Task` by place.
ROLES_BY_PLACE = ("model", "train_loader", "loss")


class ModuleSyntax:
    """What stands in one file, and in the neighbours that it imports functions from."""

    def __init__(self, tree: ast.Module, path: Path, root: Path, above: tuple[Path, ...] = ()) -> None:
        """`above` are the files that import this one, each by the next."""
        self.file, self.path, self.root = path.name, path, root
        self._above = above
        self._others: dict[Path, ModuleSyntax] = {}
        self.functions: dict[str, Function] = {}
        self.classes: dict[str, ast.ClassDef] = {}
        self.values: dict[str, ast.expr] = {}
        self.imported: dict[str, str] = {}  # names that are imported from a module, and from which
        self.import_lines: dict[str, int] = {}
        self.packages: set[str] = set()  # modules that are imported themselves
        self.any_name = False  # `from … import *` of a package that is no neighbour brings names that cannot be known
        self.constants: dict[str, Scalar] = {}
        self.enums: dict[str, tuple[str, ...]] = {}
        self.tree = tree
        self._stars: list[str] = []
        for node in top_level(tree.body):
            self._note(node)
        for origin in self._stars:
            self.any_name |= not self._take_all(origin)

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
                    self._stars.append("." * node.level + (node.module or ""))
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

    def _take_all(self, origin: str) -> bool:
        """Know the names of `from <origin> import *`, a neighbour's; False where they cannot all be known."""
        other = self._other(origin)
        if other is None:
            return False
        for name in (*other.functions, *other.classes, *other.values, *other.imported):
            if not name.startswith("_") and not self.has(name):
                self.imported[name] = origin
        return not other.any_name

    def has(self, name: str) -> bool:
        """True for a function, a class, a value or an imported name."""
        return name in self.functions or name in self.classes or name in self.values or name in self.imported

    def function(self, name: str) -> tuple[Function, ModuleSyntax] | None:
        """A function of this file, or of a neighbour that it is imported from, and the file that it stands in."""
        if name in self.functions:
            return self.functions[name], self
        origin = self.imported.get(name)
        other = None if origin is None else self._other(origin)
        return (other.functions[name], other) if other is not None and name in other.functions else None

    def _other(self, origin: str) -> ModuleSyntax | None:
        """The neighbour that `origin` names; None where it is none, or stands above in a circle of star imports."""
        path = origin_file(self.path, self.root, origin)
        if path is None or path == self.path or path in self._above:
            return None
        if path not in self._others:
            tree = tree_of(path)
            if tree is None:
                return None
            self._others[path] = ModuleSyntax(tree, path, self.root, (*self._above, self.path))
        return self._others[path]

    def line_of(self, name: str) -> int:
        """Where `name` is made in this file; 0 where it is not."""
        node = self.functions.get(name) or self.classes.get(name) or self.values.get(name)
        return 0 if node is None else node.lineno

    def takes(self, name: str) -> Takes | None:
        """What a function or a class of this file is called with."""
        node = self.functions.get(name)
        of_class = node is None and name in self.classes
        if of_class:
            node = self.init_of(name)
            if node is None:  # its bases' own, which are elsewhere
                foreign = any(last_name(base) != "Module" for base in self.classes[name].bases)
                return None if foreign else Takes(is_class=True)
        return None if node is None else signature_in(node, of_class).takes(of_class)

    def bodies(self, name: str) -> Iterator[ast.stmt]:
        """The statements of a class and of its bases in this file, its own first."""
        seen: set[str] = set()
        waiting = [name]
        while waiting:
            name = waiting.pop(0)
            if name in seen or name not in self.classes:
                continue
            seen.add(name)
            yield from self.classes[name].body
            waiting += [last_name(base) for base in self.classes[name].bases]

    def init_of(self, name: str) -> Function | None:
        """The `__init__` of a class, perhaps of one of its bases in this file."""
        bodies = (node for node in self.bodies(name) if isinstance(node, Function))
        return next((node for node in bodies if node.name == "__init__"), None)

    def descends(self, name: str, base: str, seen: tuple[str, ...] = ()) -> bool:
        """True for a class of this file with `base` above it, also where other classes of the file are between."""
        if name not in self.classes or name in seen:
            return False
        bases = [last_name(one) for one in self.classes[name].bases]
        return base in bases or any(self.descends(one, base, (*seen, name)) for one in bases)

    def leaves(self, base: str) -> list[str]:
        """Classes of this file that descend from `base` and that no other one of them descends from."""
        found = [name for name in self.classes if self.descends(name, base)]
        parents = {last_name(one) for name in found for one in self.classes[name].bases}
        return [name for name in found if name not in parents]

    def inherits(self, name: str, known: str) -> bool:
        """True where a class has bases that stand elsewhere, beside the `known` one: they may define anything."""
        bases = {last_name(one) for one in self.classes[name].bases}
        return any(self.inherits(one, known) if one in self.classes else one != known for one in bases)

    def returned(self, value: ast.expr | None) -> ast.expr | None:
        """Of a call of a function in this file what that returns, where it returns one thing; else `value`."""
        if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Name):
            return value
        function = self.functions.get(value.func.id)
        if function is None:
            return value
        returned = [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]
        return returned[0] if len(returned) == 1 else value

    def parts(self, value: ast.expr, within: Function | None = None) -> dict[str, ast.expr]:
        """What a call of `Task`, or a mapping, is given, by name."""
        if isinstance(value, ast.Name) and within is not None:  # task = Task(…); return task
            for inner in ast.walk(within):
                if isinstance(inner, ast.Assign) and any(
                    isinstance(one, ast.Name) and one.id == value.id for one in inner.targets
                ):
                    return self.parts(inner.value)
        if isinstance(value, ast.Call):
            by_place = dict(zip(ROLES_BY_PLACE, value.args, strict=False))
            return by_place | {one.arg: one.value for one in value.keywords if one.arg is not None}
        if isinstance(value, ast.Dict):
            pairs = zip(value.keys, value.values, strict=True)
            return {str(key.value): part for key, part in pairs if isinstance(key, ast.Constant)}
        return {}

    def title(self, parts: Mapping[str, ast.expr]) -> str:
        """The text behind “name”, empty where it is none that can be known."""
        known, title = constant(parts["name"], self.constants) if "name" in parts else (False, None)
        return title if known and isinstance(title, str) else ""

    def mapping(self, value: ast.expr | None) -> dict[str, Scalar]:
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
        elif isinstance(value, ast.Call) and last_name(value.func) == "dict":
            pairs = [(one.arg, one.value) for one in value.keywords if one.arg is not None]
        found = {}
        for key, part in pairs:
            known, plain = constant(part, self.constants)
            if known:
                found[key] = plain
        return found


def top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of a module, also those within `if`, `try` and `with`, but not what only a script does."""
    for node in body:
        if isinstance(node, ast.If):
            if is_main_guard(node.test):
                continue
            yield from top_level(node.body + node.orelse)
        elif isinstance(node, ast.Try):
            handlers = [one for handler in node.handlers for one in handler.body]
            yield from top_level(node.body + handlers + node.orelse + node.finalbody)
        elif isinstance(node, ast.With):
            yield from top_level(node.body)
        else:
            yield node


def is_main_guard(test: ast.expr) -> bool:
    """True for the condition of `if __name__ == "__main__":`."""
    return isinstance(test, ast.Compare) and any(
        isinstance(side, ast.Name) and side.id == "__name__" for side in (test.left, *test.comparators)
    )


def last_name(node: ast.expr) -> str:
    """`pl.LightningModule` → `LightningModule`; empty for what is no name."""
    if isinstance(node, ast.Subscript):
        node = node.value
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""

"""Which files of its own folder a Python file imports: those that belong to a task, too."""

from __future__ import annotations

import ast
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

from lrgui.tasks.user.from_source import COMPILED_SUFFIXES
from lrgui.tasks.user.source_text import encoding_of

#: So many files are looked at; a task that imports more has its changes seen only in these.
MOST_FILES = 300
_MOST_BYTES = 2_000_000

#: Fields of statements that hold further ones.
_BLOCKS = ("body", "handlers", "orelse", "finalbody", "cases")

_known: dict[tuple[Path, Path], tuple[tuple[int, int], tuple[Path, ...]]] = {}
"""By file and root: the file's time and size, and what it imports. A window reads its task again at every save."""


def find_module(dotted: str) -> tuple[Path, Path] | None:
    """The file of `package.module` and the folder that is its root; None where it is not found.

    Looks in the current folder and on `sys.path`, and imports nothing.
    """
    for place in (Path.cwd(), *(Path(entry) for entry in sys.path if entry)):
        found = _in(place, dotted.split("."))
        if found is not None:
            return found, place
    return None


def _in(folder: Path, words: list[str]) -> Path | None:
    """As `from_source` finds it: a package before a module, a source before what is compiled."""
    stem = str(folder.joinpath(*words))
    places = (os.path.join(stem, "__init__"), stem) if os.path.isdir(stem) else (stem,)
    found = (place + suffix for place in places for suffix in (".py", *COMPILED_SUFFIXES))
    return next((Path(candidate) for candidate in found if os.path.isfile(candidate)), None)


def packages_of(dotted: str, root: Path) -> tuple[Path, ...]:
    """The files that run, in this order, where `package.module` is imported from `root`; the module's is the last."""
    return tuple(_chain(root, dotted.split(".")))


def local_files(file: Path, root: Path, tree: ast.Module) -> tuple[Path, ...]:
    """Files below `root` that `file` imports, and those that they import, without `file`; in the order found."""
    found: dict[Path, None] = {}
    waiting = [tuple(_imports(file, root, tree))]
    while waiting and len(found) < MOST_FILES:
        for path in waiting.pop(0):
            if path in found or path == file or len(found) >= MOST_FILES:
                continue
            found[path] = None
            waiting.append(_imported_by(path, root))
    return tuple(found)


def _imported_by(path: Path, root: Path) -> tuple[Path, ...]:
    """What a neighbour imports; remembered until it is saved again."""
    try:
        state = path.stat()
    except OSError:
        return ()
    key, stamp = (path, root), (state.st_mtime_ns, state.st_size)
    if _known.get(key, (None, ()))[0] != stamp:
        tree = tree_of(path)
        _known[key] = stamp, () if tree is None else tuple(dict.fromkeys(_imports(path, root, tree)))
    return _known[key][1]


def _imports(importer: Path, root: Path, tree: ast.Module) -> Iterator[Path]:
    names: dict[Path, set[str]] = {}

    def may_have(folder: Path, word: str) -> bool:
        """False where nothing in `folder` is called so: most modules come from elsewhere."""
        if folder not in names:
            names[folder] = _names_in(folder)
        return word.lower() in names[folder]

    for node in _import_statements(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                words = alias.name.split(".")
                if may_have(root, words[0]):
                    yield from _chain(root, words)
        else:
            words = node.module.split(".") if node.module else []
            folder = _folder(importer, root, node.level)
            if folder is None or (words and not may_have(folder, words[0])):
                continue
            yield from _chain(folder, words)
            for alias in node.names:
                known = alias.name != "*" and (words or may_have(folder, alias.name))
                path = _in(folder, [*words, alias.name]) if known else None
                if path is not None:
                    yield path


def _import_statements(tree: ast.Module) -> Iterator[ast.Import | ast.ImportFrom]:
    """All of them, in the order of the file; expressions, of which there may be very many, are not looked at."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        for block in reversed(_BLOCKS):
            waiting += reversed(getattr(node, block, ()))


def _names_in(folder: Path) -> set[str]:
    try:
        return {name.partition(".")[0].lower() for name in os.listdir(folder)}
    except OSError:
        return set()


def origin_file(importer: Path, root: Path, origin: str) -> Path | None:
    """The file of `from <origin> import …` in `importer`, None where it is not below `root`."""
    dotted = origin.lstrip(".")
    folder = _folder(importer, root, len(origin) - len(dotted))
    return None if folder is None or not dotted else _in(folder, dotted.split("."))


def _folder(importer: Path, root: Path, level: int) -> Path | None:
    """Where an import with so many leading dots begins; None outside of `root`."""
    if not level:
        return root
    folder = importer.parent
    for _ in range(level - 1):
        folder = folder.parent
    return folder if folder.is_relative_to(root) else None


def _chain(folder: Path, words: list[str]) -> Iterator[Path]:
    """`a.b` runs `a/__init__.py`, then `a/b.py`."""
    for count in range(1, len(words) + 1):
        path = _in(folder, words[:count])
        if path is not None:
            yield path


def tree_of(path: Path) -> ast.Module | None:
    """The syntax tree of a file, None where it cannot be read."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data = path.read_bytes()
            encoding_of(data)
            return ast.parse(data)
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None

"""What a task's code consists of on disk: its files, what is in them, whose they are. Nothing of it is run."""

from __future__ import annotations

import ast
import hashlib
import os
import warnings
from dataclasses import dataclass
from pathlib import Path

from lrgui.tasks.user.outline import outline

#: Characters of a file that are shown.
MOST_TEXT = 20_000


@dataclass(frozen=True)
class Shows:
    """What would run, for the person to look at."""

    text: str = ""
    """The file's beginning."""
    names: tuple[str, ...] = ()
    """Its functions and classes: "model()", "class Net"."""
    imports: tuple[str, ...] = ()
    """The packages and modules that it imports."""
    files: tuple[Path, ...] = ()
    """The file and the local modules that it imports."""


@dataclass(frozen=True)
class Code:
    """A file's code as it is now."""

    digests: tuple[tuple[str, str], ...]
    """By the files' names, as seen from the first one's folder."""
    owners: tuple[int, ...]
    """Numbers of the users whose files they are."""
    elsewhere: tuple[str, ...]
    """Real paths of modules (or of the file) that lie outside of the folder in which they are named."""


def code_of(file: Path) -> Code:
    """What a file and its local modules are now; what cannot be read counts as empty."""
    home = file.parent.resolve()
    files = files_of(file)
    digests = []
    elsewhere = []
    for each in files:
        try:
            content = each.read_bytes()
        except OSError:
            content = b""
        digests.append((name_in(each, file), hashlib.sha256(content).hexdigest()))
        real = each.resolve()
        if not real.is_relative_to(home):
            elsewhere.append(str(real))
    return Code(tuple(digests), tuple(sorted({owner_of(each) for each in files})), tuple(elsewhere))


def name_in(each: Path, file: Path) -> str:
    """One of the files of `file`'s code as seen from its folder."""
    return each.relative_to(file.parent).as_posix() if each.is_relative_to(file.parent) else str(each)


def changed_files(code: Code, before: dict[str, str]) -> tuple[str, ...]:
    """Names of the files that are other ones than they were; those that are gone count only where nothing else does."""
    return tuple(name for name, digest in code.digests if before.get(name) != digest) or tuple(
        sorted(before.keys() - dict(code.digests).keys())
    )


def listed(names: tuple[str, ...]) -> str:
    """These names as the subject of a sentence: "a has", "a and b have", "a, b and 3 more have"."""
    if not names:
        return ""
    if len(names) == 1:
        return f"{names[0]} has"
    shown = " and ".join(names) if len(names) == 2 else f"{', '.join(names[:2])} and {len(names) - 2} more"
    return f"{shown} have"


def files_of(file: Path) -> tuple[Path, ...]:
    """The file and the local modules that it imports, and those that they import."""
    modules = dict.fromkeys(Path(os.path.abspath(module)) for module in outline(str(file)).modules)
    modules.pop(file, None)
    return (file, *sorted(modules))


def owner_of(path: Path) -> int:
    """The owner's number; 0 where there are no such numbers."""
    try:
        return path.stat().st_uid
    except OSError:
        return -1


def shows_of(file: Path, changed: tuple[str, ...] = ()) -> Shows:
    """What there is to see of a file, as far as it can be read; of changed code those files that changed."""
    text = _text(file)
    names: list[str] = []
    imports: dict[str, None] = {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree: ast.Module | None = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        tree = None
    for node in tree.body if tree is not None else ():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names.append(f"{node.name}()")
        elif isinstance(node, ast.ClassDef):
            names.append(f"class {node.name}")
    for inner in ast.walk(tree) if tree is not None else ():
        if isinstance(inner, ast.Import):
            imports.update(dict.fromkeys(alias.name for alias in inner.names))
        elif isinstance(inner, ast.ImportFrom):
            imports["." * inner.level + (inner.module or "")] = None
    files = files_of(file)
    others = [each for each in files if name_in(each, file) in changed]
    if others and others != [file]:
        text = "\n\n".join(f"# {name_in(each, file)}\n\n{_text(each)}" for each in others)
    imports.pop("__future__", None)  # no module that brings anything along
    return Shows(text[:MOST_TEXT], tuple(names), tuple(imports), files)


def _text(file: Path) -> str:
    """A file's text, as far as it can be read."""
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""

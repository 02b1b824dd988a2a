"""What a task's code consists of on disk: its files, what is in them, whose they are. Nothing of it is run."""

from __future__ import annotations

import ast
import hashlib
import os
import re
import warnings
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from unicodedata import category

from lrgui.tasks.user.from_source import COMPILED_SUFFIXES
from lrgui.tasks.user.source_text import encoding_of, source_text

#: Characters of a file that are shown.
MOST_TEXT = 20_000
#: Characters of a file whose names and imports are told.
MOST_READ = 5_000_000
#: The largest file of which every byte counts, in bytes.
MOST_BYTES = 1 << 30
#: Characters of a digest that are kept with a run.
DIGEST_LENGTH = 16

#: Unicode's categories of signs that nobody sees: controls, formats (such as those for writing from right to left),
#: halves of pairs, and separators of lines that are none.
_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
#: Signs of other categories that take no room, or look like a blank: fillers, joiners, variation selectors.
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0e\uffa0\U000e0100-\U000e01ef]")
_FAR = re.compile(r"[^\S\n]{100,}")


@dataclass(frozen=True)
class Shows:
    """What would run, for the person to look at."""

    text: str = ""
    """The file's beginning; signs that nobody sees are spelt out."""
    names: tuple[str, ...] = ()
    """Its functions and classes: "model()", "class Net"."""
    imports: tuple[str, ...] = ()
    """The packages and modules that it imports."""
    files: tuple[Path, ...] = ()
    """The file and the local modules that it imports."""


@dataclass(frozen=True)
class CodeFile:
    """One file of a task's code, as it lies on disk now."""

    name: str
    """As seen from the task's folder."""
    real: str
    """Where it lies, links resolved."""
    owner: int
    """The number of the user whose file it is, see `owner_of`."""
    strays: bool
    """True where it lies outside of the folder in which it is named: a link leads there."""


def code_of(file: Path) -> tuple[CodeFile, ...]:
    """The file, which is the first one, and its local modules."""
    home = file.parent.resolve()
    found = []
    for each in files_of(file):
        real = each.resolve()
        found.append(CodeFile(name_in(each, file), str(real), owner_of(each), not real.is_relative_to(home)))
    return tuple(found)


def digest_of(code: tuple[CodeFile, ...]) -> str:
    """Another one where any of these files is another one; what cannot be read counts as empty."""
    digest = hashlib.sha256()
    for each in code:
        digest.update(each.real.encode("utf-8", "surrogateescape") + b"\0")
        try:
            facts = os.stat(each.real)
            if facts.st_size > MOST_BYTES:  # too large for a program: not read
                digest.update(f"{facts.st_size} {facts.st_mtime_ns}".encode())
                continue
            with open(each.real, "rb") as content:
                while block := content.read(1 << 20):
                    digest.update(block)
        except (OSError, ValueError):
            pass
    return digest.hexdigest()


def visible(text: str) -> str:
    """`text` with nothing in it that hides or turns round what stands there: such signs are spelt out (\\u202e)."""
    return "".join(
        sign
        if sign in "\n\t" or not (category(sign) in _HIDDEN or _BLANK.match(sign))
        else sign.encode("unicode_escape").decode("ascii")
        for sign in text
    )


def name_in(each: Path, file: Path) -> str:
    """One of the files of `file`'s code as seen from its folder."""
    return each.relative_to(file.parent).as_posix() if each.is_relative_to(file.parent) else str(each)


def files_of(file: Path) -> tuple[Path, ...]:
    """The file and the local modules that it imports, and those that they import."""
    from lrgui.tasks.user.outline import outline

    modules = dict.fromkeys(Path(os.path.abspath(module)) for module in outline(str(file)).modules)
    modules.pop(file, None)
    return (file, *sorted(modules))


def code_digest(file: Path) -> str:
    """Another one where the file, or a local module of its code, has other contents; empty where one cannot be read."""
    file = file.absolute()
    return digest_of_files((name_in(one, file), one) for one in files_of(file))


def digest_of_files(files: Iterable[tuple[str, Path]]) -> str:
    """Of names and contents; empty where a file cannot be read, or is too large."""
    digest = hashlib.sha256()
    for name, file in files:
        digest.update(f"{name}\0".encode("utf-8", "surrogateescape"))
        try:
            with open(file, "rb") as content:
                if os.fstat(content.fileno()).st_size > MOST_BYTES:
                    return ""
                while block := content.read(1 << 20):
                    digest.update(block)
        except OSError:
            return ""
    return digest.hexdigest()[:DIGEST_LENGTH]


def owner_of(path: Path) -> int:
    """The owner's number; 0 where there are no such numbers."""
    try:
        return path.stat().st_uid
    except OSError:
        return -1


def shows_of(file: Path, only: Collection[str] = ()) -> Shows:
    """What there is to see of a file, as far as it can be read; the text is that of the modules named in `only`."""
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
    others = [each for each in files if name_in(each, file) in only]
    if others:
        text = "\n\n".join(f"# {name_in(each, file)}\n\n{_text(each)}" for each in others)
    imports.pop("__future__", None)  # no module that brings anything along
    return Shows(_shown(text), tuple(names), tuple(imports), files)


def _shown(text: str) -> str:
    """As much of a program as one reads, and nothing of it hidden, also not far to the right."""
    begin = _FAR.sub(lambda blanks: f"  … {len(blanks[0]):,} blanks …  ", visible(text[:MOST_TEXT]))
    rest = len(text) - MOST_TEXT
    return begin if rest <= 0 else f"{begin}\n# … {rest:,} more characters not shown."


def _text(file: Path) -> str:
    """A file's text as Python reads it, as far as it can be read."""
    if file.name.endswith(COMPILED_SUFFIXES):
        return "# A compiled module; its code cannot be displayed."
    try:
        with file.open("rb") as content:
            data = content.read(MOST_READ)
    except OSError:
        return ""
    try:
        return source_text(data)
    except SyntaxError as error:
        return f"# This does not run: {error.msg}.\n\n{data.decode('ascii', 'backslashreplace')}"
    except UnicodeDecodeError:
        return data.decode(encoding_of(data), "replace")

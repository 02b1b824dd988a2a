"""What a task's code consists of on disk: its files, what is in them, whose they are. Nothing of it is run."""

from __future__ import annotations

import ast
import hashlib
import os
import re
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from unicodedata import category

from lrgui.tasks.user.from_source import COMPILED_SUFFIXES
from lrgui.tasks.user.outline import outline
from lrgui.tasks.user.source_text import encoding_of, source_text

#: Characters of a file that are shown.
MOST_TEXT = 20_000
#: Characters of a file whose names and imports are told.
MOST_READ = 5_000_000
#: The largest file that is read to know it again, in bytes.
MOST_BYTES = 1 << 30

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
        digests.append((name_in(each, file), _digest(each)))
        real = each.resolve()
        if not real.is_relative_to(home):
            elsewhere.append(str(real))
    return Code(tuple(digests), tuple(sorted({owner_of(each) for each in files})), tuple(elsewhere))


def _digest(file: Path) -> str:
    """Of a file's content; of one that is too large for a program another one each time: it counts as changed."""
    digest = hashlib.sha256()
    try:
        if file.stat().st_size > MOST_BYTES:
            return f"not read at {time.time_ns()}"
        with file.open("rb") as content:
            while block := content.read(1 << 20):
                digest.update(block)
    except OSError:
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
    return Shows(_shown(text), tuple(names), tuple(imports), files)


def _shown(text: str) -> str:
    """As much of a program as one reads, and nothing of it hidden, also not far to the right."""
    begin = _FAR.sub(lambda blanks: f"  … {len(blanks[0]):,} blanks …  ", visible(text[:MOST_TEXT]))
    rest = len(text) - MOST_TEXT
    return begin if rest <= 0 else f"{begin}\n# … {rest:,} more characters are not shown here."


def _text(file: Path) -> str:
    """A file's text as Python reads it, as far as it can be read."""
    if file.name.endswith(COMPILED_SUFFIXES):
        return "# A compiled module: there is nothing to read."
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

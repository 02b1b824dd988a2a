"""A notebook as a program: its code cells one after the other, without what only IPython understands."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

#: Cells that are no Python; of others with a cell magic (%%time) only that line is left out.
_OTHERS = ("bash", "sh", "script", "html", "javascript", "js", "latex", "svg", "perl", "ruby", "writefile", "cmd", "R")
#: What a line of code cannot begin with.
_MAGIC = ("%", "!", "?")


def cells_of(path: Path) -> Iterator[tuple[int, str]]:
    """The number of each code cell, from 1 among all cells, and its Python; lines keep their numbers.

    Raises ValueError with a sentence where the file is no notebook.
    """
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells = notebook["cells"]
        found = [
            (number, "".join(cell["source"])) for number, cell in enumerate(cells, 1) if cell["cell_type"] == "code"
        ]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise ValueError(f"{path.name} is not a notebook of the present format: open and save it in Jupyter.") from None
    for number, source in found:
        python = without_magics(source)
        if python.strip():
            yield number, python


def without_magics(source: str) -> str:
    """A cell's Python: lines of magics and of the shell become `pass`, and a cell in another language is empty."""
    lines = source.split("\n")
    first = next((index for index, line in enumerate(lines) if line.strip()), None)
    if first is None:
        return ""
    if lines[first].startswith("%%"):
        if lines[first][2:].split()[:1] and lines[first][2:].split()[0] in _OTHERS:
            return ""
        lines[first] = ""
    try:
        ast.parse("\n".join(lines))
        return "\n".join(lines)  # a line that begins with % may be the rest of an expression
    except SyntaxError:
        pass
    return "\n".join(_plain(line) for line in lines)


def _plain(line: str) -> str:
    text = line.strip()
    indent = line[: len(line) - len(line.lstrip())]
    if text.startswith(_MAGIC) or (text.endswith("?") and not text.startswith("#")):
        return f"{indent}pass"
    name, equals, value = text.partition("=")
    if equals and name.strip().isidentifier() and value.strip().startswith(("!", "%")):
        return f"{indent}{name.strip()} = None"
    return line

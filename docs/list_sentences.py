"""Lists every text that a user can see, with its place: `python docs/list_sentences.py [part of a path …]`.

For reading the program's English in one go. A text is a string of the code that is neither a docstring nor a key; what
is filled in is written as "…".
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
#: What is text for people: words with a space between them and a capital letter or an end of a sentence.
SENTENCE = re.compile(r"(?s)(?=.*\S \S)(?=.*(?:[A-Z]|[.?!…:]$))")


class Text(NamedTuple):
    """One string of the code."""

    file: Path
    line: int
    words: str


def texts(folder: Path = ROOT / "lrgui") -> Iterator[Text]:
    """Every string of a folder's code but the docstrings."""
    for file in sorted(folder.rglob("*.py")):
        nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
        left_out = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        left_out |= {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in nodes:
            if id(node) in left_out:
                continue
            if isinstance(node, ast.JoinedStr):
                parts = [part.value if isinstance(part, ast.Constant) else "…" for part in node.values]
                yield Text(file, node.lineno, " ".join("".join(str(part) for part in parts).split()))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield Text(file, node.lineno, " ".join(re.sub(r"\{\w*\}", "…", node.value).split()))


def main() -> None:
    """Print the sentences, those of the files whose path has one of the arguments in it."""
    for text in sorted(texts(), key=lambda text: text[:2]):
        place = text.file.relative_to(ROOT)
        if SENTENCE.match(text.words) and (len(sys.argv) < 2 or any(part in str(place) for part in sys.argv[1:])):
            print(f"{place}:{text.line}  {text.words}")


if __name__ == "__main__":
    main()

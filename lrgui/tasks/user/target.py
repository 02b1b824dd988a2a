"""What a person names as their task: a Python file or a module, and of it one function or object, or all.

And the error about one that cannot be used.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Target:
    """`file.py`, `file.py:name`, `package.module` or `package.module:name`."""

    place: str
    """The file's path or the module's dotted name."""
    name: str = ""
    """The function or object in it; empty is the usual names."""

    @classmethod
    def parse(cls, text: str) -> Target:
        """Take apart what a person typed. A drive letter's colon is none of ours."""
        place, colon, name = text.strip().rpartition(":")
        if colon and name.isidentifier() and len(place) > 1:
            return cls(place, name)
        return cls(text.strip())

    @property
    def is_module(self) -> bool:
        """True for a dotted name; a file ends in `.py` or lies in a folder."""
        words = self.place.split(".")
        return all(word.isidentifier() for word in words) and words[-1] not in ("py", "ipynb")

    @property
    def file(self) -> Path | None:
        """The file, None for a module: where that lies is known to the Python that computes."""
        return None if self.is_module else Path(os.path.expanduser(self.place))  # pathlib's own raises for ~nobody


class TaskError(ValueError):
    """A task that cannot be used: a sentence, with the person's file and the line that it is about."""

    def __init__(self, sentence: str, file: str = "", line: int = 0) -> None:
        super().__init__(sentence)
        self.file = file
        self.line = line

"""Sentences in the cells of a table: a path that is longer than its cell breaks where a person would break it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions
from rich.measure import Measurement
from rich.text import Text

#: What a long word is put together of: each piece ends with its separators, the first may begin with some.
PIECES = re.compile(r"[/\\_.-]*[^/\\_.-]+[/\\_.-]*|[/\\_.-]+")


class Wrapped:
    """A sentence in a cell; what is longer than the cell, such as a path, breaks behind its separators."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        """What rich asks for."""
        yield Text(broken(self.sentence, options.max_width), overflow="fold")

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """What rich asks for: a column is as wide as the sentence where there is room."""
        longest = max((cell_len(word) for word in self.sentence.split()), default=0)
        return Measurement(min(longest, 20, options.max_width), min(cell_len(self.sentence), options.max_width))


def broken(sentence: str, width: int) -> str:
    """`sentence` in lines of `width` columns: between words, in longer ones behind / \\ - _ and dots."""
    lines = [""]
    for word in sentence.split(" "):
        gap = " " if lines[-1] else ""
        if cell_len(lines[-1] + gap + word) <= width:
            lines[-1] += gap + word
            continue
        pieces = PIECES.findall(word) if cell_len(word) > width else [word]
        if (gap and cell_len(lines[-1] + gap + pieces[0]) > width) or len(pieces) == 1:
            lines.append("")
            gap = ""
        for piece in pieces:
            if cell_len(lines[-1] + gap + piece) > width and lines[-1]:
                lines.append("")
            lines[-1] += gap + piece
            gap = ""
    return "\n".join(line for line in lines if line) or sentence

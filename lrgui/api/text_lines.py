"""Lines of plain text: sentences wrapped to a width, tables in columns."""

from __future__ import annotations

import textwrap

#: Columns of a block.
WIDTH = 100


def table_lines(heads: list[str], table: list[list[str]]) -> list[str]:
    """A table of words as lines, each column as wide as it must be."""
    widths = [max(len(row[i]) for row in [heads, *table]) for i in range(len(heads))]
    return [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [heads, *table]
    ]


def wrapped(text: str, first: str = "", next_lines: str = "") -> list[str]:
    """A sentence as lines of at most `WIDTH` columns, with what stands before the first and before the others."""
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=next_lines) or [first.rstrip()]

"""How a table's file is laid out: separator, decimal mark and the columns' names. Standard library only.

A file's beginning is enough, so the window can ask at once for names to choose the target from.
"""

from __future__ import annotations

import csv
import importlib
import io
import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrgui.tasks.tables.cells import has_decimal_commas, in_one_unit, is_missing, number
from lrgui.tasks.texts.encoding import encoding_of

if TYPE_CHECKING:
    from _csv import Reader

#: What an option calls the separators that cannot be seen, and how they are written.
SEPARATORS = {"tab": "\t", "semicolon": ";", "comma": ",", "bar": "|", "space": " "}
PARQUET = (".parquet", ".pq")
#: So many characters of a file, and of them so many rows, show how it is laid out.
SAMPLE, ROWS = 1 << 16, 200

#: The beginning of a date or a time.
_DATED = re.compile(r"\d{4}-\d{1,2}\b|\d{1,4}([-/.])\d{1,2}\1\d{1,4}\b|\d{1,2}:\d{2}\b")
#: How pandas stores an index without a name.
_UNNAMED_INDEX = re.compile(r"__index_level_\d+__")
#: Excel's word for the separator, in a first line of its own.
_SAID = re.compile(r"sep=(.)[\r\n]")


@dataclass(frozen=True)
class Layout:
    """How to read the rows of a file with separators."""

    encoding: str
    separator: str
    header: bool
    """True where the first row holds the names."""
    decimal_comma: bool
    names: tuple[str, ...]
    """Every column has one, and no two have the same."""
    above: int = 0
    """So many lines of the file stand above the table: a title, comments, Excel's word for the separator."""


def columns(path: str) -> list[str]:
    """The names of a table's columns; none where they cannot be read here. Never raises."""
    place = Path(os.path.expanduser(path))
    if not os.path.isfile(place):  # a pipe would be waited for, and a device read for ever
        return []
    try:
        if place.suffix.lower() in PARQUET:
            parquet = importlib.import_module("pyarrow.parquet")
            return list(parquet_columns(parquet.read_schema(place)))
        return list(layout(place, sample_encoding(place)).names)
    except (OSError, ValueError, ImportError, csv.Error):
        return []  # what is wrong is said by whoever reads the whole table


def parquet_columns(schema: Any) -> dict[str, int]:
    """Where the columns of a Parquet file stand in it, by name, no two the same.

    The index of a pandas table, which stands last there, comes first if it has a name, and else not at all.
    """
    index = (schema.pandas_metadata or {}).get("index_columns", ())
    places = [place for place, name in enumerate(schema.names) if not _UNNAMED_INDEX.fullmatch(name)]
    places.sort(key=lambda place: schema.names[place] not in index)
    return dict(zip(_unique([schema.names[place] for place in places]), places, strict=True))


def sample_encoding(path: Path) -> str:
    """The encoding as the file's beginning shows it."""
    return encoding_of(path, SAMPLE)


def layout(path: Path, encoding: str, separator: str = "auto", header: str = "auto") -> Layout:
    """How `path` is laid out.

    Args:
        separator: a key of `SEPARATORS`, or "auto": the one that gives most rows the same number of cells.
        header: "yes", "no", or "auto": the first row holds names if it has a word above a column of numbers, or
            neither a number nor a date or measure above others.

    Raises ValueError, with a sentence, where there is no row, and OSError.
    """
    with path.open(encoding=encoding, newline="", errors="replace") as file:
        text = file.read(SAMPLE)
        if file.read(1):  # the last row may be cut
            text = text[: text.rfind("\n") + 1] or text
    said = _SAID.match(text)
    mark = SEPARATORS.get(separator) or (said[1] if said else _separator(text))
    above = _above(text, mark)
    lines = io.StringIO(text, newline="").readlines()
    rows = rows_of("".join(lines[above:]), mark)
    if not rows:
        raise ValueError(f"{path.name} has no row: choose a file that has something in it.")
    first, rest = rows[0], rows[1:]
    decimal_comma = has_decimal_commas((cell for row in rows for cell in row), mark == ",")
    named = header == "yes" if header != "auto" else _is_header(first, rest, decimal_comma)
    width = Counter(len(row) for row in (rest if named and rest else rows)).most_common(1)[0][0]
    names = list(first) if named else [""] * width
    if len(names) == width - 1:  # R leaves the place above the rows' names empty
        names.insert(0, "")
    while len(names) > width and not names[-1].strip():  # a separator at the end of the row
        names.pop()
    return Layout(encoding, mark, named, decimal_comma, _unique(names), above)


def rows_of(text: str, separator: str) -> list[list[str]]:
    """The first rows of `text` that are not blank."""
    rows = []
    for row in reader(io.StringIO(text, newline=""), separator):
        if any(cell.strip() for cell in row):
            rows.append(row)
        if len(rows) == ROWS:
            break
    return rows


def reader(lines: io.TextIOBase, separator: str) -> Reader:
    """The csv module's reader: cells in double quotes, spaces before a cell left out."""
    return csv.reader(lines, delimiter=separator, skipinitialspace=True)


def _separator(text: str) -> str:
    """The separator that gives the largest share of rows the same number of cells, more than one."""
    best, chosen = 0.0, ","
    for mark in ("\t", ";", "|", ",", " "):  # where two are as good, the rarer in words and numbers
        counts = Counter(len(row) for row in rows_of(text, mark))
        cells, same = counts.most_common(1)[0] if counts else (1, 0)
        share = same / max(counts.total(), 1)
        if cells > 1 and share > best and (mark != " " or best == 0):
            best, chosen = share, mark
    return chosen


def _above(text: str, separator: str) -> int:
    """How many lines stand above the table: with a single cell where rows have three or more, or behind a “#”."""
    width = Counter(len(row) for row in rows_of(text, separator)).most_common(1)
    above = 1 if _SAID.match(text) else 0
    for place, line in enumerate(io.StringIO(text, newline="")):
        if place < above:
            continue
        cells = next(reader(io.StringIO(line, newline=""), separator), [])
        filled = sum(bool(cell.strip()) for cell in cells)
        comment = line.startswith("#") and len(cells) != width[0][0]
        if filled and not comment and (filled > 1 or width[0][0] < 3):
            break
        if filled:
            above = place + 1
    return above


def _is_header(first: Sequence[str], rest: Sequence[Sequence[str]], decimal_comma: bool) -> bool:
    def is_number(cell: str) -> bool:
        return number(cell, decimal_comma) is not None

    def is_date(cell: str) -> bool:
        return _DATED.match(cell.strip()) is not None

    values = False
    for place, cell in enumerate(first):
        below = [row[place] for row in rest if place < len(row) and not is_missing(row[place])]
        # Months and measures are names, too: only above others of their kind, or unit, they are none.
        alike = bool(below) and (
            (is_date(cell) and all(map(is_date, below))) or in_one_unit((cell, *below), decimal_comma) is not None
        )
        if is_number(cell) or alike:
            values = True
        elif not is_missing(cell) and below and all(map(is_number, below)):
            return True
    return not values


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    """Names for all columns: "column 3" for one without, "price (2)" for one that is there already."""
    result: dict[str, None] = {}
    for place, name in enumerate(names, 1):
        name = name.strip() or f"column {place}"
        other, count = name, 1
        while other in result:
            count += 1
            other = f"{name} ({count})"
        result[other] = None
    return tuple(result)

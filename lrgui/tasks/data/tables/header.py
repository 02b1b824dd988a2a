"""How a table's file is laid out: separator, quotes, decimal mark and the columns' names. Standard library only.

A file's beginning is enough, so the window can ask at once for names to choose the target from, without pandas.
"""

from __future__ import annotations

import csv
import importlib
import io
import os
import re
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from lrgui.tasks.data.limits import opened
from lrgui.tasks.data.tables.cells import NO_NUMBER, has_decimal_commas, is_missing, number
from lrgui.tasks.data.tables.formats import PARQUET, SEPARATORS
from lrgui.tasks.data.texts.encoding import encoding_of

#: So many characters of a file, and of them so many rows, show how it is laid out.
SAMPLE, ROWS = 1 << 16, 200
#: So many rows of names stand one above the other at most.
MOST_NAMING = 3

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
    """True where the first rows hold the names."""
    decimal_comma: bool
    names: tuple[str, ...]
    """Every column has one, and no two have the same."""
    width: int
    """So many cells a row has: more than names where the last ones are empty and nameless."""
    preamble: int = 0
    """So many lines of the file stand above the table: a title, comments, Excel's word for the separator."""
    above: int = 0
    """So many lines stand above the first row of values: those, and the rows of names."""
    quote: str = '"'
    escape: str | None = None
    """What stands before a quote that is part of a cell, where that is not another quote."""
    comment: str | None = None
    """Begins a line that is none of the table's."""


def text_of(file: IO[bytes], encoding: str) -> io.TextIOWrapper:
    """Its text, with the ends of lines as they are and a mark for each byte that is none."""
    return io.TextIOWrapper(file, encoding, errors="replace", newline="")


def columns(path: str) -> list[str]:
    """The names of a table's columns; none where they cannot be read here. Never raises."""
    place = Path(os.path.expanduser(path))
    if not os.path.isfile(place):  # a pipe would be waited for, and a device read for ever
        return []
    try:
        if place.suffix.lower() in PARQUET:
            parquet = importlib.import_module("pyarrow.parquet")
            return list(parquet_columns(parquet.read_schema(place)))
        with opened(place, "") as file:
            encoding = encoding_of(file, place.name, SAMPLE)
        return list(layout(place, encoding).names)
    except (OSError, ValueError, ImportError, EOFError, csv.Error, zlib.error):
        return []  # what is wrong is said by whoever reads the whole table


def parquet_columns(schema: Any) -> dict[str, int]:
    """Where the columns of a Parquet file stand in it, by name, no two the same.

    The index of a pandas table, which stands last there, comes first if it has a name, and else not at all.
    """
    index = (schema.pandas_metadata or {}).get("index_columns", ())
    places = [place for place, name in enumerate(schema.names) if not _UNNAMED_INDEX.fullmatch(name)]
    places.sort(key=lambda place: schema.names[place] not in index)
    return dict(zip(unique([schema.names[place] for place in places]), places, strict=True))


def layout(path: Path, encoding: str, separator: str = "auto", header: str = "auto") -> Layout:
    """How `path` is laid out.

    Args:
        separator: a key of `SEPARATORS`, or "auto": the one that gives most rows the same number of cells.
        header: "yes", "no", or "auto": the first row holds names if it has a word above a column of numbers, or
            neither a number nor a date above others; and so do up to three rows above columns of numbers.

    Raises ValueError, with a sentence, where there is no row, and OSError.
    """
    with text_of(opened(path, ""), encoding) as file:
        text = file.read(SAMPLE)
        if file.read(1):  # the last row may be cut
            text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1] or text
    said = _SAID.match(text)
    chosen = SEPARATORS.get(separator) or (said[1] if said else "")
    form = _dialect(text, chosen)
    preamble = _preamble(text, form)
    lines = io.StringIO(text, newline="").readlines()[preamble:]
    comment = "#" if _has_comments(lines) else None
    numbered = _numbered(lines, form, comment)
    rows = [row for _, row in numbered]
    if not rows:
        raise ValueError(f"{path.name} has no rows: choose a file with data in it.")
    decimal_comma = has_decimal_commas((cell for row in rows for cell in row), form.delimiter == ",")
    naming = _naming_rows(rows, decimal_comma) if header == "auto" else int(header == "yes")
    rest = rows[naming:]
    width = Counter(len(row) for row in rest or rows).most_common(1)[0][0]
    names = _joined(rows[:naming], width) if naming else [""] * width
    ends = [row[-1].strip() for row in rest if len(row) == width]
    if len(names) == width - 1 and any(ends):
        names.insert(0, "")  # R leaves the place above the rows' names empty
    while names and not names[-1].strip() and (len(names) > width or (naming and rest and not any(ends))):
        names.pop()  # a separator at the end of every row makes no column
    return Layout(
        encoding,
        form.delimiter,
        bool(naming),
        decimal_comma,
        unique(names),
        max(width, len(names)),
        preamble,
        preamble + (numbered[naming - 1][0] if naming else 0),
        form.quotechar or '"',
        form.escapechar,
        comment,
    )


def _rows(text: str, form: csv.Dialect) -> list[list[str]]:
    return [row for _, row in _numbered(io.StringIO(text, newline=""), form)]


def _numbered(lines: Any, form: csv.Dialect, comment: str | None = None) -> list[tuple[int, list[str]]]:
    """The first rows that are not blank, each with the number of its last line."""
    rows: list[tuple[int, list[str]]] = []
    # Lines that are comments stay in their places as blank ones.
    reader = csv.reader(("\n" if comment and line.startswith(comment) else line for line in lines), form)
    for row in reader:
        if any(cell.strip() for cell in row):
            rows.append((reader.line_num, row))
        if len(rows) == ROWS:
            break
    return rows


def _dialect(text: str, separator: str) -> csv.Dialect:
    """Separator, quotes and what escapes them, for the csv module; spaces before a cell are left out."""
    form = _written_with(separator or ",", '"', None)
    if separator:
        marks: tuple[str, ...] = (separator,)
    else:  # where two are as good, the rarer in words and numbers comes first
        marks = ("\t", ";", "|", ",", " ")
    best = 0.0
    for mark in marks:
        own = re.escape(mark)
        begin, end = rf"(?:^|{own}) *", rf" *(?={own}|$)"
        single, double = (
            len(re.findall(rf"{begin}{quote}[^{quote}\n]*{quote}{end}", text, re.MULTILINE)) for quote in "'\""
        )
        escaped = re.search(rf'\\"(?! *(?:{own}|[\r\n]|\Z))', text) is not None
        there = _written_with(mark, "'" if single > double else '"', "\\" if escaped else None)
        counts = Counter(len(row) for row in _rows(text, there))
        cells, same = counts.most_common(1)[0] if counts else (1, 0)
        share = same / max(counts.total(), 1)
        if separator or (cells > 1 and share > best and (mark != " " or best == 0)):
            best, form = share, there
    return form


def _written_with(separator: str, quote: str, escape: str | None) -> csv.Dialect:
    form = csv.excel()
    form.delimiter, form.quotechar, form.escapechar, form.skipinitialspace = separator, quote, escape, True
    return form


def _preamble(text: str, form: csv.Dialect) -> int:
    """How many lines stand above the table: with a single cell where rows have three or more, or behind a “#”."""
    width = Counter(len(row) for row in _rows(text, form)).most_common(1)
    above = 1 if _SAID.match(text) else 0
    for place, line in enumerate(io.StringIO(text, newline="")):
        if place < above:
            continue
        cells = next(csv.reader([line], form), [])
        filled = sum(bool(cell.strip()) for cell in cells)
        comment = line.startswith("#") and len(cells) != width[0][0]
        if filled and not comment and (filled > 1 or width[0][0] < 3):
            break
        if filled:
            above = place + 1
    return above


def _has_comments(lines: Sequence[str]) -> bool:
    """True where lines below the first begin with a “#”, which stands nowhere else."""
    return any(line.startswith("#") for line in lines[1:]) and all("#" not in line.lstrip("#") for line in lines)


def _naming_rows(rows: Sequence[Sequence[str]], decimal_comma: bool) -> int:
    """How many of the first rows hold names."""

    def numbers_in(row: Sequence[str]) -> list[bool]:
        return [number(cell, decimal_comma) is not None for cell in row]

    for count in range(min(MOST_NAMING, len(rows) - 1), 1, -1):
        last, below = rows[count - 1], rows[count:]
        if any(is_missing(cell) or cell.strip().lower() in NO_NUMBER for cell in last) or any(numbers_in(last)):
            continue
        kinds = [numbers_in(row) for row in below if len(row) == len(last)]
        numeric = sum(map(all, zip(*kinds, strict=True)))
        if len(kinds) > 1 and numeric >= min(2, len(last)) and len({*map(len, rows[:count])}) == 1:
            return count
    return int(_is_header(rows[0], rows[1:], decimal_comma))


def _joined(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Names that stand in several rows, as one: "2025 north". A blank one above others goes on from its left."""
    if len(rows) == 1:
        return list(rows[0])
    names = [""] * width
    for level, row in enumerate(rows):
        word = ""
        for place, cell in enumerate(row[:width]):
            word = cell.strip() or (word if level < len(rows) - 1 else "")
            names[place] = f"{names[place]} {word}".strip()
    return names


def _is_header(first: Sequence[str], rest: Sequence[Sequence[str]], decimal_comma: bool) -> bool:
    def is_number(cell: str) -> bool:
        return number(cell, decimal_comma) is not None

    def is_date(cell: str) -> bool:
        return _DATED.match(cell.strip()) is not None

    values = False
    for place, cell in enumerate(first):
        below = [row[place] for row in rest if place < len(row) and not is_missing(row[place])]
        # Months are names, too: only above others of their kind they are none.
        if is_number(cell) or (below and is_date(cell) and all(map(is_date, below))):
            values = True
        elif not is_missing(cell) and below and all(map(is_number, below)):
            return True
    return not values


def unique(names: Sequence[str]) -> tuple[str, ...]:
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

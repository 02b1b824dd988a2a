"""How a table's file is laid out: separator, decimal mark and the columns' names. Standard library only.

A file's beginning is enough, so the window can ask at once for names to choose the target from.
"""

from __future__ import annotations

import csv
import importlib
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lrgui.tasks.texts.encoding import encoding_of

if TYPE_CHECKING:
    from _csv import Reader

#: What an option calls the separators that cannot be seen, and how they are written.
SEPARATORS = {"tab": "\t", "semicolon": ";", "comma": ",", "bar": "|", "space": " "}
PARQUET = (".parquet", ".pq")
#: Cells that stand for nothing, in lower case.
MISSING = frozenset(("", "na", "n/a", "nan", "#n/a", "<na>", "null", "?"))
#: What may stand before or behind a number.
SIGNS = "$€£¥%"
#: So many characters of a file, and of them so many rows, show how it is laid out.
SAMPLE, ROWS = 1 << 16, 200

#: Excel's word for the separator, in a first line of its own.
_SAID = re.compile(r"sep=(.)[\r\n]")
_COMMA_DECIMAL = re.compile(r"[-+]?(\d{1,3}(\.\d{3})+|\d+)?,\d+([eE][-+]?\d+)?")
_GROUPED_COMMA = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d*)?")
_GROUPED_POINT = re.compile(r"[-+]?\d{1,3}(\.\d{3})+")


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
    place = Path(path).expanduser()
    try:
        if place.suffix.lower() in PARQUET:
            parquet = importlib.import_module("pyarrow.parquet")
            return [str(name) for name in parquet.read_schema(place).names]
        return list(layout(place, sample_encoding(place)).names)
    except (OSError, ValueError, ImportError, csv.Error):
        return []  # what is wrong is said by whoever reads the whole table


def sample_encoding(path: Path) -> str:
    """The encoding as the file's beginning shows it."""
    return encoding_of(path, SAMPLE)


def layout(path: Path, encoding: str, separator: str = "auto", header: str = "auto") -> Layout:
    """How `path` is laid out.

    Args:
        separator: a key of `SEPARATORS`, or "auto": the one that gives most rows the same number of cells.
        header: "yes", "no", or "auto": the first row holds names if it has a word above a column of numbers, or
            no number at all.

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
    decimal_comma = mark != "," and _decimal_comma(rows)
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


def number(cell: str, decimal_comma: bool = False) -> float | None:
    """The number in a cell, None where it holds none: 12, -1.5e3, 1,234.5, $5, 7 %; with a decimal comma 1.234,5."""
    try:
        if decimal_comma and _GROUPED_POINT.fullmatch(cell.strip()):
            return float(cell.replace(".", ""))
        return float(cell)
    except ValueError:
        pass
    words = cell.strip()
    bare = words.strip(SIGNS).strip()
    if bare != words:
        return number(bare, decimal_comma)
    if decimal_comma and _COMMA_DECIMAL.fullmatch(words):
        return float(words.replace(".", "").replace(",", "."))
    if not decimal_comma and _GROUPED_COMMA.fullmatch(words):
        return float(words.replace(",", ""))
    return None


def is_missing(cell: str) -> bool:
    """True for a cell that stands for nothing."""
    return cell.strip().lower() in MISSING


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


def _decimal_comma(rows: Sequence[Sequence[str]]) -> bool:
    cells = [cell.strip() for row in rows for cell in row]
    commas = sum(_COMMA_DECIMAL.fullmatch(cell) is not None for cell in cells)
    points = sum("." in cell and number(cell) is not None for cell in cells if not _GROUPED_POINT.fullmatch(cell))
    return commas > points


def _is_header(first: Sequence[str], rest: Sequence[Sequence[str]], decimal_comma: bool) -> bool:
    numbers = [number(cell, decimal_comma) is not None for cell in first]
    if not any(numbers):
        return True
    for place, (cell, is_number) in enumerate(zip(first, numbers, strict=True)):
        below = [row[place] for row in rest if place < len(row) and not is_missing(row[place])]
        named = not is_number and not is_missing(cell)
        if named and below and all(number(other, decimal_comma) is not None for other in below):
            return True
    return False


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

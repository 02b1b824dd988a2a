"""Reading a table's file into columns of numbers and words, without pandas: CSV in blocks, Parquet with pyarrow."""

from __future__ import annotations

import csv
import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrgui.tasks.listing import listed
from lrgui.tasks.tables.cells import in_one_unit, is_missing, number
from lrgui.tasks.tables.header import PARQUET, Layout, layout, parquet_columns, reader
from lrgui.tasks.texts.encoding import encoding_of

Numbers = NDArray[np.float64]
Codes = NDArray[np.int32]

#: Rows that are held as text at the same time.
BLOCK = 500
#: A column with more different words than this is no category, and its words are not kept.
MOST_WORDS = 200_000
#: So many of Arrow's units of time are a second.
TICKS = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
#: So many numbers of skipped lines are told.
LINES_TOLD = 5


@dataclass(frozen=True)
class Column:
    """What stands in a column, row by row: a number, a word, or nothing."""

    name: str
    values: Numbers
    """(rows,); not a number where a word or nothing stands."""
    codes: Codes | None
    """(rows,); k stands for `words[k - 1]`, 0 for no word. None where there are no words at all."""
    words: tuple[str, ...] = ()
    readable: bool = True
    """False for what can be neither: lists, binary data, too many different words."""
    unit: str = ""
    """What stood at each of the numbers."""


@dataclass(frozen=True)
class Table:
    """All columns of a file."""

    columns: tuple[Column, ...]
    notes: tuple[str, ...] = ()
    """Sentences about what could not be read."""

    @property
    def rows(self) -> int:
        """How many rows."""
        return len(self.columns[0].values) if self.columns else 0


def read_table(path: Path, separator: str = "auto", header: str = "auto") -> Table:
    """The table in `path`; see `table_header.layout` for the other arguments.

    Raises ValueError, with a sentence, for a file that is no table, and OSError.
    """
    if path.suffix.lower() in PARQUET:
        return _read_parquet(path)
    if path.stat().st_size == 0:
        raise ValueError(f"{path.name} is empty: choose a file with rows and columns.")
    return read_rows(path, layout(path, encoding_of(path), separator, header))


def read_rows(path: Path, form: Layout) -> Table:
    """The table in a file of rows; rows with another number of cells are skipped and told."""
    width = len(form.names)
    growing = [_Growing(name, form.decimal_comma) for name in form.names]
    skipped: list[range] = []
    count = 0
    with path.open(encoding=form.encoding, newline="", errors="replace") as file:
        for _ in range(form.above):
            file.readline()
        rows = reader(file, form.separator)
        last = form.above
        begun = not form.header
        block: list[list[str]] = []
        try:
            for row in rows:
                lines = range(last + 1, form.above + rows.line_num + 1)
                last = lines.stop - 1
                if len(row) != width:
                    if not any(cell.strip() for cell in row):
                        continue
                    if begun and (len(row) < width or any(cell.strip() for cell in row[width:])):
                        skipped.append(lines)
                        continue
                if not begun:
                    begun = any(cell.strip() for cell in row)  # this is the row of names
                    continue
                block.append(row[:width])
                if len(block) == BLOCK:
                    _grow(growing, block)
                    count += len(block)
                    block = []
        except csv.Error as problem:
            raise ValueError(
                f"{path.name} cannot be read at line {form.above + rows.line_num:,} ({problem}): look there for a "
                "quote that is never closed."
            ) from None
        _grow(growing, block)
        count += len(block)
    if not count:
        cells = "row below the names" if form.header and not skipped else f"row of {width} cells"
        raise ValueError(
            " ".join(
                (
                    f"{path.name} has no {cells}: choose a table with rows, or another separator.",
                    *_open_quote(skipped),
                )
            )
        )
    notes = (*_told(skipped, width), *_open_quote(skipped))
    if form.above:
        lines_are = "line stands" if form.above == 1 else f"{form.above:,} lines stand"
        notes = (f"The first {lines_are} above the table and {'was' if form.above == 1 else 'were'} left out.", *notes)
    return Table(tuple(column.grown() for column in growing), notes)


def _grow(growing: list[_Growing], block: list[list[str]]) -> None:
    if block:
        for column, cells in zip(growing, zip(*block, strict=True), strict=True):
            column.add(cells)


def _open_quote(skipped: list[range]) -> tuple[str, ...]:
    """A sentence about the first quote that swallowed lines: what stands in them is lost."""
    for lines in skipped:
        if len(lines) > 1:
            return (
                f"A quote in line {lines.start:,} is not closed before line {lines.stop - 1:,}: what stands there is "
                "one cell. Close or remove it.",
            )
    return ()


def _told(skipped: list[range], width: int) -> tuple[str, ...]:
    if not skipped:
        return ()
    lines = listed([f"{rows.stop - 1:,}" for rows in skipped], LINES_TOLD)
    if len(skipped) == 1:
        return (f"Line {lines} has more or fewer than {width} cells and was skipped.",)
    return (f"{len(skipped):,} rows have more or fewer than {width} cells and were skipped: lines {lines}.",)


class _Growing:
    """A column that takes in block after block of cells."""

    def __init__(self, name: str, decimal_comma: bool) -> None:
        self.name = name
        self._decimal_comma = decimal_comma
        self._values: list[Numbers] = []
        self._codes: list[Codes | None] = []
        self._words: dict[str, int] = {}
        self._known: dict[str, int] = {}  # the code of every cell so far that is no number
        self._readable = True

    def add(self, cells: tuple[str, ...]) -> None:
        """Nearly all columns hold numbers in nearly all blocks: they are tried as such before all else."""
        try:
            self._values.append(np.fromiter(map(float, self._pointed(cells)), np.float64, len(cells)))
            self._codes.append(None)
        except ValueError:
            self._add_slowly(cells)

    def _pointed(self, cells: tuple[str, ...]) -> tuple[str, ...] | list[str]:
        """Cells with a decimal point instead of the comma, where no point says anything else."""
        if not self._decimal_comma:
            return cells
        whole = "\0".join(cells)  # which no text has
        if "." in whole:
            raise ValueError
        return whole.replace(",", ".").split("\0")

    def _add_slowly(self, cells: tuple[str, ...]) -> None:
        values = np.full(len(cells), np.nan)
        codes = np.zeros(len(cells), np.int32)
        known = self._known
        for place, cell in enumerate(cells):
            code = known.get(cell)
            if code is None:
                value = number(cell, self._decimal_comma)
                if value is not None:
                    values[place] = value
                    continue
                code = self._code(cell)
            codes[place] = code
        self._values.append(values)
        self._codes.append(codes if codes.any() else None)

    def _code(self, cell: str) -> int:
        if is_missing(cell):
            code = 0
        elif len(self._words) >= MOST_WORDS:
            self._readable = False
            return 1
        else:
            code = self._words.setdefault(cell.strip(), len(self._words) + 1)
        self._known[cell] = code
        return code

    def grown(self) -> Column:
        """The whole column."""
        values = np.concatenate(self._values)
        codes = None
        if self._words:
            parts = zip(self._codes, self._values, strict=True)
            codes = np.concatenate([np.zeros(len(v), np.int32) if c is None else c for c, v in parts])
        self._values.clear()
        self._known.clear()
        measured = in_one_unit(self._words, self._decimal_comma) if codes is not None and self._readable else None
        if codes is not None and measured is not None and np.isnan(values).all():
            unit, figures = measured
            return Column(self.name, np.array([np.nan, *figures])[codes], None, unit=unit)
        return Column(self.name, values, codes, tuple(self._words), self._readable)


def _read_parquet(path: Path) -> Table:
    try:
        pyarrow = importlib.import_module("pyarrow")
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise ValueError(
            "A Parquet file is read with pyarrow, which the Python that computes does not have: install it there "
            "(pip install pyarrow), or save the table as CSV."
        ) from None
    try:
        table = parquet.read_table(path)
    except (pyarrow.ArrowException, OSError) as problem:
        if isinstance(problem, FileNotFoundError | PermissionError):
            raise
        reason = str(problem).splitlines()[0].removeprefix(f"Could not open Parquet input source '{path}': ")
        raise ValueError(f"{path.name} is no Parquet file that can be read ({reason.rstrip('.')}).") from None
    if not table.num_rows:
        raise ValueError(f"{path.name} has no row: choose a table with rows.")
    return Table(
        tuple(_from_arrow(pyarrow, name, table[place]) for name, place in parquet_columns(table.schema).items())
    )


def _from_arrow(pyarrow: Any, name: str, cells: Any) -> Column:
    """One column of a Parquet file. Times become days (since 1970, or as parts of them), truth values words."""
    types = pyarrow.types
    kind = cells.type
    nothing = np.full(len(cells), np.nan)
    if types.is_dictionary(kind):
        cells = cells.cast(kind.value_type)
        kind = cells.type
    if types.is_date(kind) or types.is_timestamp(kind):
        moments = cells.cast(pyarrow.timestamp("us")).cast(pyarrow.int64())
        return Column(name, _numbers(pyarrow, moments) / 86_400e6, None)
    if types.is_duration(kind) or types.is_time(kind):
        if types.is_time32(kind):
            cells = cells.cast(pyarrow.time64("us"))
        unit = cells.type.unit
        ticks = cells.cast(pyarrow.int64())
        return Column(name, _numbers(pyarrow, ticks) / (86_400 * TICKS[unit]), None)
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return Column(name, _numbers(pyarrow, cells), None)
    if types.is_boolean(kind) or str(kind) == "string_view":
        cells = cells.cast(pyarrow.string())
    elif not (types.is_string(kind) or types.is_large_string(kind)):
        return Column(name, nothing, None, readable=types.is_null(kind))
    growing = _Growing(name, decimal_comma=False)
    for start in range(0, len(cells), BLOCK):
        growing.add(tuple("" if cell is None else cell for cell in cells[start : start + BLOCK].to_pylist()))
    return growing.grown()


def _numbers(pyarrow: Any, cells: Any) -> Numbers:
    values: Numbers = cells.cast(pyarrow.float64(), safe=False).to_numpy().astype(np.float64)
    return values

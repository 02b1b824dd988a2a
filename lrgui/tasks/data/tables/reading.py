"""A table's file as columns of numbers and words: pandas reads it, as `header` found it laid out."""

from __future__ import annotations

import gzip
import importlib
import re
import warnings
import zlib
from dataclasses import dataclass
from io import TextIOBase
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrgui.core.phrases import listed
from lrgui.tasks.data.limits import must_be_file, must_fit, opened
from lrgui.tasks.data.tables.cells import MISSING, is_missing, number
from lrgui.tasks.data.tables.formats import PARQUET
from lrgui.tasks.data.tables.header import Layout, layout, text_of, unique
from lrgui.tasks.data.tables.library import pandas
from lrgui.tasks.data.texts.encoding import encoding_of
from lrgui.tasks.optimizers.optimizing import must_have

Numbers = NDArray[np.float64]
Codes = NDArray[np.int32]

#: A column with more different words than this is no category, and its words are not kept.
MOST_WORDS = 200_000
#: So many numbers of skipped lines are told.
LINES_TOLD = 5
#: The cells that pandas takes for nothing; those in other spellings are found among a column's words.
NOTHING = sorted({spelling for cell in MISSING for spelling in (cell, cell.upper(), cell.title(), "NaN")})
FEWER = "keep fewer rows or columns, or read it in a task.py of your own"


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
    """The table in `path`; see `header.layout` for the other arguments.

    Raises ValueError, with a sentence, for a file that is no table, and OSError.
    """
    pandas()
    must_be_file(path)
    if path.suffix.lower() in PARQUET:
        return _read_parquet(path)
    if path.stat().st_size == 0:
        raise ValueError(f"{path.name} is empty: choose a file with rows and columns.")
    must_fit(2 * path.stat().st_size, path.name, FEWER)  # its text, and the numbers made of it
    try:
        with opened(path, FEWER) as file:
            encoding = encoding_of(file, path.name)
        form = layout(path, encoding, separator, header)
        with text_of(opened(path, FEWER), encoding) as text:
            return read_rows(text, path.name, form)
    except (EOFError, gzip.BadGzipFile, zlib.error) as problem:
        raise ValueError(f"{path.name} cannot be unpacked ({problem}): copy or download it again.") from None


def read_rows(file: TextIOBase, name: str, form: Layout) -> Table:
    """The table in `file`, of which `form` tells the layout; rows with too many cells are skipped and told.

    In rows with too few cells the last ones are missing.
    """
    pd = pandas()
    for _ in range(form.above):
        file.readline()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            frame = pd.read_csv(
                file,
                sep=r"\s+" if form.separator == " " else form.separator,
                decimal="," if form.decimal_comma else ".",
                quotechar=form.quote,
                escapechar=form.escape,
                comment=form.comment,
                header=None,
                names=range(form.width),
                index_col=False,
                skipinitialspace=True,
                keep_default_na=False,
                na_values=NOTHING,
                on_bad_lines="warn",
                low_memory=False,
            )
        except pd.errors.EmptyDataError:
            frame = pd.DataFrame()
        except pd.errors.ParserError as problem:
            raise ValueError(_unparsed(name, str(problem), form)) from None
    frame = frame.dropna(how="all")
    lines = [
        f"{form.above + int(line):,}" for each in told for line in re.findall(r"Skipping line (\d+)", str(each.message))
    ]
    if frame.empty:
        cells = f"row of {form.width} cells" if lines else "row below the names"
        raise ValueError(f"{name} has no {cells}: choose a table with rows, or another separator.")
    names = unique([*form.names, *[""] * (form.width - len(form.names))])
    there = [place for place in frame if place < len(form.names) or frame[place].notna().any()]
    columns = [_column(names[place], frame[place], form.decimal_comma) for place in there]
    return Table(tuple(columns), (*_said_of(form.preamble), *_skipped(lines, form.width)))


def _unparsed(name: str, problem: str, form: Layout) -> str:
    """A sentence about what the parser said."""
    row = re.search(r"EOF inside string starting at row (\d+)", problem)
    if row is not None:
        return f"{name} cannot be read: a quote near line {form.above + int(row[1]) + 1:,} is never closed."
    return f"{name} cannot be read ({problem.split('C error: ')[-1].strip().rstrip('.')}): choose another separator."


def _said_of(preamble: int) -> tuple[str, ...]:
    if not preamble:
        return ()
    lines_are = "line" if preamble == 1 else f"{preamble:,} lines"
    return (f"The first {lines_are} above the table and {'was' if preamble == 1 else 'were'} left out.",)


def _skipped(lines: list[str], width: int) -> tuple[str, ...]:
    if not lines:
        return ()
    if len(lines) == 1:
        return (f"Line {lines[0]} has more than {width} cells and was skipped.",)
    return (f"{len(lines):,} rows have more than {width} cells and were skipped: lines {listed(lines, LINES_TOLD)}.",)


def _column(name: str, cells: Any, decimal_comma: bool = False) -> Column:
    """One column of a frame. Times become days (since 1970, or as parts of them), truth values words."""
    pd = pandas()
    if isinstance(cells.dtype, pd.CategoricalDtype):
        cells = cells.astype(cells.cat.categories.dtype)
    kind = pd.api.types.infer_dtype(cells, skipna=True)
    if kind in ("datetime64", "datetime", "date"):
        moments = pd.to_datetime(cells, utc=True, errors="coerce")
        return Column(name, _floats((moments - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)), None)
    if kind in ("timedelta64", "timedelta", "time"):
        spans = pd.to_timedelta(cells.astype(str) if kind == "time" else cells, errors="coerce")
        return Column(name, _floats(spans / pd.Timedelta(days=1)), None)
    if kind == "empty":
        return Column(name, np.full(len(cells), np.nan), None)
    if kind == "decimal" or (kind != "boolean" and pd.api.types.is_numeric_dtype(cells.dtype)):
        return Column(name, _floats(pd.to_numeric(cells)), None)
    if kind not in ("string", "boolean", "integer"):
        return Column(name, np.full(len(cells), np.nan), None, readable=False)
    places, different = pd.factorize(cells)  # -1 where nothing stands: the last place of the tables below
    values = np.full(len(different) + 1, np.nan)
    codes = np.zeros(len(different) + 1, np.int32)
    words: dict[str, int] = {}
    for place, cell in enumerate(different):
        word = str(cell).strip() if kind != "boolean" else str(cell).lower()
        value = None if kind == "boolean" else number(word, decimal_comma)
        if value is not None:
            values[place] = value
        elif not is_missing(word):
            codes[place] = words.setdefault(word, len(words) + 1)
    readable = len(words) <= MOST_WORDS
    return Column(name, values[places], codes[places] if words else None, tuple(words)[:MOST_WORDS], readable)


def _floats(cells: Any) -> Numbers:
    values: Numbers = cells.to_numpy(dtype=np.float64, na_value=np.nan)
    return values


def _read_parquet(path: Path) -> Table:
    pd = pandas()
    must_have("A Parquet file", ("pyarrow",))
    try:
        parquet = importlib.import_module("pyarrow.parquet")
        about = parquet.read_metadata(path)
        must_fit(about.num_rows * about.num_columns * 8, path.name, FEWER)
        frame = pd.read_parquet(path, engine="pyarrow")
    except (FileNotFoundError, PermissionError):
        raise
    except Exception as problem:  # pyarrow's own have classes that only it knows
        if isinstance(problem, ValueError) and "of memory" in str(problem):
            raise
        reason = (str(problem) or type(problem).__name__).splitlines()[0]
        reason = reason.removeprefix(f"Could not open Parquet input source '{path}': ").rstrip(".")
        raise ValueError(
            f"{path.name} is not a readable Parquet file ({reason}): write it again, or choose another file."
        ) from None
    named = [name for name in frame.index.names if name is not None]
    if named:
        frame = frame.reset_index(level=named)
    if not len(frame):
        raise ValueError(f"{path.name} has no rows: choose a table with rows.")
    names = unique([str(name) for name in frame.columns])
    return Table(tuple(_column(name, frame.iloc[:, place]) for place, name in enumerate(names)))

"""What is on a tab without its picture: its points as comma-separated values or Parquet, all of it as JSON. No Qt."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from lrgui._version import __version__
from lrgui.export.errors import ExportError
from lrgui.export.shown import Shown
from lrgui.studies.plan import value_words


def table_bytes(thing: Shown) -> bytes:
    """One line per measured point, numbers at full precision; a cell is empty where nothing was measured."""
    heads, rows = thing.table()
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows(rows)
    return out.getvalue().encode()


def parquet_bytes(thing: Shown) -> bytes:
    """The table as a Parquet file, with numbers as numbers. Raises ExportError, with a sentence, without pyarrow."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise ExportError("Writing Parquet needs the package pyarrow: pip install pyarrow, or write CSV.") from None
    sink = pyarrow.BufferOutputStream()
    columns = {name: _alike(values) for name, values in thing.typed_columns().items()}
    pyarrow.parquet.write_table(pyarrow.table(columns), sink)
    return bytes(sink.getvalue().to_pybytes())


def _alike(values: Sequence[Any]) -> list[Any]:
    """A column whose values are of one kind; settings that vary may mix numbers and texts."""
    there = {type(value) for value in values if value is not None}
    if there <= {int, float} or len(there) <= 1:
        return list(values)
    return [None if value is None else value_words("", value) for value in values]


def document_bytes(thing: Shown) -> bytes:
    """Title, job and everything that was measured and read, as indented JSON with plain numbers only."""
    document = {"lrgui": __version__, "title": thing.title, "job": thing.plain_job, **thing.to_dict()}
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    return text.encode(errors="backslashreplace")  # a path need not be UTF-8, and \udc80 is how JSON writes such bytes

"""What is on a tab in plain text: its points as comma-separated values, all of it as JSON. No Qt."""

from __future__ import annotations

import csv
import io
import json

from lrgui._version import __version__
from lrgui.export.shown import Shown


def table_bytes(thing: Shown) -> bytes:
    """One line per measured point, numbers at full precision; a cell is empty where nothing was measured."""
    heads, rows = thing.table()
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows(rows)
    return out.getvalue().encode()


def document_bytes(thing: Shown) -> bytes:
    """Title, job and everything that was measured and read, as indented JSON with plain numbers only."""
    document = {"lrgui": __version__, "title": thing.title, "job": thing.plain_job, **thing.to_dict()}
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    return text.encode(errors="backslashreplace")  # a path need not be UTF-8, and \udc80 is how JSON writes such bytes

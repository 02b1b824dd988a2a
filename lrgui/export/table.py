"""The points of a sweep as comma-separated values."""

from __future__ import annotations

import csv
import io
import math

from lrgui.export.report import Report


def table_bytes(report: Report) -> bytes:
    """One line per measured point, numbers at full precision; `smoothed` is centred, `average` the classic one.

    The report's further columns follow; a cell is empty where nothing was measured.
    """
    curve = report.reading.curve
    beside = report.columns
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("step", "lr", "loss", "smoothed", "average", *beside))
    columns = [column.tolist() for column in (curve.lr, curve.loss, curve.smoothed, curve.average)]
    columns += [[_cell(value) for value in column.tolist()] for column in beside.values()]
    for step, row in enumerate(zip(*columns, strict=True)):
        writer.writerow((step, *row))
    return out.getvalue().encode()


def _cell(value: float) -> float | str:
    return "" if math.isnan(value) else value

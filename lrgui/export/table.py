"""The points of a sweep as comma-separated values."""

from __future__ import annotations

import csv
import io

from lrgui.export.report import Report


def table_bytes(report: Report) -> bytes:
    """One line per measured point, numbers at full precision; `smoothed` is centred, `average` the classic one."""
    curve = report.analysis.curve
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("step", "lr", "loss", "smoothed", "average"))
    columns = (curve.lr.tolist(), curve.loss.tolist(), curve.smoothed.tolist(), curve.average.tolist())
    for step, row in enumerate(zip(*columns, strict=True)):
        writer.writerow((step, *row))
    return out.getvalue().encode()

"""A run in plain text: its points as comma-separated values, all of it as JSON. No Qt."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Sequence
from typing import Any

from lrgui._version import __version__
from lrgui.core.curve.comparison import Compared, how_to_read
from lrgui.core.events import EndEvent
from lrgui.export.report import Report
from lrgui.runs.job import Job


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


def document_bytes(report: Report) -> bytes:
    """Job, curve, suggestions, zones, checklist and end, as indented JSON with plain numbers only."""
    job = None if report.synthetic or report.job is None else report.job.to_dict()
    document = {"lrgui": __version__, "title": report.title, "job": job, **report.to_dict()}
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    return text.encode(errors="backslashreplace")  # a path need not be UTF-8, and \udc80 is how JSON writes such bytes


def comparison_dict(compared: Sequence[Compared], jobs: Sequence[Job], end: EndEvent) -> dict[str, Any]:
    """What `--json` prints: for each optimizer what a sweep of it alone would print, and how to read them."""
    found = []
    for each in compared:
        job = next(job for job in jobs if job.task.optimizer == each.key)
        report = Report(each.reading, job).to_dict()
        del report["end"], report["selection"]
        found.append({"optimizer": each.key, "label": each.label, "safe_decades": each.safe_decades, **report})
    return {
        "optimizers": found,
        "sentences": list(how_to_read(compared)),
        "end": {"reason": end.reason, "detail": end.detail},
    }

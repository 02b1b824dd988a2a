"""The whole run as one JSON document."""

from __future__ import annotations

import json

from lrgui._version import __version__
from lrgui.export.report import Report


def document_bytes(report: Report) -> bytes:
    """Job, curve, suggestions, zones, checklist and end, as indented JSON with plain numbers only."""
    job = None if report.synthetic or report.job is None else report.job.to_dict()
    document = {"lrgui": __version__, "title": report.title, "job": job, **report.to_dict()}
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    return text.encode(errors="backslashreplace")  # a path need not be UTF-8, and \udc80 is how JSON writes such bytes

"""The picture and the document of a comparison of optimizers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lrgui.core.curve.comparison import Compared, how_to_read
from lrgui.core.events import EndEvent
from lrgui.export.report import Report
from lrgui.runs.job import Job


def comparison_bytes(compared: Sequence[Compared], limits: tuple[float, float], title: str) -> bytes:
    """A PNG file, 8 × 5 inches at 300 DPI, light; needs Qt, but no display."""
    from lrgui.plot.compare_plot import compare_picture
    from lrgui.plot.picture import ensure_application, png_bytes

    ensure_application()
    return png_bytes(compare_picture(compared, limits, title))


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

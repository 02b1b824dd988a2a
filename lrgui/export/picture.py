"""The annotated picture of a run, as PNG; needs Qt, but no display."""

from __future__ import annotations

from lrgui.export.report import Report
from lrgui.plot.picture import curve_picture, ensure_application, png_bytes


def picture_bytes(report: Report) -> bytes:
    """8 × 5 inches at 300 DPI, light, looking like the screen."""
    ensure_application()
    return png_bytes(curve_picture(report.reading, report.title))

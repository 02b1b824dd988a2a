"""The annotated picture of a run, and that of a comparison, as PNG; needs Qt, but no display."""

from __future__ import annotations

from collections.abc import Sequence

from lrgui.core.curve.comparison import Compared
from lrgui.export.report import Report
from lrgui.plot.compare_plot import compare_picture
from lrgui.plot.picture import curve_picture, ensure_application, png_bytes


def picture_bytes(report: Report) -> bytes:
    """8 × 5 inches at 300 DPI, light, looking like the screen."""
    ensure_application()
    return png_bytes(curve_picture(report.reading, report.title))


def comparison_bytes(compared: Sequence[Compared], limits: tuple[float, float], title: str) -> bytes:
    """A PNG file, 8 × 5 inches at 300 DPI, light."""
    ensure_application()
    return png_bytes(compare_picture(compared, limits, title))

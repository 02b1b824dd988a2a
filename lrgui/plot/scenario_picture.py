"""Files of the scenarios' picture: pixels and vectors."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QImage
from shiboken6 import delete

from lrgui.core.curve.sweep_reading import SweepReading
from lrgui.core.curve.zones import Zones
from lrgui.plot.picture import paint, paint_svg
from lrgui.plot.scenario_plot import ScenarioCurve, ScenarioPlot
from lrgui.plot.theme import LIGHT, Palette


def scenario_picture(
    curves: Sequence[ScenarioCurve],
    chosen: str,
    reading: SweepReading,
    zones: Zones,
    title: str,
    palette: Palette = LIGHT,
    size_inches: tuple[float, float] = (8.0, 5.0),
    dpi: int = 300,
) -> QImage:
    """The overlay, `size_inches` (width, height) at `dpi` dots per inch. Needs a QApplication."""
    plot = _plot(curves, chosen, reading, zones, title, palette)
    try:
        return paint(plot, plot.canvas, palette, size_inches, dpi)
    finally:
        delete(plot)


def scenario_svg(
    curves: Sequence[ScenarioCurve],
    chosen: str,
    reading: SweepReading,
    zones: Zones,
    title: str,
    palette: Palette = LIGHT,
    size_inches: tuple[float, float] = (8.0, 5.0),
) -> bytes:
    """The overlay as an SVG document. Needs a QApplication."""
    plot = _plot(curves, chosen, reading, zones, title, palette)
    try:
        return paint_svg(plot, plot.canvas, palette, size_inches, title)
    finally:
        delete(plot)


def _plot(
    curves: Sequence[ScenarioCurve], chosen: str, reading: SweepReading, zones: Zones, title: str, palette: Palette
) -> ScenarioPlot:
    plot = scenario_plot(curves, chosen, reading, zones, palette)
    plot.set_title(title)
    return plot


def scenario_plot(
    curves: Sequence[ScenarioCurve], chosen: str, reading: SweepReading, zones: Zones, palette: Palette
) -> ScenarioPlot:
    """The overlay as a plot, for a picture."""
    plot = ScenarioPlot(None, palette, grips=False)
    plot.show_curves(curves, chosen, reading, zones)
    return plot

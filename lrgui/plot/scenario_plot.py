"""The picture of the three synthetic scenarios: their curves together, with zones, names and a selection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QWidget

from lrgui.core.curve.smoothing import Floats
from lrgui.core.curve.sweep_reading import SweepReading
from lrgui.core.curve.zones import ZONE_NAMES, Zones
from lrgui.plot.annotations import Annotations, dense
from lrgui.plot.curve_plot import CurvePlot
from lrgui.plot.layers import Line, inside_pieces, pen
from lrgui.plot.legend import Entry
from lrgui.plot.placing import Placed, place_boxes
from lrgui.plot.theme import LIGHT, Palette

#: Okabe and Ito's orange, for the noisy batches.
ORANGE = "#E69F00"
LINE_HEIGHT = 16.0
#: A zone of which fewer pixels are in sight needs no name.
LEAST_ZONE = 12.0


@dataclass(frozen=True, eq=False)
class ScenarioCurve:
    """One curve of the overlay."""

    key: str
    label: str
    lr: Floats
    loss: Floats


class ScenarioPlot(CurvePlot):
    """Three curves at once. The chosen one is drawn strongest, and is the one that the rules read."""

    def __init__(
        self, parent: QWidget | None = None, palette: Palette = LIGHT, *, title: str = "", grips: bool = True
    ) -> None:
        self._curves: tuple[ScenarioCurve, ...] = ()
        self._overlays: dict[str, Line] = {}
        self._real: Line | None = None
        self._chosen = ""
        self._revealed = False
        super().__init__(parent, palette, title=title, grips=grips)
        self._showing_rules = False
        self._real = Line(self.view, 12)
        self.set_palette(palette)

    def _make_annotations(self) -> Annotations:
        return _Notes(self.view, 20, self.tints)

    def set_palette(self, palette: Palette) -> None:
        """Paint in other colours."""
        super().set_palette(palette)
        self._paint_overlays()

    def show_curves(self, curves: Sequence[ScenarioCurve], chosen: str, reading: SweepReading, zones: Zones) -> None:
        """Show these curves; `reading` is the chosen one's."""
        self._curves, self._chosen = tuple(curves), chosen
        first = not self._overlays
        for curve in curves:
            line = self._overlays.setdefault(curve.key, Line(self.view, 3))
            line.set_data(np.log10(curve.lr), curve.loss)
        self.set_reading(reading)
        self.set_zones(zones)
        self._fit_result()
        if first:
            self.reset_view()
        self._paint_overlays()

    def set_reading(self, reading: SweepReading) -> None:
        """The rules read the chosen curve; its line is the curve itself, not a smoothed one."""
        super().set_reading(reading)
        if not self._revealed:
            self.view.handles.marks = ()
        none = np.empty(0)
        self.line.set_data(none, none)
        self.annotations.set_curves([line.points for line in self._lines()])

    def reveal(self, revealed: bool) -> None:
        """Show what the rules say about the chosen curve, or hide it."""
        self._revealed = self._showing_rules = revealed
        if self._reading is not None:
            zones = self._zones  # as dragged; the reading may know older ones
            self.set_reading(self._reading)
            self.set_zones(zones)
            self._update_legend()

    def set_real(self, lr: Floats, loss: Floats) -> None:
        """Lay a measured curve, fitted to the picture's scale, over the synthetic ones; empty arrays remove it."""
        if self._real is not None:
            self._real.set_data(np.log10(lr) if len(lr) else lr, loss)
            self.annotations.set_curves([line.points for line in self._lines()])
            self._update_legend()

    def _fit_result(self, *_: object) -> None:
        """The default view: room below for one name, above for the other two and a part of the explosion."""
        if self._curves:
            low = min(float(curve.loss.min()) for curve in self._curves)
            level = max(float(np.median(curve.loss[:10])) for curve in self._curves)
            self._home = (low - 0.3 * (level - low), level + 0.75 * (level - low))
        self._follow_home()

    @property
    def notes(self) -> list[Placed]:
        """The three zone names where they are painted."""
        return self.annotations.names

    def _lines(self) -> list[Line]:
        real = [self._real] if self._real is not None else []
        return [*self._overlays.values(), *real, self.average]

    def _style(self, key: str) -> tuple[str, str]:
        """Colour and dashes of a scenario."""
        palette = self._palette
        return {"noisy": (ORANGE, "solid"), "stable": (palette.optimal_line, "dash")}.get(key, (palette.curve, "solid"))

    def _paint_overlays(self) -> None:
        for key, line in self._overlays.items():
            colour, dash = self._style(key)
            line.set_pen(pen(colour, 2.4 if key == self._chosen else 1.4, dash))
            line.setZValue(9 if key == self._chosen else 3)
        if self._real is not None:
            self._real.set_pen(pen(self._palette.text, 1.8, "dot"))
        self._update_legend()

    def _update_legend(self) -> None:
        entries = []
        for curve in self._curves:
            colour, dash = self._style(curve.key)
            entries.append(Entry(curve.label, colour, dash, width=2.4 if curve.key == self._chosen else 1.4))
        if self._real is not None and len(self._real.points[0]):
            entries.append(Entry("real digits", self._palette.text, "dot", width=1.8))
        if self._reading is not None and len(self.average.points[0]):
            entries.append(Entry(self._reading.average_label, self._palette.average, "dash", width=1.2))
        self.chart.set_legend(entries, self._palette)


class _Notes(Annotations):
    """Names in full, wherever they cover neither a curve nor each other."""

    strip = False

    def _curve_pixels(self, rect: QRectF) -> Floats:
        """Pixels in sight that any of the curves passes. Shape (n, 2)."""
        pieces = [piece for x, y in self._curves for piece in inside_pieces(*self.to_pixels(x, y), rect)]
        return np.vstack([np.empty((0, 2)), *(dense(np.column_stack(piece)) for piece in pieces)])

    def _place_names(self, rect: QRectF) -> list[Placed]:
        # A zone that is out of sight has no name.
        spans = {
            key: (left, right)
            for key, left, right in self._tints.spans()
            if min(right, rect.right()) - max(left, rect.left()) >= LEAST_ZONE
        }
        marks = [(self.view.pixel_x(mark.x), self.view.pixel_y(mark.y)) for mark in self.view.handles.marks]
        taken = [QRectF(x - 7, y - 7, 14, 14) for x, y in marks if rect.contains(x, y)]
        selection = self.view.handles.selection
        if selection is not None:
            at = self.view.pixel_x(selection)
            taken.append(QRectF(at - 6, 0, 12, rect.height()))
            tag = self._place_tag(rect)
            if tag is not None:
                taken.append(tag.rect.adjusted(-6, -4, 6, 4))
        wanted = [
            (key, _forms(ZONE_NAMES[key]), *spans[key]) for key in ("optimal", "divergence", "low") if key in spans
        ]
        # The optimal name belongs below its valley, the others above.
        return place_boxes(
            wanted,
            rect.adjusted(6, 6, -6, -6),
            self._bold_metrics.horizontalAdvance,
            LINE_HEIGHT,
            taken,
            self._curve_pixels(rect),
            from_below=frozenset({"optimal"}),
        )


def _forms(names: tuple[str, ...]) -> list[str]:
    """The full name on one line, then broken at its arrow; the short ones last."""
    full = names[0]
    return [full, full.replace(" → ", " →\n"), *names[1:]]

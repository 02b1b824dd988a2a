"""The plot of a sweep: a live curve, then its reading, with zones, marks and a selection that can be dragged."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QGraphicsItem, QWidget

from lrgui.plot.annotations import HEADER
from lrgui.plot.dots import Dots
from lrgui.plot.handles import Mark
from lrgui.plot.layers import Band, Line, pen
from lrgui.plot.legend import Entry
from lrgui.plot.live_average import LiveAverage
from lrgui.plot.plots import Ranges
from lrgui.plot.ranges import curve_range, live_range
from lrgui.plot.selectable_plot import SelectablePlot
from lrgui.plot.theme import LIGHT, Palette
from lrgui.plot.ticks import linear_ticks, loss_ticks

if TYPE_CHECKING:
    from lrgui.core.curve.sweep_reading import SweepReading

Floats = NDArray[np.float64]
#: Curves of earlier sweeps and their names, newest first: log10 of the rates, losses. Shape (n,).
Earlier = Sequence[tuple[Floats, Floats, str]]
_NONE: Floats = np.empty(0)

#: Opacity of the band around repeats.
BAND_ALPHA = 0.2
#: Of the curves before the previous one.
OLDER_DASHES = ("dot", "dashdot")
RECOMMENDED = "recommended"
"""Key of our own recommendation's mark."""


@dataclass(frozen=True, eq=False)
class CurveLook:
    """How a plot shows a sweep, beside what its reading says: for a picture that is to look like it."""

    earlier: Earlier = ()
    """The faded curves."""
    log_loss: bool = False
    rules: bool = True
    """Whether the classic rules are shown."""
    candidates: tuple[float, ...] = ()
    """The rates that are marked for trainings."""


class CurvePlot(SelectablePlot):
    """The learning-rate curve."""

    def __init__(
        self,
        parent: QWidget | None = None,
        palette: Palette = LIGHT,
        *,
        title: str = "",
        y_title: str = "Loss",
        grips: bool = True,
    ) -> None:
        super().__init__(parent, palette, title=title, y_title=y_title, grips=grips)
        self._y_title = y_title
        self._reading: SweepReading | None = None
        self._live = LiveAverage()
        self._showing_rules = True
        self._home: tuple[float, float] | None = None  # the y range of the default view
        self._earlier: list[tuple[Floats, Floats, str]] = []  # curves of earlier sweeps and their names, newest first
        self._previous_shown = False
        self._previous_name = ""
        self._previous_home: tuple[float, float] | None = None  # the y range of the faded curve
        self.band = Band(self.view, -20)
        self.dots = Dots(self.view, -10)
        self.previous = Line(self.view, 0)
        self.older = [Line(self.view, -1 - n) for n in range(2)]
        """What was drawn before `previous`."""
        self.average = Line(self.view, 5)
        self.line = Line(self.view, 10)
        self.view.sigResized.connect(self._fit_result)
        self.view.ranges = grips
        self.set_palette(palette)
        self._apply_limits()
        self.reset_view()

    # What to show ---------------------------------------------------------------------------------

    def set_palette(self, palette: Palette) -> None:
        """Paint in other colours."""
        super().set_palette(palette)
        self.band.set_fill(palette.curve, BAND_ALPHA)
        self.dots.set_style(palette.dots)
        self.previous.set_pen(pen(palette.previous, 1.6, "dash"))
        for line, dash in zip(self.older, OLDER_DASHES, strict=True):
            line.set_pen(pen(palette.previous, 1.2, dash))
        self.average.set_pen(pen(palette.average, 1.2, "dash"))
        self.line.set_pen(pen(palette.curve, 2.2))
        self._update_legend()

    def clear(self) -> None:
        """Show nothing but the axes."""
        self._forget_result()
        self._previous_shown, self._previous_home, self._earlier = False, None, []
        for line in (self.line, self.previous, *self.older, self.average):
            line.set_data(_NONE, _NONE)
        self.dots.set_data(_NONE, _NONE)
        self.band.set_data(_NONE, _NONE, _NONE)
        self._home = None
        self.reset_view()
        self._update_legend()

    def begin(self, start_lr: float, end_lr: float, planned_steps: int, earlier: Sequence[str] = ()) -> None:
        """A sweep from `start_lr` to `end_lr` starts.

        `earlier` names the curves that stay, faded, the last one first, with an empty name for one that goes; its scale
        stays until something is measured.
        """
        home, curves = self._home, [(x, y) for x, y, _ in self._earlier]
        if self.has_curve:
            curves.insert(0, self.line.points)
        self.clear()
        self._show_earlier([(x, y, name) for (x, y), name in zip(curves, earlier, strict=False) if name])
        if self._earlier:
            self._previous_home = home
        self._live.begin(planned_steps)
        self.set_range(start_lr, end_lr)
        self._update_legend()

    @property
    def has_curve(self) -> bool:
        """True where a sweep is drawn that could stay behind the next one."""
        return len(self.line.points[0]) > 1

    def set_range(self, start_lr: float, end_lr: float) -> None:
        """Show these rates: a sweep that has begun may turn out to reach further."""
        self._limits = (math.log10(start_lr), math.log10(end_lr))
        self._apply_limits()
        self.reset_view()

    def set_live(self, lr: Floats, loss: Floats) -> None:
        """All raw points measured so far, arrays of shape (n,); the first ones are those shown already."""
        n = len(loss)
        if n == 0:
            return
        known = self.dots.points[0][:n]
        x = np.concatenate([known, np.log10(lr[len(known) :])])
        self.dots.extend(x, loss)
        self._live.extend(loss)
        self.line.extend(*self._live.thinned(x))
        finite = self._on_axis(loss if n <= 4000 else np.append(loss[:10], loss[10 :: n // 2000]))
        if len(finite):
            home = live_range(finite, self._home)
            if home != self._home:
                self._home = home
                self._follow_home()
        self._update_legend()

    def begin_repeat(self, lr: Floats, loss: Floats) -> None:
        """The next sweep over the same rates begins; the one before, arrays of shape (n,), is drawn faded."""
        average = LiveAverage()
        average.begin(self._live.planned_steps)
        average.extend(loss)
        self.previous.set_data(*average.thinned(np.log10(lr)))
        self._previous_shown, self._previous_name = len(lr) > 1, "previous"
        self._live.begin(self._live.planned_steps)
        self.dots.set_data(_NONE, _NONE)
        self.line.set_data(_NONE, _NONE)
        self._update_legend()

    def set_finished(self, reading: SweepReading) -> None:
        """The sweep ended: the centred line, zones and marks of its reading; the selection stays as it
        is."""
        self.dots.set_data(reading.curve.log_lr, reading.curve.loss)
        band = reading.band
        self.band.set_data(*((np.log10(band.lr), band.low, band.high) if band is not None else (_NONE, _NONE, _NONE)))
        if band is not None:
            # What the band shows better.
            self._previous_shown = False
            self.previous.set_data(_NONE, _NONE)
        self.set_reading(reading)
        self._at_home = True
        self._fit_result()

    def set_reading(self, reading: SweepReading) -> None:
        """Another reading of the points on screen (β changed, another smoothing): the view stays."""
        self._reading = reading
        curve = reading.curve
        ends = [self._limits[0], self._limits[1]] if self._live.planned_steps else []
        ends += [float(curve.log_lr[0]), float(curve.log_lr[-1])] if len(curve) else []
        if reading.zones is not None:
            ends += [math.log10(reading.zones.start), math.log10(reading.zones.end)]
        if ends and max(ends) > min(ends):
            self._limits = (min(ends), max(ends))
            self._apply_limits()
        self.line.set_data(curve.log_lr, curve.smoothed)
        self._set_marks(reading)
        self.set_zones(reading.zones)
        self._update_legend()

    def show_rules(self, shown: bool) -> None:
        """Show the classic average with the marks of the rules that read it, or none of them."""
        self._showing_rules = shown
        if self._reading is not None:
            self._set_marks(self._reading)
            self._update_legend()

    def set_log_loss(self, wanted: bool) -> None:
        """Show losses on a logarithmic axis, or on a linear one; losses that are not positive stay out of sight."""
        if wanted == self.view.log_y:
            return
        self.view.log_y = wanted
        self.chart.left.measure(
            self._y_title + (" (log scale)" if wanted else ""), loss_ticks if wanted else linear_ticks
        )
        self._home = self._previous_home = None
        self._find_home()
        self.reset_view()
        for layer in (self.band, self.dots, self.previous, *self.older, self.average, self.line, self.annotations):
            layer.refresh()
        self.chart.grid.refresh()

    @property
    def look(self) -> CurveLook:
        """How it shows its sweep."""
        names = [self._previous_name, *(name for *_, name in self._earlier[1:])]
        lines = [line.points for line in (self.previous, *self.older)]
        earlier = tuple((x, y, name) for (x, y), name in zip(lines, names, strict=False) if len(x))
        return CurveLook(earlier, self.log_loss, self._showing_rules, self.candidates.rates)

    def show_like(self, look: CurveLook) -> None:
        """Show the sweep like another plot, whose `look` it is."""
        self.set_log_loss(look.log_loss)
        self.show_rules(look.rules)
        self.show_earlier(look.earlier)
        self.set_candidates(look.candidates)

    def show_earlier(self, curves: Earlier) -> None:
        """Draw these faded, and nothing else of earlier sweeps."""
        self._show_earlier(curves)
        self._update_legend()

    @property
    def log_loss(self) -> bool:
        """True while losses are on a logarithmic axis."""
        return self.view.log_y

    @property
    def views(self) -> tuple[Ranges, ...] | None:
        """See `Plot`; losses as they are, for a plot with a linear axis, too."""
        shown = super().views
        if shown is None or not self.log_loss:
            return shown
        return tuple((x, (10.0 ** y[0], 10.0 ** y[1])) for x, y in shown)

    def show_views(self, views: Sequence[Ranges]) -> None:
        """See `Plot`."""
        super().show_views([(x, tuple(self.view.axis_y(np.array(y)).tolist())) for x, y in views])

    def _find_home(self) -> None:
        """The default view of what is shown, anew."""
        losses = self._on_axis(self.dots.points[1])
        if self._reading is not None:
            self._fit_result()
        elif len(losses):
            self._home = live_range(losses, None)
        elif len(kept := self._on_axis(self.previous.points[1])):
            self._previous_home = live_range(kept, None)

    def _on_axis(self, losses: Floats) -> Floats:
        """The losses that the axis can show, in its coordinates. Shape (m,) of (n,)."""
        good = np.isfinite(losses) & ((losses > 0) | (not self.view.log_y))
        return self.view.axis_y(losses[good])

    def leave_out(self, parts: Collection[str]) -> None:
        """See `Plot`; the classic average goes with the marks of the rules that read it."""
        super().leave_out(parts)
        if "zones" in parts:
            self.set_zones(None)
        if "selection" in parts:
            self.set_selection(None)
        if "marks" in parts:
            self.show_rules(False)
            self.view.handles.marks = ()
            self.annotations.refresh()
        if "candidates" in parts:
            self.set_candidates(())
        if "points" in parts:
            self.dots.set_data(_NONE, _NONE)
        if "earlier" in parts:
            self._show_earlier(())
        self._update_legend()

    # Inside ---------------------------------------------------------------------------------------

    def _show_earlier(self, curves: Earlier) -> None:
        """Draw these faded, newest first; none where there are none."""
        lines = (self.previous, *self.older)
        self._earlier = list(curves[: len(lines)])
        drawn = [(x, y) for x, y, _ in self._earlier] + [(_NONE, _NONE)] * len(lines)
        for line, (x, y) in zip(lines, drawn, strict=False):
            line.set_data(x, y)
        self._previous_shown = bool(self._earlier)
        self._previous_name = self._earlier[0][2] if self._earlier else ""

    def _layers_that_stay(self) -> Sequence[QGraphicsItem]:
        """See `SelectablePlot`."""
        return (self.band, self.dots, self.previous, *self.older, self.average, self.line)

    def _forget_result(self) -> None:
        self._reading = None
        self._live.begin(0)
        self._forget_choice()

    def _set_marks(self, reading: SweepReading) -> None:
        """The recommended rate on the smoothed line; the rules on the average that they read, as one group with it."""
        curve, lr, rules = reading.curve, reading.recommendation.lr, reading.marks if self._showing_rules else ()
        marks = [
            Mark(rule.key, rule.label, math.log10(rule.lr), rule.loss, f"{number}")
            for number, rule in enumerate(rules, start=1)
        ]
        if lr is not None and math.isfinite(loss := curve.loss_at(lr)):
            marks.insert(0, Mark(RECOMMENDED, RECOMMENDED, math.log10(lr), loss))
        self.view.handles.marks = tuple(marks)
        self.average.set_data(*((curve.log_lr, curve.average) if rules else (_NONE, _NONE)))
        self.annotations.set_curves([line.points for line in (self.line, self.average) if len(line.points[0])])

    @property
    def _measured(self) -> bool:
        return self._reading is not None or self._live.count > 0

    def _loss_at(self, lr: float) -> float | None:
        return None if self._reading is None else self._reading.curve.loss_at(lr)

    def _loss_near(self, x: float) -> float:
        """See `SelectablePlot`; of a sweep that is going on, its short average."""
        loss = self.line.value_at(x) if self._reading is None else None
        return super()._loss_near(x) if loss is None else loss

    def _home_losses(self) -> tuple[float, float] | None:
        return self._home or self._previous_home

    def _loss_extent(self) -> tuple[float, float] | None:
        losses = self._on_axis(self.dots.points[1])
        return (float(losses.min()), float(losses.max())) if len(losses) else None

    def _fit_result(self, *_: object) -> None:
        """Choose the default view of a finished curve: below its names and label, whatever the size."""
        if self._reading is not None and len(self._reading.curve):
            height = max(1.0, float(self.view.rect().height()))
            raw, smoothed = self._on_axis(self._reading.curve.loss), self._on_axis(self._reading.curve.smoothed)
            if len(raw) and len(smoothed):
                self._home = curve_range(raw, smoothed, HEADER / height)
        self._follow_home()

    def _update_legend(self) -> None:
        palette, entries = self._palette, []
        repeated = bool(len(self.band.points[0]))
        if len(self.dots.points[0]):
            entries.append(Entry("median loss" if repeated else "batch loss", palette.dots, sample="dots"))
        if len(self.line.points[0]):
            words = "smoothed" if self._reading is not None else "short average"
            entries.append(Entry(words, palette.curve, width=2.2))
        if repeated:
            entries.append(Entry("repeats", palette.curve, sample="band"))
        if self._reading is not None and len(self.average.points[0]):
            entries.append(Entry(self._reading.average_label, palette.average, "dash", width=1.2))
        if self._previous_shown:
            entries.append(Entry(self._previous_name, palette.previous, "dash", width=1.6))
        for dash, (_, _, name) in zip(OLDER_DASHES, self._earlier[1:], strict=False):
            entries.append(Entry(name, palette.previous, dash, width=1.2))
        self.chart.set_legend(entries, palette)

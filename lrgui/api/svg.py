"""The annotated curve as scalable vector graphics: text only, made without Qt, looking like the program's picture."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lrgui.api import svg_elements
from lrgui.api.label_places import Box, Label, Room, along
from lrgui.api.lettering import elided, text_width
from lrgui.api.svg_elements import FONT, SIZE
from lrgui.api.thinning import columns, thinned
from lrgui.core.learning_rate import format_lr
from lrgui.core.smoothing import Floats
from lrgui.core.zones import ZONE_NAMES
from lrgui.plot.ranges import curve_range
from lrgui.plot.theme import LIGHT
from lrgui.plot.ticks import Tick, decade_ticks, linear_ticks

if TYPE_CHECKING:
    from lrgui.api.result import Result

WIDTH, HEIGHT = 768.0, 480.0
"""Logical pixels (1/96 inch): 8 × 5 inches."""

_TITLE_SIZE, _LINE = 15.0, 15.0
_TOP, _BOTTOM = 54.0, 46.0
_LEFT, _RIGHT = 54.0, 20.0
_NAMES_TOP, _NAMES_HEIGHT = 6.0, 22.0
_TAG_TOP, _TAG_HEIGHT = 36.0, 24.0
_HEADER = _TAG_TOP + _TAG_HEIGHT + 6
#: More points than this are drawn as the stretch that they fill in each column of pixels.
_MANY = 2000
#: Farther than this outside of the plot nothing can be seen; nearer, slopes stay right.
_FAR = 1e4


@dataclass(frozen=True)
class _Axes:
    """Where values lie in the plot, in pixels from its upper left corner."""

    box: Box
    """The plot, in pixels of the picture."""
    low: float
    """log10 of the learning rates at the left and the right edge."""
    high: float
    bottom: float
    top: float

    def x(self, log_lr: Floats) -> Floats:
        """Pixels of log10 learning rates. Shape kept."""
        return _kept((np.asarray(log_lr) - self.low) * (self.box.width / (self.high - self.low)))

    def y(self, values: Floats, bottom: float | None = None, top: float | None = None) -> Floats:
        """Pixels of losses, or of values on an axis from `bottom` to `top`. Shape kept."""
        bottom, top = (self.bottom, self.top) if bottom is None or top is None else (bottom, top)
        with np.errstate(over="ignore", invalid="ignore"):
            return _kept((top - np.asarray(values)) * (self.box.height / (top - bottom)))

    def at(self, lr: float) -> float:
        """Pixel of one learning rate."""
        return float(self.x(np.array(math.log10(lr))))


def curve_svg(result: Result) -> str:
    """The picture of a result, 768 × 480 logical pixels, as one `<svg>` element.

    Raw losses as dots, the smoothed line, the repeats' band, the three zones with their names, the rules' marks,
    the pick with its label, and the metric on an axis of its own at the right. Points beyond what the columns of
    pixels can show are thinned: a picture of 100,000 points has less than 300 kB.
    """
    picture = _Picture(result)
    return "\n".join(picture.parts())


class _Picture:
    """One picture's layout and its parts, from back to front."""

    def __init__(self, result: Result) -> None:
        self.result = result
        self.analysis = result.analysis
        self.curve = result.curve
        self.metric = self._metric_line()
        metric_ends = _padded(self.metric[1]) if self.metric is not None else (0.0, 1.0)
        height = HEIGHT - _TOP - _BOTTOM
        self.y_ticks, bottom, top = self._loss_axis(height)
        # Above the metric there is room for names and label as well.
        share = _HEADER / height
        self.metric_ends = (metric_ends[0], metric_ends[0] + (metric_ends[1] - metric_ends[0]) / (1 - share))
        self.metric_ticks = linear_ticks(*self.metric_ends, height) if self.metric is not None else []
        left = _LEFT + max([0.0, *(text_width(t.text, SIZE) - 20 for t in self.y_ticks)])
        right = _RIGHT
        if self.metric is not None:
            right = 34 + max([20.0, *(text_width(t.text, SIZE) + 4 for t in self.metric_ticks)])
        low, high = self._limits()
        margin = 0.02 * (high - low)
        box = Box(left, _TOP, WIDTH - left - right, height)
        self.axes = _Axes(box, low - margin, high + margin, bottom, top)
        self.x_ticks = decade_ticks(self.axes.low, self.axes.high, box.width)
        self.line = self._pixels(self.curve.log_lr, self.curve.smoothed)
        self.spans = self._zone_spans()
        self.names = self._zone_names()
        self.tag = self._tag()

    # -- what is measured, in pixels

    def _limits(self) -> tuple[float, float]:
        """log10 of the first and last learning rate on the axis."""
        ends = [self.result.config.start_lr, self.result.config.end_lr]
        ends += [float(self.curve.lr[0]), float(self.curve.lr[-1])] if len(self.curve) else []
        if self.analysis.zones is not None:
            ends += [self.analysis.zones.start, self.analysis.zones.end]
        logs = [math.log10(end) for end in ends if math.isfinite(end) and end > 0]
        low, high = (min(logs), max(logs)) if logs else (-6.0, 0.0)
        return (low, high) if high - low > 1e-6 else (low - 0.5, high + 0.5)

    def _loss_axis(self, height: float) -> tuple[list[Tick], float, float]:
        """Ticks, bottom and top of the losses; no numbers where nothing was measured."""
        if not len(self.curve):
            return [], 0.0, 1.0
        bottom, top = curve_range(self.curve.loss, self.curve.smoothed, _HEADER / height)
        if not (math.isfinite(top - bottom) and top > bottom):
            return [], 0.0, 1.0
        return linear_ticks(bottom, top, height), bottom, top

    def _metric_line(self) -> tuple[Floats, Floats] | None:
        """log10 of the rates and the smoothed metric where it was measured."""
        values = self.result.metric_smoothed
        if values is None:
            return None
        finite = np.isfinite(values)
        return (self.curve.log_lr[finite], values[finite]) if finite.any() else None

    def _pixels(self, log_lr: Floats, values: Floats, ends: tuple[float, float] | None = None) -> Floats:
        """A line's points, thinned. Shape (k, 2)."""
        y = self.axes.y(values) if ends is None else self.axes.y(values, *ends)
        return np.column_stack(thinned(self.axes.x(log_lr), y))

    # -- where words go

    def _zone_spans(self) -> list[tuple[str, float, float]]:
        """Key, left and right pixel of every zone that exists."""
        zones = self.analysis.zones
        if zones is None:
            return []
        stops = [self.axes.at(lr) for lr in (zones.start, zones.low_end, zones.high_start, zones.end)]
        keys = ("low", "optimal", "divergence")
        return [(key, a, b) for key, a, b in zip(keys, stops[:-1], stops[1:], strict=True) if b > a]

    def _zone_names(self) -> list[tuple[str, str, Box]]:
        """Key, the longest name that fits and its place, for every zone with room for one."""
        names = []
        for key, left, right in self.spans:
            for form in ZONE_NAMES[key]:
                needed = text_width(form, SIZE, bold=True) + 12
                if needed <= right - left:
                    box = Box((left + right - needed) / 2, _NAMES_TOP, needed, _NAMES_HEIGHT)
                    names.append((key, form, box))
                    break
        return names

    def _upright_names(self, room: Room) -> list[tuple[str, str, Box]]:
        """The shortest name, turned upright, of the zones that are too narrow for one that lies."""
        named = {key for key, _, _ in self.names}
        upright = []
        for key, left, right in self.spans:
            form = ZONE_NAMES[key][-1]
            needed = text_width(form, SIZE, bold=True) + 12
            if key not in named:
                place = room.highest(left, right, _HEADER, _NAMES_HEIGHT, needed)
                upright += [(key, form, place)] if place is not None else []
        return upright

    def _tag(self) -> tuple[str, Box] | None:
        """The pick's label and its place beside the line."""
        lr = self.analysis.selection
        if lr is None:
            return None
        loss = self.curve.loss_at(lr)
        words = f" · loss {loss:.3g}" if math.isfinite(loss) else ""
        number, line, width = format_lr(lr), self.axes.at(lr), self.axes.box.width
        if self.result.lr is not None:
            forms = [f"our pick {number}{words}", f"{number}{words}", number]
        else:
            forms = [f"best guess {number} · not reliable", f"best guess {number}", f"≈ {number}"]
        for form in forms:
            needed = text_width(form, SIZE, bold=True) + 16
            for left in (line + 8, line - 8 - needed):
                if left >= 2 and left + needed <= width - 2:
                    return form, Box(left, _TAG_TOP, needed, _TAG_HEIGHT)
        return None

    # -- parts

    def parts(self) -> list[str]:
        """The lines of the document."""
        box = self.axes.box
        spoken = f"{self.result.picture_title}. {self.analysis.interpretation}"
        return [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" width="{WIDTH:g}" '
            f'height="{HEIGHT:g}" style="max-width:100%;height:auto" role="img" '
            f'aria-label={svg_elements.quoted(spoken)} font-family="{FONT}" font-size="{SIZE:g}">',
            f'<rect width="{WIDTH:g}" height="{HEIGHT:g}" rx="6" fill="{LIGHT.background}"/>',
            *self._head(),
            # An inner document cuts off what leaves the plot; a clip path would need a name that is unique in a page.
            f'<svg x="{box.left:.1f}" y="{box.top:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" '
            'overflow="hidden">',
            *self._background(),
            *self._measured(),
            *self._annotations(),
            "</svg>",
            *self._bottom_axis(),
            *self._left_axis(),
            *self._right_axis(),
            "</svg>",
        ]

    def _head(self) -> list[str]:
        """Title and legend."""
        title = elided(" ".join(self.result.picture_title.split()), _TITLE_SIZE, WIDTH - 32, bold=True)
        parts = [svg_elements.text(title, WIDTH / 2, 23, LIGHT.text, "middle", _TITLE_SIZE, bold=True)]
        x, y, palette = self.axes.box.left + 6, 43.0, LIGHT
        for words, colour, sample in self._legend():
            if x + 28 + text_width(words, SIZE) > WIDTH - 4:
                break
            if sample == "dots":
                spots = svg_elements.dots(np.array([x + 2, x + 10, x + 18]), np.array([y - 3, y - 6, y - 4]))
                parts.append(f'<path d="{spots}" {svg_elements.stroke(colour, 3.4)} opacity="0.7"/>')
            elif sample == "band":
                parts.append(
                    f'<rect x="{x:.1f}" y="{y - 9:.1f}" width="20" height="9" rx="2" fill="{colour}" opacity="0.25"/>'
                )
            else:
                dash = ' stroke-dasharray="7 4"' if sample == "dash" else ""
                parts.append(f'<path d="M{x:.1f},{y - 4:.1f}h20" {svg_elements.stroke(colour, 2.2)}{dash}/>')
            parts.append(svg_elements.text(words, x + 27, y, palette.muted))
            x += 27 + text_width(words, SIZE) + 20
        return parts

    def _legend(self) -> list[tuple[str, str, str]]:
        """Words, colour and kind of sample of what is drawn."""
        if not len(self.curve):
            return []
        repeats = len(self.result.curves)
        entries = [("validation loss" if self.result.validation else "batch loss", LIGHT.dots, "dots")]
        if len(self.curve) > 1:
            entries.append(("median, smoothed" if repeats > 1 else "smoothed", LIGHT.curve, "line"))
        if self.result.band is not None:
            entries.append((f"range of {repeats} sweeps", LIGHT.curve, "band"))
        if self.metric is not None:
            entries.append((elided(self.result.metric_name or "metric", SIZE, 150), LIGHT.average, "dash"))
        return entries

    def _background(self) -> list[str]:
        """Zones, the grid and the zones' borders."""
        height, width = self.axes.box.height, self.axes.box.width
        parts = [
            f'<rect x="{left:.1f}" width="{right - left:.1f}" height="{height:.1f}" fill="{LIGHT.zone(key)[1]}"/>'
            for key, left, right in self.spans
        ]
        grid = [f"M{x:.1f},0V{height:.1f}" for t in self.x_ticks if t.major for x in [self._tick_x(t)]]
        grid += [f"M0,{y:.1f}H{width:.1f}" for t in self.y_ticks for y in [self._tick_y(t)]]
        if grid:
            parts.append(f'<path d="{"".join(grid)}" stroke="{LIGHT.grid}" fill="none"/>')
        return parts

    def _measured(self) -> list[str]:
        """Dots, band, metric and the smoothed line."""
        if not len(self.curve):
            middle = self.axes.box
            return [
                svg_elements.text(
                    "No points were measured.", middle.width / 2, middle.height / 2, LIGHT.muted, "middle"
                )
            ]
        parts = self._raw_dots()
        band = self.result.band
        if band is not None and len(band.lr) > 1:
            log_lr = np.log10(band.lr)
            low, high = self._pixels(log_lr, band.low), self._pixels(log_lr, band.high)
            parts.append(
                f'<path d="{svg_elements.path(np.vstack([low, high[::-1]]))}Z" fill="{LIGHT.curve}" opacity="0.18"/>'
            )
        if self.metric is not None:
            path = svg_elements.path(self._pixels(*self.metric, self.metric_ends))
            parts.append(f'<path d="{path}" {svg_elements.stroke(LIGHT.average, 1.8)} stroke-dasharray="7 4"/>')
        if len(self.line) > 1:
            parts.append(f'<path d="{svg_elements.path(self.line)}" {svg_elements.stroke(LIGHT.curve, 2.2)}/>')
        return parts

    def _raw_dots(self) -> list[str]:
        """The raw losses of all sweeps, or what their columns fill where they are too many for dots."""
        x = np.concatenate([self.axes.x(curve.log_lr) for curve in self.result.curves])
        y = np.concatenate([self.axes.y(curve.loss) for curve in self.result.curves])
        seen = (y > -4) & (y < self.axes.box.height + 4)
        if int(seen.sum()) <= _MANY:
            width, strength = (6, 0.8) if len(x) <= 20 else (3.4, 0.55)
            dots, look = svg_elements.dots(x[seen], y[seen]), svg_elements.stroke(LIGHT.dots, width)
            return [f'<path d="{dots}" {look} opacity="{strength}"/>']
        middle, top, bottom = columns(x, np.clip(y, -4, self.axes.box.height + 4))
        strokes = "".join(f"M{a:.1f},{b:.1f}V{c + 0.1:.1f}" for a, b, c in zip(middle, top, bottom, strict=True))
        return [f'<path d="{strokes}" stroke="{LIGHT.dots}" stroke-width="1" fill="none" opacity="0.35"/>']

    def _annotations(self) -> list[str]:
        """Borders, names, marks and the pick, none over another."""
        height = self.axes.box.height
        points = [along(self.line)]
        if self.metric is not None:
            points.append(along(self._pixels(*self.metric, self.metric_ends)))
        view = Box(4, 4, self.axes.box.width - 8, height - 8)
        walls = [left for _, left, _ in self.spans[1:]]
        pick = self.analysis.selection
        walls += [self.axes.at(pick)] if pick is not None else []
        marks = self._marks()
        room = Room(view, np.vstack(points), walls)
        room.take(*(name for _, _, name in self.names))
        if self.tag is not None:
            room.take(Box(self.tag[1].left - 10, self.tag[1].top - 3, self.tag[1].width + 20, _TAG_HEIGHT + 6))
        room.take(*(Box(x - 7, y - 7, 14, 14) for _, _, x, y in marks))
        upright = self._upright_names(room)
        room.take(*(name for _, _, name in upright))
        wanted = [Label(words, x, y, text_width(words, SIZE), _LINE) for _, words, x, y in marks]
        labels = room.place(wanted)
        return [
            *self._borders(),
            *(svg_elements.zone_name(key, words, place) for key, words, place in self.names),
            *(svg_elements.zone_name(key, words, place, turned=True) for key, words, place in upright),
            *(svg_elements.mark_label(p) for p in labels),
            *self._pick_line(),
            *(
                svg_elements.diamond(x, y, LIGHT.accent if key == "ours" else LIGHT.background)
                for key, _, x, y in marks
            ),
            *self._pick_tag(),
        ]

    def _marks(self) -> list[tuple[str, str, float, float]]:
        """Key, label and pixel of our pick and of every rule's rate that lies on the curve, in sight."""
        rows = [("ours", "", self.result.lr)]
        rows += [(s.key, s.label, s.lr) for s in self.analysis.suggestions.values()]
        marks = []
        for key, label, lr in rows:
            loss = self.curve.loss_at(lr) if lr is not None and lr > 0 else math.nan
            if lr is not None and math.isfinite(loss):
                x, y = self.axes.at(lr), float(self.axes.y(np.array(loss)))
                if 0 <= y <= self.axes.box.height:
                    marks.append((key, label, x, y))
        return marks

    def _borders(self) -> list[str]:
        """The dashed lines between the zones."""
        dashes = {"low": "6 4", "optimal": "6 4", "divergence": "8 3 1.5 3"}
        return [
            f'<path d="M{left:.1f},0V{self.axes.box.height:.1f}" stroke="{LIGHT.zone(key)[0]}" stroke-width="1.5" '
            f'stroke-dasharray="{dashes[key]}" fill="none"/>'
            for key, left, _ in self.spans[1:]
        ]

    def _pick_line(self) -> list[str]:
        lr = self.analysis.selection
        if lr is None:
            return []
        top = _NAMES_TOP + _NAMES_HEIGHT + 2 if self.names else 0
        # A guess that is not relied on is a broken line.
        dash = "" if self.result.lr is not None else ' stroke-dasharray="3 4"'
        return [
            f'<path d="M{self.axes.at(lr):.1f},{top:g}V{self.axes.box.height:.1f}" stroke="{LIGHT.selection}" '
            f'stroke-width="2" fill="none"{dash}/>'
        ]

    def _pick_tag(self) -> list[str]:
        if self.tag is None:
            return []
        words, box = self.tag
        fill, colour = LIGHT.selection, LIGHT.selection_text
        if self.result.lr is None:
            fill, colour = colour, fill
        rect = (
            f'<rect x="{box.left:.1f}" y="{box.top:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="5" '
            f'fill="{fill}" stroke="{LIGHT.selection}"/>'
        )
        return [rect, svg_elements.text(words, box.left + box.width / 2, box.top + 16.2, colour, "middle", bold=True)]

    # -- axes

    def _tick_x(self, tick: Tick) -> float:
        return float(self.axes.x(np.array(tick.position)))

    def _tick_y(self, tick: Tick) -> float:
        return float(self.axes.y(np.array(tick.position)))

    def _bottom_axis(self) -> list[str]:
        box = self.axes.box
        lines, words, taken = [f"M{box.left:.1f},{box.bottom:.1f}H{box.right:.1f}"], [], -1e9
        for tick in self.x_ticks:
            x = box.left + self._tick_x(tick)
            lines.append(f"M{x:.1f},{box.bottom:.1f}v{5 if tick.major else 3}")
            half = text_width(tick.text, SIZE) / 2
            if tick.text and x - half > taken and x + half <= WIDTH - 2:
                words.append(svg_elements.text(tick.text, x, box.bottom + 18, LIGHT.muted, "middle"))
                taken = x + half + 6
        title = svg_elements.text(
            "Learning rate (log scale)", box.left + box.width / 2, HEIGHT - 8, LIGHT.muted, "middle"
        )
        return [f'<path d="{"".join(lines)}" stroke="{LIGHT.axis}" fill="none"/>', *words, title]

    def _left_axis(self) -> list[str]:
        box = self.axes.box
        lines, words = [f"M{box.left:.1f},{box.top:.1f}V{box.bottom:.1f}"], []
        for tick in self.y_ticks:
            y = box.top + self._tick_y(tick)
            lines.append(f"M{box.left:.1f},{y:.1f}h-5")
            words.append(svg_elements.text(tick.text, box.left - 9, y + 4.2, LIGHT.muted, "end"))
        name = "Smoothed validation loss" if self.result.validation else "Smoothed loss"
        return [
            f'<path d="{"".join(lines)}" stroke="{LIGHT.axis}" fill="none"/>',
            *words,
            svg_elements.upright(name, 17, box.top + box.height / 2, LIGHT.muted),
        ]

    def _right_axis(self) -> list[str]:
        if self.metric is None:
            return []
        box, colour = self.axes.box, LIGHT.average
        lines, words = [f"M{box.right:.1f},{box.top:.1f}V{box.bottom:.1f}"], []
        low, high = self.metric_ends
        for tick in self.metric_ticks:
            y = box.top + float(self.axes.y(np.array(tick.position), low, high))
            lines.append(f"M{box.right:.1f},{y:.1f}h5")
            words.append(svg_elements.text(tick.text, box.right + 9, y + 4.2, colour))
        name = elided(self.result.metric_name or "metric", SIZE, box.height)
        return [
            f'<path d="{"".join(lines)}" stroke="{colour}" fill="none"/>',
            *words,
            svg_elements.upright(name, WIDTH - 8, box.top + box.height / 2, colour),
        ]


def _kept(pixels: Floats) -> Floats:
    """Pixels that a viewer's arithmetic can bear."""
    return np.clip(np.nan_to_num(pixels, nan=_FAR, posinf=_FAR, neginf=-_FAR), -_FAR, _FAR)


def _padded(values: Floats) -> tuple[float, float]:
    """The ends of an axis that shows finite `values`, with a little room."""
    low, high = float(values.min()), float(values.max())
    span = max(high - low, 0.05 * abs(high), 1e-9)
    return low - 0.06 * span, high + 0.06 * span

"""The annotated curve drawn with matplotlib."""

from __future__ import annotations

import math
from collections.abc import Sequence
from textwrap import shorten
from typing import TYPE_CHECKING, Any

import numpy as np

from lrgui.api.figure import SIZE, families
from lrgui.core.curve.zones import ZONE_NAMES, Zones
from lrgui.core.formats import format_loss
from lrgui.core.learning_rate import format_lr
from lrgui.plot.ranges import curve_range
from lrgui.plot.theme import LIGHT

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D
    from matplotlib.text import Text

    from lrgui.api.found import Found

_ZONES = ("low", "optimal", "divergence")
#: Share of the height, at the top, for the zones' names and the pick's label.
_HEADER = 0.19
_NAMES_AT, _LABEL_AT = 0.965, 0.875
#: Points that a name leaves free on either side of it.
_ROOM = 6.0
#: More dots than this make a vector picture too large: they become an image within it.
_MOST_DOTS = 5000
#: Points between two marks below which their numbers would touch.
_TOUCHING = 13.0
#: Share of the picture's width that the rules' legend may take.
_WIDEST = 0.9
#: Characters of a metric's name; a longer one would push the legend out of the picture.
_LONGEST_NAME = 24


def draw(result: Found, ax: Axes | None = None, **style: Any) -> Axes:
    """Draw on `ax`, or on a new figure of pyplot's. The metric gets an axis of its own at the right.

    `style` are properties of the smoothed line, as `Axes.plot` takes them.
    """
    if ax is None:
        import matplotlib.pyplot as plt

        _, ax = plt.subplots(figsize=SIZE, layout="constrained")
    _axes(result, ax)
    handles = [*_measured(result, ax, style), *_metric(result, ax)]
    marks = _marks(result, ax)
    _legends(ax, [*handles, *marks[:1]], marks[1:])
    figure = ax.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()  # now it is known how wide the zones are, and where the marks lie
    if result.zones is not None:
        from matplotlib.lines import Line2D

        lines = [each for each in handles if isinstance(each, Line2D) and each.get_linestyle() != "None"]
        _tint(result.zones, result.reading.selection, lines, ax)
    _number(marks[1:], ax)
    if result.reading.selection is not None:
        _pick(result, result.reading.selection, ax)
    return ax


def _legends(ax: Axes, lines: Sequence[Artist], marks: Sequence[Line2D]) -> None:
    """What was measured above the plot, where it covers nothing; what the rules say below it."""
    common: dict[str, Any] = {"frameon": False, "borderaxespad": 0.2, "handlelength": 1.6}
    if lines:
        above = ax.legend(
            handles=lines, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=len(lines), fontsize=9, **common
        )
    if marks:
        if lines:
            ax.add_artist(above)  # a second legend takes the place of the first
        figure = ax.get_figure(root=True)
        assert figure is not None
        for rows in (1, 2):  # one that is wider than the picture would squeeze the plot
            below = ax.legend(
                handles=marks,
                loc="upper center",
                bbox_to_anchor=(0.5, -0.13),
                ncols=-(-len(marks) // rows),
                fontsize=8,
                columnspacing=1.4,
                handletextpad=0.2,
                **(common | {"handlelength": 1.2}),
            )
            if below.get_window_extent().width < _WIDEST * figure.bbox.width:
                break


def _measured(result: Found, ax: Axes, style: dict[str, Any]) -> list[Artist]:
    """Dots, smoothed line and band; what belongs into the legend."""
    curve, band = result.curve, result.band
    if not len(curve):
        return []
    size, strength = (7, 0.7) if len(curve) <= 20 else (4, 0.35)
    many = sum(len(each) for each in result.curves) > _MOST_DOTS
    for each in result.curves:
        dots = ax.plot(
            each.lr, each.loss, ".", color=LIGHT.dots, alpha=strength, markersize=size, zorder=2, rasterized=many
        )
    dots[0].set_label("validation loss" if result.validation else "batch loss")
    handles: list[Artist] = [*dots]
    if len(curve) > 1:
        look: dict[str, Any] = {"color": LIGHT.curve, "linewidth": 2, "zorder": 4}
        look["label"] = "median, smoothed" if band is not None else "smoothed"
        handles += ax.plot(curve.lr, curve.smoothed, **(look | style))
    if band is not None and len(band.lr) > 1:
        words = f"range of {len(result.curves)} sweeps"
        area = ax.fill_between(band.lr, band.low, band.high, color=LIGHT.curve, alpha=0.18, linewidth=0, label=words)
        handles.append(area)
    return handles


def _heavy() -> str:
    """The weight of what stands out: semibold in the program's font, bold in the caller's.

    Most fonts have no semibold; matplotlib takes bold in its place, and prints so every time.
    """
    import matplotlib as mpl

    return "semibold" if set(families()).intersection(mpl.rcParams["font.family"]) else "bold"


def _axes(result: Found, ax: Axes) -> None:
    """Scales, names and ranges."""
    curve, zones = result.curve, result.zones
    ax.set_xscale("log")
    ends = [result.config.start_lr, result.config.end_lr]
    ends += [float(curve.lr[0]), float(curve.lr[-1])] if len(curve) else []
    ends += [zones.start, zones.end] if zones is not None else []
    margin = (max(ends) / min(ends)) ** 0.02 if max(ends) > min(ends) else 2.0
    ax.set_xlim(min(ends) / margin, max(ends) * margin)
    if len(curve):
        bottom, top = curve_range(curve.loss, curve.smoothed, _HEADER)
        if math.isfinite(top - bottom) and top > bottom:
            ax.set_ylim(bottom, top)
    else:
        ax.text(0.5, 0.5, "No points were measured.", transform=ax.transAxes, ha="center", color=LIGHT.muted)
        ax.set_yticks([])
    ax.set_xlabel("Learning rate (log scale)")
    ax.set_ylabel("Smoothed validation loss" if result.validation else "Smoothed loss")
    ax.set_title(_plain(result.picture_title), fontsize=12, fontweight=_heavy(), pad=24, wrap=True)
    ax.grid(color=LIGHT.grid, linewidth=0.8)
    ax.set_axisbelow(True)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)


def _marks(result: Found, ax: Axes) -> list[Line2D]:
    """The average that the rules read, and on it a diamond for each rule; labelled for the legends, in that order."""
    curve, found = result.curve, result.reading.marks
    if not found:
        return []
    (line,) = ax.plot(
        curve.lr,
        curve.average,
        color=LIGHT.average,
        linewidth=1.1,
        linestyle=(0, (5, 2)),
        alpha=0.8,
        zorder=3,
        label=result.reading.average_label,
    )
    marks = [line]
    for number, rule in enumerate(found, start=1):
        marks += ax.plot(
            [rule.lr],
            [rule.loss],
            linestyle="none",
            marker="D",
            markersize=5.5,
            markerfacecolor=LIGHT.background,
            markeredgecolor=LIGHT.mark,
            zorder=5,
            label=f"{number}  {rule.label}: {format_lr(rule.lr)}",
        )
    return marks


def _number(marks: Sequence[Line2D], ax: Axes) -> None:
    """The marks' numbers, above them and below in turn where they lie close together."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    from matplotlib.patheffects import withStroke

    points = 72 / figure.dpi
    places = [(*ax.transData.transform(_place(mark)) * points, n) for n, mark in enumerate(marks, start=1)]
    last, above = -math.inf, True
    for x, _, number in sorted(places):
        above = not above if x - last < _TOUCHING else True
        last = x
        mark = marks[number - 1]
        ax.annotate(
            str(number),
            _place(mark),
            xytext=(0, 8 if above else -8),
            textcoords="offset points",
            ha="center",
            va="bottom" if above else "top",
            fontsize=8,
            color=LIGHT.text,
            path_effects=[withStroke(linewidth=2.5, foreground=LIGHT.background)],
            zorder=5.2,
        )


def _place(mark: Line2D) -> tuple[float, float]:
    """Rate and loss of a mark, a line of one point."""
    ((lr, loss),) = np.asarray(mark.get_xydata()).tolist()
    return lr, loss


def _tint(zones: Zones, pick: float | None, lines: Sequence[Line2D], ax: Axes) -> None:
    """Tinted areas with dashed borders, each with the longest of its names that fits."""
    stops = (zones.start, zones.low_end, zones.high_start, zones.end)
    for key, left, right, dash in zip(_ZONES, stops[:-1], stops[1:], ("-", "--", "-."), strict=True):
        if right > left:
            line, tint, _ = LIGHT.zone(key)
            ax.axvspan(left, right, color=tint, linewidth=0, zorder=0)
            if key != "low":
                ax.axvline(left, color=line, linestyle=dash, linewidth=1.3, zorder=1)
            _name(key, left, right, pick, lines, ax)


def _name(key: str, left: float, right: float, pick: float | None, lines: Sequence[Line2D], ax: Axes) -> None:
    """The longest form of a zone's name that fits between two rates, else the shortest upright, else none."""
    _, tint, colour = LIGHT.zone(key)
    figure = ax.get_figure(root=True)
    assert figure is not None
    spare = 2 * _ROOM * figure.dpi / 72
    text = ax.text(
        math.sqrt(left * right),
        _NAMES_AT,
        "",
        transform=ax.get_xaxis_transform(),
        ha="center",
        va="top",
        fontsize=9,
        fontweight=_heavy(),
        color=colour,
        # A line that passes behind never touches the letters.
        bbox={"boxstyle": "round,pad=0.15", "facecolor": tint, "edgecolor": "none"},
        zorder=5.5,
        clip_on=True,
    )
    for form in ZONE_NAMES[key]:
        text.set_text(form)
        if text.get_window_extent().width + spare <= _pixels(left, right, ax):
            return
    if pick is not None and left < pick < right:  # beside the pick's line
        left, right = (left, pick) if pick / left > right / pick else (pick, right)
    text.set_rotation(90)
    if text.get_window_extent().width + spare / 3 <= _pixels(left, right, ax):
        _stand(text, left, right, lines, ax)
    else:
        text.remove()


def _stand(text: Text, left: float, right: float, lines: Sequence[Line2D], ax: Axes) -> None:
    """Put upright words between two rates where no line passes: middle, right or left, from above to below."""
    for y in (1 - _HEADER, 0.6, 0.4):
        for share in (0.5, 0.75, 0.25):
            x = left * (right / left) ** share
            text.set(x=x, y=y)
            box = text.get_window_extent()
            inside = 2 * min(_pixels(left, x, ax), _pixels(x, right, ax)) >= box.width
            if inside and not any(_passes(line, box.padded(3.0)) for line in lines):
                return
    text.set(x=math.sqrt(left * right), y=1 - _HEADER)


def _passes(line: Line2D, box: Any) -> bool:
    """Whether a line passes through a box in pixels."""
    path = line.get_transform().transform_path(line.get_path())
    return bool(path.intersects_bbox(box, filled=False))


def _pixels(left: float, right: float, ax: Axes) -> float:
    """How far two rates lie apart."""
    ends = ax.transData.transform([(left, 1.0), (right, 1.0)])
    return float(ends[1][0] - ends[0][0])


def _pick(result: Found, lr: float, ax: Axes) -> None:
    """The pick's line with its label, on the side where there is more room."""
    sure = result.lr is not None
    top = _NAMES_AT - 0.055 if result.zones is not None else 1.0  # it strikes no name through
    dash, width = ("-", 2.0) if sure else (":", 1.5)
    ax.axvline(lr, ymax=top, color=LIGHT.selection, linewidth=width, linestyle=dash, zorder=5)
    loss = result.curve.loss_at(lr)
    words = f"recommended {format_lr(lr)}" if sure else f"a guess: {format_lr(lr)} (no confidence)"
    if sure and math.isfinite(loss):
        words += f" · loss {format_loss(loss)}"
    low, high = ax.get_xlim()
    right = math.log(lr / low) < math.log(high / low) / 2
    ax.annotate(
        words,
        (lr, _LABEL_AT),
        xycoords=ax.get_xaxis_transform(),
        xytext=(9 if right else -9, 0),
        textcoords="offset points",
        ha="left" if right else "right",
        va="center",
        fontsize=9,
        fontweight=_heavy(),
        color=LIGHT.selection_text if sure else LIGHT.selection,
        bbox={
            "boxstyle": "round,pad=0.35",
            "facecolor": LIGHT.selection if sure else LIGHT.selection_text,
            "edgecolor": LIGHT.selection,
        },
        zorder=6,
    )


def _metric(result: Found, ax: Axes) -> list[Artist]:
    """The metric's line on an axis of its own; its handle for the legend, if there is one."""
    values = result.metric_smoothed
    if values is None or not np.isfinite(values).any():
        return []
    other = ax.twinx()
    words = _plain(shorten(result.metric_name or "metric", _LONGEST_NAME, placeholder="…"))
    (line,) = other.plot(result.curve.lr, values, color=LIGHT.validation, linestyle="--", linewidth=1.6, label=words)
    low, high = other.get_ylim()
    other.set_ylim(low, low + (high - low) / (1 - _HEADER))
    other.set_ylabel(words, color=LIGHT.validation)
    other.tick_params(axis="y", colors=LIGHT.validation)
    other.spines["top"].set_visible(False)
    return [line]


def _plain(words: str) -> str:
    """Words that matplotlib does not take for mathematics."""
    return words.replace("$", r"\$")

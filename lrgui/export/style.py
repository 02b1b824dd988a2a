"""How a picture is made: its size, resolution, colours, and what is left out of it. No Qt."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lrgui.core.formats import exact_number, format_figure

if TYPE_CHECKING:
    from lrgui.plot.plots import Ranges
    from lrgui.plot.theme import Palette

#: The colours, by key, and what they are called.
THEMES = {"light": "Light", "dark": "Dark", "transparent": "Light, transparent"}
#: What a picture may be made without, by key, and what it is called.
PARTS = {
    "title": "Title",
    "legend": "Legend",
    "zones": "Zones",
    "marks": "Marks",
    "selection": "Selection",
    "points": "Raw points",
    "candidates": "Candidates",
    "earlier": "Earlier sweeps",
}
#: Lengths in inches.
UNITS = {"in": 1.0, "cm": 1 / 2.54, "mm": 1 / 25.4}
#: Sizes that are often wanted, by key: what they are called, and width and height in inches.
PRESETS: dict[str, tuple[str, tuple[float, float]]] = {
    "figure": ("Figure, 8 × 5 in", (8.0, 5.0)),
    "column": ("Paper, one column", (3.5, 2.6)),
    "page": ("Paper, full width", (7.2, 4.2)),
    "slide": ("Slide, 16:9", (10.0, 5.625)),
    "square": ("Square", (6.0, 6.0)),
}
#: Shorter sides than this have no room for a plot, longer ones no printer.
LEAST_INCHES, MOST_INCHES = 2.0, 60.0
LEAST_DPI, MOST_DPI = 48, 1200
#: More pixels than this are more memory than a machine may have.
MOST_PIXELS = 120_000_000


@dataclass(frozen=True)
class PictureStyle:
    """How a picture is to look."""

    size: tuple[float, float] = PRESETS["figure"][1]
    """Width and height in inches. Letters and lines have their size on paper, whatever it is."""
    dpi: int = 300
    theme: str = "light"
    """A key of `THEMES`."""
    without: frozenset[str] = frozenset()
    """What is left out: keys of `PARTS`."""
    views: tuple[Ranges, ...] | None = None
    """What the charts show, see `plot.plots.Plot.views`; None for everything."""

    def problem(self) -> str:
        """Why there can be no such picture, in a sentence; empty where there can."""
        width, height = self.size
        if not all(LEAST_INCHES <= side <= MOST_INCHES for side in self.size):
            room = f"use {exact_number(LEAST_INCHES)} to {exact_number(MOST_INCHES)} in."
            return f"A picture of {format_figure(width)} × {format_figure(height)} in is not possible: {room}"
        if not LEAST_DPI <= self.dpi <= MOST_DPI:
            return f"{self.dpi:,} DPI is not possible: use {LEAST_DPI} to {MOST_DPI:,}."
        if self.pixels[0] * self.pixels[1] > MOST_PIXELS:
            return f"A picture of {self.pixels[0]:,} × {self.pixels[1]:,} pixels is too large: use fewer DPI."
        return ""

    @property
    def pixels(self) -> tuple[int, int]:
        """Width and height as pixels."""
        return round(self.size[0] * self.dpi), round(self.size[1] * self.dpi)

    @property
    def transparent(self) -> bool:
        """True where there is nothing behind the plot."""
        return self.theme == "transparent"

    @property
    def palette(self) -> Palette:
        """Its colours."""
        from lrgui.plot.theme import DARK, LIGHT

        return DARK if self.theme == "dark" else LIGHT


def read_size(text: str, dpi: int = 300) -> tuple[float, float]:
    """A size in inches from "16x10cm", "8x5in", "1600x1000px" (or without a unit) or a key of `PRESETS`.

    Raises ValueError with a sentence.
    """
    words = text.strip().lower()
    if words in PRESETS:
        return PRESETS[words][1]
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*[x×*]\s*(\d+(?:\.\d+)?)\s*(in|cm|mm|px|)", words)
    if found is None:
        raise ValueError(f"“{text}” is not a size. Write 16x10cm, 8x5in, 1600x1000px, or one of: {', '.join(PRESETS)}.")
    unit = UNITS.get(found[3], 1 / dpi)
    return float(found[1]) * unit, float(found[2]) * unit


def read_without(text: str) -> frozenset[str]:
    """Parts from "zones,marks". Raises ValueError with a sentence."""
    words = [word.strip().lower() for word in text.split(",") if word.strip()]
    for word in words:
        if word not in PARTS:
            raise ValueError(f"A picture has no part “{word}”. Choose from: {', '.join(PARTS)}.")
    return frozenset(words)


def style_from(kept: Any) -> PictureStyle:
    """The style from plain data, as `style_to` made it; what cannot be used takes its default."""
    usual = PictureStyle()
    kept = kept if isinstance(kept, dict) else {}
    size, dpi, theme, without = (kept.get(name) for name in ("size", "dpi", "theme", "without"))
    sides = tuple(float(side) for side in size) if _numbers(size) else usual.size
    style = PictureStyle(
        (sides[0], sides[1]) if len(sides) == 2 else usual.size,
        dpi if isinstance(dpi, int) and not isinstance(dpi, bool) else usual.dpi,
        theme if isinstance(theme, str) and theme in THEMES else usual.theme,
        frozenset(part for part in without if part in PARTS) if isinstance(without, list) else usual.without,
    )
    return usual if style.problem() else style


def style_to(style: PictureStyle) -> dict[str, Any]:
    """What is remembered of a style, as plain data."""
    return {"size": list(style.size), "dpi": style.dpi, "theme": style.theme, "without": sorted(style.without)}


def _numbers(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(side, int | float) for side in value)

"""The colours of the window and of every picture: one light and one dark palette.

Okabe–Ito (Okabe and Ito, "Color Universal Design", 2008): sky blue #56B4E9 too low, bluish green #009E73
optimal, vermillion #D55E00 divergence, blue #0072B2 accent. Lines and fills carry those colours as they are; text in
them is darkened (light palette) or lightened (dark palette) until it reads at 4.5:1 or better. A colour never
stands alone: zones have names, borders and curves have dash patterns.
"""

from __future__ import annotations

from dataclasses import dataclass

from lrgui.runs.looks import COLOURS

#: The dashes of many curves.
LOOKS = ("solid", "dash", "dot", "dashdot")


@dataclass(frozen=True)
class Palette:
    """Colours as `#RRGGBB`."""

    name: str
    """`light` or `dark`."""

    # The window
    window: str
    """Behind the cards."""
    card: str
    card_border: str
    field: str
    """Background of inputs and of code."""
    field_border: str
    button: str
    hover: str
    """Background of a button or row under the pointer."""
    pressed: str
    text: str
    muted: str
    """Secondary text, axis labels."""
    disabled: str
    """Text of what cannot be used now."""
    accent: str
    """Main button, links, selected number."""
    accent_hover: str
    accent_text: str
    """On the accent."""
    selected_row: str
    error: str
    success: str
    warning: str
    track: str
    """Empty part of a progress bar, scroll bar's handle."""

    # The plot
    background: str
    """Of the plot, outside of all zones."""
    grid: str
    axis: str
    """The two axis lines and their ticks."""
    curve: str
    dots: str
    """Raw losses."""
    previous: str
    """The faded curve of the sweep before."""
    average: str
    """The classic average."""
    validation: str
    selection: str
    """The selection line and its label's background."""
    selection_text: str
    mark: str
    """Outline of the rules' diamonds."""

    low_line: str
    low_tint: str
    low_text: str
    optimal_line: str
    optimal_tint: str
    optimal_text: str
    divergence_line: str
    divergence_tint: str
    divergence_text: str

    def zone(self, key: str) -> tuple[str, str, str]:
        """Line, tint and text colour of the zone `low`, `optimal` or `divergence`."""
        line, tint, text = (getattr(self, f"{key}_{part}") for part in ("line", "tint", "text"))
        return str(line), str(tint), str(text)

    def look(self, index: int) -> tuple[str, str]:
        """Colour and dashes of one of many curves: no two of the first sixteen are alike, nor neighbours in either."""
        colours = (self.curve, self.validation, self.optimal_line, self.average)
        return colours[index % COLOURS], LOOKS[(index + index // COLOURS) % len(LOOKS)]


LIGHT = Palette(
    name="light",
    window="#F5F7F9",
    card="#FFFFFF",
    card_border="#DDE2E8",
    field="#FFFFFF",
    field_border="#CBD2DA",
    button="#FFFFFF",
    hover="#EDF1F5",
    pressed="#DFE5EB",
    text="#1A202C",
    muted="#57606F",
    disabled="#8C95A1",
    accent="#0072B2",
    accent_hover="#005E94",
    accent_text="#FFFFFF",
    selected_row="#E1F0FA",
    error="#B3261E",
    success="#00694D",
    warning="#8A5300",
    track="#D5DBE2",
    background="#FFFFFF",
    grid="#E4E9EE",
    axis="#A9B2BD",
    curve="#0072B2",
    dots="#5C6B7D",
    previous="#8793A1",
    average="#A5527F",
    validation="#D55E00",
    selection="#1A202C",
    selection_text="#FFFFFF",
    mark="#1A202C",
    low_line="#56B4E9",
    low_tint="#EFF7FD",
    low_text="#1B6C9E",
    optimal_line="#009E73",
    optimal_tint="#E5F5EF",
    optimal_text="#00694D",
    divergence_line="#D55E00",
    divergence_tint="#FCEFE6",
    divergence_text="#A44600",
)

DARK = Palette(
    name="dark",
    window="#1B2027",
    card="#14181E",
    card_border="#2E3641",
    field="#1B2027",
    field_border="#3A4450",
    button="#1F252D",
    hover="#2A323C",
    pressed="#343E4A",
    text="#E8ECF1",
    muted="#A0AAB7",
    disabled="#6C7785",
    accent="#56B4E9",
    accent_hover="#7CC6F0",
    accent_text="#08131C",
    selected_row="#1E3445",
    error="#FF8A80",
    success="#34C99C",
    warning="#F0B14A",
    track="#3A4450",
    background="#14181E",
    grid="#262D36",
    axis="#5B6673",
    curve="#56B4E9",
    dots="#9AA7B6",
    previous="#77838F",
    average="#D98CB9",
    validation="#FF8F4F",
    selection="#F2F5F8",
    selection_text="#14181E",
    mark="#F2F5F8",
    low_line="#56B4E9",
    low_tint="#172430",
    low_text="#6CBDEC",
    optimal_line="#1FBF8F",
    optimal_tint="#142A26",
    optimal_text="#34C99C",
    divergence_line="#F07A2E",
    divergence_tint="#2E211B",
    divergence_text="#FF9A60",
)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21, as WCAG 2.1 defines it."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue

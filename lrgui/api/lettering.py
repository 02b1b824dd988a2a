"""How wide words are, without a font: pictures made of text only must not let them overlap.

Nobody knows which font a viewer takes, so the widths are those of DejaVu Sans, the widest of the usual ones:
elsewhere words leave a little more room around them.
"""

from __future__ import annotations

import unicodedata

#: Width in thousandths of the font size, rounded up, and the characters that have it.
_WIDTHS = {
    300: "ijlIJ'",
    350: "f,-./:;\\| ·",
    400: "rt!()[]",
    450: '"⁻⁰¹²³⁴⁵⁶⁷⁸⁹',
    500: "*_`–",
    550: "cszL?",
    600: "akovxyFPTY",
    650: "0123456789bdeghnpquEKS${}",
    700: "ABCRVXZ",
    750: "HNU",
    800: "DGOQ&",
    850: "wM#+<=>^~÷×→−≥",
    950: "%★",
    1000: "mW@…",
}
_WIDTH = {character: width / 1000 for width, characters in _WIDTHS.items() for character in characters}
_OTHER, _WIDE = 0.75, 1.05
_BOLD = 1.13


def text_width(text: str, size: float, bold: bool = False) -> float:
    """Width of a line of text at the font size `size`, in the unit of `size`; rather too large than too small."""
    return size * (_BOLD if bold else 1.0) * sum(map(_width, text))


def elided(text: str, size: float, room: float, bold: bool = False) -> str:
    """`text`, with an ellipsis for its end where it is wider than `room`."""
    if text_width(text, size, bold) <= room:
        return text
    kept = text
    while kept and text_width(kept + "…", size, bold) > room:
        kept = kept[:-1]
    return kept.rstrip() + "…"


def _width(character: str) -> float:
    known = _WIDTH.get(character)
    if known is not None:
        return known
    if unicodedata.combining(character):
        return 0.0
    return _WIDE if unicodedata.east_asian_width(character) in "WF" else _OTHER

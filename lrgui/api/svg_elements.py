"""The pieces that a picture is written of, each a line of scalable vector graphics."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

from lrgui.api.label_places import Box, PlacedLabel
from lrgui.core.smoothing import Floats
from lrgui.plot.theme import LIGHT

FONT = "Inter, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"
SIZE = 12.0
"""Of ordinary words, in pixels."""

_SUPERSCRIPTS = re.compile("[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+$")
_PLAIN = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "−0123456789")
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def path(points: Floats) -> str:
    """The data of a path through points of shape (n, 2)."""
    return "M" + " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def dots(x: Floats, y: Floats) -> str:
    """The data of a path that is drawn as dots by its round ends."""
    return "".join(f"M{a:.1f},{b:.1f}h0" for a, b in zip(x, y, strict=True))


def stroke(colour: str, width: float) -> str:
    """The attributes of a path that is a line with round ends."""
    return f'fill="none" stroke="{colour}" stroke-width="{width:g}" stroke-linecap="round" stroke-linejoin="round"'


def diamond(x: float, y: float, fill: str) -> str:
    """A rule's mark."""
    return (
        f'<path d="M{x:.1f},{y - 5.2:.1f}l5.2,5.2l-5.2,5.2l-5.2,-5.2Z" fill="{fill}" stroke="{LIGHT.mark}" '
        'stroke-width="1.4"/>'
    )


def zone_name(key: str, words: str, box: Box, turned: bool = False) -> str:
    """A zone's name on the zone's own tint, so that a line behind it never touches the letters."""
    _, tint, colour = LIGHT.zone(key)
    x, y = box.left + box.width / 2, box.top + box.height / 2
    rect = (
        f'<rect x="{box.left:.1f}" y="{box.top:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="4" '
        f'fill="{tint}"/>'
    )
    if turned:
        return rect + upright(words, x + 4.3, y, colour, bold=True)
    return rect + text(words, x, y + 4.3, colour, "middle", bold=True)


def mark_label(label: PlacedLabel) -> str:
    """A mark's name, with a light rim where dots or lines pass behind it."""
    box = label.box
    x = {"start": box.left, "middle": box.left + box.width / 2, "end": box.right}[label.anchor]
    words = text(label.text, x, box.top + 11.5, LIGHT.text, label.anchor)
    rim = f'paint-order="stroke" stroke="{LIGHT.background}" stroke-opacity="0.75" stroke-width="3"'
    return f'<g {rim} stroke-linejoin="round">{words}</g>'


def upright(words: str, x: float, y: float, colour: str, bold: bool = False) -> str:
    """Words written upward, centred at a point of their base line."""
    turned = text(words, 0, 0, colour, "middle", bold=bold)
    return f'<g transform="translate({x:.1f},{y:.1f}) rotate(-90)">{turned}</g>'


def text(
    words: str, x: float, y: float, colour: str, anchor: str = "start", size: float = SIZE, bold: bool = False
) -> str:
    """One line of text with its base line at `y`; small raised digits where the words have them."""
    raised = _SUPERSCRIPTS.sub(
        lambda found: f'<tspan dy="-4.5" font-size="9">{found[0].translate(_PLAIN)}</tspan>', _escaped(words)
    )
    look = "".join(
        (
            f' text-anchor="{anchor}"' if anchor != "start" else "",
            f' font-size="{size:g}"' if size != SIZE else "",
            ' font-weight="600"' if bold else "",
        )
    )
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}"{look}>{raised}</text>'


def quoted(words: str) -> str:
    """Words as an attribute's value, with its quotes; what XML does not allow is replaced."""
    return quoteattr(_NOT_XML.sub("�", words))


def _escaped(words: str) -> str:
    return escape(_NOT_XML.sub("�", words))

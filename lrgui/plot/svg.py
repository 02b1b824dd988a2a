"""Making Qt's SVG look the same in every viewer: letters become outlines."""

from __future__ import annotations

import re

from PySide6.QtCore import QPointF
from PySide6.QtGui import QFont, QPainterPath, QRawFont, QTransform

_TEXT = re.compile(r"<text(?P<attributes>[^>]*)>(?P<words>[^<]*)</text>")
_ATTRIBUTE = re.compile(r'([\w:-]+)="([^"]*)"')
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#xa0;", " "), ("&amp;", "&"))


def outline_text(svg: str) -> str:
    """Replace every text by its outline in the font that it was laid out with.

    A viewer without the program's font would take another one, and longer words would run over their
    boxes. The words stay as titles, for search and screen readers.
    """
    return _TEXT.sub(_outlined, svg)


def _outlined(match: re.Match[str]) -> str:
    attributes = dict(_ATTRIBUTE.findall(match["attributes"]))
    words = match["words"]
    for entity, character in _ENTITIES:
        words = words.replace(entity, character)
    font = QFont(attributes["font-family"])
    font.setWeight(QFont.Weight(int(attributes["font-weight"])))
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    # As large as the grid that the letters were designed on, then scaled: at the text's own size their corners are
    # rounded, one way or the other depending on what the process has drawn before.
    grid = round(QRawFont.fromFont(font).unitsPerEm()) or 1000
    font.setPixelSize(grid)
    large = QPainterPath()
    large.addText(QPointF(0.0, 0.0), font, words)
    scale = round(float(attributes["font-size"])) / grid
    path = QTransform(scale, 0.0, 0.0, scale, float(attributes["x"]), float(attributes["y"])).map(large)
    return (
        f'<path fill="{attributes["fill"]}" stroke="none" fill-rule="nonzero" d="{_data(path)}">'
        f"<title>{match['words']}</title></path>"
    )


def _data(path: QPainterPath) -> str:
    parts = []
    for index in range(path.elementCount()):
        element = path.elementAt(index)
        letter = {
            QPainterPath.ElementType.MoveToElement: "M",
            QPainterPath.ElementType.LineToElement: "L",
            QPainterPath.ElementType.CurveToElement: "C",
        }.get(element.type, "")  # the other two points of a curve follow without a letter
        parts.append(f"{letter}{element.x:.2f},{element.y:.2f}")
    return " ".join(parts)

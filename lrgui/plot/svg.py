"""Making Qt's SVG look the same in every viewer: letters become outlines."""

from __future__ import annotations

import re

from PySide6.QtCore import QPointF
from PySide6.QtGui import QFont, QPainterPath

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
    font.setPixelSize(round(float(attributes["font-size"])))
    font.setWeight(QFont.Weight(int(attributes["font-weight"])))
    path = QPainterPath()
    path.addText(QPointF(float(attributes["x"]), float(attributes["y"])), font, words)
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

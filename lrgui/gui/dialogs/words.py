"""Text as dialogs show it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

#: Where a long path may be broken: nothing is seen of it.
BREAK = "\u200b"


def wrapped(text: str, name: str = "") -> QLabel:
    """Words that wrap, also long paths, and that can be selected; `name` is the style's."""
    label = QLabel(breakable(text))
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    if name:
        label.setObjectName(name)
    return label


def breakable(text: str) -> str:
    """`text`, whose paths may be broken after each separator."""
    for sign in ("/", "\\"):
        text = text.replace(sign, sign + BREAK)
    return text


def short(name: str, most: int = 24) -> str:
    """A name that a button has room for."""
    return name if len(name) <= most else name[: most - 1] + "…"

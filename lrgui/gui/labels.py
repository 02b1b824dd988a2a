"""Text as labels show it: long names and paths wrap, wherever they have no space."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent, QFont, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLabel, QMenu, QWidget

#: Where a long word may be broken: nothing is seen of it.
BREAK = "\u200b"
#: Where people expect a break; elsewhere there is one after so many letters.
_ENDS = re.compile(r"[/\\_.\-]|[^/\\_.\-]{14}")


class Words(QLabel):
    """A label whose text can be selected and copied, without the places where it may be broken."""

    def copy(self) -> None:
        """Put what is selected, or all of it, into the clipboard."""
        QGuiApplication.clipboard().setText((self.selectedText() or self.text()).replace(BREAK, ""))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Copy").triggered.connect(self.copy)
        menu.popup(event.globalPos())


class Steady(QLabel):
    """Words that wrap. While they are held they give no room back: what stands below them does not move up and down
    with every text that they show during a drag."""

    def __init__(self) -> None:
        super().__init__()
        self.setWordWrap(True)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self._most: int | None = None
        """The height that is kept, None while they are not held."""

    def hold(self, held: bool) -> None:
        """Keep the room that they have had from now on, or let it go."""
        if held == (self._most is None):
            self._most = self.height() if held else None
            self.updateGeometry()

    def heightForWidth(self, width: int) -> int:
        high = super().heightForWidth(width)
        if self._most is not None:
            high = self._most = max(self._most, high)
        return high


def wrapped(text: str, name: str = "") -> QLabel:
    """Words that wrap, also long paths, and that can be selected; `name` is the style's."""
    label = Words(breakable(text))
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    if name:
        label.setObjectName(name)
    return label


def breakable(text: str, longest: int = 20) -> str:
    """`text`, in which words of more than `longest` letters may be broken: a label is as wide as its longest word."""
    return re.sub(rf"\S{{{longest + 1},}}", lambda word: _ENDS.sub(rf"\g<0>{BREAK}", word[0]), text)


def with_tabular_figures(widget: QWidget) -> None:
    """All digits of `widget` get the same width: columns of numbers align, and a number that changes does not jump."""
    font = widget.font()
    font.setFeature(QFont.Tag("tnum"), 1)
    widget.setFont(font)


def short(name: str, most: int = 24) -> str:
    """A name that a button has room for."""
    return name if len(name) <= most else name[: most - 1] + "…"

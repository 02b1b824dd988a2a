"""What side panels are made of: cards, folds, small buttons and muted lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from lrgui.gui.open_folds import OPEN_FOLDS
from lrgui.gui.scrolled import Scrolled


class Card(QFrame):
    """A titled box; put things into `body`."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.setAccessibleName(title)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(12, 9, 12, 10)
        self.body.setSpacing(7)
        self.heading = QLabel(title)
        self.heading.setObjectName("cardTitle")
        self.body.addWidget(self.heading)


class Fold(QWidget):
    """Things that most people don't need, behind one line that opens them.

    With a `key` it is remembered between starts whether it is open.
    """

    def __init__(self, title: str, content: QWidget, key: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self._key = key
        self._content = content
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        self.button = QPushButton()
        self.button.setObjectName("fold")
        self.button.setCheckable(True)
        self.button.setToolTip(f"Show or hide: {title}")
        self.button.toggled.connect(self._toggle)
        layout.addWidget(self.button)
        layout.addWidget(content)
        self._toggle(False)
        if key:
            self.button.setChecked(key in OPEN_FOLDS)
            # Not `toggled`: what the program opens, to show a problem, is no wish of the person.
            self.button.clicked.connect(self._remember)

    def open(self) -> None:
        """Show what is inside."""
        self.button.setChecked(True)

    @Slot(bool)
    def _toggle(self, shown: bool) -> None:
        self._content.setVisible(shown)
        self.button.setText(f"{'▾' if shown else '▸'} {self._title}")

    @Slot(bool)
    def _remember(self, shown: bool) -> None:
        OPEN_FOLDS.note(self._key, shown)


class MoreSettings(Fold):
    """Rarely needed settings: stays as it was left, and hides nothing that matters: while folded it counts the settings
    that are not the usual ones."""

    def __init__(self, key: str, content: QWidget) -> None:
        self._changed: Sequence[str] = ()
        super().__init__("More settings", content, key)

    def set_changed(self, changed: Sequence[str]) -> None:
        """Say which settings are not the usual ones: "Accumulation 2"."""
        self._changed = changed
        self._toggle(self.button.isChecked())

    @Slot(bool)
    def _toggle(self, shown: bool) -> None:
        super()._toggle(shown)
        count = len(self._changed)
        if count and not shown:
            self.button.setText(f"{self.button.text()} · {count} changed")
        tip = f"Show or hide: {self._title}"
        self.button.setToolTip("; ".join([tip, ", ".join(self._changed)]) if count else tip)


class Side(Scrolled):
    """A column of cards that scrolls where the window is low; `width` is what it usually has."""

    def __init__(self, width: int, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self.usual_width = width
        self.column.setContentsMargins(0, 0, 4, 0)
        self.column.setSpacing(8)
        self.column.addStretch(1)

    def add(self, card: QWidget) -> None:
        """Put `card` below the others."""
        self.column.insertWidget(self.column.count() - 1, card)


def muted(text: str = "") -> QLabel:
    """A secondary line of text that wraps; it may hold a person's own words, which are no markup."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setObjectName("muted")
    label.setWordWrap(True)
    return label


def small_button(text: str, tip: str, act: Callable[[], object] | None = None, name: str = "") -> QPushButton:
    """A button within a card; `name` is what a screen reader calls it where its text says too little."""
    button = QPushButton(text)
    button.setObjectName("small")
    button.setToolTip(tip)
    button.setAccessibleName(name or text.removesuffix(" ▾").removesuffix("…"))
    if act is not None:
        button.clicked.connect(lambda: act())
    return button


def leave(part: QWidget) -> None:
    """Take the focus off a part that is about to be hidden or switched off, and give it to what the part lies in.

    Qt gives it to the next button, which Space and Enter would then press unasked.
    """
    focus, around = part.window().focusWidget(), part.parentWidget()
    if around is not None and focus is not None and (focus is part or part.isAncestorOf(focus)):
        around.setFocus()

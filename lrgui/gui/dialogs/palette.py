"""The command palette: a few letters find any action, setting, rate, task or saved run."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from lrgui.gui.fitting import Dialog

#: Keys that move in the list while the field has the focus.
_MOVES = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
#: Points of a letter that begins a word.
_MOST = 3.0


@dataclass(frozen=True)
class Command:
    """One line of the palette."""

    text: str
    act: Callable[[], object]
    kind: str = "Action"
    """What it is: an action, a setting, a rate, a task, a run."""
    keys: str = ""
    """Its shortcut."""
    about: str = ""
    """What is said of it elsewhere, such as the tooltip of a setting: its words are found as well."""

    @property
    def line(self) -> str:
        """What the list shows."""
        return "   ".join(part for part in (f"{self.kind}: {self.text}", self.keys) if part)

    def fit(self, wanted: str) -> float | None:
        """How well it fits what is wanted, by its name first, else with what it is, else by what is said of it; None
        where it does not."""
        own = score(wanted, self.text)
        if own is not None:
            return own + 10
        named = score(wanted, self.line)
        return named if named is not None else 0.0 if begins_a_word(wanted, self.about) else None


def begins_a_word(wanted: str, text: str) -> bool:
    """Whether a word of `text` begins with what is wanted, which has at least three letters: fewer are everywhere."""
    wanted = wanted.strip().lower()
    return len(wanted) > 2 and re.search(rf"\b{re.escape(wanted)}", text.lower()) is not None


def score(wanted: str, text: str) -> float | None:
    """How well `wanted` fits `text`, the higher the better; None where not all its letters are there, in order.

    What is there in one piece counts most, then the beginnings of words, then letters that follow each other; of
    equals the shorter text wins.
    """
    wanted, text = wanted.lower(), text.lower()
    letters = [letter for letter in wanted if not letter.isspace()]
    whole = wanted.strip()
    if letters and whole in text:  # a letter more that begins a word makes it no better: "steps" is not "steps per"
        return _MOST * len(letters) + (8.0 if text.startswith(whole) else 5.0) - 0.01 * len(text)
    best = _best(letters, text, 0, -2)
    return None if best is None else best - 0.01 * len(text)


def _best(letters: Sequence[str], text: str, at: int, before: int) -> float | None:
    """The most points for the rest of the `letters` in the text from `at` on; the last one was found at `before`."""
    if not letters:
        return 0.0
    first = text.find(letters[0], at)
    places = {first, before + 1} | {i for i in range(at, len(text)) if i == 0 or not text[i - 1].isalnum()}
    found = None
    for place in places:
        if place < at or text[place : place + 1] != letters[0]:
            continue
        rest = _best(letters[1:], text, place + 1, place)
        if rest is not None:
            starts = place == 0 or not text[place - 1].isalnum()
            points = rest + (_MOST if starts else 2.0 if place == before + 1 else 0.0)
            found = points if found is None else max(found, points)
    return found


class CommandPalette(Dialog):
    """Shows the best fits; Enter chooses, Esc leaves everything as it is."""

    chosen = Signal(object)
    """A Command, after the dialog has gone."""

    def __init__(
        self,
        commands: Sequence[Command],
        parent: QWidget | None = None,
        more: Callable[[str], Sequence[Command]] = lambda wanted: (),
    ) -> None:
        """`more` finds further commands for what is wanted, among too many to look at each."""
        super().__init__(parent)
        self._commands, self._more = list(commands), more
        self.setWindowTitle("Commands")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.field = QLineEdit()
        self.field.setPlaceholderText("Type a command, a setting, a rule, a task or a saved run")
        self.field.setAccessibleName("Command")
        self.field.setToolTip("A few letters are enough; ↑ and ↓ move, Enter chooses")
        self.field.textChanged.connect(self.show_fits)
        self.field.installEventFilter(self)
        self.list = QListWidget()
        self.list.setAccessibleName("Commands that fit")
        self.list.setToolTip("Enter or a click chooses")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.itemClicked.connect(lambda _item: self._choose())
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addWidget(self.field)
        column.addWidget(self.list)
        self.resize(560, 380)
        self.show_fits("")

    @Slot(str)
    def show_fits(self, wanted: str) -> None:
        """List the commands that fit, the best one first; all in their own order where nothing is wanted."""
        self.list.clear()
        fits = [(points, command) for command in self._commands if (points := command.fit(wanted)) is not None]
        # They have what is wanted, though perhaps in another order than that of their words.
        fits += [(command.fit(wanted) or 0.0, command) for command in self._more(wanted)]
        if wanted.strip():
            fits.sort(key=lambda fit: -fit[0])
        for _, command in fits:
            item = QListWidgetItem(command.line, self.list)
            item.setData(Qt.ItemDataRole.UserRole, command)
        if not fits:
            QListWidgetItem(f"Nothing matches “{wanted.strip()}”", self.list).setFlags(Qt.ItemFlag.NoItemFlags)
        self.list.setCurrentRow(0)

    @Slot()
    def refresh(self) -> None:
        """There may be more to find; what was chosen stays where it is."""
        row = self.list.currentRow()
        self.show_fits(self.field.text())
        self.list.setCurrentRow(max(0, min(row, self.list.count() - 1)))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows and Enter act on the list while the person types."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in _MOVES:
                step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -8}.get(Qt.Key(event.key()), 8)
                last = self.list.count() - 1
                self.list.setCurrentRow(min(max(self.list.currentRow() + step, 0), last))
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._choose()
                return True
        return super().eventFilter(watched, event)

    def _choose(self) -> None:
        item = self.list.currentItem()
        command = None if item is None else item.data(Qt.ItemDataRole.UserRole)
        if isinstance(command, Command):
            self.accept()
            self.chosen.emit(command)

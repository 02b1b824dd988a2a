"""How the switches of plots and lists stand, as the person set them: kept with the settings."""

from __future__ import annotations

from collections.abc import Container

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QComboBox


class Switches:
    """What differs from the usual, by key, in a dictionary that belongs to the settings of the window that was made
    last."""

    def __init__(self) -> None:
        self._kept: dict[str, bool | str] = {}

    def keep_in(self, kept: dict[str, bool | str]) -> None:
        """Look there from now on, and note changes there."""
        self._kept = kept

    def word(self, key: str, known: Container[str] | None = None, usual: str = "") -> str:
        """The word that was chosen, `usual` where none was, or one that is not among those `known` today."""
        word = self._kept.get(key)
        return word if isinstance(word, str) and (known is None or word in known) else usual

    def note(self, key: str, value: bool | str, usual: bool | str) -> None:
        """The person chose `value`."""
        if value == usual:
            self._kept.pop(key, None)
        else:
            self._kept[key] = value

    def is_on(self, key: str, usual: bool = False) -> bool:
        """Whether it was switched on, `usual` where nobody touched it."""
        on = self._kept.get(key)
        return on if isinstance(on, bool) else usual

    def follow(self, key: str, switch: QAction | QAbstractButton) -> None:
        """Switch on or off as it was left, and note what becomes of it; as it stands now is the usual. What the switch
        does must be connected by now."""
        usual = switch.isChecked()
        switch.setChecked(self.is_on(key, usual))
        switch.toggled.connect(lambda on: self.note(key, on, usual))

    def follow_words(self, key: str, box: QComboBox) -> None:
        """The same for a list of words."""
        usual = box.currentText()
        box.setCurrentText(self.word(key, [box.itemText(index) for index in range(box.count())], usual))
        box.currentTextChanged.connect(lambda word: self.note(key, word, usual))


SWITCHES = Switches()

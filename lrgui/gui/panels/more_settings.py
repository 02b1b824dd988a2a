"""A fold of settings that stays as it was left, and that hides nothing which matters."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSettings, Slot
from PySide6.QtWidgets import QWidget

from lrgui.gui.cards import Fold


class MoreSettings(Fold):
    """Remembers between starts whether it is open; while folded it counts the settings that are not the usual ones."""

    def __init__(self, key: str, content: QWidget) -> None:
        self._changed: Sequence[str] = ()
        super().__init__("More settings", content)
        self._key = f"unfolded/{key}"
        stored = QSettings("lrgui", "lrgui").value(self._key, False, type=bool)
        self.button.setChecked(bool(stored))
        # Not `toggled`: what the program opens, to show a problem, is no wish of the person.
        self.button.clicked.connect(self._remember)

    def set_changed(self, changed: Sequence[str]) -> None:
        """Say which settings are not the usual ones: "Accumulation 2"."""
        self._changed = changed
        self._toggle(self.button.isChecked())

    def open(self) -> None:
        """Show what is inside."""
        self.button.setChecked(True)

    @Slot(bool)
    def _toggle(self, shown: bool) -> None:
        super()._toggle(shown)
        count = len(self._changed)
        if count and not shown:
            self.button.setText(f"{self.button.text()} · {count} changed")
        tip = f"Show or hide: {self._title}"
        self.button.setToolTip("; ".join([tip, ", ".join(self._changed)]) if count else tip)

    @Slot(bool)
    def _remember(self, shown: bool) -> None:
        QSettings("lrgui", "lrgui").setValue(self._key, shown)

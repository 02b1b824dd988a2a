"""What every line for a number or a word does alike: one click selects all of it, Esc brings back what was there."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget


class TypingKeys(QObject):
    """Watches one line, as long as that is there."""

    def __init__(self, line: QLineEdit) -> None:
        super().__init__(line)
        self._line, self._before, self._clicked = line, line.text(), False
        line.installEventFilter(self)
        line.editingFinished.connect(self._keep)
        line.textChanged.connect(self._on_text)

    @Slot()
    def _keep(self) -> None:
        """What can be used is what Esc comes back to."""
        if not self._line.property("wrong"):
            self._before = self._line.text()

    @Slot()
    def _on_text(self) -> None:
        if not self._line.isModified():  # nobody typed it
            self._keep()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """See what the person does with the line."""
        kind, line = event.type(), self._line
        if kind == QEvent.Type.FocusIn and isinstance(event, QFocusEvent):
            self._clicked = event.reason() == Qt.FocusReason.MouseFocusReason
        elif kind == QEvent.Type.MouseButtonRelease and self._clicked:
            self._clicked = False
            if not line.hasSelectedText():  # who drags wants a part
                line.selectAll()
        elif isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape and self._changed:
            if kind == QEvent.Type.ShortcutOverride:
                event.accept()  # here Esc stops no run
                return True
            if kind == QEvent.Type.KeyPress:
                line.selectAll()
                line.insert(self._before)  # as if typed: marks go, and the old value is read again
                line.setModified(True)
                line.selectAll()
                return True
        return super().eventFilter(watched, event)

    @property
    def _changed(self) -> bool:
        return self._line.text() != self._before


def mark(widget: QWidget, name: str, value: bool) -> None:
    """Set a property that the style sheet looks at: "wrong" for what cannot be used."""
    if bool(widget.property(name)) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def mark_wrong(editor: QWidget, words: str) -> None:
    """Mark a field with what is wrong with it, for screen readers too; empty words take the mark away."""
    editor.setAccessibleDescription(f"{words} {editor.toolTip()}" if words else editor.toolTip())
    mark(editor, "wrong", bool(words))

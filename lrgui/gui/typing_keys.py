"""What every line for a number or a word does alike: one click selects all of it, Esc brings back what was there and
has it used at once."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

#: The window came back, or a list closed: the person goes on where they were.
_RETURNS = (Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason)
#: An edit may begin with these.
_BEGINS = (
    QEvent.Type.FocusIn,
    QEvent.Type.KeyPress,
    QEvent.Type.ShortcutOverride,
    QEvent.Type.MouseButtonPress,
    QEvent.Type.InputMethod,
    QEvent.Type.DragEnter,
)


class TypingKeys(QObject):
    """Watches one line, as long as that is there."""

    def __init__(self, line: QLineEdit) -> None:
        super().__init__(line)
        self._line = line
        self._before: str | None = None
        """What Esc comes back to: what stood there last without a mark, None where nothing did yet."""
        self._whole = False
        """The next click is on a number that nobody is typing: it takes all of it."""
        line.installEventFilter(self)
        line.editingFinished.connect(self._on_finished)
        line.textEdited.connect(self._on_edited)

    @Slot()
    def _on_finished(self) -> None:
        self._whole = True
        self._keep()

    @Slot()
    def _on_edited(self) -> None:
        self._whole = False

    def _keep(self) -> None:
        if not self._line.property("wrong"):
            self._before = self._line.text()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """See what the person does with the line."""
        kind, line = event.type(), self._line
        if kind in _BEGINS and not line.isModified():  # a program's text may have been marked only after it was set
            self._keep()
        if kind == QEvent.Type.FocusIn and isinstance(event, QFocusEvent):
            self._whole = self._whole or event.reason() not in _RETURNS
        elif kind == QEvent.Type.MouseButtonRelease and self._whole:
            self._whole = False
            if not line.hasSelectedText():  # who drags wants a part
                line.selectAll()
        elif isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape and self._changed:
            if kind == QEvent.Type.ShortcutOverride:
                event.accept()  # here Esc stops no run
                return True
            if kind == QEvent.Type.KeyPress:
                line.selectAll()
                line.insert(self._before or "")  # as if typed: marks go, and the old value is read again
                line.setModified(True)
                line.editingFinished.emit()  # a wrong value that was read already is in use no longer
                line.selectAll()
                return True
        return super().eventFilter(watched, event)

    @property
    def _changed(self) -> bool:
        return self._before is not None and self._line.text() != self._before


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

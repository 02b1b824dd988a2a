"""Rows of a form: a name, an editor, and the problem with it below."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QLineEdit, QWidget


class Choice(QComboBox):
    """A list of (value, label); the wheel scrolls the panel, never changes what is chosen and takes no focus."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class Form(QWidget):
    """Fields by name. `edited(name, value)` is emitted when the person has changed one to something readable.

    Text that cannot be read is marked with its problem and kept, so that it can be mended.
    """

    edited = Signal(str, object)
    unreadable = Signal(str, str)
    """Field and sentence, where its text cannot be read; an empty sentence once it can."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnMinimumWidth(0, 88)
        self._grid.setColumnStretch(1, 1)
        self.editors: dict[str, QWidget] = {}
        self._names: dict[str, QLabel] = {}
        self._problems: dict[str, QLabel] = {}
        self._show: dict[str, Callable[[Any], str]] = {}
        self._readers: dict[str, Callable[[Any], Any]] = {}
        self._unread: dict[str, str] = {}

    def add_choice(self, name: str, label: str, options: Mapping[Any, str], tip: str) -> None:
        """A row with a list of options (value → label)."""
        box = Choice()
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(6)
        for key, text in options.items():
            box.addItem(text, key)
        box.activated.connect(lambda _index: self.edited.emit(name, box.currentData()))
        self._add(name, label, box, tip)

    def set_options(self, name: str, options: dict[str, str]) -> None:
        """Give a list other options."""
        box = self._editor(name, Choice)
        if [box.itemData(i) for i in range(box.count())] != list(options):
            box.clear()
            for key, text in options.items():
                box.addItem(text, key)

    def add_text(self, name: str, label: str, read: Callable[[str], Any], show: Callable[[Any], str], tip: str) -> None:
        """A row with a line of text; `read` raises ValueError with a sentence for what it cannot read."""
        line = QLineEdit()
        line.setMinimumWidth(60)
        self._show[name] = show
        self._readers[name] = read
        line.editingFinished.connect(lambda: self._read(name, line, read))
        line.textEdited.connect(lambda _text: self._mark(name, ""))
        self._add(name, label, line, tip)

    def _add(self, name: str, label: str, editor: QWidget, tip: str) -> None:
        row = self._grid.rowCount()
        words = QLabel(label)
        words.setObjectName("fieldName")
        words.setBuddy(editor)
        words.setToolTip(tip)
        editor.setToolTip(tip)
        editor.setObjectName(f"field_{name}")
        editor.setAccessibleName(label)
        editor.setAccessibleDescription(tip)
        problem = QLabel()
        problem.setObjectName("problem")
        problem.setWordWrap(True)
        problem.hide()
        self._grid.addWidget(words, row, 0)
        self._grid.addWidget(editor, row, 1)
        self._grid.addWidget(problem, row + 1, 0, 1, 2)
        self.editors[name] = editor
        self._names[name] = words
        self._problems[name] = problem

    def _editor(self, name: str, kind: type[Any]) -> Any:
        editor = self.editors[name]
        assert isinstance(editor, kind)
        return editor

    def _read(self, name: str, line: QLineEdit, read: Callable[[str], Any]) -> None:
        if not line.isModified():
            return
        line.setModified(False)
        try:
            value = read(line.text())
        except ValueError as error:
            self._unread[name] = str(error)
            self._mark(name, str(error))
            self.unreadable.emit(name, str(error))
            return
        if self._unread.pop(name, None) is not None:
            self._mark(name, "")
            self.unreadable.emit(name, "")
        line.setText(self._show[name](value))
        self.edited.emit(name, value)

    def flush(self) -> None:
        """Read what was typed and not yet confirmed with Enter."""
        for name, read in self._readers.items():
            self._read(name, self._editor(name, QLineEdit), read)

    def forget_unread(self) -> None:
        """Give up texts that cannot be read: other values come."""
        for name in list(self._unread):
            del self._unread[name]
            self._mark(name, "")
            self.unreadable.emit(name, "")

    def set_value(self, name: str, value: Any) -> None:
        """Show `value`, unless the person is typing in that field, or has yet to mend what they typed."""
        editor = self.editors[name]
        if name in self._unread:
            return
        if isinstance(editor, QComboBox):
            # Not `findData`, which finds no None.
            values = [editor.itemData(index) for index in range(editor.count())]
            editor.setCurrentIndex(values.index(value) if value in values else -1)
        elif isinstance(editor, QLineEdit) and not (editor.hasFocus() and editor.isModified()):
            editor.setText(self._show[name](value))

    def words(self, name: str) -> str:
        """A field's name and what stands in it: "Steps 200"."""
        editor = self.editors[name]
        text = editor.currentText() if isinstance(editor, QComboBox) else self._editor(name, QLineEdit).text()
        return f"{self._names[name].text()} {text}"

    def _mark(self, name: str, text: str) -> None:
        """Mark a field with what is wrong with it; an empty text takes the mark away."""
        label, editor = self._problems[name], self.editors[name]
        label.setText(text)
        label.setVisible(bool(text))
        editor.setProperty("wrong", bool(text))
        editor.style().unpolish(editor)
        editor.style().polish(editor)

    def set_problems(self, problems: dict[str, str]) -> None:
        """Mark exactly the fields in `problems`."""
        for name in self.editors:
            self._mark(name, self._unread.get(name) or problems.get(name, ""))

    @property
    def has_problem(self) -> bool:
        """True where a field is marked."""
        return any(label.text() for label in self._problems.values())

    def set_row_visible(self, name: str, visible: bool) -> None:
        """Show or hide a whole row."""
        self._names[name].setVisible(visible)
        self.editors[name].setVisible(visible)

    @Slot(bool)
    def set_enabled(self, enabled: bool) -> None:
        """Let the person edit, or not while a run goes on."""
        for editor in self.editors.values():
            editor.setEnabled(enabled)


def whole(text: str) -> int:
    """Read a whole number."""
    try:
        return int(text.strip().replace(",", "").replace(" ", ""))
    except ValueError:
        raise ValueError(f"“{text}” is not a whole number.") from None


def number(text: str) -> float:
    """Read a number; a comma counts as a decimal point."""
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        raise ValueError(f"“{text}” is not a number.") from None

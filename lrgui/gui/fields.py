"""Rows of a form: a name, an editor, and the problem with it below."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QGridLayout, QLineEdit, QWidget

from lrgui.core.options import Option, read_option
from lrgui.gui.editors import Choice, Entry, Heading, PathEditor, Suggesting, Tick, entries_of
from lrgui.gui.form_row import AUTO, NAMES, Row, bare_path, how_written
from lrgui.gui.typing_keys import TypingKeys


class Form(QWidget):
    """Fields by name. `edited(name, value)` is emitted when the person has changed one to something readable.

    Text that cannot be read is marked with its problem and kept, so that it can be mended. A group is a place for
    rows that come and go with what is chosen elsewhere; its rows are called "<group>.<option>".
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
        self._grid.setColumnMinimumWidth(0, NAMES)
        self._grid.setColumnStretch(1, 1)
        self.editors: dict[str, QWidget] = {}
        self._rows: dict[str, Row] = {}
        self._order: list[str] = []
        """Names of rows and of groups, from the top."""
        self._groups: dict[str, tuple[Option, ...]] = {}
        self._unread: dict[str, str] = {}
        self._enabled = True

    # ---------------------------------------------------------------- rows that stay
    def add_choice(
        self, name: str, label: str, options: Mapping[Any, str] | Sequence[Entry | Heading], tip: str
    ) -> None:
        """A row with a list of options (value → label), or of entries below headings."""
        self._order.append(name)
        self._add_choice(name, label, options, tip)

    def add_text(self, name: str, label: str, read: Callable[[str], Any], show: Callable[[Any], str], tip: str) -> None:
        """A row with a line of text; `read` raises ValueError with a sentence for what it cannot read."""
        self._order.append(name)
        self._add_text(name, label, read, show, tip)

    def add_option(self, option: Option) -> None:
        """A row for a setting, by its name."""
        self._order.append(option.name)
        self._add_option(option.name, option)

    def add_path(self, name: str, label: str, tip: str, browse: Callable[[], object]) -> None:
        """A row with a path and a button, which calls `browse`."""
        self._order.append(name)
        editor = PathEditor()
        editor.button.clicked.connect(lambda: browse())
        self._add_line(name, label, editor, editor.line, bare_path, str, tip)
        self.set_path_row(name, label, tip)

    def add_group(self, key: str) -> None:
        """A place for rows that `set_group` puts there."""
        self._order.append(key)
        self._groups[key] = ()

    def set_options(self, name: str, options: Mapping[Any, str] | Sequence[Entry | Heading]) -> None:
        """Give a list other options."""
        self._editor(name, Choice).offer(entries_of(options) if isinstance(options, Mapping) else options)

    def on_open(self, name: str, act: Callable[[], object]) -> None:
        """Call `act` whenever a list is opened."""
        self._editor(name, Choice).opened.connect(lambda: act())

    def set_path_row(self, name: str, label: str, tip: str, placeholder: str = "") -> None:
        """Say what the path is."""
        row = self._rows[name]
        row.name(label, tip)
        self._editor(name, PathEditor).set_row(label, tip, placeholder)

    # ---------------------------------------------------------------- rows that come and go
    def set_group(self, key: str, options: Sequence[Option]) -> None:
        """Let the group have these rows; those that it has already stay as they are."""
        options, before = tuple(options), self._groups[key]
        if options == before:
            return
        self.setUpdatesEnabled(False)
        try:
            for option in before:
                if option not in options:
                    self._drop(f"{key}.{option.name}")
            self._groups[key] = options
            for option in options:
                if option not in before:
                    self._add_option(f"{key}.{option.name}", option)
            self._lay_out()
            self._grid.activate()
            for option in options:  # now, and not a moment later than those that were there
                self._rows[f"{key}.{option.name}"].set_visible(True)
        finally:
            self.setUpdatesEnabled(True)

    def set_suggestions(self, name: str, texts: Sequence[str]) -> None:
        """What a line for a text offers; one without a list stays without."""
        editor = self.editors[name]
        if isinstance(editor, Suggesting):
            editor.offer(texts)

    def set_placeholder(self, name: str, text: str) -> None:
        """What a line says while it is empty."""
        line = self._rows[name].line
        assert line is not None
        line.setPlaceholderText(text)

    def option(self, name: str) -> Option | None:
        """The option that a row of a group was made from."""
        return self._rows[name].option

    def _add_option(self, name: str, option: Option) -> None:
        if option.kind == "flag" and not option.optional:
            self._add_tick(name, option)
        elif option.kind in ("flag", "choice"):
            nothing = "Automatic" if option.none == AUTO else option.none
            lines: list[Entry | Heading] = [Entry(None, nothing)] if option.optional else []
            if option.kind == "flag":
                lines += [Entry(True, "Yes"), Entry(False, "No")]
            lines += [Entry(value, label) for value, label in option.choices]
            self._add_choice(name, option.label, lines, option.tip)
        elif option.kind == "text" and option.choices:
            self._add_suggesting(name, option)
        else:
            self._add_text(name, option.label, lambda text: read_option(option, text), how_written(option), option.tip)
            if option.optional:
                self._editor(name, QLineEdit).setPlaceholderText(option.none)
        self._rows[name].option = option

    def _drop(self, name: str) -> None:
        row = self._rows.pop(name)
        del self.editors[name]
        for widget in filter(None, (row.words, row.editor, row.below)):
            self._grid.removeWidget(widget)
        row.drop()
        if self._unread.pop(name, None) is not None:
            self.unreadable.emit(name, "")

    def _in_order(self) -> list[Row]:
        names: list[str] = []
        for name in self._order:
            names += [f"{name}.{option.name}" for option in self._groups[name]] if name in self._groups else [name]
        return [self._rows[name] for name in names]

    def _lay_out(self) -> None:
        """Put all rows into the grid anew, and Tab in their order."""
        stops: list[QWidget] = []
        for number, row in enumerate(self._in_order()):
            self._place(row, 2 * number)
            stops += row.stops
        for before, after in itertools.pairwise(stops):
            QWidget.setTabOrder(before, after)

    def _place(self, row: Row, number: int) -> None:
        self._grid.addWidget(row.words, number, 0)
        self._grid.addWidget(row.editor, number, 1)
        if row.below is not None:
            self._grid.addWidget(row.below, number + 1, 0, 1, 2)

    # ---------------------------------------------------------------- kinds of rows
    def _add_choice(
        self, name: str, label: str, options: Mapping[Any, str] | Sequence[Entry | Heading], tip: str
    ) -> None:
        box = Choice()
        box.offer(entries_of(options) if isinstance(options, Mapping) else options)
        box.activated.connect(lambda _index: self.edited.emit(name, box.currentData()))
        self._add(name, Row.of(name, label, box, tip, box.set_value, box.currentText))
        box.set_tip(tip)

    def _add_text(
        self, name: str, label: str, read: Callable[[str], Any], show: Callable[[Any], str], tip: str
    ) -> None:
        line = QLineEdit()
        line.setMinimumWidth(60)
        self._add_line(name, label, line, line, read, show, tip)

    def _add_suggesting(self, name: str, option: Option) -> None:
        box = Suggesting()
        box.offer([value for value, _label in option.choices])
        show = how_written(option)
        row = self._add_line(
            name, option.label, box, box.line, lambda text: read_option(option, text), show, option.tip
        )
        row.show = lambda value: box.set_text(show(value))
        if option.optional:
            box.line.setPlaceholderText(AUTO)

        def take(_index: int) -> None:
            box.line.setModified(True)
            self._read(name, row)

        box.activated.connect(take)

    def _add_tick(self, name: str, option: Option) -> None:
        box = Tick()
        box.clicked.connect(lambda checked: self.edited.emit(name, checked))

        def show(value: Any) -> None:
            box.setChecked(value is True)

        self._add(name, Row.of(name, option.label, box, option.tip, show, lambda: "yes" if box.isChecked() else "no"))

    def _add_line(
        self,
        name: str,
        label: str,
        editor: QWidget,
        line: QLineEdit,
        read: Callable[[str], Any],
        show: Callable[[Any], str],
        tip: str,
    ) -> Row:
        row = self._add(name, Row.of(name, label, editor, tip, lambda value: line.setText(show(value)), line.text))
        row.line, row.read = line, read
        line.setAccessibleName(label)
        line.editingFinished.connect(lambda: self._read(name, row))
        TypingKeys(line)
        line.textEdited.connect(lambda _text: row.mark("") if name in self._rows else None)
        return row

    def _add(self, name: str, row: Row) -> Row:
        row.editor.setEnabled(self._enabled)
        self._place(row, self._grid.rowCount())
        self.editors[name], self._rows[name] = row.editor, row
        return row

    def _editor(self, name: str, kind: type[Any]) -> Any:
        editor = self.editors[name]
        assert isinstance(editor, kind)
        return editor

    # ---------------------------------------------------------------- reading and showing
    def _read(self, name: str, row: Row) -> None:
        line, read = row.line, row.read
        # A row that was taken away ends its editing too; nobody wants to know.
        if line is None or read is None or self._rows.get(name) is not row or not line.isModified():
            return
        line.setModified(False)
        try:
            value = read(line.text())
        except ValueError as error:
            text = str(error)
            self._unread[name] = text
            row.mark(text)
            # Elsewhere nothing says which field it is about.
            self.unreadable.emit(name, text if text.startswith(row.label) else f"{row.label}: {text}")
            return
        if self._unread.pop(name, None) is not None:
            row.mark("")
            self.unreadable.emit(name, "")
        row.show(value)
        self.edited.emit(name, value)

    def flush(self) -> None:
        """Read what was typed and not yet confirmed with Enter."""
        for name, row in list(self._rows.items()):
            self._read(name, row)

    def forget_unread(self) -> None:
        """Give up texts that cannot be read: other values come."""
        for name in list(self._unread):
            del self._unread[name]
            self._rows[name].mark("")
            self.unreadable.emit(name, "")

    def set_value(self, name: str, value: Any) -> None:
        """Show `value`, unless the person is typing in that field, or has yet to mend what they typed."""
        row = self._rows[name]
        if name not in self._unread and not row.is_typed:
            row.show(value)

    def label(self, name: str) -> str:
        """A field's name; empty while its row is not shown."""
        row = self._rows[name]
        return row.label if row.visible else ""

    def tip(self, name: str) -> str:
        """What is said of a field when the pointer rests on it."""
        return self._rows[name].words.toolTip()

    def words(self, name: str) -> str:
        """A field's name and what stands in it: "Steps 200"."""
        return self._rows[name].sentence

    def set_problems(self, problems: Mapping[str, str]) -> None:
        """Mark exactly the fields in `problems`."""
        for name, row in self._rows.items():
            row.mark(self._unread.get(name) or problems.get(name, ""))

    @property
    def has_problem(self) -> bool:
        """True where a field is marked."""
        return self.first_wrong is not None

    @property
    def first_wrong(self) -> QWidget | None:
        """The editor of the first field that is marked."""
        return next((row.editor for row in self._in_order() if row.wrong), None)

    def set_row_visible(self, name: str, visible: bool) -> None:
        """Show or hide a whole row; a text in it that cannot be read is given up where nobody can see it."""
        if self.is_row_visible(name) == visible:
            return
        self._rows[name].set_visible(visible)
        if not visible and self._unread.pop(name, None) is not None:
            self._rows[name].mark("")
            self.unreadable.emit(name, "")

    def is_row_visible(self, name: str) -> bool:
        """True for a row that was not hidden by `set_row_visible`; it may be folded away."""
        return self._rows[name].visible

    @Slot(bool)
    def set_enabled(self, enabled: bool) -> None:
        """Let the person edit, or not while a run goes on."""
        self._enabled = enabled
        for editor in self.editors.values():
            editor.setEnabled(enabled)

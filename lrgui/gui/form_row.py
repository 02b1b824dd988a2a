"""One row of a form: its name, its editor, and below them what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget

from lrgui.core.options import Option
from lrgui.gui.editors import PathEditor
from lrgui.gui.labels import breakable
from lrgui.gui.problem_label import ProblemLabel
from lrgui.gui.typing_keys import mark_wrong

#: Width of the names, in pixels; longer ones wrap, so that editors stay where they are.
NAMES = 88
#: Letters of a word in a name; longer ones may be broken: arguments are called so.
LONGEST = 8
#: What an option's editor shows where it is left to the program.
AUTO = "auto"


@dataclass(eq=False)
class Row:
    """What one row is made of."""

    label: str
    words: QLabel
    editor: QWidget
    show: Callable[[Any], None]
    """Shows a value."""
    text: Callable[[], str]
    """What stands in it, for people."""
    line: QLineEdit | None = None
    """Where one types; None where nothing is typed."""
    read: Callable[[str], Any] | None = None
    option: Option | None = None
    visible: bool = True
    wrong: str = ""
    """What is wrong with it; empty where nothing is."""
    below: QLabel | None = None
    """Says that in a row of the form; None where `_beside` does."""
    _beside: ProblemLabel | None = None
    """Made when there is something to say for the first time."""

    @classmethod
    def of(
        cls,
        name: str,
        label: str,
        editor: QWidget,
        tip: str,
        show: Callable[[Any], None],
        text: Callable[[], str],
    ) -> Row:
        """A row around an editor, for the field `name`, with its words for people and for screen readers."""
        words = QLabel()
        words.setTextFormat(Qt.TextFormat.PlainText)
        words.setObjectName("fieldName")
        words.setWordWrap(True)
        words.setMaximumWidth(NAMES)
        focus = editor.line if isinstance(editor, PathEditor) else editor
        words.setBuddy(focus)
        focus.setToolTip(tip)
        focus.setObjectName(f"field_{name}")
        focus.setAccessibleName(label)
        focus.setAccessibleDescription(tip)
        row = cls(label, words, editor, show, text)
        if isinstance(editor, PathEditor):
            row.below = _inline_problem()
        row.name(label, tip)
        return row

    def name(self, label: str, tip: str) -> None:
        """Call the field so."""
        self.label = label
        self.words.setText(breakable(label, LONGEST))
        self.words.setToolTip(tip)

    @property
    def stops(self) -> list[QWidget]:
        """Where Tab stops, in order."""
        return [self.editor.line, self.editor.button] if isinstance(self.editor, PathEditor) else [self.editor]

    @property
    def sentence(self) -> str:
        """The field's name and what stands in it: "Steps 200"."""
        return f"{self.label} {self.text()}"

    @property
    def is_typed(self) -> bool:
        """True while the person types in it."""
        return self.line is not None and self.line.hasFocus() and self.line.isModified()

    def mark(self, text: str) -> None:
        """Mark the field with what is wrong with it; an empty text takes the mark away."""
        editor = self.line if isinstance(self.editor, PathEditor) and self.line is not None else self.editor
        words = self.wrong = self._without_name(text)
        if self.below is not None:
            self.below.setText(breakable(words))
            self.below.setVisible(bool(words) and self.visible)
        elif words or self._beside is not None:
            if self._beside is None:
                self._beside = ProblemLabel(self.editor)
            self._beside.say(words)
        mark_wrong(editor, words)

    def _without_name(self, text: str) -> str:
        """What is wrong, without the field's name, which stands beside it: "Cannot be “0”. Use 1 to 50."."""
        subject = "" if self.option is None else self.option.subject
        for name in filter(None, (subject, self.label)):
            rest = text.removeprefix(name)
            # Not in "The last learning rate (1) is not above the first (1).": what would be left is no sentence.
            if rest != text and (rest[:1] == ":" or (rest[:1] == " " and rest[1:2].isalpha())):
                rest = rest.lstrip(": ")
                return rest[:1].upper() + rest[1:]
        return text

    def set_visible(self, visible: bool) -> None:
        """Show or hide all of it."""
        self.visible = visible
        self.words.setVisible(visible)
        self.editor.setVisible(visible)
        if self.below is not None:  # what is beside it follows it
            self.below.setVisible(visible and bool(self.wrong))

    def drop(self) -> None:
        """Take it off the screen for good."""
        if self._beside is not None:
            self._beside.take_away()
        for widget in filter(None, (self.words, self.editor, self.below, self._beside)):
            widget.hide()
            widget.setObjectName("")
            widget.deleteLater()


def _inline_problem() -> QLabel:
    """The words about a path have a row of their own: what stands below it changes with the file anyway."""
    problem = QLabel()
    problem.setTextFormat(Qt.TextFormat.PlainText)
    problem.setObjectName("problem")
    problem.setWordWrap(True)
    problem.hide()
    return problem


def bare_path(text: str) -> str:
    """A path as file managers copy it, without its quotes."""
    words = text.strip()
    return words[1:-1] if len(words) > 1 and words[0] == words[-1] and words[0] in "\"'" else words


def how_written(option: Option) -> Callable[[Any], str]:
    """How an option's value is written."""

    def show(value: Any) -> str:
        if value is None or (value == "" and option.optional):
            return "" if option.kind == "text" else option.none
        return option.written(value)

    return show

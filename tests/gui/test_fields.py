"""A form made of options: every kind reads and shows, rows come and go, nothing is changed by the wheel."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QFontMetrics, QPixmap, QWheelEvent
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from lrgui.core.options import Option, read_whole
from lrgui.gui.editors import Choice, Entry, Heading, PathEditor, Suggesting, Tick, beginning_of, end_of
from lrgui.gui.fields import Form
from lrgui.gui.form_row import NAMES
from lrgui.gui.style import style_sheet
from lrgui.plot.theme import LIGHT

WIDTH = Option("width", "Width", "whole", 32, "Units of each layer", (), 1, 4096)
DROP = Option("dropout", "Dropout", "number", 0.1, "Share that is left out", (), 0, 1)
CUT = Option("cut", "Cut", "whole", None, "Rows at most", optional=True)
FLIP = Option("flip", "Flip", "flag", True, "Mirror images")
PRE = Option("pre", "Pretrained", "flag", None, "Weights from elsewhere", optional=True)
KIND = Option("kind", "Kind", "choice", "gru", "Which", (("gru", "GRU"), ("lstm", "LSTM")))
TARGET = Option("target", "Target", "text", "", "Column", optional=True)
NAMED = Option("name", "Name", "text", "resnet18", "Which of its models", (("resnet18", "r"), ("vit_b_16", "v")))
ALL = (WIDTH, DROP, CUT, FLIP, PRE, KIND, TARGET, NAMED)


class Bench:
    """A form between two lines, on screen, and what was edited."""

    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.window = QWidget()
        column = QVBoxLayout(self.window)
        self.form, self.after = Form(), QLineEdit()
        column.addWidget(self.form)
        column.addWidget(self.after)
        self.form.add_choice("source", "Data", {"a": "A", "b": "B"}, "What to train on")
        self.form.add_group("options")
        self.form.add_text("size", "Size", read_whole, str, "Of a batch")
        self.edited: list[tuple[str, Any]] = []
        self.unreadable: list[tuple[str, str]] = []
        self.form.edited.connect(lambda name, value: self.edited.append((name, value)))
        self.form.unreadable.connect(lambda name, text: self.unreadable.append((name, text)))
        qtbot.addWidget(self.window)
        self.window.resize(264, 500)
        self.window.show()
        qtbot.waitUntil(self._is_active)

    def _is_active(self) -> bool:
        self.window.activateWindow()  # without a window manager a wish can be lost
        return self.window.isActiveWindow()

    def options(self, *options: Option) -> None:
        """Give the group these rows, with their usual values."""
        self.form.set_group("options", options)
        for option in options:
            self.form.set_value(f"options.{option.name}", option.default)

    def editor(self, option: Option) -> Any:
        """The editor of an option."""
        return self.form.editors[f"options.{option.name}"]

    def type(self, line: QLineEdit, text: str) -> None:
        """Type over what stands there, and Enter."""
        line.setFocus()
        line.selectAll()
        self.qtbot.keyClicks(line, text)
        self.qtbot.keyClick(line, Qt.Key.Key_Return)

    def tab_order(self) -> list[str]:
        """Where Tab goes from the first field on, until it leaves the form."""
        self.form.editors["source"].setFocus()
        stops: list[str] = []
        for _ in range(30):
            focus = QApplication.focusWidget()
            if focus is None or focus is self.after:
                return stops
            stops.append(focus.objectName() or focus.accessibleName())
            self.qtbot.keyClick(focus, Qt.Key.Key_Tab)
        raise AssertionError(f"Tab never left the form: {stops}")


@pytest.fixture
def bench(qtbot: QtBot) -> Bench:
    return Bench(qtbot)


def test_each_kind_has_its_editor_with_the_usual_value(bench: Bench) -> None:
    bench.options(*ALL)
    assert bench.editor(WIDTH).text() == "32"
    assert bench.editor(DROP).text() == "0.1"
    assert bench.editor(CUT).text() == "auto"
    assert isinstance(bench.editor(FLIP), Tick) and bench.editor(FLIP).isChecked()
    assert bench.editor(PRE).currentText() == "Automatic"
    assert bench.editor(PRE).values == [None, True, False]
    assert bench.editor(KIND).currentText() == "GRU"
    assert bench.editor(TARGET).text() == "" and bench.editor(TARGET).placeholderText() == "auto"
    assert isinstance(bench.editor(NAMED), Suggesting) and bench.editor(NAMED).currentText() == "resnet18"
    for option in ALL:
        editor = bench.editor(option)
        assert editor.accessibleName() == option.label
        assert option.tip in editor.toolTip() and editor.isVisible()


def test_editing_each_kind(bench: Bench, qtbot: QtBot) -> None:
    bench.options(*ALL)
    bench.type(bench.editor(WIDTH), "64")
    bench.type(bench.editor(DROP), "0,5")
    bench.type(bench.editor(CUT), "100")
    bench.type(bench.editor(CUT), "auto")
    qtbot.mouseClick(bench.editor(FLIP), Qt.MouseButton.LeftButton, pos=QPoint(8, 14))
    bench.editor(PRE).setFocus()
    qtbot.keyClick(bench.editor(PRE), Qt.Key.Key_Down)
    qtbot.keyClick(bench.editor(KIND), Qt.Key.Key_Down)
    bench.type(bench.editor(TARGET), "price")
    assert bench.edited == [
        ("options.width", 64),
        ("options.dropout", 0.5),
        ("options.cut", 100),
        ("options.cut", None),
        ("options.flip", False),
        ("options.pre", True),
        ("options.kind", "lstm"),
        ("options.target", "price"),
    ]
    assert bench.editor(CUT).text() == "auto", "what is left to the program says so"


def test_what_cannot_be_read_is_said_below_and_goes_with_its_row(bench: Bench) -> None:
    bench.options(WIDTH)
    bench.type(bench.editor(WIDTH), "wide")
    problems = [label.text() for label in bench.form.window().findChildren(QLabel, "problem") if label.isVisible()]
    assert problems == ["“wide” is not an integer."]
    assert bench.editor(WIDTH).property("wrong") and bench.edited == []
    bench.options(DROP)
    assert bench.unreadable[-1] == ("options.width", ""), "no run waits for a field that is gone"
    assert not bench.form.has_problem


def test_rows_that_stay_keep_what_is_being_typed(bench: Bench, qtbot: QtBot) -> None:
    bench.options(WIDTH, DROP)
    line = bench.editor(DROP)
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, "0.2")
    bench.options(KIND, DROP)
    assert bench.editor(DROP) is line and line.hasFocus() and line.text() == "0.2"
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert bench.edited == [("options.dropout", 0.2)]


def test_a_row_that_goes_while_one_types_in_it_edits_nothing(bench: Bench, qtbot: QtBot) -> None:
    bench.options(WIDTH)
    line = bench.editor(WIDTH)
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, "7")
    bench.options(FLIP)
    qtbot.wait(20)
    assert bench.edited == []
    assert bench.window.findChild(QWidget, "field_options.width") is None


def test_tab_follows_the_rows_also_after_they_changed(bench: Bench) -> None:
    bench.options(WIDTH, FLIP)
    first = ["field_source", "field_options.width", "field_options.flip", "field_size"]
    assert bench.tab_order() == first
    bench.options(NAMED, WIDTH)
    assert bench.tab_order() == ["field_source", "field_options.name", "field_options.width", "field_size"]
    tops = [bench.form.editors[name].y() for name in ("source", "options.name", "options.width", "size")]
    assert tops == sorted(tops)


@pytest.mark.parametrize("option", [FLIP, PRE, KIND, NAMED, WIDTH])
def test_the_wheel_changes_nothing(bench: Bench, option: Option) -> None:
    bench.options(option)
    editor = bench.editor(option)
    before = editor.isChecked() if isinstance(editor, Tick) else _text(editor)
    editor.setFocus()
    for turn in (120, -120):
        place = QPointF(editor.rect().center())
        wheel = QWheelEvent(
            place,
            editor.mapToGlobal(place),
            QPoint(0, turn),
            QPoint(0, turn),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(editor, wheel)
        assert not wheel.isAccepted(), "the panel scrolls"
    assert (editor.isChecked() if isinstance(editor, Tick) else _text(editor)) == before
    assert bench.edited == []


def _text(editor: QComboBox | QLineEdit) -> str:
    return editor.currentText() if isinstance(editor, QComboBox) else editor.text()


def test_headings_are_stepped_over_and_cannot_be_chosen(bench: Bench, qtbot: QtBot) -> None:
    lines = [
        Heading("Built-in"),
        Entry("digits", "Digits"),
        Heading("Your files"),
        Entry("broken", "Broken", "It is missing", usable=False),
        Entry("table", "Table"),
    ]
    bench.form.set_options("source", lines)
    box = bench.form.editors["source"]
    assert isinstance(box, Choice)
    bench.form.set_value("source", "digits")
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Down)
    assert bench.edited == [("source", "table")]
    qtbot.keyClick(box, Qt.Key.Key_Home)
    assert bench.edited[-1] == ("source", "digits")
    qtbot.keyClicks(box, "y")  # as "Your files" begins
    assert box.currentData() == "digits"
    assert box.values == ["digits", "table"]


def test_a_list_that_is_told_anew_keeps_what_is_chosen(bench: Bench) -> None:
    box = bench.form.editors["source"]
    assert isinstance(box, Choice)
    bench.form.set_value("source", "b")
    bench.form.set_options("source", [Entry("c", "C"), Entry("b", "B · 3 GB free", "The big one")])
    assert box.currentText() == "B · 3 GB free"
    assert "The big one" in box.toolTip() and "What to train on" in box.toolTip()
    bench.form.set_options("source", [Entry("c", "C"), Entry("b", "B · 2 GB free")])
    assert box.currentText() == "B · 2 GB free"
    bench.form.set_options("source", {"x": "X"})
    assert box.currentText() == "" and bench.edited == []


@pytest.mark.qt_log_ignore("does not support (raise|grabbing)", extend=True)  # the offscreen platform, of every list
def test_thousands_of_suggestions_are_searched_for_what_they_contain(bench: Bench, qtbot: QtBot) -> None:
    bench.options(NAMED)
    box = bench.editor(NAMED)
    bench.form.set_suggestions("options.name", [f"model_{number}" for number in range(1500)])
    assert box.currentText() == "resnet18", "what stands there stays"
    box.setFocus()
    box.line.selectAll()
    qtbot.keyClicks(box.line, "_1234")
    found = box.completer().popup()
    qtbot.waitUntil(found.isVisible)
    qtbot.keyClick(found, Qt.Key.Key_Down)
    qtbot.keyClick(found, Qt.Key.Key_Return)
    assert bench.edited[-1] == ("options.name", "model_1234")
    bench.type(box.line, "my_own")
    assert bench.edited[-1] == ("options.name", "my_own"), "a name that nobody knows is taken too"


def test_a_path_is_typed_or_chosen_and_shown_whole_in_its_tooltip(bench: Bench, qtbot: QtBot) -> None:
    asked: list[bool] = []
    bench.form.add_path("path", "Table", "A CSV file", lambda: asked.append(True))
    editor = bench.form.editors["path"]
    assert isinstance(editor, PathEditor)
    qtbot.waitUntil(editor.isVisible)
    long = "/home/somebody/projects/cats-and-dogs/measurements/of/last/year/table.csv"
    bench.type(editor.line, f'"{long}"')
    assert bench.edited == [("path", long)], "without the quotes that file managers put"
    assert editor.line.text() == long and long in editor.line.toolTip()
    qtbot.mouseClick(editor.button, Qt.MouseButton.LeftButton)
    assert asked == [True]
    editor.line.setFocus()
    qtbot.keyClick(editor.line, Qt.Key.Key_Tab)
    assert editor.button.hasFocus()
    qtbot.keyClick(editor.button, Qt.Key.Key_Space)
    assert asked == [True, True]
    assert editor.button.accessibleName() == "Choose table"
    bench.form.set_problems({"path": "There is no such file."})
    assert editor.line.property("wrong")


def test_a_path_that_is_too_long_shows_its_end(bench: Bench, qtbot: QtBot) -> None:
    bench.form.add_path("path", "Table", "A CSV file", lambda: None)
    line = bench.form.editors["path"].line  # type: ignore[attr-defined]
    line.setText("/" + "a" * 80 + "/1.csv")
    bench.after.setFocus()
    ends = line.grab().toImage()
    line.setText("/" + "a" * 80 + "/2.csv")
    assert line.grab().toImage() != ends
    line.setText("/" + "c" * 20 + "a" * 60 + "/1.csv")
    assert line.grab().toImage() == ends, "only the end is drawn"
    line.setFocus()
    assert line.grab().toImage() != ends


def test_long_names_wrap_and_editors_stay_where_they_are(bench: Bench, qtbot: QtBot) -> None:
    bench.options(WIDTH)
    before = bench.form.editors["size"].x()
    bench.options(Option("p", "learned_position_embedding_scale", "number", 1.0, "t"))
    qtbot.wait(1)
    assert bench.form.editors["size"].x() == before
    words = next(label for label in bench.form.findChildren(QLabel, "fieldName") if "learned" in label.text())
    assert words.width() <= NAMES
    assert words.height() >= words.heightForWidth(words.width())


def test_a_run_disables_rows_that_come_meanwhile(bench: Bench) -> None:
    bench.form.set_enabled(False)
    bench.options(WIDTH)
    assert not bench.editor(WIDTH).isEnabled()
    bench.form.set_enabled(True)
    assert bench.editor(WIDTH).isEnabled()


def test_nothing_of_a_list_is_drawn_outside_of_its_line(bench: Bench) -> None:
    bench.form.set_options("source", {"a": "A name that is far too long for the line in which it stands"})
    bench.form.set_value("source", "a")
    box = bench.form.editors["source"]
    long = box.grab().toImage()
    bench.form.set_options("source", {"a": "A name that is far too long for the line in which anything stands"})
    assert box.grab().toImage() == long, "both end in dots at the same place"


def test_of_a_long_path_the_name_is_seen(qapp: QApplication) -> None:
    letters = QFontMetrics(qapp.font())

    def width(text: str) -> int:
        return letters.horizontalAdvance(text)

    assert end_of("/a/b.py", letters, 500) == "/a/b.py"
    assert end_of("/home/me/a/long/way/task.py", letters, width("…/task.py") + 2) == "…/task.py"
    for path in ("/home/me/a_rather_long_name_of_a_task.py", r"C:\me\a_rather_long_name_of_a_task.py"):
        shown = end_of(path, letters, width("a_rather…_task.py"))
        assert shown.startswith("a_r") and shown.endswith(".py")
    assert end_of("/home/me/photos/", letters, width("…photos/")) == "…photos/"


def test_a_long_text_ends_after_a_word(qapp: QApplication) -> None:
    letters = QFontMetrics(qapp.font())

    def width(text: str) -> int:
        return letters.horizontalAdvance(text)

    assert beginning_of("torchvision model", letters, 500) == "torchvision model"
    assert beginning_of("torchvision model", letters, width("torchvision mo…")) == "torchvision …"
    assert beginning_of("Table (CSV, Parquet)", letters, width("Table (CSV…")) == "Table"
    assert beginning_of("a_rather_long_name", letters, width("a_rather…")).startswith("a_rat")


def test_a_tick_that_cannot_be_changed_looks_so_and_shows_the_focus(bench: Bench, tmp_path: Path) -> None:
    sign = QPixmap(9, 9)
    sign.fill(Qt.GlobalColor.white)
    assert sign.save(str(tmp_path / "sign.png"))
    bench.window.setStyleSheet(style_sheet(LIGHT, "Inter", *[str(tmp_path / "sign.png")] * 2))
    bench.options(FLIP)
    box = bench.editor(FLIP)
    looks = [box.grab().toImage()]
    box.setFocus()
    looks.append(box.grab().toImage())
    bench.form.set_enabled(False)
    looks.append(box.grab().toImage())
    assert all(one != other for one, other in itertools.combinations(looks, 2))

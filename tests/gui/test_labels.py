"""Long words wrap where people expect it, and short ones stay as they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QFontMetricsF
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from lrgui.gui.labels import BREAK, breakable, short, wrapped
from lrgui.gui.panels.suggestions import SuggestionsPanel
from lrgui.gui.status import StatusLine
from lrgui.gui.window import MainWindow


def test_long_words_may_be_broken() -> None:
    assert breakable("a plain sentence of self-made words.") == "a plain sentence of self-made words."
    path = "/home/me/a_long_name/of-a.file.py"
    parts = breakable(f"See {path} there").split(BREAK)
    assert "".join(parts) == f"See {path} there"
    assert parts == ["See /", "home/", "me/", "a_", "long_", "name/", "of-", "a.", "file.", "py there"]
    assert max(len(part) for part in breakable("x" * 100).split(BREAK)) == 14
    assert breakable("learning_rate", 8) == f"learning_{BREAK}rate"


@pytest.mark.qt_log_ignore("does not support (raise|grabbing)", extend=True)  # the offscreen platform, of every menu
@pytest.mark.parametrize("way", ["key", "menu"])
def test_a_path_is_copied_as_it_is(qtbot: QtBot, tmp_path: Path, way: str) -> None:
    label = wrapped(f"{tmp_path}/a_long_name_of_a_task.py")
    assert BREAK in label.text()
    qtbot.addWidget(label)
    label.show()
    label.setSelection(0, len(label.text()))
    if way == "key":
        qtbot.keyClick(label, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    else:
        place = QPoint(1, 1)
        QApplication.sendEvent(
            label, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, label.mapToGlobal(place))
        )
        menu = label.findChild(QMenu)
        assert menu is not None
        menu.actions()[0].trigger()
        menu.close()
    assert QApplication.clipboard().text() == f"{tmp_path}/a_long_name_of_a_task.py"


def test_short_names() -> None:
    assert short("cats") == "cats"
    assert short("a" * 30) == "a" * 23 + "…"


def test_digits_of_tables_have_one_width_whatever_the_style(window: MainWindow) -> None:
    table, status = window.findChild(SuggestionsPanel).table, window.findChild(StatusLine).text
    for _ in range(2):
        for widget in (table, status):
            widget.ensurePolished()
            width = QFontMetricsF(widget.font()).horizontalAdvance
            assert width("1111") == width("0000")
        window.theming.toggle()

"""The second click of a double click, where the first one changed what lies under the mouse."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from lrgui.gui.double_clicks import DoubleClicks
from lrgui.gui.window import MainWindow

AT = QPoint(50, 25)


class Clicked:
    """Two buttons in one place of a shown window: the first one may give way to the second."""

    def __init__(self, window: QWidget, gives_way: bool) -> None:
        self.window = window
        self.clicks: list[str] = []
        self.second, self.first = QPushButton("second", window), QPushButton("first", window)
        for button in (self.second, self.first):
            button.resize(100, 50)
            button.show()
            button.raise_()
        self.first.clicked.connect(lambda: self.clicks.append("first"))
        self.second.clicked.connect(lambda: self.clicks.append("second"))
        if gives_way:
            self.first.clicked.connect(self.first.hide)

    def double_click(self) -> list[str]:
        """The buttons that took the clicks."""
        self.clicks.clear()
        QTest.mouseDClick(self.window.windowHandle(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, AT)
        return self.clicks


@pytest.fixture
def plain(qtbot: QtBot) -> QWidget:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(200, 100)
    with qtbot.waitExposed(window):
        window.show()
    watch = DoubleClicks(window)
    watch.attach()
    watch.attach()  # as a window does that is shown again
    return window


def test_the_second_click_presses_nothing_that_the_first_one_brought(plain: QWidget) -> None:
    clicked = Clicked(plain, gives_way=True)
    assert clicked.double_click() == ["first"]
    assert not clicked.second.isDown() and not clicked.second.hasFocus()
    assert clicked.double_click() == ["second", "second"], "it is there for both clicks now"


def test_a_button_that_stays_takes_both_clicks(plain: QWidget) -> None:
    assert Clicked(plain, gives_way=False).double_click() == ["first", "first"]


def test_the_main_window_watches_its_clicks(window: MainWindow) -> None:
    assert Clicked(window, gives_way=True).double_click() == ["first"]

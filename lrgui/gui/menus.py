"""The menu bar: every action by name, for those who look before they learn keys."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QMenuBar

from lrgui.gui.actions import MENUS
from lrgui.gui.tabs.tabs import Tabs


def fill_menu_bar(bar: QMenuBar, actions: Mapping[str, QAction], recent: QMenu, tabs: Tabs) -> None:
    """Put the menus on `bar`; `recent` is the menu of recent tasks."""
    for title, keys in MENUS.items():
        menu = bar.addMenu(title)
        for key in keys:
            if key is None:
                menu.addSeparator()
            elif key == "recent":
                menu.addMenu(recent)
            elif key == "tabs":
                _list_tabs(menu, tabs)
            else:
                menu.addAction(actions[key])


def _list_tabs(menu: QMenu, tabs: Tabs) -> None:
    listed = [menu.addAction(tabs.tabText(index)) for index in range(tabs.count())]
    for index, action in enumerate(listed):
        action.triggered.connect(lambda _checked=False, index=index: tabs.go_to(index))

    def leave_out() -> None:
        """A tab that is not to be seen yet is no place to go to."""
        for index, action in enumerate(listed):
            action.setVisible(tabs.isTabVisible(index))

    leave_out()
    menu.aboutToShow.connect(leave_out)

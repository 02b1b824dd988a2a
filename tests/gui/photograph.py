"""Photographs every state of the window: run by `docs/make_screenshots.py`, on a display of its own.

`LRGUI_PICTURES` is the folder for the pictures, `LRGUI_THEME` the theme. What geometry finds at this size and scale
is a failure as well.
"""

from __future__ import annotations

import os
import re
from itertools import count
from pathlib import Path

from bench import Bench
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from states import States
from test_geometry import faults, laid_out_badly

from lrgui.gui.window import MainWindow


def test_every_state_is_photographed(window: MainWindow, bench: Bench, qtbot: QtBot, own_folders: Path) -> None:
    folder, numbers, found = Path(os.environ["LRGUI_PICTURES"]), count(), list[str]()

    def take(name: str, of: QWidget) -> None:
        qtbot.wait(60)
        found.extend(f"{name}: {fault}" for fault in faults(of, qtbot, laid_out_badly))
        plain = re.sub(r"\W+", "-", name)
        window.screen().grabWindow(0).save(str(folder / f"{next(numbers):02}-{plain}.png"))

    window.theming.choose(os.environ["LRGUI_THEME"])
    window.showMaximized()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    states = States(window, bench, own_folders / "mine")
    for state in states.walk():
        take(state, window)
        if window.room.narrow and state in ("first start", "sweep done", "race done"):
            for wing in window.room.wings:
                window.room.toggle(wing)
                take(f"{state}, {wing.side.accessibleName()} open", window)
            window.room.toggle(window.room.right)
    for name, dialog in states.dialogs():
        take(name, dialog)
        dialog.close()
    assert not found, "\n".join(dict.fromkeys(found))

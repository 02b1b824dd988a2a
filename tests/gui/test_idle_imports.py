"""Modules that come once the window is there: one after the other, and none in a run."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from lrgui.gui import idle_imports
from lrgui.gui.idle_imports import IdleImports


def test_they_come_one_by_one_and_wait_for_a_run(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    came: list[str] = []
    runs = [False, False, True, True, False]
    parent = QObject()
    monkeypatch.setattr(idle_imports, "LOOK_MS", 1)
    monkeypatch.setattr(idle_imports, "import_module", lambda name: came.append(f"{name} {len(runs)}"))
    imports = IdleImports(lambda: runs.pop(0) if runs else False, parent, ("one", "two", "three"))
    with qtbot.waitSignal(imports.done):
        imports.start()
        assert came == []
    assert [word.split()[0] for word in came] == ["one", "two", "three"]
    assert [word.split()[1] for word in came] == ["3", "0", "0"], "while a run went on none came"
    parent.deleteLater()

"""Modules that come once the window is there: one after the other, and none in a run."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from lrgui.gui import idle_imports
from lrgui.gui.idle_imports import AFTER_A_RUN, LATER, IdleImports, import_beside


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


def test_what_cannot_wait_comes_beside_the_window(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    came: list[tuple[str, bool]] = []
    here = threading.get_ident()
    monkeypatch.setattr(idle_imports, "import_module", lambda name: came.append((name, threading.get_ident() == here)))
    import_beside(("one", "two"))
    qtbot.waitUntil(lambda: len(came) == 2)
    assert came == [("one", False), ("two", False)]


def test_a_runs_end_needs_nothing_that_does_not_come_later_anyway() -> None:
    assert set(AFTER_A_RUN) <= set(LATER)

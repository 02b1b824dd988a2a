"""Whatever happened to a run's file, the window shows what is left of it, or says why it can't."""

from __future__ import annotations

from pathlib import Path

import pytest
from mutations import mutated
from PySide6.QtWidgets import QApplication

from lrgui.gui.window import MainWindow


@pytest.mark.parametrize("start", range(1000, 1060, 20))
def test_a_damaged_run_is_shown_or_refused_in_a_sentence(window: MainWindow, tmp_path: Path, start: int) -> None:
    path = tmp_path / "a.lrrun"
    shown = 0
    for number in range(start, start + 20):
        path.write_bytes(mutated(number))
        if window.session.open_run(path):
            shown += 1
        else:
            assert "a.lrrun" in window.banner.text
        QApplication.processEvents()
        window.grab()
    assert shown >= 8

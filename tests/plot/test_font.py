"""The shipped font."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QFontDatabase, QFontInfo

from lrgui.plot import font


@pytest.fixture
def fresh():
    font.load_font.cache_clear()
    yield
    font.load_font.cache_clear()


def test_the_shipped_font_is_used(qtbot, fresh):
    assert font.load_font() in QFontDatabase.families()
    assert QFontInfo(font.plot_font(12)).family() == font.load_font()


def test_without_it_the_systems_font_is_used(qtbot, fresh, monkeypatch):
    def missing(*parts: str):
        raise FileNotFoundError("gone")

    monkeypatch.setattr(font, "resource", missing)
    assert font.load_font()

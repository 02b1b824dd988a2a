"""Imports without a look for garbage."""

from __future__ import annotations

import gc

import pytest

from lrgui.runs.imports import heavy_imports


@pytest.fixture(autouse=True)
def thaw(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What this test process has made is not to stay in it for good."""
    frozen: list[str] = []
    monkeypatch.setattr(gc, "freeze", lambda: frozen.append("frozen" if not gc.isenabled() else "too late"))
    return frozen


def test_nobody_collects_inside_and_what_was_made_is_left_alone_afterwards(thaw: list[str]) -> None:
    assert gc.isenabled()
    with heavy_imports():
        assert not gc.isenabled()
        assert not thaw
    assert gc.isenabled()
    assert thaw == ["frozen"]


def test_a_failed_import_leaves_all_as_it_was(thaw: list[str]) -> None:
    with pytest.raises(ImportError), heavy_imports():
        raise ImportError("libtorch.so")
    assert gc.isenabled()


def test_who_collects_nothing_goes_on_so(thaw: list[str]) -> None:
    gc.disable()
    try:
        with heavy_imports():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()

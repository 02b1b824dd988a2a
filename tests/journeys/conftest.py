"""The real program on a display of its own, driven with a real mouse and a real keyboard."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from program import Desktop, Program, display

NEEDED = ("Xvfb", "xdotool", "openbox")


@pytest.fixture(scope="module")
def desktop() -> Iterator[Desktop]:
    """A display with a window manager."""
    missing = [tool for tool in NEEDED if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"driving the real window needs {', '.join(missing)}")
    with display() as desktop:
        yield desktop


@pytest.fixture
def program(desktop: Desktop, tmp_path: Path) -> Iterator[Program]:
    """A program that is not started yet; it is gone after the test, whatever happened."""
    program = Program(desktop, tmp_path)
    yield program
    program.end()

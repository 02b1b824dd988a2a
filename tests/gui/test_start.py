"""What the window imports until its first frame, in which order, and what comes after it in small pieces."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

#: So many modules of the program may be imported for the first frame, and with each of the later pieces.
MOST, MOST_OF_A_PIECE = 195, 8

_START = """
import json, linecache, sys
from importlib import import_module

def own():
    return {name for name in sys.modules if name.startswith("lrgui")}

said = {}

def first_frame(application):
    application.processEvents()
    said["read"] = sorted(linecache.cache)
    said["frame"], said["all"] = sorted(own()), sorted(sys.modules)
    from lrgui.gui.idle_imports import LATER
    said["pieces"] = {}
    for name in LATER:
        before = own()
        import_module(name)
        said["pieces"][name] = sorted(own() - before)
    print(json.dumps(said))
    return 0

def to_look():
    from PySide6.QtWidgets import QApplication
    QApplication.exec = first_frame

from lrgui.gui import app
app.AFTER_PAINT = 10**6  # however long the first frame takes, what comes after it is not part of it
sys.exit(app.main(["--new-window"], to_look))
"""


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A start of the window in a process of its own, without a screen."""
    folder = str(tmp_path_factory.mktemp("start"))
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "LRGUI_CONFIG": folder, "LRGUI_RUNS": folder}
    done = subprocess.run([sys.executable, "-c", _START], env=environment, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_the_first_frame_waits_for_nothing_that_it_does_not_show(start: dict[str, Any]) -> None:
    frame = set(start["frame"])
    assert len(frame) <= MOST
    unwanted = (
        "api",
        "cli",
        "core.curve.sweep_reading",
        "core.engine",
        "export.report",
        "export.snippets",
        "gui.dialogs",
        "gui.run_notices",
        "gui.runs_drawer",
        "gui.saving",
        "gui.study_process",
        "plot.race_plot",
        "plot.training_plot",
        "runs.checkpoints",
        "runs.log_reader",
        "runs.overlaid",
        "runs.remote.following",
        "runs.remote.running",
        "studies",
        "tasks.user.outline",
        "tasks.user.calling",
    )
    assert not {name for name in frame for what in unwanted if f"{name}.".startswith(f"lrgui.{what}.")}
    tabs = {name for name in frame if name.startswith("lrgui.gui.tabs.")}
    assert tabs == {"lrgui.gui.tabs.curve", "lrgui.gui.tabs.run_tab", "lrgui.gui.tabs.tabs"}


def test_the_first_frame_waits_for_no_large_module_of_pythons(start: dict[str, Any]) -> None:
    """Those that the plots need are there anyway."""
    large = ("asyncio", "email", "hashlib", "html", "http", "sqlite3", "tomllib", "unittest", "urllib.request")
    assert not set(start["all"]) & {*large, "torch", "matplotlib"}


def test_pyside_reads_the_source_of_no_module(start: dict[str, Any]) -> None:
    """What it reads stays in Python's cache of lines. Fails where a PySide has another name for it."""
    assert not [path for path in start["read"] if "lrgui" in path or "pyqtgraph" in path]


def test_what_comes_after_the_first_frame_comes_in_small_pieces(start: dict[str, Any]) -> None:
    pieces: dict[str, list[str]] = start["pieces"]
    assert all(name in modules for name, modules in pieces.items()), "a piece that an earlier one brought is not needed"
    assert max(map(len, pieces.values())) <= MOST_OF_A_PIECE

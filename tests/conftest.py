"""What every test gets: folders of its own, and no thread, process or Qt warning left behind."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.platform.startswith("linux") and not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Runs and settings go to a folder of the test, never to the person's."""
    folder = tmp_path_factory.mktemp("lrgui")
    monkeypatch.setenv("LRGUI_RUNS", str(folder / "runs"))
    monkeypatch.setenv("LRGUI_CONFIG", str(folder / "config"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "xdg"))
    return folder


@pytest.fixture(autouse=True)
def no_thread_left_behind() -> Iterator[None]:
    """A test must end what it started."""
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        if not thread.daemon:
            thread.join(5)
            assert not thread.is_alive(), f"{thread.name} was left running"


@pytest.fixture(autouse=True)
def qt_warnings_fail(request: pytest.FixtureRequest) -> Iterator[None]:
    """A warning of Qt in a test with widgets is a failure."""
    yield
    log = getattr(request.node, "qt_log_capture", None)
    if log is None or "qtbot" not in request.fixturenames:
        return
    bad = [record.message for record in log.records if record.type_name in ("QtWarningMsg", "QtCriticalMsg")]
    assert not bad, bad

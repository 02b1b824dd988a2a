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

# Small models are faster with one thread, and sums are the same on every machine. Before torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Runs and settings go to a folder of the test, never to the person's."""
    folder = tmp_path_factory.mktemp("lrgui")
    monkeypatch.setenv("LRGUI_RUNS", str(folder / "runs"))
    monkeypatch.setenv("LRGUI_CONFIG", str(folder / "config"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "xdg"))
    return folder


@pytest.fixture(autouse=True)
def no_qthread_left_behind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A QThread still running when it is destroyed aborts the process, tests away from where it was started."""
    if "qtbot" not in request.fixturenames:
        yield
        return
    import shiboken6
    from PySide6.QtCore import QThread

    started: list[QThread] = []  # Python's own list of threads knows nothing of these
    start = QThread.start

    def noted(thread: QThread, *arguments: object) -> None:
        started.append(thread)
        start(thread, *arguments)

    monkeypatch.setattr(QThread, "start", noted)
    yield
    for thread in started:
        if shiboken6.isValid(thread):
            assert thread.wait(5000), f"{thread} was left running"


@pytest.fixture(autouse=True)
def no_thread_left_behind() -> Iterator[None]:
    """A test must end what it started."""
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        if not thread.daemon:
            thread.join(5)
            assert not thread.is_alive(), f"{thread.name} was left running"

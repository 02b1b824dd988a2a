"""The real program, started twice on a display of its own: the first window comes forward with the file."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import minds_sigterm
from program import ROOT, Desktop, display, until

from lrgui.core.events import BatchEvent, EndEvent
from lrgui.runs.job import Job
from lrgui.runs.log import LogWriter

TOOLS = ("Xvfb", "xdotool", "openbox")


@pytest.fixture
def desktop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desktop]:
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"driving the real window needs {', '.join(missing)}")
    runtime = tempfile.mkdtemp(prefix="lrgui-test-")
    monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
    try:
        with display() as desktop:
            yield desktop
            assert not list(Path(runtime).iterdir()), "a program that ended leaves no socket and no lock"
    finally:
        shutil.rmtree(runtime)


def start(desktop: Desktop, folder: Path, *arguments: str, **variables: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(ROOT / "main.py"), *arguments]
    return subprocess.Popen(command, env={**desktop.environment, **variables}, cwd=folder)


def windows(desktop: Desktop) -> list[str]:
    return desktop.do("search", "--onlyvisible", "--name", "^LR Finder$").split()


def end(process: subprocess.Popen[bytes]) -> int:
    process.terminate()
    return process.wait(60)


@pytest.fixture
def first(desktop: Desktop, tmp_path: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """The program with its window, first in the list of those that are gone after the test."""
    log = LogWriter(tmp_path / "a run.lrrun", Job())
    log.write(
        [*(BatchEvent(0, i, 10.0 ** (-6 + i / 50), 2.0, i / 100) for i in range(50)), EndEvent("completed", "Done")]
    )
    log.close()
    processes = [start(desktop, tmp_path)]
    try:
        until(lambda: windows(desktop), "the window")
        runtime = Path(os.environ["XDG_RUNTIME_DIR"])
        until(lambda: list(runtime.glob("*.socket")), "it listens, which it does after its first paint")
        yield processes
        assert end(processes[0]) == 0
    finally:
        for process in processes:
            if process.poll() is None:
                process.kill()
                process.wait(60)


def test_a_second_start_raises_the_first_window_and_hands_it_the_file(
    desktop: Desktop, tmp_path: Path, first: list[subprocess.Popen[bytes]]
) -> None:
    (window,) = windows(desktop)
    desktop.do("windowminimize", window)
    until(lambda: not windows(desktop), "the window is away")
    first.append(start(desktop, tmp_path, "a run.lrrun"))
    assert first[1].wait(60) == 0
    assert until(lambda: windows(desktop), "the window is back") == [window]
    until(lambda: desktop.do("getactivewindow").strip() == window, "the window has the focus")


@pytest.mark.slow  # who wants a new window and who listens is in tests/gui/test_single_instance.py
def test_another_window_is_opened_where_it_is_asked_for(
    desktop: Desktop, tmp_path: Path, first: list[subprocess.Popen[bytes]]
) -> None:
    first.append(start(desktop, tmp_path, "a run.lrrun", LRGUI_NEW_WINDOW="1"))
    until(lambda: len(windows(desktop)) == 2, "the second window")
    until(lambda: minds_sigterm(first[1].pid), "what it does when it is ended")
    assert end(first[1]) == 0
    # Without it the first one still listens.
    assert start(desktop, tmp_path, "--scenarios").wait(60) == 0

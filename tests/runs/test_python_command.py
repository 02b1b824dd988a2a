"""The command that starts our modules in another Python."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from other_python import make_python
from processes import end_of, members, read, within

from lrgui import frozen
from lrgui.runs.job import Job
from lrgui.runs.launch import ChildProcess
from lrgui.runs.python_command import _BOOT, python_command, worker_command

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")


def test_another_python_keeps_its_own_packages_and_a_frozen_program_starts_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    command = worker_command("/other/python")
    assert command[0] == "/other/python" and (Path(command[-1]) / "lrgui").is_dir()
    assert worker_command()[0] == sys.executable
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert worker_command() == [sys.executable, "--worker"]
    assert worker_command("/other/python")[0] == "/other/python"


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_files_in_the_current_folder_are_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "signal.py").write_text("raise RuntimeError('the wrong module')")
    monkeypatch.chdir(tmp_path)
    child = ChildProcess(command=[*worker_command(), "--help"])
    child.start()
    assert child.pid is not None
    worker = child.pid
    assert within(60, lambda: len(members(worker)) == 2), "worker and guard, who came after the imports"
    child.kill()


@posix
class TestBoot:
    """What another Python sees of our folder: the package, behind its own, and nothing else that lies there."""

    @pytest.fixture
    def ours(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A folder with an LR Finder that tells what it sees, and with what else may be installed there."""
        folder = tmp_path / "ours"
        (folder / "lrgui").mkdir(parents=True)
        (folder / "lrgui" / "__init__.py").write_text("WHOSE = 'ours'\n")
        (folder / "lrgui" / "show.py").write_text(SHOW)
        stand_in = Path("lrgui", "runs", "stand_in")
        shutil.copytree(frozen.sources_folder() / stand_in, folder / stand_in)
        (folder / "only_ours.py").write_text("")
        (folder / "shared.py").write_text("WHOSE = 'ours'\n")
        monkeypatch.setattr(frozen, "sources_folder", lambda: folder)
        return folder

    @pytest.fixture(autouse=True)
    def bare(self, tmp_path: Path) -> None:
        self.python = make_python(tmp_path / ".venv", []).path

    def seen(self, folder: Path, **variables: str) -> list[str]:
        command = python_command(self.python, "lrgui.show", "--show")
        done = subprocess.run(
            command, cwd=folder, env={**os.environ, **variables}, capture_output=True, text=True, check=True
        )
        return done.stdout.split()

    def test_the_package_alone(self, ours: Path, tmp_path: Path) -> None:
        theirs = tmp_path / "theirs"
        theirs.mkdir()
        (theirs / "shared.py").write_text("WHOSE = 'theirs'\n")
        assert self.seen(tmp_path, PYTHONPATH=str(theirs)) == ["ours", "theirs", "missing", str(ours)]

    def test_an_lrgui_of_theirs_is_not_mistaken_for_ours(self, ours: Path, tmp_path: Path) -> None:
        theirs = tmp_path / "theirs"
        (theirs / "lrgui").mkdir(parents=True)
        (theirs / "lrgui" / "__init__.py").write_text("WHOSE = 'theirs'\n")
        assert self.seen(tmp_path, PYTHONPATH=str(theirs))[:3] == ["ours", "missing", "missing"]
        (ours / "lrgui" / "show.py").write_text(SPAWN)
        assert self.seen(tmp_path, PYTHONPATH=str(theirs)) == ["ours"], "in a process that a run starts"
        (ours / "lrgui" / "show.py").write_text(SHOW)
        assert self.seen(theirs)[0] == "ours", "in the current folder"

    def test_where_our_folder_is_theirs_too_everything_is_seen(self, ours: Path, tmp_path: Path) -> None:
        assert self.seen(tmp_path, PYTHONPATH=str(ours))[:3] == ["ours", "ours", "found"]

    def test_processes_that_a_run_starts_find_it(self, ours: Path, tmp_path: Path) -> None:
        (ours / "lrgui" / "show.py").write_text(SPAWN)
        assert self.seen(tmp_path) == ["ours"]

    def test_a_python_that_is_too_old_says_so(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        old = tmp_path / "python"
        old.write_text(f'#!/bin/sh\nshift; code=$1; shift\nexec {sys.executable} -c "$code" "$@"\n')
        old.chmod(0o755)
        monkeypatch.setattr("lrgui.runs.python_command._BOOT", "import sys; sys.version_info = (3, 9, 1)\n" + _BOOT)
        end = end_of(read(ChildProcess(Job(), python=old)))
        assert f"could not start in {old} (exit status 1): This is Python " in end.detail
        assert "Choose a Python ≥ 3.10" in end.detail


SHOW = """
import sys, lrgui
def main():
    try:
        from shared import WHOSE
    except ImportError:
        WHOSE = "missing"
    try:
        import only_ours
        found = "found"
    except ImportError:
        found = "missing"
    print(lrgui.WHOSE, WHOSE, found, sys.path[-1])
"""

SPAWN = """
import multiprocessing
def whose(queue):
    import lrgui
    queue.put(lrgui.WHOSE)
def main():
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=whose, args=(queue,))
    process.start()
    print(queue.get(timeout=120))
    process.join()
"""

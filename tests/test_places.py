"""Folders of the person's own, also where they have no home."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrgui import places

posix = pytest.mark.skipif(sys.platform == "win32", reason="HOME is not needed there")


@pytest.fixture
def homeless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """No HOME, and a user that the system does not know; returns where temporary files go."""
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", places.CONFIG, places.RUNS):
        monkeypatch.delenv(name, raising=False)

    def unknown(_uid: int) -> None:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr("pwd.getpwuid", unknown)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    places._without_home.cache_clear()
    yield tmp_path
    places._without_home.cache_clear()


@posix
def test_without_a_home_a_temporary_folder_is_used_and_told(homeless: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = homeless / f"lrgui-{os.getuid()}"
    assert places.home() is None
    assert places.home_or_temporary() == own
    assert places.config_folder() == own / "config" and places.runs_folder() == own / "data" / "runs"
    assert places.trouble().startswith("There is no home folder (HOME is not set), so settings and runs are saved")
    assert str(own) in places.trouble()
    assert stat.S_IMODE(own.stat().st_mode) == 0o700
    monkeypatch.setenv(places.CONFIG, "/somewhere")
    monkeypatch.setenv(places.RUNS, "/else")
    assert (places.config_folder(), places.runs_folder()) == (Path("/somewhere"), Path("/else"))
    assert places.trouble() == ""


@posix
def test_a_strangers_folder_is_not_taken(homeless: Path) -> None:
    own = homeless / f"lrgui-{os.getuid()}"
    own.mkdir()
    own.chmod(0o777)
    place = places.home_or_temporary()
    assert place != own and place.parent == homeless and stat.S_IMODE(place.stat().st_mode) == 0o700


def test_with_a_home_there_is_nothing_to_tell() -> None:
    assert places.home() is not None and places.trouble() == ""


@posix
@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root becomes somebody else")
def test_a_user_whom_nobody_knows() -> None:
    folder = Path(tempfile.mkdtemp(dir="/tmp"))  # the tests' own folders are for their owner alone
    folder.chmod(0o777)
    program = (
        "import os, sys, platformdirs\n"
        "from lrgui import places\n"
        "from lrgui.runs.library import start_log\n"
        "from lrgui.runs.job import Job\n"
        "from lrgui.runs.trust import Trust, trust_file\n"
        # Imported when they are used, by when the folder of Python itself may be closed to this user.
        "import lrgui.runs.steering, lrgui.runs.task_files\n"
        "os.setgid(54321); os.setuid(54321)\n"
        "print(places.trouble())\n"
        "trust = Trust(trust_file()); question = trust.question(sys.argv[1])\n"
        "print(trust.grant(question, False)); log = start_log(Job()); print(log.path, log.problem); log.close()\n"
    )
    (folder / "task.py").write_text("x = 1\n")
    environment = {
        "PATH": os.environ["PATH"],
        "TMPDIR": str(folder),
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    try:
        done = subprocess.run(
            [sys.executable, "-c", program, str(folder / "task.py")],
            capture_output=True,
            text=True,
            env=environment,
            cwd="/",
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        own = folder / "lrgui-54321"
        assert f"are saved in {own}" in done.stdout and ".lrrun None" in done.stdout
        assert (own / "config" / "trusted.json").is_file() and list((own / "data" / "runs").iterdir())
    finally:
        shutil.rmtree(folder)

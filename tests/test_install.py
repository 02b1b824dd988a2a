"""The wheel and the sdist, each installed into an empty virtual environment: no file of the checkout is needed."""

from __future__ import annotations

import os
import shutil
import signal
import site
import subprocess
import sys
import time
import venv
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from processes import minds_sigterm

from lrgui import __version__

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).resolve().parents[1]
posix = pytest.mark.skipif(sys.platform == "win32", reason="names of folders and signals")


def do(*command: object, folder: Path, **variables: str) -> str:
    """Run a command as somebody would who has nothing of ours set; returns what it prints."""
    names = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "DISPLAY", "WAYLAND_DISPLAY")
    environment = {key: value for key, value in os.environ.items() if key not in names}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env={**environment, "HOME": str(folder), **variables},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheel and the sdist, built from a copy: building must not write into the checkout."""
    folder = tmp_path_factory.mktemp("built")
    copy = folder / "source"
    left_out = shutil.ignore_patterns(".*", "build", "dist", "__pycache__", "out", "*.egg-info")
    shutil.copytree(ROOT, copy, ignore=left_out)
    tools = folder / "tools"
    venv.create(tools, with_pip=True)
    python = tools / "bin" / "python"
    do(python, "-m", "pip", "install", "--quiet", "hatchling>=1.27", folder=folder)
    do(python, "-m", "hatchling", "build", "-d", folder / "files", folder=copy)
    (wheel,) = (folder / "files").glob("*.whl")
    (sdist,) = (folder / "files").glob("*.tar.gz")
    shutil.rmtree(copy)
    return {"wheel": wheel, "sdist": sdist}


@pytest.fixture(scope="module")
def installed(built: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Installs one of them, once; returns the folder with the commands."""

    @cache
    def install(kind: str) -> Path:
        folder = tmp_path_factory.mktemp(kind)
        venv.create(folder / "env", with_pip=True)
        commands = folder / "env" / "bin"
        do(commands / "python", "-m", "pip", "install", "--quiet", "--no-deps", built[kind], folder=folder)
        # What we need (torch alone weighs gigabytes) is taken from the environment of the tests. Its folder stands
        # behind that of the new environment, and its own .pth files, which lead to the checkout, are not read.
        (there,) = (folder / "env" / "lib").glob("python*/site-packages")
        places = [place for place in site.getsitepackages() if Path(place).is_dir()]
        (there / "heavy.pth").write_text("\n".join(places) + "\n")
        return commands

    return install


@posix
@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_it_starts_from_an_empty_environment(kind: str, installed: Callable[[str], Path], tmp_path: Path) -> None:
    commands = installed(kind)
    empty = tmp_path / "empty folder"
    empty.mkdir()
    quiet = {"QT_QPA_PLATFORM": "offscreen"}
    where = do(commands / "python", "-c", "import lrgui; print(lrgui.__file__)", folder=empty).strip()
    assert Path(where).is_relative_to(commands.parent), where
    assert do(commands / "lrgui", "--version", folder=empty) == f"lrgui {__version__}\n"
    assert do(commands / "python", "-m", "lrgui", "--version", folder=empty) == f"lrgui {__version__}\n"
    do(commands / "lrgui", "scenarios", "--png", "out.png", folder=empty, **quiet)
    assert (empty / "out.png").read_bytes()[:4] == b"\x89PNG"
    assert sorted(path.name for path in empty.iterdir()) == ["out.png"]
    missing = (
        "from lrgui.resources import resource as r; r('digits.npz'); r('icons', 'lrgui.svg'); r('fonts', 'OFL.txt');"
        "r('icons', 'hicolor', '48x48', 'apps', 'lrgui.png')"
    )
    do(commands / "python", "-c", missing, folder=empty)


@posix
@pytest.mark.parametrize("kind", ["wheel", "sdist"])
@pytest.mark.parametrize("command", [["lrgui"], ["lrgui-gui"], ["python", "-m", "lrgui"]])
def test_the_window_opens(kind: str, command: list[str], installed: Callable[[str], Path], tmp_path: Path) -> None:
    commands = installed(kind)
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    environment |= {"QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path)}
    process = subprocess.Popen(
        [str(commands / command[0]), *command[1:]], cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True
    )
    try:
        until = time.monotonic() + 60
        while process.poll() is None and not minds_sigterm(process.pid) and time.monotonic() < until:
            time.sleep(0.1)
        time.sleep(2)  # the window comes up
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait(60)
    assert process.returncode == 0, said
    assert "Traceback" not in said, said

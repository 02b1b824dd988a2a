"""What is missing is told in one sentence with the command that helps; Qt itself would abort."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lrgui.gui import app
from lrgui.gui import startup_checks as missing

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="about X and Debian's packages")
pytestmark = linux


@pytest.fixture(autouse=True)
def no_desktop(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "DESKTOP_STARTUP_ID", "XDG_ACTIVATION_TOKEN")
    for name in (*names, "GIO_LAUNCHED_DESKTOP_FILE"):
        monkeypatch.delenv(name, raising=False)


def start(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    names = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    environment = {key: value for key, value in os.environ.items() if key not in names}
    return subprocess.run(
        [sys.executable, "-c", "import sys; from lrgui.start import main; main()", *words],
        env={**environment, **variables},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )


def told(done: subprocess.CompletedProcess[str], *parts: str) -> None:
    assert done.returncode == 1, done
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("lrgui: ") and not done.stdout
    for part in parts:
        assert part in done.stderr


def test_no_display(tmp_path: Path) -> None:
    told(start(tmp_path), "no display", "lrgui find digits")
    (tmp_path / "my task.py").touch()
    told(start(tmp_path, "my task.py"), "no display", "use “lrgui find 'my task.py'” in the terminal")
    told(start(tmp_path, "--scenarios"), "no display", "lrgui scenarios --png scenarios.png")
    told(start(tmp_path, "old/a.lrrun"), "no display", "lrgui export old/a.lrrun --png curve.png")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--scenarios", "abc"), "“abc” is not a seed for --scenarios. Use 0 or a positive integer."),
        (("--scenarios", "-1"), "“-1” is not a seed"),
        (("--scenarios", "1e3"), "“1e3” is not a seed"),
        (("--scenarios", "9" * 30), "is not a seed"),
        (("--new-window", "--scenarios", "x"), "“x” is not a seed"),
        (("--scenarios", "3", "4"), "The window opens one item at a time: omit “4”."),
        (("./a.py", "b.py"), "The window opens one item at a time: omit “b.py”."),
    ],
)
def test_arguments_that_make_no_sense_are_status_2(tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    done = start(tmp_path, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1 and says in done.stderr


@pytest.mark.parametrize("display", [":98765", "unix:98765.0", "127.0.0.1:55000", "nonsense", ":"])
def test_a_display_that_is_not_there(tmp_path: Path, display: str) -> None:
    told(start(tmp_path, DISPLAY=display), f"the display {display} ", "lrgui find digits")


def test_a_wayland_that_is_gone_is_no_display(tmp_path: Path) -> None:
    told(start(tmp_path, WAYLAND_DISPLAY="wayland-9", XDG_RUNTIME_DIR=str(tmp_path)), "no display")


def test_a_display_that_keeps_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0/tmp/.X11-unix/X98764")
        server.listen()
        monkeypatch.setenv("DISPLAY", ":98764")
        monkeypatch.setattr(missing, "PATIENCE", 0.3)
        assert missing.display_trouble() is None, "somebody listens"
        trouble = missing.connection_trouble()
    assert trouble is not None and "the display :98764 does not answer" in trouble


@pytest.mark.parametrize(("library", "package"), [("libxcb-cursor.so.0", "libxcb-cursor0"), ("libEGL.so.1", "libegl1")])
def test_a_library_of_the_system_is_missing(tmp_path: Path, library: str, package: str) -> None:
    (tmp_path / library).touch()  # an empty file, found first, is as good as none
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0/tmp/.X11-unix/X98763")
        server.listen()
        done = start(tmp_path, DISPLAY=":98763", LD_LIBRARY_PATH=str(tmp_path))
    told(done, f"Qt needs {library} from the system", f"sudo apt-get install {package}\n")


def test_a_package_of_python_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    pip = f"{sys.executable} -m pip install"
    monkeypatch.setattr(missing, "find_spec", lambda name: None if name == "pyqtgraph" else object())
    assert missing.package_trouble() == f"the Python package pyqtgraph is not installed: {pip} pyqtgraph"
    error = ModuleNotFoundError("No module named 'PySide6.QtWidgets'", name="PySide6.QtWidgets")
    assert missing.import_trouble(error).endswith(f"{pip} PySide6-Essentials")


def test_qt_is_missing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setitem(sys.modules, "PySide6", None)
    assert app.main([]) == 1
    told_text = capsys.readouterr().err
    assert "-m pip install PySide6-Essentials" in told_text and told_text.count("\n") == 1


def test_an_unknown_trouble_is_told_as_it_is() -> None:
    assert "undefined symbol: _Zx" in missing.import_trouble(ImportError("undefined symbol: _Zx"))


def test_who_comes_from_a_menu_gets_a_dialog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dialog = tmp_path / "zenity"
    said = tmp_path / "said"
    dialog.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > "{said}.part"\nmv "{said}.part" "{said}"\n')
    dialog.chmod(0o755)
    (tmp_path / "libxcb-cursor.so.0").touch()
    path = f"{tmp_path}:/usr/bin:/bin"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0/tmp/.X11-unix/X98762")
        server.listen()
        variables = {"DISPLAY": ":98762", "LD_LIBRARY_PATH": str(tmp_path), "PATH": path}
        told(start(tmp_path, DESKTOP_STARTUP_ID="x", **variables), "libxcb-cursor0")
    for _ in range(1200):
        if said.exists():
            break
        time.sleep(0.05)
    assert "sudo apt-get install libxcb-cursor0" in said.read_text()


def test_every_library_has_a_package_of_the_set_up() -> None:
    """What is named here is what packaging/setup-system.sh installs, or comes with it."""
    assert all(name.startswith("lib") and ".so" in name for name in missing.LIBRARIES)
    assert all(package == package.lower() and package.startswith("lib") for package in missing.LIBRARIES.values())

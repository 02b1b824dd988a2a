"""What is different in a bundle, tried without one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from lrgui import frozen
from lrgui.core.events import EndEvent
from lrgui.gui.settings import Settings, load_settings, save_settings
from lrgui.resources import resource
from lrgui.runs.job import Job
from lrgui.runs.launch import ChildProcess
from lrgui.runs.python_command import worker_command

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-ins for Python are shell scripts")


@pytest.fixture
def light(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A bundle without torch, as far as the code can tell; nothing is on the path. Returns the bundle's folder."""
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path / "bundle"), raising=False)
    monkeypatch.setattr(frozen, "has_torch", lambda: False)
    monkeypatch.setattr(frozen, "_good", set())
    for name in (frozen.PYTHON, "CONDA_PREFIX", "VIRTUAL_ENV"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    return tmp_path / "bundle"


def python(folder: Path, says: int | str, name: str = "python3") -> str:
    """Something that is called like Python and says whether it has torch."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{says if isinstance(says, str) else f'exit {says}'}\n")
    path.chmod(0o755)
    return str(path)


def test_from_source_this_python_computes() -> None:
    assert not frozen.is_frozen()
    assert frozen.computes_itself()
    assert not frozen.computes_itself("/other/python")
    assert frozen.sources_folder() == ROOT
    assert frozen.foreign_environment() is None
    assert frozen.has_torch()


def test_the_worker_in_another_python_gets_the_bundled_sources(light: Path) -> None:
    command = worker_command("/other/python")
    assert command[0] == "/other/python"
    assert command[-1] == str(light / "sources")


def test_the_first_python_on_the_path_that_has_torch(
    light: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python(tmp_path / "a", 1)
    wanted = python(tmp_path / "b", 0, "python")
    python(tmp_path / "c", 0)
    monkeypatch.setenv("PATH", os.pathsep.join(str(tmp_path / name) for name in "abc"))
    assert not frozen.computes_itself()
    assert frozen.python_with_torch() == wanted
    assert worker_command()[0] == wanted


def test_an_activated_conda_environment_comes_first(
    light: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = python(tmp_path / "conda" / "bin", 0)
    python(tmp_path / "a", 0)
    monkeypatch.setenv("PATH", str(tmp_path / "a"))
    monkeypatch.setenv("CONDA_PREFIX", str(tmp_path / "conda"))
    assert frozen.python_with_torch() == wanted


def test_one_that_hangs_or_is_no_program_is_passed_over(
    light: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frozen, "PATIENCE", 0.2)
    python(tmp_path / "a", "exec /bin/sleep 60")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "python3").write_bytes(b"\x7fELF nothing")
    (tmp_path / "b" / "python3").chmod(0o755)
    wanted = python(tmp_path / "c", 0)
    monkeypatch.setenv("PATH", os.pathsep.join(str(tmp_path / name) for name in "abc"))
    assert frozen.python_with_torch() == wanted


def test_without_any_the_run_says_how_to_set_it(light: Path) -> None:
    with pytest.raises(frozen.NoPythonError, match=frozen.PYTHON):
        frozen.python_with_torch()
    (chunk,) = ChildProcess(Job()).chunks()
    (end,) = chunk
    assert isinstance(end, EndEvent)
    assert end.reason == "failed"
    assert frozen.PYTHON in end.detail


def test_one_that_got_torch_meanwhile_is_found(light: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "a"))
    python(tmp_path / "a", 1)
    with pytest.raises(frozen.NoPythonError):
        frozen.python_with_torch()
    wanted = python(tmp_path / "a", 0)
    assert frozen.python_with_torch() == wanted


def test_the_environment_is_asked_before_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(frozen.PYTHON, raising=False)
    assert frozen.chosen_python() is None
    assert frozen.chosen_python("/from/settings") == "/from/settings"
    monkeypatch.setenv(frozen.PYTHON, "/from/environment")
    assert frozen.chosen_python("/from/settings") == "/from/environment"


def test_programs_outside_do_not_get_the_bundles_libraries(light: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", str(light))
    monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", "/mine")
    monkeypatch.setenv("_PYI_ARCHIVE_FILE", "x")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    monkeypatch.setenv(frozen.HIDDEN_GPUS, "1")
    environment = frozen.foreign_environment()
    assert environment is not None
    assert environment["LD_LIBRARY_PATH"] == "/mine"
    gone = {"LD_LIBRARY_PATH_ORIG", "_PYI_ARCHIVE_FILE", "CUDA_VISIBLE_DEVICES", frozen.HIDDEN_GPUS}
    assert not gone & environment.keys()


def test_the_programs_own_process_keeps_the_environment(light: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", str(light))
    assert frozen.environment_of(sys.executable) is None
    assert "LD_LIBRARY_PATH" not in (frozen.environment_of("/other/python") or {"LD_LIBRARY_PATH": ""})


def test_condas_folders_are_on_the_path_on_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "conda-meta").mkdir()
    path = str(tmp_path / "python.exe")
    assert frozen.environment_of(path) is None, "elsewhere libraries are found without"
    monkeypatch.setattr(frozen, "os", SimpleNamespace(name="nt", environ={"PATH": "before"}, pathsep=";"))
    found = frozen.environment_of(path)
    assert found is not None
    assert found["PATH"].startswith(f"{tmp_path};") and found["PATH"].endswith(f"{tmp_path / 'Scripts'};before")
    assert str(tmp_path / "Library" / "bin") in found["PATH"].split(";")
    assert frozen.environment_of(str(tmp_path / "other" / "python.exe")) is None


def test_what_the_person_set_stays(light: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/mine")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    environment = frozen.foreign_environment()
    assert environment is not None
    assert environment["LD_LIBRARY_PATH"] == "/mine"
    assert environment["CUDA_VISIBLE_DEVICES"] == "1"


def test_resources_are_looked_for_in_the_bundle_first(light: Path) -> None:
    (light / "resources").mkdir(parents=True)
    (light / "resources" / "digits.npz").touch()
    assert resource("digits.npz") == light / "resources" / "digits.npz"


@pytest.mark.slow  # test_worker.py has a run in a Python that has no more
def test_the_worker_needs_torch_and_numpy_alone() -> None:
    code = """
import sys
for name in ("PySide6", "pyqtgraph", "platformdirs", "typer", "rich", "lrgui.runs.library", "torchvision"):
    sys.modules[name] = None
from lrgui.runs import worker
worker.prepare_torch()
from lrgui.core.control import Control
from lrgui.core.run_settings import SweepSettings
from lrgui.runs.job import Job
events = list(worker.run_with_torch(Job(sweep=SweepSettings(steps=20)), Control()))
print(events[-1].reason)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.stdout == "completed\n", done.stderr


def test_the_setting_is_an_absolute_path_or_empty(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    assert save_settings(Settings(python="/opt/env/bin/python"), path) is None
    assert load_settings(path)[0].python == "/opt/env/bin/python"
    path.write_text('{"version": 1, "python": "python3"}')
    settings, warnings = load_settings(path)
    assert settings.python == ""
    assert len(warnings) == 1


@pytest.mark.parametrize(
    ("words", "window"),
    [
        ([], True),
        (["/runs/a.lrrun"], True),
        (["a.lrrun"], True),
        (["--scenarios"], True),
        (["--new-window"], True),
        (["--worker"], True),
        (["--describe"], True),
        (["pyproject.toml"], True),
        (["main.py:main"], True),
        (["examples"], True),
        (["./find"], True),
        (["none.py"], False),
        (["train", "main.py"], False),
        (["find", "digits"], False),
        (["export", "a.lrrun"], False),
        (["--version"], False),
        (["fnid"], False),
    ],
)
def test_the_window_or_a_command(words: list[str], window: bool) -> None:
    code = f"import main; print(main.wants_window({words!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == f"{window}\n"


def test_the_commands_are_known_without_the_command_line() -> None:
    from typer.main import get_command

    from lrgui.cli import app
    from lrgui.start import COMMANDS

    assert set(COMMANDS) == set(get_command(app).commands)  # type: ignore[attr-defined]


def test_a_bundle_describes_itself_before_it_needs_a_display(monkeypatch: pytest.MonkeyPatch) -> None:
    from lrgui.gui import app

    monkeypatch.setattr("lrgui.runs.describe.main", lambda: 7)
    assert app.main(["--describe"]) == 7


def test_a_file_in_the_current_folder_is_no_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("torch", "numpy", "importlib"):
        (tmp_path / f"{name}.py").write_text("open('ran', 'w').close()\n")
    monkeypatch.chdir(tmp_path)
    bare = tmp_path / "bare"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I "$@"\n')  # with its packages
    alone = tmp_path / "alone"
    alone.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')  # without them
    for program in (bare, alone):
        program.chmod(0o755)
    assert frozen._probe(str(bare))
    assert not frozen._probe(str(alone))
    assert not (tmp_path / "ran").exists()

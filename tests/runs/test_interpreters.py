"""Which Pythons are on this machine: found by looking, none is started."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lrgui import frozen
from lrgui.runs import interpreters
from lrgui.runs.interpreters import Interpreter, find_interpreters, prefix_of, python_in, with_chosen

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-ins for Python are shell scripts and links")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which no Python is but the program's own; returns the home folder."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_EXE", "_CONDA_EXE", "MAMBA_ROOT_PREFIX", "WORKON_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("PYENV_ROOT", raising=False)

    def never(*_arguments: object, **_options: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "Popen", never)
    return home


def python(path: Path, script: str = "exit 1") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def environment(folder: Path, base: Path) -> str:
    """A virtual environment: its executable is a link to another Python."""
    (folder / "bin").mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text(f"home = {base.parent}\n")
    (folder / "bin" / "python").symlink_to(base)
    return str(folder / "bin" / "python")


def found(near: Path | None = None) -> list[tuple[str, str]]:
    """Labels and kinds of all but the program's own, as far as they are the test's."""
    own, *others = find_interpreters(near)
    assert own == Interpreter("", "this program's", "own")
    return [(one.label, one.kind) for one in others if "/opt/" not in one.path]


def test_only_the_own_one_is_there(machine: Path) -> None:
    assert found() == []


def test_environments_near_a_task_up_to_the_home_folder(machine: Path, tmp_path: Path) -> None:
    base = python(tmp_path / "bin" / "python3")
    inner = environment(machine / "work" / "project" / ".venv", base)
    environment(machine / "work" / "env", base)
    environment(machine / "venv", base)
    environment(tmp_path / ".venv", base)  # above the home folder: none of this person's
    (machine / "work" / "venv").mkdir()  # a folder of that name, but no environment
    task = machine / "work" / "project" / "task.py"
    labels = [("project/.venv", "venv"), ("work/env", "venv"), ("home/venv", "venv"), (str(base), "path")]
    assert found(task) == labels
    assert found(task.parent) == labels, "a folder is taken as such"
    assert find_interpreters(task)[1].path == inner, "the executable as it lies there, not what it links to"
    assert found(machine / "elsewhere" / "task.py") == [labels[2], labels[3]]


def test_each_is_named_once_however_many_ways_lead_to_it(
    machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = python(tmp_path / "usr" / "bin" / "python3.11")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python3").symlink_to(base)
    (tmp_path / "bin" / "python").symlink_to("python3")
    folder = machine / "project" / ".venv"
    environment(folder, base)
    (folder / "bin" / "python3").symlink_to("python")
    (tmp_path / "linked").symlink_to(machine / "project")
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "linked" / ".venv"))
    monkeypatch.setenv("PATH", os.pathsep.join([str(folder / "bin"), str(tmp_path / "bin"), str(base.parent)]))
    assert found(machine / "project" / "task.py") == [
        ("project/.venv", "venv"),
        (str(tmp_path / "bin" / "python3"), "path"),
    ]


def test_the_programs_own_environment_is_not_named_again(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    assert found() == []
    monkeypatch.setattr(
        sys, "frozen", True, raising=False
    )  # a bundle is no environment: the Python beside it is not it
    assert [kind for _, kind in found()] == ["path"]


def test_conda(machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "conda"
    for folder in (root, root / "envs" / "vision", tmp_path / "far" / "away", machine / "project" / "env"):
        real = python(folder / "bin" / "python3.11")
        (folder / "bin" / "python").symlink_to(real.name)
        (folder / "conda-meta").mkdir()
    python(machine / "miniforge3" / "bin" / "python")
    (machine / "miniforge3" / "condabin").mkdir()
    noted = machine / ".conda" / "environments.txt"
    noted.parent.mkdir()
    noted.write_text(f"{root}\n{tmp_path / 'far' / 'away'}\n\n{tmp_path / 'deleted'}\n")
    monkeypatch.setenv("CONDA_EXE", str(root / "bin" / "conda"))
    monkeypatch.setenv("CONDA_PREFIX", str(root / "envs" / "vision"))
    labels = ["conda: project/env", "conda: vision", "conda: base", "conda: away", "conda: base"]
    assert found(machine / "project" / "task.py") == [(label, "conda") for label in labels]


def test_pyenv_and_the_folders_of_tools(machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = python(machine / ".pyenv" / "versions" / "3.12.1" / "bin" / "python")
    (machine / ".pyenv" / "versions" / "3.8.1").mkdir()  # an installation that failed
    shim = python(machine / ".pyenv" / "shims" / "python3")
    environment(machine / ".virtualenvs" / "nlp", base)
    environment(machine / ".cache" / "pypoetry" / "virtualenvs" / "shop-Ab1", base)
    monkeypatch.setenv("PATH", str(shim.parent))
    assert found() == [("virtualenvs: nlp", "venv"), ("poetry: shop-Ab1", "venv"), ("pyenv: 3.12.1", "path")]


def test_what_cannot_be_started_is_none(machine: Path, tmp_path: Path) -> None:
    environment(machine / "project" / ".venv", tmp_path / "deleted" / "python3")  # its base is gone
    unreadable = python(machine / "project" / "venv" / "bin" / "python")
    unreadable.chmod(0o644)
    (machine / "project" / "venv" / "pyvenv.cfg").touch()
    assert found(machine / "project" / "task.py") == []
    assert prefix_of(machine / "project") is None


def test_the_chosen_one_is_in_the_list_as_it_was_chosen(tmp_path: Path) -> None:
    base = python(tmp_path / "bin" / "python3")
    folder = tmp_path / "project" / ".venv"
    path = environment(folder, base)
    (folder / "bin" / "python3").symlink_to("python")
    have = [Interpreter("", "this program's", "own"), Interpreter(path, "project/.venv", "venv")]
    assert with_chosen(have, "") == have and with_chosen(have, path) == have
    other = str(folder / "bin" / "python3")
    assert with_chosen(have, other) == [have[0], Interpreter(other, "project/.venv", "venv")]
    assert with_chosen(have, "/gone/python") == [*have, Interpreter("/gone/python", "/gone/python", "picked")]


def test_the_layout_of_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreters, "_WINDOWS", True)
    venv = python(tmp_path / "project" / ".venv" / "Scripts" / "python.exe")
    (tmp_path / "project" / ".venv" / "pyvenv.cfg").touch()
    conda = python(tmp_path / "miniconda3" / "envs" / "vision" / "python.exe")
    assert python_in(venv.parent.parent) == str(venv) and python_in(conda.parent) == str(conda)
    assert prefix_of(venv) == venv.parent.parent and prefix_of(conda) == conda.parent
    shop = tmp_path / "WindowsApps" / "python.exe"
    shop.parent.mkdir()
    shop.touch()
    assert interpreters._is_stand_in(shop) and not interpreters._is_stand_in(conda)


def test_a_bundle_without_torch_has_no_python_of_its_own(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(frozen, "has_torch", lambda: False)
    assert find_interpreters()[0] == Interpreter("", "the first that has PyTorch", "own")


def test_folders_that_cannot_be_looked_into_are_passed_over(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pathlib raises where somebody else's folder is on the way; that ended the thread that asks Pythons."""
    base = python(machine / "work" / "bin" / "python3")
    inner = environment(machine / "work" / ".venv", base)

    def refuse(self: Path, **_: object) -> None:
        raise PermissionError(13, "Permission denied")

    for name in ("is_file", "is_dir", "exists"):
        monkeypatch.setattr(Path, name, refuse)
    assert inner in [one.path for one in find_interpreters(machine / "work" / "task.py")]
    assert find_interpreters(Path("~nobody-of-that-name/task.py"))

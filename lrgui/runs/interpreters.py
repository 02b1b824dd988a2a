"""Which Pythons are on this machine.

Which one computes is the person's choice, kept in the settings of this machine. It is not part of a `Job`: a run
file, which may come from anybody, can never choose a program that is started.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lrgui import frozen

#: Names of virtual environments' folders beside a person's code.
VENV_NAMES = (".venv", "venv", "env")
#: Folders above a task file in which virtual environments are looked for, at most.
HIGHEST = 12

_WINDOWS = os.name == "nt"


@dataclass(frozen=True)
class Interpreter:
    """A Python that a run could use."""

    path: str
    """Its executable; "" is the program's own, or where it has no torch the first on PATH that does."""
    label: str
    """For people: "myproject/.venv", "conda: vision"."""
    kind: str
    """`own`, `venv`, `conda`, `path` (found on PATH or where pyenv keeps them), `picked` by the person, or `target`: a
    place that they saved, see `targets`."""


def find_interpreters(near: Path | None = None) -> list[Interpreter]:
    """The Pythons on this machine, without duplicates: the program's own first, then those `near` a task file (or
    in its folder and above), the activated one, conda's, and those on PATH. Starts none of them.
    """
    itself = frozen.computes_itself()
    found = [Interpreter("", "this program's" if itself else "the first that has PyTorch", "own")]
    seen = set() if frozen.is_frozen() else {_plain(Path(sys.prefix))}
    for python in _everywhere(near):
        prefix = prefix_of(Path(python.path))
        if prefix is not None and prefix not in seen:
            seen.add(prefix)
            found.append(python)
    return found


def with_chosen(found: list[Interpreter], python: str) -> list[Interpreter]:
    """`found`, and in it the one that the person chose, under the path by which they chose it."""
    if any(one.path == python for one in found):
        return found
    prefix = prefix_of(Path(python))
    for place, one in enumerate(found):
        if one.path and prefix is not None and prefix_of(Path(one.path)) == prefix:
            return [*found[:place], Interpreter(python, one.label, one.kind), *found[place + 1 :]]
    return [*found, Interpreter(python, python, "picked")]


def prefix_of(python: Path) -> Path | None:
    """Where the packages of this executable are (its `sys.prefix`), None where there is no program.

    The executable of a virtual environment is a link to another Python: what makes it one is the file `pyvenv.cfg`
    beside it or above, so links are followed only where there is none.
    """
    if not _is_program(python):
        return None
    for folder in (python.parent, python.parent.parent):
        if os.path.isfile(folder / "pyvenv.cfg"):
            return _plain(folder)
    real = Path(os.path.realpath(python))
    return _plain(real.parent if _WINDOWS else real.parent.parent)


def python_in(folder: Path) -> str | None:
    """The executable of the environment in `folder`, None where there is none."""
    if _WINDOWS:  # virtual environments, then conda's
        places = (folder / "Scripts" / "python.exe", folder / "python.exe")
    else:
        places = (folder / "bin" / "python", folder / "bin" / "python3")
    return next((str(place) for place in places if _is_program(place)), None)


# -- where they are


def _everywhere(near: Path | None) -> Iterator[Interpreter]:
    yield from _near(near)
    activated = os.environ.get("VIRTUAL_ENV")
    if activated:
        yield from _in(Path(activated), _short(Path(activated)), "venv")
    yield from _conda()
    home = _home()
    for name, folder in (
        ("virtualenvs", Path(os.environ.get("WORKON_HOME") or home / ".virtualenvs")),
        ("pipenv", home / ".local" / "share" / "virtualenvs"),
        ("poetry", home / ".cache" / "pypoetry" / "virtualenvs"),
    ):
        for environment in _folders_in(folder):
            yield from _in(environment, f"{name}: {environment.name}", "venv")
    pyenv = Path(os.environ.get("PYENV_ROOT") or home / ".pyenv") / ("pyenv-win/versions" if _WINDOWS else "versions")
    for version in _folders_in(pyenv):
        yield from _in(version, f"pyenv: {version.name}", "path")
    for path in (*frozen.pythons_on_path(), *_installed()):
        if not _is_stand_in(Path(path)):
            yield Interpreter(path, path, "path")


def _installed() -> list[str]:
    """Where installers put Pythons that a program which the desktop started does not have on its path."""
    if _WINDOWS:
        programs = Path(os.environ.get("LOCALAPPDATA") or _home() / "AppData" / "Local") / "Programs" / "Python"
        folders = _folders_in(programs)
    elif sys.platform == "darwin":
        folders = [*_folders_in(Path("/Library/Frameworks/Python.framework/Versions")), Path("/opt/homebrew")]
        folders.append(Path("/usr/local"))
    else:
        return []
    return [python for folder in folders if (python := python_in(folder))]


def _near(near: Path | None) -> Iterator[Interpreter]:
    """Virtual environments in the folder of a task and above, up to the home folder or the disk's root."""
    if near is None:
        return
    start = Path(os.path.abspath(os.path.expanduser(near)))
    folder = start if os.path.isdir(start) else start.parent
    for place in (folder, *folder.parents)[:HIGHEST]:
        for environment in (place / name for name in VENV_NAMES):
            if os.path.isfile(environment / "pyvenv.cfg"):
                yield from _in(environment, _short(environment), "venv")
            elif os.path.isdir(environment / "conda-meta"):  # conda create --prefix
                yield from _in(environment, f"conda: {_short(environment)}", "conda")
        if place == _home():
            return


def _conda() -> Iterator[Interpreter]:
    """The activated environment, those that conda noted, and those of every installation that is found."""
    home = _home()
    folders: list[Path] = []
    if os.environ.get("CONDA_PREFIX"):
        folders.append(Path(os.environ["CONDA_PREFIX"]))
    roots = [Path(os.environ[name]).parent.parent for name in ("CONDA_EXE", "_CONDA_EXE") if os.environ.get(name)]
    if os.environ.get("MAMBA_ROOT_PREFIX"):
        roots.append(Path(os.environ["MAMBA_ROOT_PREFIX"]))
    # A program that the desktop started has none of these variables.
    usual = ("miniconda3", "anaconda3", "miniforge3", "mambaforge", "micromamba")
    roots += [place / name for place in (home, Path("/opt")) for name in usual]
    roots += [Path("/opt/conda"), Path("/opt/homebrew/Caskroom/miniforge/base"), Path("/opt/homebrew/anaconda3")]
    try:
        noted = (home / ".conda" / "environments.txt").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        noted = []
    folders += [Path(line.strip()) for line in noted if line.strip()]
    for root in roots:
        if os.path.isdir(root):
            folders += [root, *_folders_in(root / "envs")]
    for folder in folders:
        # An installation has a folder of environments; an environment lies in one, or anywhere.
        base = os.path.isdir(folder / "condabin") or os.path.isdir(folder / "envs")
        yield from _in(folder, f"conda: {'base' if base else folder.name}", "conda")


def _in(folder: Path, label: str, kind: str) -> Iterator[Interpreter]:
    python = python_in(folder)
    if python is not None:
        yield Interpreter(python, label, kind)


def _folders_in(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if os.path.isdir(path))
    except OSError:
        return []


def _is_program(path: Path) -> bool:
    # os.path where pathlib raises: for folders of others, for names too long.
    return os.path.isfile(path) and os.access(path, os.X_OK)


def _is_stand_in(path: Path) -> bool:
    """True for a script of a version manager, and for Windows' program that opens a shop: both are no Python."""
    try:
        return path.parent.name == "shims" or (_WINDOWS and path.stat().st_size == 0)
    except OSError:
        return True


def _plain(folder: Path) -> Path:
    """The folder without links on the way to it, in the one spelling that can be compared."""
    return Path(os.path.normcase(os.path.realpath(folder)))


def _short(path: Path) -> str:
    """The end of a path that tells people which one it is: "myproject/.venv"."""
    return "/".join(path.parts[-2:]) if path.name in VENV_NAMES else path.name


def _home() -> Path:
    return Path(os.path.expanduser("~"))

"""What is different in a bundle (PyInstaller), in one place.

A bundle is a folder with the executable and `_internal`. The *full* one has torch inside and starts itself as its
worker; the *light* one has none and computes in a Python of the person's, which reads the worker's sources that
travel in `_internal/sources`. Only the standard library; nothing here is slow unless its docstring says so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

#: Environment variable with the path of the Python that computes.
PYTHON = "LRGUI_PYTHON"
#: Seconds that a Python may take to say whether it has torch.
PATIENCE = 10.0
#: Environment variable that says that the bundle's start-up code hid the GPUs from its torch (see packaging/hooks).
HIDDEN_GPUS = "LRGUI_HIDDEN_GPUS"
#: Folder in a bundle with the sources that another Python needs to be a worker.
SOURCES = "sources"

_PROBE = """
import sys
if sys.path[:1] == [""]:  # what lies in the current folder is not installed
    del sys.path[0]
from importlib.util import find_spec
sys.exit(0 if sys.version_info >= (3, 10) and find_spec("torch") and find_spec("numpy") else 1)
"""


#: Pythons that had torch when they were asked. The others are asked again: it may have been installed since.
_good: set[str] = set()


class NoPythonError(Exception):
    """No Python with torch was found; the text is a sentence for people."""


def is_frozen() -> bool:
    """True in a bundle."""
    return bool(getattr(sys, "frozen", False))


def bundle_folder() -> Path | None:
    """Where a bundle's files lie, None outside of one."""
    folder = getattr(sys, "_MEIPASS", None)  # set by PyInstaller's start-up code
    return None if folder is None else Path(folder)


def sources_folder() -> Path:
    """The folder that another Python puts on its path to find `lrgui`."""
    folder = bundle_folder()
    return Path(__file__).resolve().parents[1] if folder is None else folder / SOURCES


def has_torch() -> bool:
    """True where torch can be imported in this very program; does not import it."""
    return find_spec("torch") is not None


def chosen_python(setting: str = "") -> str | None:
    """The Python that the person named, in the environment or in the settings; None where nobody did."""
    return os.environ.get(PYTHON) or setting or None


def computes_itself(python: str | Path | None = None) -> bool:
    """True where this program's own Python computes, false where another one must be found or was named."""
    return python is None and (not is_frozen() or has_torch())


def python_with_torch() -> str:
    """A Python on this machine that has torch and numpy; raises NoPythonError. Starts each candidate for a moment."""
    for candidate in pythons_on_path():
        if _probe(candidate):
            return candidate
    raise NoPythonError(
        "This LR Finder does not include PyTorch and found no Python with it: choose one in the window, or set the "
        f"environment variable {PYTHON} to the path of a Python ≥ 3.10 with torch and numpy."
    )


def pythons_on_path() -> list[str]:
    """The Pythons that may be meant, most particular first.

    An activated virtual environment comes first on the path. (VIRTUAL_ENV itself is taken from the environment by
    PyInstaller's start-up code.)
    """
    windows = os.name == "nt"
    folders = [os.environ.get("CONDA_PREFIX", "")] if windows else []
    folders += os.environ.get("PATH", "").split(os.pathsep)
    if not windows and os.environ.get("CONDA_PREFIX"):
        folders.insert(0, str(Path(os.environ["CONDA_PREFIX"], "bin")))
    names = ("python.exe",) if windows else ("python3", "python")
    found = [path for folder in folders if folder for name in names if (path := shutil.which(name, path=folder))]
    return list(dict.fromkeys(found))


def environment_of(python: str) -> dict[str, str] | None:
    """The environment in which this Python runs as it does at home; None means the present one as it is.

    A conda environment on Windows finds its libraries only where its folders are on the path.
    """
    environment = None if is_frozen() and python == sys.executable else foreign_environment()
    folder = Path(python).parent
    if os.name != "nt" or not (folder / "conda-meta").is_dir():
        return environment
    environment = dict(os.environ if environment is None else environment)
    library = folder / "Library"
    places = (folder, library / "mingw-w64" / "bin", library / "usr" / "bin", library / "bin", folder / "Scripts")
    environment["PATH"] = os.pathsep.join([*map(str, places), environment.get("PATH", "")])
    return environment


def folder_for_children() -> str | None:
    """The folder in which a process of ours starts: None is the current one, else that was deleted.

    Libraries of PyTorch's do not load where there is no current folder.
    """
    try:
        os.getcwd()
    except OSError:
        return os.path.abspath(os.sep)
    return None


def foreign_environment() -> dict[str, str] | None:
    """The environment for programs that are not part of the bundle; None means the present one as it is.

    The bundle's start-up code lets the loader look for libraries in the bundle; another Python would get ours.
    """
    if not is_frozen():
        return None
    environment = {key: value for key, value in os.environ.items() if not key.startswith("_PYI_")}
    changed = [
        key
        for key in ("LD_LIBRARY_PATH", "LIBPATH", "DYLD_LIBRARY_PATH")
        if environment.get(key, "").split(os.pathsep)[0] == str(bundle_folder())
    ]
    if environment.pop(HIDDEN_GPUS, None):
        changed.append("CUDA_VISIBLE_DEVICES")
    for key in changed:
        del environment[key]
        before = environment.pop(f"{key}_ORIG", None)
        if before is not None:
            environment[key] = before
    return environment


def _probe(python: str) -> bool:
    if python in _good:
        return True
    try:
        done = subprocess.run(
            [python, "-c", _PROBE],
            env=environment_of(python),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    if done.returncode == 0:
        _good.add(python)
    return done.returncode == 0

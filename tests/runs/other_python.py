"""A second Python for tests: a virtual environment that has PyTorch and numpy, and nothing else of ours."""

from __future__ import annotations

import os
import re
import sys
import venv
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pytest

#: What the worker needs, and nothing more.
WORKERS = ("torch", "numpy")


@dataclass(frozen=True)
class OtherPython:
    """A virtual environment whose packages are links to those of the Python that runs the tests."""

    folder: Path

    @property
    def path(self) -> str:
        """Its executable."""
        return str(self.folder / "bin" / "python")

    @property
    def site(self) -> Path:
        """Where its packages are; a test may put more there."""
        return self.folder / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"


def make_python(folder: Path, packages: Iterable[str] = WORKERS) -> OtherPython:
    """A virtual environment in `folder` with these distributions and what they require; takes a tenth of a second."""
    venv.create(folder, symlinks=True, with_pip=False)
    python = OtherPython(folder)
    for name in sorted(required(packages)):
        for top in _tops(metadata.distribution(name)):
            link = python.site / top.name
            if not link.exists():
                link.symlink_to(top)
    return python


def required(packages: Iterable[str]) -> set[str]:
    """These distributions and all that they require and that is installed; extras are left out."""
    found: set[str] = set()
    wanted = list(packages)
    while wanted:
        name = re.sub(r"[-_.]+", "-", wanted.pop()).lower()
        if name in found:
            continue
        try:
            requires = metadata.distribution(name).requires or []
        except metadata.PackageNotFoundError:
            continue  # for another platform
        found.add(name)
        wanted += [match[0] for line in requires if "extra ==" not in line if (match := re.match(r"[\w.\-]+", line))]
    return found


def _tops(distribution: metadata.Distribution) -> set[Path]:
    """Folders and files of a distribution that lie directly among the packages."""
    site = Path(str(distribution.locate_file("")))
    names = {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}
    return {site / name for name in names if (site / name).exists()}


@pytest.fixture(scope="session")
def other_python(tmp_path_factory: pytest.TempPathFactory) -> OtherPython:
    """A second Python with PyTorch and numpy, without Qt, typer, rich, platformdirs and LR Finder."""
    if os.name == "nt":
        pytest.skip("links need rights on Windows")
    return make_python(tmp_path_factory.mktemp("second") / ".venv")

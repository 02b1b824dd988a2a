"""The command that starts a module of ours in another Python, which need not have this package."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from lrgui import frozen

#: For processes of other Pythons: on Windows each would open a console, while the window has none.
FLAGS = 0
if sys.platform == "win32":
    FLAGS = subprocess.CREATE_NO_WINDOW

#: What a Python says in front of its version that is too old to be one of ours.
TOO_OLD = "This is Python "

# What another Python is told before it can know our files; any Python understands it, however old. The package comes
# from our folder alone, also where the person has an lrgui of their own; of our folder nothing but the package is
# seen, so that another Python keeps its own packages, and what it lacks is missing there. The folder goes behind
# everything else for processes that the run starts, which look for the package there; where they would find another
# lrgui before, one that stands for ours goes in front. The current folder, which -c puts in front, goes: a file
# random.py that lies there must not become the module.
_BOOT = """
import os, sys
if sys.path[:1] == [""]:
    del sys.path[0]
if sys.version_info < (3, 10):
    sys.exit("TOO_OLD" + sys.version.split()[0])
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, PathFinder, SourceFileLoader
from importlib.util import module_from_spec
class OnlyLrgui(FileFinder):
    def find_spec(self, name, target=None):
        return super().find_spec(name, target) if name == "lrgui" else None
folder = sys.argv.pop(1)
finder = OnlyLrgui(folder, (SourceFileLoader, SOURCE_SUFFIXES))
spec, other = finder.find_spec("lrgui"), PathFinder.find_spec("lrgui")
if other is not None and other.origin and os.path.realpath(other.origin) != os.path.realpath(spec.origin):
    sys.path.insert(0, os.path.join(folder, "lrgui", "runs", "stand_in"))
elif folder not in sys.path:
    sys.path.append(folder)
    sys.path_importer_cache[folder] = finder
sys.modules["lrgui"] = module_from_spec(spec)
spec.loader.exec_module(sys.modules["lrgui"])
from MODULE import main
main()
"""


def worker_command(python: str | Path | None = None) -> list[str]:
    """The command of a worker: in `python`, or in the one that runs this program.

    A bundle without torch looks for a Python that has it; raises NoPythonError where there is none.
    """
    return python_command(python, "lrgui.runs.worker", "--worker")


def script_command(python: str | Path | None = None) -> list[str]:
    """The command of the process in which a training script runs: in `python`, or in the one that runs this program.

    A bundle's own Python has none of the packages that a script uses, see `unbundled_command`.
    """
    return unbundled_command(python, "lrgui.runs.script_worker")


def unbundled_command(python: str | Path | None, module: str) -> list[str]:
    """As `python_command`, but for a bundle's own Python another one is looked for, which has the person's packages:
    raises NoPythonError where there is none."""
    if python is None and frozen.is_frozen():
        python = frozen.python_with_torch()
    return python_command(python, module, "")


def python_command(python: str | Path | None, module: str, word: str) -> list[str]:
    """The command that calls `main()` of a module of ours in `python`, or in the one that runs this program.

    `word` makes the executable of a bundle with torch do the same. See `worker_command` for one without.
    """
    if python is None and frozen.is_frozen():
        if frozen.has_torch():
            return [sys.executable, word]
        python = frozen.python_with_torch()
    return [str(python or sys.executable), "-c", boot_text(module), str(frozen.sources_folder())]


def boot_text(module: str) -> str:
    """The program that calls `main()` of a module of ours; its first argument is the folder of our package."""
    return _BOOT.replace("MODULE", module).replace("TOO_OLD", TOO_OLD)

"""Running a person's program as `python train.py`, `python -m package.module` or a notebook would run it."""

from __future__ import annotations

import builtins
import io
import linecache
import os
import runpy
import sys
import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lrgui.script.notebook import cells_of
from lrgui.tasks.user.target import Target


def run_program(path: str, arguments: Sequence[str]) -> None:
    """Run the file or module `path` as `__main__`, with its arguments; raises what it raises.

    The current folder is that of the command, as with `python` itself.
    """
    target = Target.parse(path)
    if target.file is None:
        sys.path.insert(0, os.getcwd())
        sys.argv[:] = [target.place, *arguments]
        runpy._run_module_as_main(target.place, alter_argv=True)  # type: ignore[attr-defined]  # what `python -m` calls
        return
    file = target.file
    sys.argv[:] = [path, *arguments]
    sys.path.insert(0, str(file.resolve().parent))
    main = types.ModuleType("__main__")
    main.__dict__.update(__file__=path, __builtins__=builtins)
    sys.modules["__main__"] = main
    if file.suffix.lower() == ".ipynb":
        _run_notebook(file, main)
    else:
        with io.open_code(path) as source:
            code = compile(source.read(), path, "exec")
        exec(code, main.__dict__)


def _run_notebook(file: Path, main: types.ModuleType) -> None:
    os.environ.setdefault("MPLBACKEND", "Agg")  # a window would wait to be closed; in a notebook there is none
    names: dict[str, Any] = main.__dict__
    names.update(get_ipython=lambda: None, display=print)
    del main.__file__  # a notebook has none
    for number, source in cells_of(file):
        name = f"{file}, cell {number}"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        exec(compile(source, name, "exec"), names)

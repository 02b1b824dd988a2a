"""Whose line it was: the person's own lines in a traceback, without ours and those of installed packages."""

from __future__ import annotations

import functools
import inspect
import os
import sys
import sysconfig
import traceback
from pathlib import Path
from typing import Any

from lrgui.errors.origins import chain_of, frames_there, original

#: Characters of a traceback that are kept: its end says what happened.
LONGEST_TRACEBACK = 20_000

PACKAGE = Path(__file__).resolve().parents[1]
_STDLIB = Path(sysconfig.get_paths()["stdlib"]).resolve()

#: Modules without which nothing runs.
NEEDED = ("torch", "numpy")
#: What lies at the top of a project.
_PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg", ".git")


def folded(error: BaseException) -> str:
    """The traceback of `error`, with LR Finder's own lines left out where there are others."""
    told = traceback.TracebackException.from_exception(error)
    part: traceback.TracebackException | None = told
    while part is not None:
        others = [frame for frame in part.stack if not is_ours(frame.filename)]
        if others:
            part.stack = traceback.StackSummary.from_list(others)
        part = part.__cause__ or (None if part.__suppress_context__ else part.__context__)
    text = "".join(told.format()).rstrip()
    return text if len(text) <= LONGEST_TRACEBACK else "…\n" + text[-LONGEST_TRACEBACK:]


def place_of(error: BaseException) -> tuple[str, int]:
    """The person's file and the line in it that `error` belongs to; "" and 0 where there is none.

    It is the last line of the person's own before the error came: what follows it is the work of a package.
    """
    error = original(error)
    if isinstance(error, SyntaxError) and error.filename and is_persons(error.filename):
        return error.filename, error.lineno or 0
    for part in chain_of(error):
        told = getattr(part, "file", None)  # our own errors about the person's code know their place
        if isinstance(part, ValueError) and isinstance(told, str) and told:
            return told, int(getattr(part, "line", 0))
        for file, line in reversed(_frames(part)):
            if is_persons(file):
                return file, line
    return "", 0


def raised_by_us(error: BaseException) -> bool:
    """True where the error is a sentence of LR Finder's own checks, which raise ValueError."""
    error = original(error)
    frames = _frames(error)
    return isinstance(error, ValueError) and (not frames or is_ours(frames[-1][0]))


def says_it_all(error: BaseException) -> bool:
    """True where a traceback would tell nothing: of a sentence of our own that was made from no other error, and of a
    package that is missing, where it is one that every run needs or that only LR Finder asked for."""
    if isinstance(error, ModuleNotFoundError):
        frames, name = _frames(error), error.name or ""
        return name in NEEDED or (bool(frames) and is_ours(frames[-1][0]) and name.partition(".")[0] != PACKAGE.name)
    return raised_by_us(error) and error.__cause__ is None


def _frames(error: BaseException) -> list[tuple[str, int]]:
    """Files and lines on the way to the error, without reading the files; those in another process come last."""
    here = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    return [*here, *frames_there(error)]


def is_ours(file: str) -> bool:
    """True for a file of LR Finder."""
    return Path(file).is_relative_to(PACKAGE)


def is_persons(file: str) -> bool:
    """True for a file that is neither ours nor part of Python or of a package, installed or checked out."""
    if file.startswith("<"):
        return False  # made at run time
    path = Path(file)
    installed = any(part in ("site-packages", "dist-packages") or part.endswith(".egg") for part in path.parts)
    real = Path(_real(file))
    if installed or is_ours(file) or path.is_relative_to(_STDLIB) or real.is_relative_to(_STDLIB):
        return False
    project = _project_of(str(real.parent))
    return project is None or any(Path(place).is_relative_to(project) for place in _own_places())


def add_own(file: Path | str) -> None:
    """Say that `file` is the person's task: what belongs to the same project is theirs, wherever it lies."""
    _tasks.add(_real(str(file)))


_tasks: set[str] = set()


def _own_places() -> set[str]:
    """Where the person works: the task, the current folder, the script and what calls us from it."""
    files = set(_tasks)
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    if main:
        files.add(_real(main))
    frame = sys._getframe()
    while frame.f_back is not None:
        frame = frame.f_back
        files.add(_real(frame.f_code.co_filename))
    files.add(_real("."))
    return files


def _real(file: str) -> str:
    """The path without links; as it is where it is relative to a current folder that was deleted."""
    try:
        return os.path.realpath(file)
    except OSError:
        return file


@functools.lru_cache(maxsize=4096)
def _project_of(folder: str) -> Path | None:
    """The folder of the project that the files of `folder` belong to: a checkout, or where packages are installed.

    An editable install, a repository that lies beside the task and a folder of `pip install --target` look alike.
    """
    path = Path(folder)
    for one in (path, *path.parents):
        try:
            found = any((one / name).exists() for name in _PROJECT_FILES) or any(one.glob("*.dist-info"))
        except OSError:  # one that may not be looked at
            found = False
        if found:
            return one
    return None


def defined_at(function: Any) -> tuple[str, int]:
    """The person's file and line where `function` (or the forward of a module) is written; "" and 0 if it isn't."""
    while isinstance(function, functools.partial):
        function = function.func
    function = getattr(type(function), "forward", function)  # an nn.Module
    function = inspect.unwrap(function) if callable(function) else function
    code = getattr(function, "__code__", None)
    if code is None:
        return "", 0
    if is_persons(code.co_filename):
        return code.co_filename, code.co_firstlineno
    # One of ours around the person's function, to check what that returns, holds it in its closure.
    inside = (cell.cell_contents for cell in getattr(function, "__closure__", None) or ())
    return next((place for one in inside if callable(one) and (place := defined_at(one))[0]), ("", 0))

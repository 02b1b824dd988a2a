"""What a task file offers, read from its syntax tree: nothing of it is run, and torch is not needed."""

from __future__ import annotations

import ast
import os
import stat
import warnings
from dataclasses import replace
from pathlib import Path

from lrgui.core.formats import format_bytes
from lrgui.tasks.user.local_files import find_module, local_files, packages_of
from lrgui.tasks.user.module_syntax import ModuleSyntax
from lrgui.tasks.user.outline_styles import task_in
from lrgui.tasks.user.own_loop import only_runs, trains_at_import, trains_itself
from lrgui.tasks.user.source_text import encoding_of, no_python
from lrgui.tasks.user.target import Target
from lrgui.tasks.user.task_outline import Outline, OutlineProblem

#: The largest file that is read: the window waits for it. Source code is far smaller.
MOST_BYTES = 1_000_000


def outline(path: str) -> Outline:
    """Read `path` (`file.py`, `package.module`, with `:name` or without). Never raises for what is in the file."""
    target = Target.parse(path)
    if target.is_module:
        found = find_module(target.place)
        if found is None:
            return Outline()  # the Python that computes may know it
        file, root = found
    else:
        file = Path(os.path.expanduser(target.place))
        root = file.parent
    if file.suffix.lower() == ".ipynb":
        return _refused(
            file, f"{file.name} is a notebook: make a script of it with “jupyter nbconvert --to script {file.name}”."
        )
    try:
        facts = file.stat()
        if not stat.S_ISREG(facts.st_mode):  # a pipe would be waited for, and a device read for ever
            return _refused(file, f"{file} is not a regular file. Choose a Python file.")
        size = facts.st_size
        data = file.read_bytes() if size <= MOST_BYTES else b""
    except (OSError, ValueError) as error:  # ValueError: a name that no system allows
        return _refused(file, f"{file} cannot be read ({getattr(error, 'strerror', None) or error}).")
    if size > MOST_BYTES:
        big = f"{file.name} has {format_bytes(size)}, but a task may have at most {format_bytes(MOST_BYTES)}."
        return _refused(file, f"{big} Keep its data in a separate file and read it from the code.")
    tree = parsed(data, file.name)
    if isinstance(tree, OutlineProblem):
        return Outline(problem=tree, file=file)
    try:
        module = ModuleSyntax(tree, file, root)
        read = task_in(module, target.name)
        lacks = read.problem is not None and (trains_itself(module) or only_runs(module))
        itself = not target.name and (lacks or trains_at_import(module))
    except RecursionError as error:  # a sum of ten thousand numbers
        return _refused(file, no_python(file.name, error)[0])
    above = packages_of(target.place, root) if target.is_module else ()
    modules = dict.fromkeys((*above, *local_files(file, root, tree)))
    modules.pop(file, None)
    return replace(read, modules=tuple(modules), file=file, runs_by_itself=itself)


def _refused(file: Path, sentence: str) -> Outline:
    return Outline(problem=OutlineProblem(sentence), file=file)


def parsed(data: bytes, name: str) -> ast.Module | OutlineProblem:
    """The syntax tree of a file's content, or what is wrong with it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a strange escape in somebody's text is none of the window's business
            encoding_of(data)
            return ast.parse(data, name)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return OutlineProblem(*no_python(name, error))

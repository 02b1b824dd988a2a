"""Importing what a person wrote: fresh for every run, and so that processes that load batches can import it, too."""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import CodeType, ModuleType

from lrgui.errors.traces import add_own
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.user.children import guard_children
from lrgui.tasks.user.from_source import import_as_usual, import_from_source
from lrgui.tasks.user.outline import outline
from lrgui.tasks.user.source_text import encoding_of, no_python
from lrgui.tasks.user.target import Target, TaskError
from lrgui.temporary import temporary_folder

#: Environment variable: the current folder of code that was sent here from another machine.
FOLDER = "LRGUI_TASK_FOLDER"
#: What an own file is called where its name belongs to a module that others need (`random.py`).
ALIAS = "lrgui_task_{}"

_SHIM = """\
# Made by LR Finder: lets processes that load batches import the task, whose file has another module's name.
from pathlib import Path
__file__ = {file!r}
exec(compile(Path(__file__).read_bytes(), __file__, "exec"), globals())
"""


class _Loaded:
    """What earlier runs in this process brought in, so that the next one can begin afresh."""

    def __init__(self) -> None:
        self.folders: dict[str, frozenset[str]] = {}
        """Folders that code came from, and the modules that were there before."""
        self.on_path: list[str] = []
        """What was put on `sys.path`."""
        self.shims: str = ""
        """Folder of the files that stand in for task files with another module's name."""


_loaded = _Loaded()


def enter_folder(spec: TaskSpec) -> TaskSpec:
    """Make the task file's folder the current one, and first on `sys.path`; for a process that only computes a run.

    Returns `spec` with the absolute path of the file. Does nothing for a source that is no code, nor for
    `package.module`, which is looked for from the current folder.
    """
    target = Target.parse(spec.path)
    if spec.is_code and target.file is None:
        sys.argv = [target.place, *spec.argv]
    if not spec.is_code or target.file is None or not target.file.is_file():
        return spec
    file = target.file.absolute()
    _take_from(file.parent, _files_of(spec.path))  # before anything looks there for modules
    os.chdir(os.environ.get(FOLDER) or file.parent)
    sys.argv = [str(file), *spec.argv]  # code that reads its arguments gets its own, and none of the worker's
    taken = _is_taken(file)
    if taken:  # the current folder stands for itself on the path of a program that was started with -m or -c
        sys.path[:] = [entry for entry in sys.path if entry]
    _put_on_path(file.parent, first=not taken)
    return replace(spec, path=f"{file}:{target.name}" if target.name else str(file))


def load_code(target: Target, arguments: Sequence[str] = ()) -> ModuleType:
    """Import the file or module of `target`, as it is on disk now; it finds `arguments` in `sys.argv`.

    Its folder comes first on `sys.path`, unless its name is that of another module: that one must stay within reach.
    An error of the code itself passes through. Raises TaskError where there is nothing to import, or no Python.
    """
    if target.file is None:
        return _import_module(target.place, arguments)
    file = target.file.absolute()
    if file.suffix.lower() == ".ipynb":
        raise TaskError(
            f"{file.name} is a notebook: make a script of it with “jupyter nbconvert --to script {file.name}”.",
            str(file),
        )
    if not file.is_file():
        raise TaskError(f"The file {file} does not exist. Choose another.", str(file))
    _forget()
    add_own(file)
    taken = _is_taken(file)
    _take_from(file.parent, (file, *_files_of(str(file))))
    _put_on_path(file.parent, first=not taken)
    importlib.invalidate_caches()
    from lrgui.tasks.user.trains_at_import import no_training  # it needs torch, which naming a folder does not

    name = _shim(file) if taken else file.stem
    module = ModuleType(name)
    module.__file__ = str(file)
    module.__spec__ = importlib.util.spec_from_file_location(name, file)
    if module.__spec__ is not None:
        module.__loader__ = module.__spec__.loader
    sys.modules[name] = module
    try:
        with _as_a_script(str(file), arguments), no_training(file):
            # Not through the loader, which may take an older compiled file for the newest.
            exec(_compiled(file), module.__dict__)
        guard_children()  # in what it imported, too
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return sys.modules.get(name, module)


def _compiled(file: Path) -> CodeType:
    try:
        data = file.read_bytes()
        encoding_of(data)  # nothing that reads otherwise than it was shown
        return compile(data, str(file), "exec", dont_inherit=True)
    except OSError as error:
        raise TaskError(f"{file.name} cannot be read ({error.strerror or error}).", str(file)) from error
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        sentence, line = no_python(file.name, error)
        again = " Correct it and start again." if line else ""
        raise TaskError(f"{sentence}{again}", str(file), line) from (error if line else None)


def _import_module(dotted: str, arguments: Sequence[str]) -> ModuleType:
    folder = Path.cwd()
    _forget()
    _take_from(folder, _files_of(dotted))
    _put_on_path(folder, first=True)
    importlib.invalidate_caches()
    try:
        with _as_a_script(dotted, arguments):
            found = importlib.util.find_spec(dotted.partition(".")[0])
            for place in (found.submodule_search_locations or [found.origin or ""]) if found is not None else ():
                add_own(place)  # a project that is installed in place may lie elsewhere
            return importlib.import_module(dotted)
    except ModuleNotFoundError as error:
        if error.name and (dotted == error.name or dotted.startswith(f"{error.name}.")):
            raise TaskError(
                f"There is no module {dotted} in {folder} or among the packages of {sys.executable}: "
                "start LR Finder in the folder that holds it, or name the file."
            ) from None
        raise


@contextmanager
def _as_a_script(name: str, arguments: Sequence[str]) -> Iterator[None]:
    """Code that reads its arguments gets those, and no compiled files are left beside it, which could be too old."""
    usual, silent = sys.argv, sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    sys.argv = [name, *arguments]
    try:
        yield
    finally:
        sys.argv, sys.dont_write_bytecode = usual, silent


def _is_taken(file: Path) -> bool:
    """True where the file's name is that of a module that others need, or of none that can be imported."""
    name = file.stem
    if name in sys.stdlib_module_names or name == "lrgui" or "." in name:
        return True
    there = sys.modules.get(name)
    if there is not None:
        return not _is_same(getattr(there, "__file__", None), file)
    folder = str(file.parent)
    importlib.invalidate_caches()
    path = [entry for entry in sys.path if os.path.abspath(entry or ".") != folder]
    found = importlib.machinery.PathFinder.find_spec(name, path)
    return found is not None and found.origin is not None and not _is_same(found.origin, file)


def _is_same(one: str | None, file: Path) -> bool:
    try:
        return one is not None and os.path.samefile(one, file)
    except OSError:
        return False


def _shim(file: Path) -> str:
    """Write a module with a free name that stands in for `file`; returns the name."""
    name = ALIAS.format("".join(c if c.isalnum() else "_" for c in file.stem))
    if not _loaded.shims:
        _loaded.shims = str(temporary_folder())
    Path(_loaded.shims, f"{name}.py").write_text(_SHIM.format(file=str(file)), encoding="utf-8")
    _put_on_path(Path(_loaded.shims), first=False)
    return name


def _files_of(path: str) -> tuple[Path, ...]:
    """The file of a task, as far as it can be known here, and the local modules that it imports."""
    found = outline(path)
    return found.modules if found.file is None else (found.file, *found.modules)


def _take_from(folder: Path, files: Iterable[Path]) -> None:
    """Import what lies in the folder from its sources, as `import_from_source` does, also in processes that are
    started from here; and remember what was there before."""
    guard_children()
    import_from_source(str(folder), files)
    _loaded.folders.setdefault(str(folder), frozenset(sys.modules))


def _put_on_path(folder: Path, first: bool) -> None:
    text = str(folder)
    if first and sys.path[:1] != [text]:
        sys.path.insert(0, text)
        _loaded.on_path.append(text)
    elif not first and text not in sys.path:
        sys.path.append(text)
        _loaded.on_path.append(text)


def _forget() -> None:
    """Drop the modules that earlier runs in this process took from their folders, and the folders from the path."""
    for folder, before in _loaded.folders.items():
        import_as_usual(folder)
        for name, module in list(sys.modules.items()):
            if name in before or name.partition(".")[0] == "lrgui":
                continue
            if name.startswith("lrgui_task_") or _is_own(getattr(module, "__file__", None), folder):
                del sys.modules[name]
    for entry in _loaded.on_path:
        if entry in sys.path:
            sys.path.remove(entry)
    _loaded.on_path.clear()
    _loaded.folders.clear()


def _is_own(file: str | None, folder: str) -> bool:
    """True for a file in the folder that is no installed package (virtual environments lie in folders, too)."""
    if not file or not Path(file).is_relative_to(folder):
        return False
    parts = Path(file).relative_to(folder).parts
    return not {"site-packages", "dist-packages"} & set(parts)

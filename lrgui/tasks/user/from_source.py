"""Importing the modules beside a person's code from their sources alone, and none that the code did not ask for.

Python takes a compiled file in `__pycache__` for a source of the same size and time, whatever is in it, and a compiled
module (`.so`, `.pyd`, `.pyc`) before a source of the same name. The person is asked about sources, and edits these: so
a source wins here, and is compiled anew.

A script's folder comes first on `sys.path`, for all that is imported in its process: a `tabulate.py` there would run
because torch asks for a package of that name, and a `random.py` would stand for the standard library's. Here a module
of the folder is found where the code's imports name it (these files were shown to the person), or where code of the
folder itself asks for it; nobody else gets it.

Standard library only: processes that load batches read this file before they know the package (see `children.py`).
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from importlib.machinery import (
    BYTECODE_SUFFIXES,
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    ModuleSpec,
    SourceFileLoader,
    SourcelessFileLoader,
)
from types import CodeType
from typing import Any

from lrgui.errors.missing_modules import WITHHELD
from lrgui.tasks.user.source_text import encoding_of

#: What compiled modules end in, whichever Python computes: 3.10 to 3.19, on a platform like ours.
COMPILED_SUFFIXES = (
    *(
        re.sub(r"(cpython-|cp)3\d+", rf"\g<1>3{minor}", suffix)
        for suffix in EXTENSION_SUFFIXES
        if re.search(r"(cpython-|cp)3\d+", suffix)
        for minor in range(10, 20)
    ),
    *(suffix for suffix in EXTENSION_SUFFIXES if not re.search(r"(cpython-|cp)3\d+", suffix)),
    *BYTECODE_SUFFIXES,
)


class _State:
    """What is imported from sources in this process."""

    def __init__(self) -> None:
        self.folders: dict[str, str] = {}
        """Folders of the person's code, as given, and their real paths."""
        self.files: set[str] = set()
        """Real paths of the files that the code names: whoever asks gets these."""
        self.taken: set[str] = set()
        """Names that a parent process imported from the folders: its children get the same."""
        self.usual: set[str] = set()
        """Real paths of entries of `sys.path` that were there before: what is found there was installed."""
        self.settled: set[str] = set()
        """Names that a parent process imported from elsewhere: these its children get from there, too."""


_state = _State()


def import_from_source(folder: str, files: Iterable[str | os.PathLike[str]] = ()) -> None:
    """From now on modules in `folder` and below are imported from their sources; not installed packages.

    `files` are those that anybody may import; the others only code that lies in the folder itself.
    """
    if _hook not in sys.path_hooks:
        sys.path_hooks.insert(0, _hook)
    if not _state.folders:
        _state.usual = {os.path.realpath(entry) for entry in sys.path if entry} - {os.path.realpath(folder)}
    _state.folders[folder] = os.path.realpath(folder)
    _state.files.update(os.path.realpath(file) for file in files)
    _look_again(folder)


def import_as_usual(folder: str) -> None:
    """Take `import_from_source` back."""
    _state.folders.pop(folder, None)
    if not _state.folders:
        _state.files.clear()
        WITHHELD.clear()
    _look_again(folder)


def state_for_children() -> dict[str, Any]:
    """What a process that is started, not forked, needs to import as this one does."""
    taken = _state.taken | _own_modules()
    return {
        "folders": sorted(_state.folders),
        "files": sorted(_state.files),
        "usual": sorted(_state.usual),
        "taken": sorted(taken),
        "settled": sorted({name.partition(".")[0] for name in sys.modules} - taken),
    }


def resume(state: dict[str, Any]) -> None:
    """Import in this process as the one does that `state_for_children` is of."""
    _state.folders = {folder: os.path.realpath(folder) for folder in state["folders"]}
    _state.files, _state.usual, _state.taken = set(state["files"]), set(state["usual"]), set(state["taken"])
    _state.settled = set(state["settled"])
    sys.path_hooks.insert(0, _hook)
    for folder in _state.folders:
        _look_again(folder)


class _FromSource(SourceFileLoader):
    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        data = self.get_data(path)
        try:
            encoding_of(data)
        except SyntaxError as error:
            error.filename = path
            raise
        return self.source_to_code(data, path)


class _AskedFor(FileFinder):
    """Finds modules in a folder of the person's code for those who may have them."""

    def find_spec(self, fullname: str, target: Any = None) -> ModuleSpec | None:
        spec = super().find_spec(fullname, target)
        if spec is None or spec.loader is None or self._may(fullname, os.path.realpath(spec.origin or "")):
            return spec  # without a loader: a folder that is a namespace runs nothing
        WITHHELD[fullname] = spec.origin or ""
        return None

    def _may(self, name: str, real: str) -> bool:
        top = name.partition(".")[0]
        if name in _state.taken:
            return True
        if top == "lrgui" or top in _state.settled:
            return False
        if top in sys.stdlib_module_names:
            return _own_code_asks()
        return real in _state.files or _own_code_asks()


def _hook(path: str) -> FileFinder:
    real = os.path.realpath(path)
    if not any(_is_own(real, folder) for folder in _state.folders.values()) or not os.path.isdir(path):
        raise ImportError("not a folder of the person's code", path=path)
    return (FileFinder if real in _state.usual else _AskedFor)(
        path,
        (_FromSource, SOURCE_SUFFIXES),
        (ExtensionFileLoader, EXTENSION_SUFFIXES),
        (SourcelessFileLoader, BYTECODE_SUFFIXES),
    )


def _own_code_asks() -> bool:
    """True where the import that goes on was written in code of the folders."""
    frame = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if not (file == __file__ or file.startswith("<frozen importlib") or file in _BETWEEN):
            return _is_ours(file)
        frame = frame.f_back  # type: ignore[assignment]
    return False


def _is_ours(file: str) -> bool:
    real = os.path.realpath(file)
    return any(_is_own(real, folder) for folder in _state.folders.values())


def _own_modules() -> set[str]:
    """Names of the modules that came from the folders."""
    found = ((name, getattr(module, "__file__", None)) for name, module in list(sys.modules.items()))
    return {name for name, file in found if name != "__main__" and isinstance(file, str) and _is_ours(file)}


def _is_own(path: str, folder: str) -> bool:
    """True below the folder; not for what is installed: Pythons and their packages lie in folders of persons, too."""
    if path != folder and not path.startswith(os.path.join(folder, "")):
        return False
    if {"site-packages", "dist-packages"} & set(path[len(folder) :].split(os.sep)):
        return False
    return path == folder or not any(path.startswith(place) for place in _INSTALLED)


#: Where a Python has its own library.
_INSTALLED = tuple(
    os.path.join(place(prefix), "lib", "")
    for prefix in (sys.prefix, sys.base_prefix)
    for place in (str, os.path.realpath)
)
#: What stands between an import and the code that asks for it, as frames have their files.
_BETWEEN = {str(getattr(sys.modules.get("importlib"), "__file__", "")), "<string>"}


def _look_again(folder: str) -> None:
    """Forget the usual finders of this folder; special ones, such as that of the worker's own package, stay."""
    real, known = os.path.join(os.path.realpath(folder), ""), dict[str, str]()
    for path, finder in list(sys.path_importer_cache.items()):
        if type(finder) in (FileFinder, _AskedFor) and os.path.join(_real(path, known), "").startswith(real):
            del sys.path_importer_cache[path]


def _real(path: str, known: dict[str, str]) -> str:
    """The real path, which `known` gets, too: of hundreds of packages each folder above them is looked at once."""
    if path not in known:
        above, name = os.path.split(path)
        simple = above and name not in ("", os.curdir, os.pardir) and os.name != "nt" and not os.path.islink(path)
        known[path] = os.path.join(_real(above, known), name) if simple else os.path.realpath(path)
    return known[path]

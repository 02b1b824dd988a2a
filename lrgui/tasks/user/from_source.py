"""Importing the modules beside a person's code from their sources alone.

Python takes a compiled file in `__pycache__` for a source of the same size and time, whatever is in it, and a compiled
module (`.so`, `.pyd`, `.pyc`) before a source of the same name. The person is asked about sources, and edits these: so
a source wins here, and is compiled anew. Processes that are not forked from this one import as usual.
"""

from __future__ import annotations

import os
import re
import sys
from importlib.machinery import (
    BYTECODE_SUFFIXES,
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
    SourcelessFileLoader,
)
from types import CodeType

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

_folders: set[str] = set()


def import_from_source(folder: str) -> None:
    """From now on modules in `folder` and below are imported from their sources; not installed packages."""
    if _hook not in sys.path_hooks:
        sys.path_hooks.insert(0, _hook)
    _folders.add(folder)
    _look_again(folder)


def import_as_usual(folder: str) -> None:
    """Take `import_from_source` back."""
    _folders.discard(folder)
    _look_again(folder)


class _FromSource(SourceFileLoader):
    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


def _hook(path: str) -> FileFinder:
    if not any(_is_own(path, folder) for folder in _folders) or not os.path.isdir(path):
        raise ImportError("not a folder of the person's code", path=path)
    return FileFinder(
        path,
        (_FromSource, SOURCE_SUFFIXES),
        (ExtensionFileLoader, EXTENSION_SUFFIXES),
        (SourcelessFileLoader, BYTECODE_SUFFIXES),
    )


def _is_own(path: str, folder: str) -> bool:
    """True below the folder; not for what is installed: Pythons and their packages lie in folders of persons, too."""
    if path != folder and not path.startswith(os.path.join(folder, "")):
        return False
    if {"site-packages", "dist-packages"} & set(path[len(folder) :].split(os.sep)):
        return False
    return path == folder or not any(
        path.startswith(os.path.join(prefix, "lib", "")) for prefix in (sys.prefix, sys.base_prefix)
    )


def _look_again(folder: str) -> None:
    """Forget the usual finders of these folders; special ones, such as that of the worker's own package, stay."""
    for path, finder in list(sys.path_importer_cache.items()):
        if path == folder or (path.startswith(os.path.join(folder, "")) and type(finder) is FileFinder):
            del sys.path_importer_cache[path]

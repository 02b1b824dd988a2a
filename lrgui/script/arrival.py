"""Doing something when a module is imported for the first time: a script must import torch itself, when it does."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


def when_imported(name: str, then: Callable[[], object]) -> None:
    """Call `then` as soon as the module `name` has been imported: at once where it was already."""
    if name in sys.modules:
        then()
    else:
        sys.meta_path.insert(0, _Watch(name, then))


class _Watch(MetaPathFinder):
    """Stands in front of the finders, until that module comes."""

    def __init__(self, name: str, then: Callable[[], object]) -> None:
        self._name, self._then = name, then

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec that the others find, with a loader that tells."""
        if fullname != self._name:
            return None
        for finder in list(sys.meta_path):
            find = getattr(finder, "find_spec", None)
            spec = None if finder is self or find is None else find(fullname, path, target)
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = _Telling(spec.loader, self, self._then)
                return spec  # type: ignore[no-any-return]
        return None


class _Telling(Loader):
    """A loader that calls `then` once the module is whole."""

    def __init__(self, loader: Any, watch: _Watch, then: Callable[[], object]) -> None:
        self._loader, self._watch, self._then = loader, watch, then

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """As the loader does it."""
        return self._loader.create_module(spec)  # type: ignore[no-any-return]

    def exec_module(self, module: ModuleType) -> None:
        """As the loader does it, and then it is told."""
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        if self._watch in sys.meta_path:
            sys.meta_path.remove(self._watch)
        self._then()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

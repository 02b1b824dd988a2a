"""State dicts kept for later, in memory or in private files."""

from __future__ import annotations

import copy
import os
import pickle
import tempfile
import weakref
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import nn

from lrgui.core.engine.cleanup import Action, all_of
from lrgui.core.engine.loader_state import loader_back
from lrgui.core.engine.snapshot import Snapshot


class StateCacher:
    """Keeps state dicts by key: copies in memory, or files in `cache_dir` (default: the system's temporary folder).

    Files are readable by their owner only, are read without running any pickled code, and are removed with the
    cacher or when Python ends. Raises ValueError for a `cache_dir` that is not a folder.
    """

    def __init__(self, in_memory: bool, cache_dir: str | os.PathLike[str] | None = None) -> None:
        self.in_memory = in_memory
        self.cache_dir = tempfile.gettempdir() if cache_dir is None else os.fspath(cache_dir)
        if not os.path.isdir(self.cache_dir):
            raise ValueError(f"Given `cache_dir` is not a valid directory: {self.cache_dir}")
        self.cached: dict[str, Any] = {}
        """By key: the copy, or the name of its file."""
        self._files: list[str] = []
        weakref.finalize(self, _remove, self._files)

    def store(self, key: str, state_dict: Any) -> None:
        """Keep a copy of `state_dict`, in place of an earlier one with this key."""
        if self.in_memory:
            self.cached[key] = copy.deepcopy(state_dict)
            return
        if key not in self.cached:
            descriptor, name = tempfile.mkstemp(prefix="lrgui_state_", suffix=".pt", dir=self.cache_dir)
            os.close(descriptor)
            self._files.append(name)
            self.cached[key] = name
        torch.save(state_dict, self.cached[key])

    def retrieve(self, key: str) -> Any:
        """The state dict of `key`, on the CPU where it comes from a file.

        Raises KeyError where nothing was stored, RuntimeError where the file is gone or holds other things than
        tensors and plain values.
        """
        if key not in self.cached:
            raise KeyError(f"Target {key} was not cached.")
        if self.in_memory:
            return self.cached[key]
        name = self.cached[key]
        if not os.path.exists(name):
            raise RuntimeError(f"Failed to load state in {name}. File doesn't exist anymore.")
        try:
            return torch.load(name, map_location="cpu", weights_only=True)
        except pickle.UnpicklingError:
            raise RuntimeError(
                f"The state “{key}” contains more than tensors and plain values and cannot be restored safely from a "
                "file: keep it in memory (memory_cache=True)."
            ) from None


class StartState(StateCacher):
    """The state that a finder puts back; answers for "model" and "optimizer" with their state dicts of then.

    These are read out of the snapshot when somebody asks (a subclass with a `reset` of its own), so that nothing
    is kept twice.
    """

    def __init__(
        self,
        in_memory: bool,
        cache_dir: str | os.PathLike[str] | None,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        scaler: Any = None,
        loss: Any = None,
    ) -> None:
        super().__init__(in_memory, cache_dir)
        self._owners: dict[str, Any] = {"model": model, "optimizer": optimizer}
        folder = None if in_memory else self.cache_dir
        self._snapshot = Snapshot(model, optimizer, scaler=scaler, loss=loss, folder=folder, limit_bytes=0)
        self._loaders: dict[int, tuple[object, list[Action]]] = {}  # holds on to the loaders, so that ids stay theirs

    def add_loader(self, loader: object) -> None:
        """Let `restore` put the loader's own generators back too, as they are when it is first named."""
        self._loaders.setdefault(id(loader), (loader, loader_back(loader)))

    def restore(self) -> None:
        """Put everything back. May be called more than once."""
        all_of([action for _, actions in self._loaders.values() for action in actions] + [self._snapshot.restore])

    def retrieve(self, key: str) -> Any:
        if key in self.cached or key not in self._owners:
            return super().retrieve(key)
        with self._snapshot.for_a_moment():
            return copy.deepcopy(self._owners[key].state_dict())

    def for_a_moment(self) -> AbstractContextManager[None]:
        """Inside everything but the loaders is put back, after it all is again as it was before."""
        return self._snapshot.for_a_moment()


def _remove(files: Iterable[str]) -> None:
    for name in files:
        try:
            os.remove(name)
        except OSError:
            pass  # gone already

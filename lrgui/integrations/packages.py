"""What every integration needs: its package, or one sentence about how to get it, and the settings it decides."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any


def package(*names: str, pip: str) -> ModuleType:
    """The first of these modules that can be imported; `ImportError` with the command that installs it otherwise."""
    for name in names:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name is None or not (name == error.name or name.startswith(error.name + ".")):
                raise  # the package is there; something of its own is missing
    raise ImportError(f"{' or '.join(names)} is not installed: pip install {pip}")


def refuse(settings: Mapping[str, Any], names: Iterable[str], owner: str) -> None:
    """`TypeError` for settings that are taken over from `owner` and so can't be given a second time."""
    taken = [f"`{name}`" for name in names if name in settings]
    if taken:
        raise TypeError(f"{', '.join(taken)} cannot be passed here: it is taken from the {owner}; change it there.")

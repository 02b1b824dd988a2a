"""What the task's code may replace and LR Finder needs: parts of Python, as they were before that code came."""

from __future__ import annotations

import builtins
import importlib
from types import ModuleType
from typing import Any

#: Modules that an event's way out goes through, and the telling of an error.
_MODULES = (
    "builtins",
    "json",
    "json.encoder",
    "os",
    "posixpath",
    "ntpath",
    "re",
    "math",
    "time",
    "traceback",
    "linecache",
    "functools",
    "dataclasses",
    "pathlib",
    "ast",
    "inspect",
)
#: What programs replace on purpose, and nothing of ours uses: prints that only the first process makes, and the like.
_USUAL = {"print", "input", "open", "help", "exit", "quit", "breakpoint", "__import__", "_"}


class KeptModules:
    """The contents of those modules at the moment when this is made."""

    def __init__(self) -> None:
        modules = [module for name in _MODULES if (module := _imported(name)) is not None]
        self._kept = [(module, dict(vars(module))) for module in modules]
        # Nothing below may look up a built-in, which is what could have been replaced.
        self._missing = object()

    def put_back(self, vars: Any = vars) -> list[str]:
        """Undo every replacement; returns what was replaced, as "builtins.len", but for what programs often do."""
        replaced = []
        for module, before in self._kept:
            now = vars(module)
            for name, value in before.items():
                if now.get(name, self._missing) is not value:
                    if module is not builtins or name not in _USUAL:
                        replaced.append(f"{before['__name__']}.{name}")
                    now[name] = value
        return replaced


def _imported(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def replaced_words(names: list[str]) -> str:
    """The sentence about what the task's code replaced, with a space in front; empty for nothing."""
    if not names:
        return ""
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f" The task's code replaces Python's own {shown}: do not do that."

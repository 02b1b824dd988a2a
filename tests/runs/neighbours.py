"""Files beside a task, or in the current folder, that nobody asked for: each tells that it ran."""

from __future__ import annotations

from pathlib import Path

#: Names that torch, numpy, the standard library and multiprocessing import, or try to.
EVIL = (
    "tabulate", "tqdm", "torch", "numpy", "random", "socket", "typing_extensions", "sympy", "selectors", "tempfile",
    "lrgui", "sitecustomize", "pydot", "psutil", "opt_einsum", "_strptime", "multiprocessing", "encodings",
)  # fmt: skip


#: What a program of a test begins with that imports a task's code and has no use for torch: that takes seconds.
NO_TORCH = """
import contextlib, sys, types
watch = sys.modules["lrgui.tasks.user.trains_at_import"] = types.ModuleType("lrgui.tasks.user.trains_at_import")
watch.no_training = contextlib.nullcontext
"""


def put_evil(folder: Path, names: tuple[str, ...] = EVIL) -> None:
    """Put a file of each name there."""
    for name in names:
        (folder / f"{name}.py").write_text(
            f"open({str(folder / f'ran-{name}')!r}, 'w').close()\nraise SystemExit('{name} of the folder ran')\n"
        )


def ran(folder: Path) -> list[str]:
    """Those that ran."""
    return sorted(path.name.removeprefix("ran-") for path in folder.glob("ran-*"))

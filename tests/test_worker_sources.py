"""The files that a bundle carries for a worker in another Python: whatever one of them imports is among them."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path
from types import ModuleType

import lrgui

PACKAGE = Path(lrgui.__file__).parent
KEEP = Path(__file__).parents[1] / "packaging" / "keep.py"


def keep() -> ModuleType:
    spec = importlib.util.spec_from_file_location("keep", KEEP)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def imported(file: Path) -> set[str]:
    """Dotted names of the package's modules that a file imports, in functions too, and of what it takes from them."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {name for name in found if name.split(".")[0] == "lrgui"}


def file_of(module: str) -> Path | None:
    """Where a module of the package lies; None for a name in one."""
    place = PACKAGE.parent / module.replace(".", "/")
    return next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()), None)


def test_a_worker_finds_every_module_that_it_imports() -> None:
    """From its entries, and from what rows name by dotted names, whatever file imports whatever other."""
    carried = {path for path, place in keep().worker_sources(PACKAGE) if place.endswith(".py")}
    to_read = [PACKAGE / "runs" / name for name in ("worker.py", "script_worker.py", "describe.py")]
    to_read += [path for name in ("core", "errors", "tasks", "script") for path in (PACKAGE / name).rglob("*.py")]
    read = {PACKAGE / "__init__.py"}  # what it imports is looked up for callers from Python
    while to_read:
        file = to_read.pop()
        assert file in carried, file
        if file not in read:
            read.add(file)
            to_read += filter(None, map(file_of, imported(file)))
    assert len(read) > 150


def test_only_one_file_of_its_folders_is_left_out() -> None:
    module = keep()
    carried = {path for path, _ in module.worker_sources(PACKAGE)}
    there = {path for name in module.WORKER if (PACKAGE / name).is_dir() for path in (PACKAGE / name).rglob("*.py")}
    assert there - carried == {PACKAGE / module.NO_WORKERS}

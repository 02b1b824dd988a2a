"""What modules import, those in functions and for types alone included, and what rows name to be imported later."""

from __future__ import annotations

import ast
import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import lrgui

PACKAGE = Path(lrgui.__file__).parent
#: From the lowest up; what stands beside them (frozen, resources, …) is below all.
FLOORS = ("core", "errors", "tasks", "script", "runs", "studies", "plot", "export", "api", "integrations", "cli", "gui")


def test_there_are_no_circles() -> None:
    grimp = pytest.importorskip("grimp")
    graph = grimp.build_graph("lrgui", cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    assert len(imports) > 200
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        pytest.fail(" ← ".join(error.args[1]))


def test_dotted_names_point_to_no_higher_floor() -> None:
    """Rows name what is imported only when it is wanted: that, too, is below them."""
    seen = 0
    for file in PACKAGE.glob("*/**/*.py"):
        floor, text = file.relative_to(PACKAGE).parts[0], file.read_text(encoding="utf-8")
        if floor not in FLOORS or not re.search(r"[\"']lrgui\.", text):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("lrgui."):
                target = node.value.split(".")[1]
                if target in FLOORS:
                    seen += 1
                    assert FLOORS.index(target) <= FLOORS.index(floor), f"{file}: {node.value}"
    assert seen > 20

"""Which neighbours a file imports: found wherever a statement can stand, and only those that are there."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import pytest

from lrgui.tasks.user import local_files as module
from lrgui.tasks.user.local_files import local_files, tree_of

TEXT = """
import a, os.path, json
from b import one
if a:
    import c
else:
    from d import *
try:
    import e
except ImportError:
    import f
else:
    import g
finally:
    import h
with a as b, b as c:
    import i
for x in y:
    import j
else:
    import k
while x:
    import l
def function(x=1):
    async def inner():
        import m
class Class:
    def method(self):
        from . import n
match x:
    case 1:
        import o
from package import part, nothing
from package.part import deeper
import missing
"""


def names(found: tuple[Path, ...]) -> list[str]:
    return [path.stem for path in found]


def test_imports_are_found_in_every_block(tmp_path: Path) -> None:
    for letter in "abcdefghijklmno":
        (tmp_path / f"{letter}.py").write_text("")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("")
    (tmp_path / "package" / "part.py").write_text("")
    task = tmp_path / "task.py"
    task.write_text(TEXT)
    tree = tree_of(task)
    assert tree is not None
    assert names(local_files(task, tmp_path, tree)) == [*"abcdefghijklmno", "__init__", "part"]


def test_statements_are_found_as_a_walk_through_everything_finds_them() -> None:
    for path in sorted(Path(os.__file__).parent.glob("*.py"))[:12]:
        tree = ast.parse(path.read_bytes())
        wanted = {node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)}
        found = list(module._import_statements(tree))
        assert set(found) == wanted and len(found) == len(wanted)
        assert [node.lineno for node in found] == sorted(node.lineno for node in found)


def test_what_is_not_there_is_looked_for_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file with a hundred thousand imports held up the window for seconds."""
    task = tmp_path / "task.py"
    task.write_text("import os, torch\n" + "".join(f"import elsewhere{number}\n" for number in range(500)))
    asked: list[object] = []
    monkeypatch.setattr(module, "_in", lambda *args: asked.append(args))
    tree = tree_of(task)
    assert tree is not None
    assert local_files(task, tmp_path, tree) == () and asked == []

"""Modules beside a task's file: what the person sees of them is what runs."""

from __future__ import annotations

import importlib.util
import marshal
import os
import struct
import sys
from collections.abc import Iterator
from importlib.machinery import EXTENSION_SUFFIXES, FileFinder
from pathlib import Path

import pytest

from lrgui.tasks.user import code as user_code
from lrgui.tasks.user.code import load_code
from lrgui.tasks.user.from_source import COMPILED_SUFFIXES, _real, import_as_usual, import_from_source
from lrgui.tasks.user.local_files import local_files, tree_of
from lrgui.tasks.user.target import Target


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    user_code._forget()
    path, hooks = list(sys.path), list(sys.path_hooks)
    yield
    user_code._forget()
    sys.path[:], sys.path_hooks[:] = path, hooks


def poison(source: Path, code: str) -> None:
    """Write a compiled file for `source` that Python takes for its own, with other code in it."""
    state = source.stat()
    place = Path(importlib.util.cache_from_source(str(source)))
    place.parent.mkdir(exist_ok=True)
    head = importlib.util.MAGIC_NUMBER + struct.pack("<III", 0, int(state.st_mtime), state.st_size)
    place.write_bytes(head + marshal.dumps(compile(code, str(source), "exec")))


def test_a_compiled_file_does_not_stand_for_a_source(tmp_path: Path) -> None:
    task, helper = tmp_path / "mine_task.py", tmp_path / "mine_helper.py"
    package = tmp_path / "mine_package"
    package.mkdir()
    (package / "__init__.py").write_text("x = 1\n")
    (package / "inner.py").write_text("y = 2\n")
    helper.write_text("x = 1\n")
    task.write_text("import mine_helper\nfrom mine_package import inner, x\n")
    for source in (helper, package / "__init__.py", package / "inner.py"):
        poison(source, "x = y = 'poisoned'")
    module = load_code(Target.parse(str(task)))
    assert (module.mine_helper.x, module.x, module.inner.y) == (1, 1, 2)


def test_a_module_that_was_saved_within_the_same_second_is_new(tmp_path: Path) -> None:
    task, helper = tmp_path / "mine_task.py", tmp_path / "mine_helper.py"
    helper.write_text("x = 1\n")
    poison(helper, "x = 1")
    time = helper.stat()
    helper.write_text("x = 2\n")
    os.utime(helper, ns=(time.st_atime_ns, time.st_mtime_ns))
    task.write_text("from mine_helper import x\n")
    assert load_code(Target.parse(str(task))).x == 2


def test_a_source_wins_over_a_compiled_module(tmp_path: Path) -> None:
    task = tmp_path / "mine_task.py"
    (tmp_path / "mine_helper.py").write_text("x = 1\n")
    for suffix in (*EXTENSION_SUFFIXES, ".pyc"):
        (tmp_path / f"mine_helper{suffix}").write_bytes(b"no module")
    task.write_text("from mine_helper import x\n")
    assert load_code(Target.parse(str(task))).x == 1


@pytest.mark.parametrize("suffix", [*EXTENSION_SUFFIXES, ".pyc"])
def test_what_is_compiled_belongs_to_a_task(tmp_path: Path, suffix: str) -> None:
    assert suffix in COMPILED_SUFFIXES
    task, helper = tmp_path / "task.py", tmp_path / f"helper{suffix}"
    task.write_text("import helper\n")
    helper.write_bytes(b"code")
    tree = tree_of(task)
    assert tree is not None
    assert local_files(task, tmp_path, tree) == (helper,)
    (tmp_path / "helper").mkdir()  # no package yet
    assert local_files(task, tmp_path, tree) == (helper,)
    inner = tmp_path / "helper" / f"__init__{suffix}"
    inner.write_bytes(b"code")
    assert local_files(task, tmp_path, tree) == (inner,), "Python takes the package"


def test_installed_packages_keep_their_compiled_files(tmp_path: Path) -> None:
    installed = tmp_path / ".venv" / "lib" / "python3" / "site-packages"
    installed.mkdir(parents=True)
    source = installed / "mine_installed.py"
    source.write_text("x = 1\n")
    poison(source, "x = 'compiled'")
    import_from_source(str(tmp_path))
    try:
        sys.path.insert(0, str(installed))
        assert __import__("mine_installed").x == "compiled"
    finally:
        import_as_usual(str(tmp_path))


def test_special_finders_stay(tmp_path: Path) -> None:
    """The worker's own package is found by one that sees nothing else of its folder."""

    class Special(FileFinder):
        pass

    below = str(tmp_path / "below")
    Path(below).mkdir()
    sys.path_importer_cache[below] = finder = Special(below)
    try:
        import_from_source(str(tmp_path))
        assert sys.path_importer_cache[below] is finder
    finally:
        import_as_usual(str(tmp_path))
        sys.path_importer_cache.pop(below, None)


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_real_path_is_that_of_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "up").symlink_to("..")
    (tmp_path / "link").symlink_to("a")
    monkeypatch.chdir(tmp_path)
    below = ("", "a", "a/b", "a//b", "a/b/", "a/b/up/b", "link", "link/b", "link/../a", "a/./b", "none/c", "link/none")
    known: dict[str, str] = {}
    for path in (*below, *(f"{tmp_path}/{one}" for one in below), "/", ".", ".."):
        assert _real(path, known) == os.path.realpath(path), path

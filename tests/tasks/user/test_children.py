"""What lies beside a task, or in the current folder, runs only where the task asks for it: also in its processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from neighbours import EVIL, NO_TORCH, put_evil, ran

METHODS = ["fork", "spawn", "forkserver"]

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs fork and forkserver")


def run(code: str, folder: Path) -> str:
    """What a program prints that is run in this folder, without the folder on its path."""
    path = f"import sys\nsys.path[:] = [{str(Path(__file__).parents[3])!r}, *filter(None, sys.path)]\n"
    program = path + NO_TORCH + dedent(code)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@posix
@pytest.mark.parametrize("method", METHODS)
def test_processes_find_what_the_run_finds(tmp_path: Path, method: str) -> None:
    put_evil(tmp_path)
    (tmp_path / "mine.py").write_text("import helper\nfrom pack import inner\ndef item(i): return i + helper.x\n")
    (tmp_path / "helper.py").write_text("x = 5\n")
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").write_text("")
    (tmp_path / "pack" / "inner.py").write_text("")
    code = f"""
    if __name__ == "__main__":
        import multiprocessing
        from lrgui.tasks.spec import TaskSpec
        from lrgui.tasks.user.target import Target
        from lrgui.tasks.user.code import enter_folder, load_code
        spec = enter_folder(TaskSpec(source="task", path={str(tmp_path / "mine.py")!r}))
        module = load_code(Target.parse(spec.path))
        with multiprocessing.get_context({method!r}).Pool(1) as pool:
            print(pool.map(module.item, range(3)))
            print(pool.apply(eval, ("[__import__('importlib').util.find_spec(name) for name in {EVIL[:3]!r}]",)))
    """
    first, second = run(code, tmp_path).splitlines()
    assert first == "[5, 6, 7]"
    assert str(tmp_path) not in second
    assert ran(tmp_path) == []


@posix
@pytest.mark.parametrize("method", METHODS)
def test_without_code_nothing_of_the_current_folder_is_found(tmp_path: Path, method: str) -> None:
    put_evil(tmp_path)
    code = f"""
    import multiprocessing, os
    from lrgui.tasks.user.children import guard_children
    guard_children()
    guard_children()
    with multiprocessing.get_context({method!r}).Pool(1) as pool:
        print(pool.apply(os.getcwd))
    """
    assert run(code, tmp_path) == str(tmp_path)
    assert ran(tmp_path) == []


@posix
def test_processes_of_joblib(tmp_path: Path) -> None:
    pytest.importorskip("joblib")
    put_evil(tmp_path)
    (tmp_path / "mine.py").write_text(
        "import joblib\nimport helper\n"
        "def item(i): return i + helper.x\n"
        "def all(): return joblib.Parallel(n_jobs=2, backend='loky')(joblib.delayed(item)(i) for i in range(3))\n"
    )
    (tmp_path / "helper.py").write_text("x = 5\n")
    code = f"""
    if __name__ == "__main__":
        import os
        from lrgui.tasks.spec import TaskSpec
        from lrgui.tasks.user.target import Target
        from lrgui.tasks.user.code import enter_folder, load_code
        spec = enter_folder(TaskSpec(source="task", path={str(tmp_path / "mine.py")!r}))
        print(load_code(Target.parse(spec.path)).all(), flush=True)
    """
    assert run(code, tmp_path) == "[5, 6, 7]"
    assert ran(tmp_path) == []


def test_a_grandchild_is_guarded_too(tmp_path: Path) -> None:
    put_evil(tmp_path)
    (tmp_path / "mine.py").write_text(
        "import multiprocessing\nimport helper\n"
        "def item(i): return helper.x\n"
        "def inner(i):\n"
        "    with multiprocessing.get_context('spawn').Pool(1) as pool: return pool.apply(item, (i,))\n"
        "def outer(put): put.put(inner(0))\n"
        "def all():\n"
        "    c = multiprocessing.get_context('spawn'); q = c.Queue(); p = c.Process(target=outer, args=(q,))\n"
        "    p.start(); print(q.get(timeout=60)); p.join()\n"
    )
    (tmp_path / "helper.py").write_text("x = 5\n")
    code = f"""
    if __name__ == "__main__":
        from lrgui.tasks.user.target import Target
        from lrgui.tasks.user.code import load_code
        load_code(Target.parse({str(tmp_path / "mine.py")!r})).all()
    """
    assert run(code, tmp_path) == "5"
    assert ran(tmp_path) == []

"""Importing a person's file: fresh each time, whatever it is called, also for processes that load batches."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from neighbours import NO_TORCH

from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.user import code as user_code
from lrgui.tasks.user.code import load_code
from lrgui.tasks.user.target import Target, TaskError


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    user_code._forget()  # what tests of other files ran in this process, and what they have left behind
    sys.modules.pop("task", None)
    sys.path[:] = [entry for entry in sys.path if not (Path(entry) / "task.py").exists()]
    path = list(sys.path)
    yield
    user_code._forget()
    assert sys.path == path or sys.path == [*path, user_code._loaded.shims]
    sys.path[:] = path


def write(folder: Path, name: str, text: str) -> Target:
    (folder / name).write_text(dedent(text), encoding="utf-8")
    return Target.parse(str(folder / name))


def test_it_is_a_module_by_its_own_name_in_its_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    write(tmp_path, "near_by.py", "x = 3")
    module = load_code(write(tmp_path, "my_task.py", "from near_by import x\nimport sys\nargv = sys.argv"))
    assert (module.__name__, module.x, module.__file__) == ("my_task", 3, str(tmp_path / "my_task.py"))
    assert sys.modules["my_task"] is module
    assert sys.path[0] == str(tmp_path)
    assert module.argv == [str(tmp_path / "my_task.py")]  # nothing of the worker's own arguments
    assert not (tmp_path / "__pycache__").exists()


def test_each_run_has_the_code_as_it_is_now(tmp_path: Path) -> None:
    target = write(tmp_path, "my_task.py", "from near_by import x\ny = 1")
    write(tmp_path, "near_by.py", "x = 1")
    first = load_code(target)
    write(tmp_path, "near_by.py", "x = 2")
    write(tmp_path, "my_task.py", "from near_by import x\ny = 2")
    second = load_code(target)
    assert (first.x, first.y, second.x, second.y) == (1, 1, 2, 2)


def test_neighbours_of_another_task_are_not_mixed_up(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write(tmp_path / name, "near_by.py", f"x = {name!r}")
        write(tmp_path / name, "my_task.py", "from near_by import x")
    modules = [load_code(Target(str(tmp_path / name / "my_task.py"))) for name in ("a", "b", "a")]
    assert [module.x for module in modules] == ["a", "b", "a"]
    assert sys.path[0] == str(tmp_path / "a")
    assert str(tmp_path / "b") not in sys.path


def test_packages_installed_below_the_folder_stay(tmp_path: Path) -> None:
    packages = tmp_path / ".venv" / "lib" / "site-packages"
    packages.mkdir(parents=True)
    write(packages, "installed_thing.py", "")
    target = write(tmp_path, "my_task.py", f"import sys\nsys.path.append({str(packages)!r})\nimport installed_thing")
    before = load_code(target).installed_thing
    assert load_code(target).installed_thing is before
    sys.path.remove(str(packages))
    sys.path.remove(str(packages))
    del sys.modules["installed_thing"]


@pytest.mark.parametrize("name", ["random.py", "torch.py", "test.py", "lrgui.py", "pytest.py", "json.py", "a.b.py"])
def test_a_name_that_is_taken(tmp_path: Path, name: str) -> None:
    stem = Path(name).stem
    before = sys.modules.get(stem)
    module = load_code(write(tmp_path, name, "import random, torch\nx = torch.tensor(random.Random(0).random())"))
    assert module.__name__.startswith("lrgui_task_")
    assert float(module.x) == pytest.approx(random.Random(0).random())
    assert sys.modules.get(stem) is before
    assert sys.path.index(str(tmp_path)) > 0  # behind the real one
    assert load_code(Target(str(tmp_path / name))).__name__ == module.__name__


@pytest.mark.parametrize("name", ["my-task.py", "1st try.py", "task.py", "größe.py"])
def test_other_names(tmp_path: Path, name: str) -> None:
    assert load_code(write(tmp_path, name, "x = 1")).__name__ == Path(name).stem


@pytest.mark.parametrize("name", ["random.py", "my-task.py"])
def test_processes_that_load_batches_can_import_it(tmp_path: Path, name: str) -> None:
    write(tmp_path, "near_by.txt", "7")
    text = "def item(index): return index + int(open('near_by.txt').read())\n"  # as a Dataset does in its worker
    target = write(tmp_path, name, text)
    code = f"""
        if __name__ == "__main__":
            import multiprocessing
            from lrgui.tasks.spec import TaskSpec
            from lrgui.tasks.user.target import Target
            from lrgui.tasks.user.code import enter_folder, load_code
            spec = enter_folder(TaskSpec(source="task", path={target.place!r}))
            module = load_code(Target.parse(spec.path))
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                print(pool.map(module.item, range(3)))
    """
    run = subprocess.run(
        [sys.executable, "-c", NO_TORCH + dedent(code)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
        timeout=120,
    )
    assert run.stdout.strip() == "[7, 8, 9]", run.stderr


def test_its_own_errors_keep_its_lines(tmp_path: Path) -> None:
    write(tmp_path, "near_by.py", "\n\nraise RuntimeError('mine')")
    target = write(tmp_path, "my_task.py", "x = 1\nimport near_by\n")
    with pytest.raises(RuntimeError) as caught:
        load_code(target)
    frames = [(Path(one.filename).name, one.lineno) for one in traceback.extract_tb(caught.value.__traceback__)]
    assert ("my_task.py", 2) in frames
    assert frames[-1] == ("near_by.py", 3)
    assert "my_task" not in sys.modules


def test_a_syntax_error_is_a_sentence_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(
        TaskError, match=r"^my_task.py, line 2: .*never closed\. Correct it and start again\.$"
    ) as caught:
        load_code(write(tmp_path, "my_task.py", "x = 1\ny = [\n"))
    assert (caught.value.file, caught.value.line) == (str(tmp_path / "my_task.py"), 2)
    assert isinstance(caught.value.__cause__, SyntaxError)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_a_file_that_is_no_utf_8_is_a_sentence(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "my_task.py").write_bytes("x = 1\n".encode(encoding))
    with pytest.raises(
        TaskError, match=r"^my_task\.py: its first lines are not valid in its encoding: save the file in UTF-8\.$"
    ):
        load_code(Target(str(tmp_path / "my_task.py")))


def test_what_cannot_be_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TaskError, match=r"jupyter nbconvert --to script mine\.ipynb"):
        load_code(Target(str(tmp_path / "mine.ipynb")))
    with pytest.raises(TaskError, match=r"The file .* does not exist"):
        load_code(Target(str(tmp_path / "none.py")))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TaskError, match=r"There is no module no_such\.thing in"):
        load_code(Target("no_such.thing"))


def test_a_module_by_its_dotted_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mypack").mkdir()
    write(tmp_path / "mypack", "__init__.py", "")
    write(tmp_path / "mypack", "job.py", "from .near import x")
    write(tmp_path / "mypack", "near.py", "x = 1")
    monkeypatch.chdir(tmp_path)
    assert load_code(Target("mypack.job")).x == 1
    write(tmp_path / "mypack", "near.py", "x = 22")
    assert load_code(Target("mypack.job")).x == 22
    write(tmp_path / "mypack", "near.py", "import not_there_at_all")
    with pytest.raises(ModuleNotFoundError, match="not_there_at_all"):  # the person's own import, told as such
        load_code(Target("mypack.job"))


def test_entering_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["worker", "--alive=3"])
    (tmp_path / "deep").mkdir()
    write(tmp_path / "deep", "my_task.py", "")
    spec = user_code.enter_folder(TaskSpec(source="task", path=os.path.join("deep", "my_task.py") + ":thing"))
    assert Path.cwd() == tmp_path / "deep"
    assert spec.path == f"{tmp_path / 'deep' / 'my_task.py'}:thing"
    assert sys.path[0] == str(tmp_path / "deep")
    assert sys.argv == [str(tmp_path / "deep" / "my_task.py")]
    digits = TaskSpec()
    assert user_code.enter_folder(digits) is digits
    assert Path.cwd() == tmp_path / "deep"

"""Each task keeps the Python that the person chose for it; no run file can choose one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import shiboken6
from bench import Bench
from pytestqt.qtbot import QtBot

from lrgui.gui import environments as module
from lrgui.gui import python_choice
from lrgui.gui.environments import Environments
from lrgui.gui.python_choice import PythonChoice
from lrgui.gui.settings import Settings
from lrgui.runs.job import Job
from lrgui.runs.spare_pool import SparePool
from lrgui.tasks.spec import TaskSpec


class Table:
    """A session with a choice of Pythons; nothing is started."""

    def __init__(self, bench: Bench, settings: Settings, python: str = "") -> None:
        self.session = bench.session
        self.settings = settings
        self.environments = Environments(python)
        self.used: list[str | None] = []
        self.saved = 0
        self.warmed = threading.Event()
        pool = SparePool()
        pool.use = self.used.append  # type: ignore[method-assign,assignment]
        pool.warm = self.warmed.set  # type: ignore[method-assign]
        self.choice = PythonChoice(self.session, self.environments, pool, settings, self._save)

    def _save(self) -> None:
        self.saved += 1

    def show(self, path: str) -> None:
        """Show the task of this path, none for ""."""
        self.session.edit(task=TaskSpec(source="task", model="", path=path) if path else TaskSpec())


@pytest.fixture
def table(bench: Bench, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    """The usual Python is the program's own, and one task has another one."""
    monkeypatch.setattr(module, "SOON", 100_000)  # nothing is found out
    monkeypatch.setattr(python_choice, "SOON", 30)
    made = Table(bench, Settings(pythons={"/a/task.py": "/a/.venv/bin/python"}))
    yield made
    made.environments.close()
    for one in (made.choice, made.environments):  # here, and not in whichever thread Python's collector runs
        shiboken6.delete(one)


def test_the_task_on_screen_says_which_python_computes(table: Table, qtbot: QtBot) -> None:
    assert table.used == []
    table.show("/a/task.py")
    assert table.environments.python == "/a/.venv/bin/python" and table.used == ["/a/.venv/bin/python"]
    table.show("/a/task.py:other")
    assert table.used == ["/a/.venv/bin/python"], "the same file"
    table.show("/b/task.py")
    assert table.used == ["/a/.venv/bin/python", None]
    assert table.saved == 0, "nobody chose anything"
    assert not table.warmed.is_set(), "the next choice may follow"
    qtbot.waitUntil(table.warmed.is_set)


def test_a_choice_is_kept_for_its_task(table: Table) -> None:
    table.show("/b/task.py")
    table.environments.choose("/b/python")
    assert table.used == ["/b/python"] and table.saved == 1
    assert table.settings.pythons == {"/a/task.py": "/a/.venv/bin/python", "/b/task.py": "/b/python"}
    assert table.settings.python == ""
    table.show("")
    assert table.used[-1] is None
    table.show("/b/task.py")
    assert table.used[-1] == "/b/python"


def test_a_choice_without_a_task_is_the_usual_one(table: Table) -> None:
    table.environments.choose("/usual/python")
    assert table.settings.python == "/usual/python" and "" not in table.settings.pythons
    table.show("/b/task.py")
    assert table.environments.python == "/usual/python"
    table.environments.choose("")
    assert table.settings.pythons["/b/task.py"] == "", "the program's own, for this task"
    table.show("")
    assert table.environments.python == "/usual/python"


def test_a_run_file_that_is_opened_chooses_nothing(table: Table) -> None:
    data = Job(task=TaskSpec(source="task", model="", path="/c/task.py")).to_dict()
    data["python"] = data["task"]["python"] = "/evil/python"
    table.session.set_job(Job.from_dict(data))
    assert table.environments.python == "" and table.used == []


def test_while_a_run_goes_on_no_worker_is_warmed(table: Table, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> None:
    monkeypatch.setattr(table.session, "state", "running")
    table.show("/a/task.py")
    assert table.used == ["/a/.venv/bin/python"]
    qtbot.wait(100)
    assert not table.warmed.is_set()


def test_old_choices_are_forgotten(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python_choice, "MOST", 2)
    for name in ("b", "c"):
        table.show(f"/{name}/task.py")
        table.environments.choose(f"/{name}/python")
    assert list(table.settings.pythons) == ["/b/task.py", "/c/task.py"]


def test_a_relative_path_is_the_same_task(table: Table, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    table.show("task.py")
    table.environments.choose("/b/python")
    assert table.settings.pythons[str(tmp_path / "task.py")] == "/b/python"
    job = table.session.job
    table.show("")
    table.session.set_job(replace(job, task=replace(job.task, path=str(tmp_path / "task.py"))))
    assert table.environments.python == "/b/python"

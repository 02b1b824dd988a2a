"""The Pythons that a run could use: found out away from the window, debounced, remembered for a minute."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from lrgui.gui import environments as module
from lrgui.gui.environments import Environments
from lrgui.runs import environment, interpreters
from lrgui.runs.environment import Environment
from lrgui.runs.interpreters import Interpreter

OWN = Interpreter("", "this program's", "own")


class Asked:
    """Stands for the Pythons of a machine; notes what was asked, and in which thread."""

    def __init__(self) -> None:
        self.described: list[str] = []
        self.near: list[Path | None] = []
        self.threads: set[str] = set()
        self.problem, self.late = "", False
        self.hanging: set[str] = set()
        self.clock = 1000.0

    def find(self, near: Path | None) -> list[Interpreter]:
        self.near.append(near)
        self.threads.add(threading.current_thread().name)
        here = [] if near is None else [Interpreter("/near/python", "near/.venv", "venv")]
        return [OWN, *here]

    def description(self, python: str, _server: object) -> Any:
        asked = self

        class Description:
            """Answers at once, or hangs until it is stopped."""

            def __init__(self) -> None:
                self.stopped = False
                self._stop = threading.Event()

            def run(self, early: Callable[[Environment], object]) -> Environment:
                asked.described.append(python)
                asked.threads.add(threading.current_thread().name)
                if python in asked.hanging:
                    assert self._stop.wait(60)
                return Environment(python, version="3.12", problem=asked.problem, late=asked.late)

            def stop(self) -> None:
                self.stopped = True
                self._stop.set()

        return Description()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """In the place of real Pythons."""
    asked = Asked()
    monkeypatch.setattr(interpreters, "find_interpreters", asked.find)
    monkeypatch.setattr(environment, "Description", asked.description)
    monkeypatch.setattr(module, "SOON", 20)
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: asked.clock))
    return asked


@pytest.fixture
def environments(asked: Asked, qtbot: QtBot) -> Iterator[Environments]:
    """With nothing found out yet."""
    made = Environments()
    yield made
    made.close()
    shiboken6.delete(made)  # here, and not in whichever thread Python's collector runs
    assert not [thread for thread in threading.enumerate() if thread.name == "lrgui asks Pythons"]


def test_nothing_is_asked_before_somebody_wants_to_know(environments: Environments, asked: Asked, qtbot: QtBot) -> None:
    qtbot.wait(80)
    assert not asked.described and not asked.near
    assert (environments.python, environments.current, environments.interpreters) == ("", None, [])


def test_the_own_one_is_described_in_another_thread(environments: Environments, asked: Asked, qtbot: QtBot) -> None:
    threads: list[str] = []
    environments.known.connect(lambda _environment: threads.append(threading.current_thread().name))
    with qtbot.waitSignals([environments.known, environments.interpreters_changed]):
        environments.refresh()
    assert environments.current == Environment("", version="3.12")
    assert environments.interpreters == [OWN]
    assert asked.threads == {"lrgui asks Pythons"} and threads == ["MainThread"]


def test_many_wishes_are_one_question(environments: Environments, asked: Asked, qtbot: QtBot) -> None:
    for name in ("a", "b", "c"):
        environments.choose(f"/{name}/python")
        environments.refresh()
    with qtbot.waitSignal(environments.known):
        pass
    assert asked.described == ["/c/python"]


def test_an_answer_is_good_for_a_minute(environments: Environments, asked: Asked, qtbot: QtBot) -> None:
    with qtbot.waitSignal(environments.known):
        environments.refresh()
    environments.refresh()
    qtbot.wait(80)
    assert asked.described == [""]
    asked.clock += module.FRESH + 1
    with qtbot.waitSignal(environments.known):
        environments.refresh()
    assert asked.described == ["", ""]


def test_a_problem_is_looked_at_again_soon(environments: Environments, asked: Asked, qtbot: QtBot) -> None:
    asked.problem = "PyTorch is not installed."
    with qtbot.waitSignal(environments.known):
        environments.refresh()
    asked.problem = ""
    asked.clock += module.FRESH_PROBLEM + 1
    with qtbot.waitSignal(environments.known):
        environments.refresh()
    assert environments.current is not None and environments.current.problem == ""


def test_one_that_runs_but_answers_late_has_no_problem(environments: Environments, asked: Asked, qtbot: QtBot) -> None:
    asked.problem, asked.late = "It did not answer within 1 min.", True
    with qtbot.waitSignal(environments.known):
        environments.refresh()
    assert environments.current is not None and environments.current.problem
    with qtbot.waitSignal(environments.known):
        environments.note_ready()
    assert environments.current.problem == ""
    asked.clock += module.FRESH + 1
    with qtbot.waitSignal(environments.known):
        environments.refresh()
    assert environments.current.problem == "", "late again, on a machine that is busy with the run"
    asked.problem, asked.late = "PyTorch is not installed.", False
    asked.clock += module.FRESH + 1
    with qtbot.waitSignal(environments.known):
        environments.refresh()
    assert environments.current.problem == "PyTorch is not installed.", "an answer counts"


def test_choosing_tells_what_is_known_at_once(environments: Environments, asked: Asked, qtbot: QtBot) -> None:
    with qtbot.waitSignal(environments.known):
        environments.refresh()
    with qtbot.waitSignal(environments.known), qtbot.waitSignal(environments.chosen) as chosen:
        environments.choose("/other/python")
        assert environments.current is None, "what the last one has says nothing of this one"
    assert chosen.args == ["/other/python"]
    assert environments.current == Environment("/other/python", version="3.12")
    known: list[Environment] = []
    environments.known.connect(known.append)
    environments.choose("")
    assert known == [Environment("", version="3.12")] and environments.current == known[0]
    qtbot.wait(80)
    assert asked.described == ["", "/other/python"]


def test_choosing_the_chosen_one_does_nothing(environments: Environments, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(environments.chosen):
        environments.choose("")


def test_one_that_hangs_does_not_keep_the_next_waiting(environments: Environments, asked: Asked, qtbot: QtBot) -> None:
    asked.hanging = {"/hanging/python"}
    environments.choose("/hanging/python")
    qtbot.waitUntil(lambda: asked.described == ["/hanging/python"])
    with qtbot.waitSignal(environments.known) as known:
        environments.choose("/good/python")
    assert known.args == [Environment("/good/python", version="3.12")]


def test_an_answer_that_was_given_up_is_not_taken(environments: Environments, asked: Asked, qtbot: QtBot) -> None:
    asked.hanging = {"/slow/python"}
    environments.choose("/slow/python")
    qtbot.waitUntil(lambda: asked.described == ["/slow/python"])
    asked.hanging = set()
    environments.choose("")
    environments.choose("/slow/python")
    with qtbot.waitSignal(environments.known):
        pass
    assert asked.described == ["/slow/python", "/slow/python"]


def test_environments_near_the_task(environments: Environments, asked: Asked, qtbot: QtBot, tmp_path: Path) -> None:
    task = tmp_path / "task.py"
    with qtbot.waitSignal(environments.interpreters_changed):
        environments.look_near(f"{task}:make")
    assert asked.near == [task]
    assert [one.label for one in environments.interpreters] == ["this program's", "near/.venv"]
    assert not asked.described, "no process is started only to list them"
    environments.look_near(str(task))
    qtbot.wait(80)
    assert asked.near == [task]
    with qtbot.waitSignal(environments.interpreters_changed):
        environments.look_near("")
    environments.look_near("package.module")
    qtbot.wait(80)
    assert asked.near == [task, None]


def test_the_chosen_one_is_always_in_the_list(environments: Environments, asked: Asked, qtbot: QtBot) -> None:
    picked = Interpreter("/picked/python", "/picked/python", "picked")
    lists: list[list[Interpreter]] = []
    environments.interpreters_changed.connect(lists.append)
    environments.choose("/picked/python")
    qtbot.waitUntil(lambda: environments.interpreters == [OWN, picked])
    assert lists == [[], [OWN, picked]]
    environments.choose("")
    assert lists[2:] == [[OWN, picked]], "told although the list is the same: another one of it is chosen"


def test_closing_ends_a_question_that_hangs(asked: Asked, qtbot: QtBot) -> None:
    made = Environments("/hanging/python", QCoreApplication.instance())
    asked.hanging = {"/hanging/python"}
    made.refresh()
    qtbot.waitUntil(lambda: bool(asked.described))
    made.close()
    made.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "lrgui asks Pythons"]
    made.refresh()
    made.choose("/other/python")
    made.look_near("/x/task.py")
    qtbot.wait(80)
    assert asked.described == ["/hanging/python"] and made.python == "/hanging/python"


def test_a_quiet_one_starts_no_python_before_it_is_told(asked: Asked, qtbot: QtBot) -> None:
    made = Environments(parent=QCoreApplication.instance(), quiet=True)
    made.choose("/other/python")
    qtbot.wait(80)
    assert not asked.described
    with qtbot.waitSignal(made.known):
        made.refresh()
    with qtbot.waitSignal(made.known):
        made.choose("")
    assert asked.described == ["/other/python", ""]
    made.close()

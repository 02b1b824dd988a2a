"""Putting the program together: what a start is asked for, and when the Pythons are asked."""

from __future__ import annotations

import gc
import signal
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from bench import Bench
from conftest_of_studies import drive, folder  # noqa: F401
from PySide6.QtCore import QCoreApplication, QObject, QSize
from pytestqt.qtbot import QtBot
from scripted import Scripted, training

from lrgui.gui import app
from lrgui.gui.environments import Environments
from lrgui.gui.fitting import fit
from lrgui.gui.settings import Settings
from lrgui.gui.window import MainWindow


@pytest.fixture
def opened(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What the window was asked to open."""
    opened: list[tuple[str, str]] = []
    monkeypatch.setattr(window.session, "open_run", lambda path: opened.append(("run", str(path))))
    monkeypatch.setattr(window.session, "use", lambda text: opened.append(("task", text)))
    return opened


@pytest.mark.parametrize("word", ["/code/task.py", "/code/task.py:make", "package.module", "mnist", "/data/images"])
def test_everything_else_is_the_task(window: MainWindow, opened: list[tuple[str, str]], word: str) -> None:
    app._obey(window, [word])
    assert opened == [("task", word)]


def test_paths_are_made_whole_before_another_window_gets_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "task.py").touch()
    (tmp_path / "0").touch()
    here = str(tmp_path / "task.py")
    assert app._absolute(["task.py"]) == [here]
    assert app._absolute(["task.py:make"]) == [f"{here}:make"]
    assert app._absolute([here]) == [here]
    for words in ([], ["package.module"], ["mnist"], ["--scenarios", "0"], ["nothing.py"]):
        assert app._absolute(words) == words


def test_no_garbage_is_looked_for_until_the_window_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[bool] = []
    monkeypatch.setattr(app, "_trouble", lambda _arguments: looked.append(gc.isenabled()))
    monkeypatch.setattr(app, "_run", lambda *_: looked.append(gc.isenabled()) or 0)
    assert app.main([]) == 0
    assert looked == [False, False]
    assert gc.isenabled()


@pytest.mark.parametrize(
    ("free", "size"),
    [
        ((1024, 700), (1016, 664)),
        ((800, 480), (792, 444)),
        ((683, 384), (680, 348)),
        ((640, 300), (680, 320)),
        ((2560, 1440), (1440, 900)),
    ],
)
def test_the_window_fits_the_screen(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch, free: tuple[int, int], size: tuple[int, int]
) -> None:
    window.resize(1440, 900)
    monkeypatch.setattr(window, "screen", lambda: SimpleNamespace(availableSize=lambda: QSize(*free)))
    fit(window)
    assert window.size() == QSize(*size)


def test_a_run_is_opened_as_one(window: MainWindow, opened: list[tuple[str, str]]) -> None:
    app._obey(window, ["/runs/a.lrrun"])
    assert opened == [("run", "/runs/a.lrrun")]


def test_nothing_and_options_open_nothing(window: MainWindow, opened: list[tuple[str, str]]) -> None:
    app._obey(window, [])
    app._obey(window, ["--scenarios", "3"])
    assert not opened and window.tabs.currentWidget() is window.tabs.scenarios


def test_a_current_folder_that_was_deleted_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    monkeypatch.setattr(app, "_trouble", lambda *_: None)
    monkeypatch.setattr(app, "_run", lambda *_: 0)
    assert app.main([]) == 0 and Path.cwd().is_dir()


def test_another_start_hands_its_task_to_this_window(
    window: MainWindow, opened: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lrgui.gui.single_instance.raise_window", lambda _window: None)  # not without a display
    app._come_forward(window, ["/project/task.py"])
    assert opened == [("task", "/project/task.py")]


def test_the_window_remembers_what_was_opened(bench: Bench, qtbot: QtBot) -> None:
    settings = Settings(theme="light", recent=["/a/task.py", "/b"])
    environments = Environments(parent=QCoreApplication.instance())
    window = app.create_window(settings, lambda _job: bench.source, environments)
    qtbot.addWidget(window, before_close_func=lambda _window: window.session.close())
    assert window.session.environments is environments
    assert window.session.tasks.recent == ["/a/task.py", "/b"]
    window.session.tasks.recent.insert(0, "/c/task.py")
    window.session.tasks.recent_changed.emit()
    assert settings.recent == ["/c/task.py", "/a/task.py", "/b"]


class TestDescribeLater:
    @pytest.fixture(autouse=True)
    def soon(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(app, "LOOK", 10)
        monkeypatch.setattr(app, "LONGEST_WAIT", 10_000)

    @pytest.fixture(autouse=True)
    def nothing_found(self) -> None:
        self.found: list[bool] = []
        """Whenever PyTorch was found in the chosen Python."""

    def table(self, state: str = "idle") -> tuple[Any, Any, Any, list[bool]]:
        refreshed: list[bool] = []
        environments = SimpleNamespace(
            current=None, refresh=lambda: refreshed.append(True), note_ready=lambda: self.found.append(True)
        )
        window = QObject()
        window.session = SimpleNamespace(state=state)  # type: ignore[attr-defined]
        return window, SimpleNamespace(ready=False, forks=False), environments, refreshed

    def test_after_the_warm_worker_is_up(self, qtbot: QtBot) -> None:
        window, pool, environments, refreshed = self.table()
        app._describe_later(window, pool, environments)
        qtbot.wait(60)
        assert not refreshed and not self.found
        pool.ready = True
        qtbot.waitUntil(lambda: bool(refreshed))
        assert self.found, "no line says any more that PyTorch is looked for"
        qtbot.wait(60)
        assert refreshed == [True], "once"

    def test_not_beside_a_run(self, qtbot: QtBot) -> None:
        window, pool, environments, refreshed = self.table("running")
        pool.ready = True
        app._describe_later(window, pool, environments)
        qtbot.wait(60)
        assert not refreshed
        window.session.state = "idle"
        qtbot.waitUntil(lambda: bool(refreshed))

    def test_beside_a_run_where_the_answer_is_forked(self, qtbot: QtBot) -> None:
        window, pool, environments, refreshed = self.table("running")
        pool.ready = pool.forks = True
        app._describe_later(window, pool, environments)
        qtbot.waitUntil(lambda: bool(refreshed))

    def test_where_no_worker_comes_up_after_a_while(self, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(app, "LONGEST_WAIT", 30)
        window, pool, environments, refreshed = self.table()
        app._describe_later(window, pool, environments)
        qtbot.waitUntil(lambda: bool(refreshed))

    def test_not_where_the_person_was_quicker(self, qtbot: QtBot) -> None:
        window, pool, environments, refreshed = self.table()
        environments.current, pool.ready = "known", True
        app._describe_later(window, pool, environments)
        qtbot.wait(60)
        assert not refreshed


def test_the_button_names_a_rate_where_one_is_selected_or_set(window: MainWindow, bench: Bench) -> None:
    button = window.row.buttons["train"]
    assert button.text() == "Train ▸" and "max LR 1e-2" in button.toolTip()
    bench.session.edit(train=replace(bench.session.job.train, max_lr=3.5e-2))
    assert button.text() == "Train with 3.5e-2 ▸" and "No learning rate is selected" in button.toolTip()
    bench.runs.select(3e-3)
    assert button.text() == "Train with 3e-3 ▸" and "selected learning rate" in button.toolTip()


def test_the_button_names_what_is_trained_while_another_rate_is_set(window: MainWindow, bench: Bench) -> None:
    button = window.row.buttons["train"]
    bench.runs.select(3e-3)
    bench.source = Scripted(training()[:1], hold=True)
    bench.session.train()
    bench.qtbot.waitUntil(lambda: bench.session.state == "running")
    bench.runs.select(5e-2)
    assert button.text() == "Train with 3e-3 ▸" and not button.isEnabled()
    with bench.qtbot.waitSignal(bench.session.run_ended):
        bench.session.stop()
    assert button.text() == "Train with 5e-2 ▸"


def test_a_signal_closes_the_window_once_nothing_is_being_painted(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    handlers: dict[int, Any] = {}
    closed: list[str] = []
    monkeypatch.setattr(signal, "signal", handlers.__setitem__)
    monkeypatch.setattr(window.session, "close", lambda: closed.append("session"))
    app._quit_on_signals(SimpleNamespace(quit=lambda: closed.append("program")), window)  # type: ignore[arg-type]
    handlers[signal.SIGTERM](signal.SIGTERM, None)
    assert closed == [], "Python may be in the middle of a paint event"
    qtbot.waitUntil(lambda: closed == ["session", "program"])
    monkeypatch.undo()

"""People's own code in the real window: nothing runs unasked, and whatever it does, the window lives."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import own_files
import pytest
from other_python import make_python
from processes import alive
from program import ROOT, Desktop, Program, until

from lrgui.core.events import BatchEvent, EndEvent, OutputEvent, TaskEvent
from lrgui.plot.theme import LIGHT
from lrgui.runs.job import Job
from lrgui.runs.log import LoggedRun, LogWriter
from lrgui.runs.trust import Trust

QUESTION = "^Run this code"


class Opened(Program):
    """The program, opened on a file by its argument."""

    def __init__(self, desktop: Desktop, folder: Path) -> None:
        super().__init__(desktop, folder)
        self.config = folder / "config"

    def open(self, argument: Path | None = None, **settings: object) -> None:
        """Start and wait for the window; with these settings where there are any, else with those of the last time."""
        self.end()  # it was closed before
        self.config.mkdir(exist_ok=True)
        if settings or not (self.config / "settings.json").exists():
            kept = {"version": 1, "theme": "light", "job": asdict(Job()), "folder": str(self.folder), **settings}
            (self.config / "settings.json").write_text(json.dumps(kept))
            Trust(self.config / "trusted.json").chose_pythons([str(settings.get("python", ""))])  # as in the window
        environment = {
            **self.desktop.environment,
            "LRGUI_RUNS": str(self.runs_folder),
            "LRGUI_CONFIG": str(self.config),
            "XDG_CONFIG_HOME": str(self.folder / "xdg"),
        }
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "main.py"), *([str(argument)] if argument is not None else [])],
            env=environment,
            cwd=self.folder,
            stderr=subprocess.PIPE,
        )
        self.window = until(lambda: self._find("^LR Finder$"), "the window")
        until(lambda: self._pixels(LIGHT.accent).any(), "the window is painted")
        self.wait_for_keyboard()

    # ------------------------------------------------------------ the question
    def is_asked(self) -> bool:
        """True while the program asks whether code may run."""
        return bool(self._find(QUESTION))

    def answer(self, trust: bool) -> None:
        """Trust the file, or don't. The button that refuses has the focus."""
        until(lambda: self._active() == self._find(QUESTION) != "", "the question")
        if trust:
            for _ in range(2):
                self.key("shift+Tab")
            self.key("space")
        else:
            self.key("Escape")
        until(lambda: not self.is_asked(), "the question is answered")

    # ------------------------------------------------------------ runs
    def logs(self) -> int:
        """How many runs there are on disk."""
        return len(list(self.runs_folder.glob("*.lrrun")))

    def next_end(self, before: int, seconds: float = 60.0) -> LoggedRun:
        """The run that began when there were `before` of them, once it has ended."""
        until(lambda: self.logs() > before, "the run's log", seconds)
        return until(lambda: self.ended("sweep"), "the end of the run", seconds)

    def find(self) -> None:
        """Press F5, once the button for it is blue: while a run is being ended it is not."""
        until(lambda: self._pixels(LIGHT.accent)[:90].sum() > 2000, "the window is idle")
        self.key("F5")

    def found(self) -> LoggedRun:
        """Press F5; the run, once it has ended."""
        before = self.logs()
        self.find()
        return self.next_end(before)

    def points(self) -> int:
        """What the newest run has measured so far."""
        run = self.run("sweep")
        return 0 if run is None else len(losses(run))

    def complains(self) -> bool:
        """True while the banner shows an error: its left edge is a bar of that colour. Signs elsewhere are smaller."""
        columns = self._pixels(LIGHT.error).sum(axis=0) >= 20
        return bool((columns[:-2] & columns[1:-1] & columns[2:]).any())


@pytest.fixture
def program(desktop: Desktop, tmp_path: Path) -> Iterator[Opened]:
    """A program that is not started yet; it is gone after the test, whatever happened."""
    program = Opened(desktop, tmp_path)
    yield program
    program.end()


def losses(run: LoggedRun) -> list[float]:
    return [event.loss for event in run.events if isinstance(event, BatchEvent)]


def end_of(run: LoggedRun) -> EndEvent:
    assert isinstance(run.events[-1], EndEvent)
    return run.events[-1]


# Asking and refusing is in tests/gui/test_task_choice.py, the mishaps in test_own_tasks.py.
@pytest.mark.slow
@pytest.mark.timeout(240)
def test_the_life_of_a_task(program: Opened, tmp_path: Path) -> None:
    folder = tmp_path / "my work"
    task = own_files.write(folder, "task.py", own_files.plain())
    marker = folder / own_files.MARKER

    def save(version: int, mishap: str = "") -> str:
        text = own_files.plain(version, mishap)
        task.write_text(text)
        return text

    def ran() -> list[str]:
        """Versions of the code that were imported, in order."""
        return [line.split()[0] for line in marker.read_text().splitlines()] if marker.exists() else []

    # Opened, looked at and refused: nothing of it was executed.
    program.open(task)
    program.find()
    program.answer(trust=False)
    assert ran() == [] and program.logs() == 0

    # Trusted: a curve.
    program.find()
    program.answer(trust=True)
    first = program.next_end(0)
    assert end_of(first).reason in ("completed", "diverged")
    assert (first.job.task.path, first.job.task.batch_size, first.job.sweep.end_lr) == (str(task), 32, 10.0)
    assert min(losses(first)) < 0.9 * losses(first)[0]
    until(lambda: program.count(LIGHT.optimal_tint) > 1000, "the zones")
    assert ran() == ["1"]
    assert json.loads((program.config / "trusted.json").read_text())["folders"] == {}, "the file alone"

    # Edited while the window is open: the next run uses the new code, and nobody is asked.
    save(2)
    assert end_of(program.found()).reason in ("completed", "diverged")
    assert ran() == ["1", "2"]

    # Broken: said before anything starts.
    assert not program.complains()
    task.write_text(own_files.plain(3) + "\ndef metrics(output, target:\n")
    program.find()
    until(program.complains, "the syntax error")
    assert marker.read_text().count("\n") == 2 and program.logs() == 2

    # It hangs in C, where nothing can be asked of it: Esc, and it is killed.
    save(4, "computes for ever")
    until(lambda: not program.complains(), "what was said of the error is gone with it")
    waiting = set(program.workers())  # those that fork workers for further runs stay
    program.find()
    until(lambda: program.logs() == 3 and program.points() == own_files.AFTER, "it hangs", 60)
    workers = set(program.workers()) - waiting
    assert workers
    program.key("Escape")
    killed = program.next_end(2, 30)
    assert end_of(killed).reason == "cancelled"
    assert len(losses(killed)) == own_files.AFTER
    until(lambda: not any(alive(pid) for pid in workers), "the worker is gone")

    # It ends its process.
    save(5, "exits")
    exited = program.found()
    assert "exit status 7" in end_of(exited).detail and len(losses(exited)) == own_files.AFTER
    until(program.complains, "the banner")

    # It prints 100,000 lines: the run is as good as any.
    save(6, "prints")
    printed = program.found()
    assert end_of(printed).reason in ("completed", "diverged") and len(losses(printed)) > own_files.AFTER
    assert any("line 99999" in event.text for event in printed.events if isinstance(event, OutputEvent))
    until(lambda: not program.complains(), "the banner is gone")

    # It wants more memory than there is.
    save(7, "fills the memory")
    assert end_of(program.found()).reason == "out_of_memory"
    until(program.complains, "the banner")

    assert ran() == ["1", "2", "4", "5", "6", "7"]
    program.close()
    assert program.exit_status() == 0


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_run_from_elsewhere_and_a_python_without_qt(program: Opened, tmp_path: Path) -> None:
    """A run file that names code executes nothing; once it is trusted it runs in the Python of the settings."""
    folder = tmp_path / "downloads"
    task = own_files.write(folder, "task.py", own_files.plain())
    marker = folder / own_files.MARKER
    python = make_python(tmp_path / "second" / ".venv")
    log = folder / "from a friend.lrrun"
    write_run(log, task)
    program.open(log, python=python.path)
    until(lambda: program.count(LIGHT.optimal_tint) > 1000, "the friend's zones")
    program.key("ctrl+shift+u")
    program.find()
    program.answer(trust=False)
    assert not marker.exists() and program.logs() == 0

    program.find()
    program.answer(trust=True)
    run = program.next_end(0)
    assert end_of(run).reason in ("completed", "diverged")
    assert marker.read_text() == f"1 {python.folder}\n"
    program.close()
    assert program.exit_status() == 0

    # The settings name the task now. Changes while the program was closed do not ask, files put beside it do.
    assert json.loads((program.config / "settings.json").read_text())["job"]["task"]["path"] == str(task)
    task.write_text(own_files.plain(2))
    program.open()
    program.find()
    program.next_end(1)
    assert marker.read_text() == f"1 {python.folder}\n2 {python.folder}\n"
    program.close()
    assert program.exit_status() == 0
    (folder / "torch.py").write_text("")
    program.open()
    program.find()
    program.answer(trust=False)
    assert marker.read_text().count("\n") == 2 and program.logs() == 2
    program.close()
    assert program.exit_status() == 0


def write_run(log: Path, task: Path) -> None:
    """A run of the task that somebody made elsewhere."""
    job = own_files.job_for(task)
    points = [BatchEvent(0, i, 10 ** (-6 + 0.1 * i), 2.0 - 0.03 * max(0, i - 20), 0.01 * i) for i in range(60)]
    with LogWriter(log, job) as writer:
        writer.write([TaskEvent("a friend's task", "640 examples", 640, 0, 195, 3, "cpu", 20, 60)])
        writer.write([*points, EndEvent("completed", "All 60 steps were measured.")])

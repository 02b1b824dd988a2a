"""Closing the window, and killing it, in every state: nothing is left behind, nothing is lost."""

from __future__ import annotations

import os
import signal

import pytest
from processes import alive
from program import Program, until

from lrgui.core.events import EndEvent, StateEvent
from lrgui.plot.theme import LIGHT

LONG = {"steps": 200_000, "end_lr": 1e-3, "stop_factor": 0.0}


def _start_long_run(program: Program) -> None:
    program.start(**LONG)
    program.key("F5")
    until(lambda: program.points() > 50, "the run goes on")


@pytest.mark.slow  # the main job ends so, too
def test_idle(program: Program) -> None:
    program.start()
    program.close()
    assert program.exit_status() == 0


@pytest.mark.slow
def test_paused(program: Program) -> None:
    _start_long_run(program)
    program.key("space")

    def paused() -> bool:
        run = program.run("sweep")
        return run is not None and StateEvent("paused") in run.events

    until(paused, "paused")
    held = program.points()
    program.key("space")
    until(lambda: program.points() > held + 50, "resumed")
    program.key("space")
    program.close()
    _answer(program, stop=True)
    assert program.exit_status() == 0


@pytest.mark.slow  # tests/gui/test_app.py sends that signal, and the end of a run's process is that of tests/runs
def test_the_session_ends(program: Program) -> None:
    """Logging out or Ctrl+C in the terminal: nobody is asked, the run ends in good order."""
    _start_long_run(program)
    workers = program.workers()
    assert program.process is not None
    program.process.send_signal(signal.SIGTERM)
    assert program.exit_status() == 0
    _was_stopped(program, workers)


@pytest.mark.slow
def test_training(program: Program) -> None:
    program.start(epochs=2000)
    program.key("F6")
    until(lambda: program.points("train") > 50, "the training goes on")
    program.close()
    _answer(program, stop=True)
    assert program.exit_status() == 0


@pytest.mark.slow  # in tests/runs/test_guard.py other programs that have started a run are killed
def test_a_killed_window_leaves_no_orphan(program: Program) -> None:
    _start_long_run(program)
    workers = program.workers()
    assert workers
    program.kill_window()
    until(lambda: not any(alive(pid) for pid in workers), "the workers are gone")
    assert program.points() > 50, "what was measured is on disk"


def test_a_killed_worker_leaves_the_points_and_whoever_closes_while_another_runs_is_asked(program: Program) -> None:
    _start_long_run(program)
    for pid in program.workers():
        os.kill(pid, signal.SIGKILL)
    run = until(lambda: program.ended("sweep"), "the run's end is told")
    end = run.events[-1]
    assert isinstance(end, EndEvent)
    assert end.reason in ("killed", "failed")
    until(lambda: program.count(LIGHT.error) > 100, "the banner")
    assert program.count(LIGHT.dots) + program.count(LIGHT.curve) > 100, "the points stay on screen"

    # Another worker takes its place. Closing asks, keeps it running, and ends it.
    program.key("F5")
    until(lambda: len(list(program.runs_folder.glob("*.lrrun"))) == 2 and program.points() > 50, "the next run goes on")
    workers = program.workers()
    assert workers
    program.close()
    _answer(program, stop=False)
    before = program.points()
    until(lambda: program.points() > before + 100, "the run still goes on")
    program.close()
    _answer(program, stop=True)
    assert program.exit_status() == 0
    _was_stopped(program, workers)


def _was_stopped(program: Program, workers: list[int]) -> None:
    """The window is gone: so are those that computed, and the log says that the run was stopped."""
    until(lambda: not any(alive(pid) for pid in workers), "the workers are gone")
    run = program.run("sweep")
    assert run is not None
    assert isinstance(run.events[-1], EndEvent)
    assert run.events[-1].reason == "cancelled"


def _answer(program: Program, stop: bool) -> None:
    """Answer the question whether to stop the run."""
    program.wait_for_question()
    program.key("Return" if stop else "Escape")
    until(lambda: not program.asks(), "the question is answered")


pytestmark = pytest.mark.timeout(150)

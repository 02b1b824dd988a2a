"""`lrgui steer`: a run that goes on elsewhere is changed."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lrgui.cli import steer
from lrgui.core.events import EndEvent, RateEvent, RunState, StateEvent
from lrgui.runs.job import Job
from lrgui.runs.library import start_log
from lrgui.runs.log_writer import LogWriter
from lrgui.runs.steering import steered

Command = Callable[..., subprocess.CompletedProcess[str]]


class Training:
    """A run that answers at once, in its log."""

    def __init__(self, log: LogWriter) -> None:
        self._log = log

    def pause(self) -> None:
        self._log.write([StateEvent(RunState.PAUSED)])

    def resume(self) -> None:
        self._log.write([StateEvent(RunState.RUNNING)])

    def cancel(self) -> None:
        self._log.write([EndEvent("cancelled", "Stopped in epoch 3 of 9.")])

    def kill(self) -> None: ...

    def ask(self, request: str) -> None:
        if request.startswith("rate "):
            factor = float(request.split()[1])
            self._log.write([RateEvent(41, factor, 0.5 * factor, 2e-3, "by hand")])


@pytest.fixture
def run(own_folders: Path) -> Iterator[Path]:
    with start_log(Job().training()) as log:
        log.write([RateEvent(3, 0.5, 0.5, 1e-2, "by hand")])  # of before: no answer to what is asked now
        with steered(log.path, Training(log)):
            yield log.path


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--factor", "1/10"], "From step 42 on the rate is 2e-3, 0.05 times the plan."),
        (["--pause"], "Paused. --resume lets it go on."),
        (["--resume"], "It goes on."),
        (["--stop"], "Stopped in epoch 3 of 9."),
    ],
)
def test_what_the_run_answers_is_said(command: Command, run: Path, words: list[str], said: str) -> None:
    done = command("steer", run.name, *words)  # its name among the runs that were kept
    assert (done.returncode, done.stdout.strip()) == (0, said)


def test_a_run_that_does_not_answer_yet_was_asked(command: Command, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steer, "PATIENCE", 0.1)
    done = command("steer", run, "--finish")
    assert (done.returncode, done.stdout.strip()) == (0, f"{run.name} was asked. It stops when its epoch is over.")


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ([], 2, "Say one thing: --factor, --finish, --pause, --resume, --stop."),
        (["--pause", "--stop"], 2, "Say one thing"),
        (["--factor", "fast"], 2, "“fast” is not a factor: write 0.5, 2 or 1/10."),
    ],
)
def test_what_cannot_be_asked(command: Command, run: Path, words: list[str], status: int, said: str) -> None:
    done = command("steer", run, *words)
    assert done.returncode == status and said in " ".join(done.stderr.split())


def test_a_run_that_is_over_is_not_asked(command: Command, own_folders: Path) -> None:
    with start_log(Job().training()) as log:
        log.write([EndEvent("completed", "All 5 epochs were trained.")])
    done = command("steer", log.path, "--factor", "0.5")
    assert done.returncode == 1 and "has ended: All 5 epochs were trained." in " ".join(done.stderr.split())
    with start_log(Job().training()) as cut:
        pass
    done = command("steer", cut.path, "--pause")
    assert done.returncode == 1 and "Nobody computes" in done.stderr
    with start_log(Job()) as sweep:
        done = command("steer", sweep.path, "--factor", "0.5")
    assert done.returncode == 2 and "is for a training of LR Finder" in " ".join(done.stderr.split())

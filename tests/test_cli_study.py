"""`lrgui study`: the command, and a study whose program is killed in the middle."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest_of_studies import Scripted, events_of

from lrgui.runs.opened import open_run
from lrgui.studies.driver import Driver
from lrgui.studies.execution import ExecutionSettings
from lrgui.studies.executor import LocalPool
from lrgui.studies.folder import JOURNAL, StudyFolder
from lrgui.studies.plan import planned
from lrgui.studies.spec import StudySpec

pytestmark = pytest.mark.usefixtures("warm_processes")

Command = Callable[..., subprocess.CompletedProcess[str]]
SMALL = ("--set", "model=mlp", "--set", "sweep.steps=20", "--set", "subset=256")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lines(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / JOURNAL).read_text().splitlines() if line.endswith("}")]


def test_a_grid_on_the_command_line(command: Command, here: Path) -> None:
    words = ("study", "digits", *SMALL, "--batch-sizes", "32,64", "--workers", 2)
    done = command(*words, "--csv", "runs.csv", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [run["batch_size"] for run in found["runs"]] == [32, 64] and found["missing"] == 0
    assert (here / "runs.csv").read_text().count("\n") == 3
    assert len(list((here / "digits.study" / "runs").iterdir())) == 2
    again = command(*words)
    assert again.returncode == 0 and "batch size" in again.stdout
    assert len([each for each in lines(here / "digits.study") if each["event"] == "started"]) == 2


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("digits", "--optimizers", "sdg"), "Unknown optimizer “sdg”"),
        (("digits", "--grid", "width"), "write NAME=VALUES"),
        (("digits", "--set", "width"), "write NAME=VALUE"),
        (("digits", "--seeds", "many"), "Seeds cannot be “many”"),
        (("digits", "--measure", "guess"), "cannot measure “guess”"),
        (("nowhere.toml",), "nowhere.toml cannot be read (No such file or directory)"),
        (("nowhere.study",), "There is no study in nowhere.study"),
        (("digits", "--on", "moon"), "There is no target moon"),
        (("digits", "--overlay", "curves.gif"), "--overlay writes .png, .svg or .pdf"),
        (("digits", "--workers", "0"), "Workers cannot be “0”"),
    ],
)
def test_what_cannot_be_run_is_said_first(command: Command, here: Path, words: tuple, sentence: str) -> None:
    done = command("study", *words)
    assert done.returncode == 2 and sentence in done.stderr
    assert list(here.iterdir()) == []


def test_without_ray_it_is_said(command: Command, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    done = command("study", "digits", "--on", "ray")
    assert done.returncode == 1 and "pip install 'lrgui[cluster]'" in done.stderr


def test_one_that_another_program_runs_is_shown_as_far_as_it_is(command: Command, here: Path) -> None:
    plan, there = planned(StudySpec("digits", grid={"batch_size": (32, 64)})), StudyFolder(here / "a.study")
    pool = LocalPool(2, lambda job: Scripted(events_of(job)))
    Driver(plan, there, pool, how=ExecutionSettings()).run()
    with there.held():
        done = command("study", "a.study")
    assert "Another program is running the study" in done.stderr
    assert done.returncode == 0 and "2 sweeps from batch 32 to 64 are too few to tell" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
@pytest.mark.slow
def test_killed_in_the_middle_and_gone_on_with(command: Command, here: Path) -> None:
    words = ("study", "digits", *SMALL, "--batch-sizes", "16,32,64,128", "--workers", "2")
    folder = here / "digits.study"
    begun = subprocess.Popen([sys.executable, "-m", "lrgui", *words], stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 90
        while time.monotonic() < until and not (
            (folder / JOURNAL).exists() and any(each["event"] == "ended" for each in lines(folder))
        ):
            time.sleep(0.02)
        os.kill(begun.pid, signal.SIGKILL)
    finally:
        begun.kill()
        begun.wait()
    before = lines(folder)
    ended = [each["key"] for each in before if each["event"] == "ended"]
    assert 1 <= len(ended) < 4, "it was killed in the middle"
    done = command(*words, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found["runs"]) == 4 and found["missing"] == 0
    after = lines(folder)
    assert Counter(each["key"] for each in after if each["event"] == "ended").most_common(1)[0][1] == 1
    started = Counter(each["key"] for each in after if each["event"] == "started")
    assert all(started[key] == 1 for key in ended), "what was measured is not measured again"
    for run in found["runs"]:
        opened = open_run(run["log"])
        assert opened.record.end is not None and len(opened.record) == run["points"]


@pytest.mark.slow
def test_the_tutorials_commands_run(command: Command, here: Path) -> None:
    """The studies' half of it, on this machine."""
    page = (Path(__file__).parents[1] / "docs" / "tutorial" / "cluster.md").read_text(encoding="utf-8")
    first, second = re.findall(r"```bash\nlrgui (.+)\n```", page)
    words = shlex.split(first.replace("16,32,64,128", "16,64").replace("sgd,adamw", "sgd"))
    done = command(*words, "--set", "subset=256")
    assert done.returncode == 0, done.stderr
    assert "16" in done.stdout and "64" in done.stdout
    words = shlex.split(second)
    for option in ("--png", "--overlay"):  # a picture needs a display, which is not for here
        del words[words.index(option) : words.index(option) + 2]
    done = command(*words)
    assert done.returncode == 0, done.stderr
    assert (here / "runs.csv").read_text().count("\n") == 3
    assert len([each for each in lines(here / "digits.study") if each["event"] == "started"]) == 2

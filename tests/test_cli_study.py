"""`lrgui study`: the command, and a study whose program is killed in the middle."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest_of_studies import Scripted, events_of
from held_runs import Held
from processes import within

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
    if not (folder / JOURNAL).exists():
        return []
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
    held = Held(here)
    held.hold(64, 128)
    words = ("study", held.task, "--set", "sweep.steps=20", "--batch-sizes", "16,32,64,128", "--workers", "2")
    folder = here / "task.study"

    def ended() -> list[str]:
        return [each["key"] for each in lines(folder) if each["event"] == "ended"]

    begun = subprocess.Popen([sys.executable, "-m", "lrgui", *words], stderr=subprocess.DEVNULL)
    try:
        assert within(150, lambda: len(held.waited) == 2 and len(ended()) == 2)
    finally:
        begun.kill()
        begun.wait()
    before = ended()
    assert len(before) == 2, "it was killed in the middle"
    held.release()
    done = command(*words, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found["runs"]) == 4 and found["missing"] == 0
    after = lines(folder)
    assert Counter(each["key"] for each in after if each["event"] == "ended").most_common(1)[0][1] == 1
    started = Counter(each["key"] for each in after if each["event"] == "started")
    assert all(started[key] == 1 for key in before), "what was measured is not measured again"
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

"""`lrgui run`: a training script as it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from unittest.mock import ANY

import pytest

from lrgui.cli.run import script_job
from lrgui.cli.steps import step_words
from lrgui.core.curve.plan import Plan
from lrgui.core.events import BatchEvent, ScriptEvent, TaskEvent
from lrgui.runs.log import read_log
from lrgui.runs.script_answer import command_with, made_where, raced_rate, script_sentences

pytestmark = pytest.mark.usefixtures("warm_processes")

Command = Callable[..., subprocess.CompletedProcess[str]]

SCRIPT = """
import argparse, torch
p = argparse.ArgumentParser()
p.add_argument("--lr", type=float, default=0.05)
p.add_argument("--steps", type=int)
args = p.parse_args()
torch.manual_seed(0)
torch.set_num_threads(1)
x, w = torch.randn(512, 20), torch.randn(20, 5)
y = (x @ w).argmax(1)
model = torch.nn.Sequential(torch.nn.Linear(20, 32), torch.nn.ReLU(), torch.nn.Linear(32, 5))
optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)
for step in range(args.steps):
    i = 32 * step % 512
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(model(x[i:i + 32]), y[i:i + 32])
    loss.backward()
    optimizer.step()
    print("step", step)
"""


def test_a_script_with_arguments_of_its_own(tmp_path: Path) -> None:
    file, log = tmp_path / "train.py", tmp_path / "run.lrrun"
    file.write_text(SCRIPT)
    command = [sys.executable, "-W", "error", "-m", "lrgui", "run", "--to", "10", "--json", "--log", str(log)]
    command += [str(file), "--steps", "500", "--lr", "0.02"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, timeout=240, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert "step 100" in done.stderr
    assert 3e-2 < found["lr"] < 0.5
    assert found["script"]["own_lr"] == 0.02
    assert found["script"]["optimizer"] == "SGD"
    assert found["script"]["command"].startswith("python train.py --steps 500 --lr ")
    assert float(found["script"]["command"].rpartition(" ")[2]) == pytest.approx(found["lr"], rel=0.05)
    job = read_log(log).job
    assert (job.task.source, job.task.argv) == ("script", ["--steps", "500", "--lr", "0.02"])
    assert job.sweep.end_lr == 10
    assert file.read_text() == SCRIPT


def test_verified_by_the_script_itself(tmp_path: Path) -> None:
    file, log = tmp_path / "train.py", tmp_path / "race.lrrun"
    file.write_text(SCRIPT.replace('print("step", step)', 'print("loss", loss.item())'))
    command = [sys.executable, "-W", "error", "-m", "lrgui", "run", "--verify", "--around", "0.1", "--trainings", "3"]
    command += [
        "--verify-steps",
        "24",
        "--metric",
        "loss (.*)",
        "--json",
        "--log",
        str(log),
        str(file),
        "--steps",
        "25",
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, timeout=240, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [row["place"] for row in found["ranking"]] == [1, 2, 3]
    assert found["judged_by"] == "loss" and found["ranking"] == sorted(found["ranking"], key=lambda row: row["metric"])
    assert found["script"]["command"].startswith("python train.py --steps 25 --lr ")
    job = read_log(log).job
    assert (job.kind, job.race.metric, job.race.around, job.race.steps) == ("race", "loss (.*)", 0.1, 24)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--verify-schedule", "cosine"], "--verify-schedule is own or onecycle."),
        (["--metric", "acc"], "Put the number in parentheses"),
        (["--higher"], "--higher without --metric would change nothing"),
        (["--metric", "acc ("], "The pattern “acc (” cannot be read"),
        (["--around", "1e-2", "--csv", "curve.csv"], "--around leaves it out"),
        (["--around", "-1"], "The rate to race around"),
    ],
)
def test_a_race_that_cannot_be(command: Command, tmp_path: Path, words: list[str], expected: str) -> None:
    file = tmp_path / "train.py"
    file.touch()
    done = command("run", "--verify", *words, str(file))
    assert done.returncode == 2
    assert expected in done.stderr


def test_a_script_that_is_not_there(command: Command) -> None:
    done = command("run", "nowhere.py")
    assert done.returncode == 2
    assert "There is no script nowhere.py" in done.stderr


def test_a_folder_in_the_place_of_a_script(command: Command, tmp_path: Path) -> None:
    done = command("run", tmp_path)
    assert done.returncode == 2
    assert "is a folder without __main__.py: name the script in it" in done.stderr


def test_a_module_that_there_is_not(command: Command) -> None:
    for name in ("no_such_package.train", ".train"):
        done = command("run", "-m", name)
        assert (done.returncode, done.stdout) == (2, "")
        assert f"There is no module {name} in " in done.stderr
    elsewhere = command("run", "--python", sys.executable, "-m", "no_such_package.train")
    assert (elsewhere.returncode, elsewhere.stdout) == (1, "")
    assert "cannot run the module no_such_package.train: No module named 'no_such_package'." in elsewhere.stderr


@pytest.mark.parametrize("option", ["--py", "--ipynb"])
def test_a_program_is_not_offered_for_what_is_one(command: Command, tmp_path: Path, option: str) -> None:
    (tmp_path / "train.py").write_text(SCRIPT)
    done = command("run", option, tmp_path / "again", tmp_path / "train.py")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"There is no option {option}." in done.stderr


def test_how_a_script_failed_is_said_once(command: Command, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(f"{SCRIPT}\n    if step == 20:\n        raise SystemExit(3)\n")
    done = command("run", tmp_path / "train.py", "--steps", "30")
    assert done.returncode == 1
    assert (done.stdout + done.stderr).count("ended after 20 of 200 steps (exit status 3)") <= 1
    assert "ended after 21 of 200 steps (exit status 3)" in done.stderr


def test_words_behind_the_script_are_the_scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").touch()
    task = script_job(["train.py", "--json", "-m", "--", "x y"], False, {"optimizer": 0, "patience": 3}).task
    assert (task.path, task.argv) == (str(tmp_path / "train.py"), ["--json", "-m", "--", "x y"])
    assert task.options == {"patience": 3, "folder": str(tmp_path)}
    assert script_job(["pack.train"], True, {}).task.path == "pack.train"
    assert script_job(["python", "train.py", "-m"], False, {}).task == replace(task, arguments="-m", options=ANY)
    launched = script_job(["torchrun", "--nproc_per_node", "2", "train.py"], False, {}).task
    assert (launched.path, launched.arguments) == ("torch.distributed.run", "--nproc_per_node 2 train.py")
    assert script_job(["python3", "-m", "pack.train", "x"], False, {}).task.path == "pack.train"


FACTS = ScriptEvent("Adam", 0, 1, 1, 200, 1, 1e-3, 1e-3, 1e-3, "", "/home/x/net.py", 12, "--lr")


@pytest.mark.parametrize(
    ("arguments", "option", "expected"),
    [
        ([], "--lr", "python train.py --lr 3.2e-2"),
        (["--lr", "1e-3", "--fast"], "--lr", "python train.py --lr 3.2e-2 --fast"),
        (["--lr=1e-3", "a b"], "--lr", "python train.py --lr=3.2e-2 'a b'"),
        (["optim.lr=1e-3"], "optim.lr=", "python train.py optim.lr=3.2e-2"),
        (["seed=1"], "optim.lr=", "python train.py seed=1 optim.lr=3.2e-2"),
        ([], "", ""),
    ],
)
def test_the_command_line_with_the_rate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], option: str, expected: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").touch()
    task = script_job(["train.py", *arguments], False, {}).task
    facts = ScriptEvent(**{**vars(FACTS), "option": option})
    assert command_with(task, facts, 0.0316) == expected
    words = script_sentences(task, facts, 0.0316)
    assert words[0] == (f"To use it: {expected}" if expected else "Adam is made in net.py, line 12.")
    assert "Adam is made in net.py, line 12." in words
    assert "are where it always writes them" in words[-1]


def test_the_file_that_makes_the_optimizer_is_called_as_in_the_scripts_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").touch()
    task = script_job(["train.py"], False, {}).task
    facts = ScriptEvent("Adam", 0, 1, 1, 200, 1, 1e-3, 1e-3, 1e-3, file=str(tmp_path / "engine" / "net.py"), line=12)
    assert made_where(task, facts) == f"Adam is made in {Path('engine', 'net.py')}, line 12."
    assert made_where(task, replace(facts, file="/elsewhere/net.py")) == "Adam is made in net.py, line 12."
    assert made_where(task, replace(facts, file="")) == ""


def test_its_own_schedule(tmp_path: Path) -> None:
    (tmp_path / "train.py").touch()
    task = script_job([str(tmp_path / "train.py")], False, {}).task
    facts = ScriptEvent("Adam", 1, 2, 1, 200, 1, 0.0, 3e-3, 4e-3, "OneCycleLR")
    assert script_sentences(task, facts, 1e-3)[:2] == [
        "Swept: optimizer 1 of 2 (Adam), which trained alone.",
        "The script's schedule (OneCycleLR) went from 0 up to 4e-3 and down to 3e-3 in these 200 steps.",
    ]
    facts = ScriptEvent("Adam", 0, 1, 1, 200, 1, 0.0, 3e-3, 3e-3)
    assert script_sentences(task, facts, None)[0] == "The script itself went from 0 to 3e-3 in these 200 steps."
    facts = ScriptEvent("Adam", 0, 2, 1, 200, 1, 0.0, 3e-3, 4e-3, meanwhile=200)
    assert script_sentences(task, facts, 1e-3)[0] == (
        "Swept: optimizer 0 of 2 (Adam); the others kept their rates. --optimizer 1 sweeps the next."
    )
    facts = ScriptEvent("Adam", 0, 1, 1, 200, 1, 3e-3, 3e-3, 3e-3, "StepLR")
    assert script_sentences(task, facts, None)[0] == "The script's schedule (StepLR) kept its rate in these 200 steps."
    assert script_sentences(task, None, 1e-3) == []


@pytest.mark.parametrize(
    ("plan", "comes_to", "said"),
    [
        (Plan(schedule="decay", family="momentum"), "9.8e-2", "which comes to a highest rate of about 9.8e-2 there."),
        (Plan(schedule="onecycle", family="momentum"), "1.4e-1", "and the highest rate there."),
        (Plan(), "", "and what it comes to there is not known."),
    ],
)
def test_a_maximum_of_one_cycle_is_not_given_to_another_schedule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plan: Plan, comes_to: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").touch()
    task = script_job(["train.py"], False, {}).task
    facts = ScriptEvent("SGD", 0, 1, 1, 200, 1, 0.05, 0.01, 0.05, "StepLR", option="--lr")
    rate = raced_rate(0.14, True, plan)
    words = script_sentences(task, facts, rate, 0.14)
    assert words[0] == (
        "The race ran OneCycle in the place of the script's own schedule (StepLR): 1.4e-1 is OneCycle's maximum, "
        f"{said}"
    )
    assert [line for line in words if "--lr" in line] == (
        [f"To use it: python train.py --lr {comes_to}"] if comes_to else []
    )
    assert raced_rate(0.14, False, plan) == 0.14


@pytest.mark.parametrize(
    "words",
    [
        ("--metric", "acc (.*)"),
        ("--around", "1e-2"),
        ("--trainings", "3"),
        ("--verify-steps", "160"),
        ("--verify-schedule", "own"),
    ],
)
def test_what_is_of_the_race_is_refused_without_one(command: Command, tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "train.py").write_text(SCRIPT)
    done = command("run", *words, tmp_path / "train.py")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{words[0]} without --verify would change nothing: add --verify" in done.stderr


def test_a_check_of_a_script_says_what_a_sweep_would_do(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(SCRIPT)
    done = command("check", "train.py", "--", "--steps", "50", "--lr", "0.02")
    assert done.returncode == 0, done.stderr
    assert "train.py can run: SGD steps after each backward pass" in done.stdout
    assert "Its own rate is 2e-2." in done.stdout
    assert "--lr sets its rate." in done.stdout
    assert "Sweep it: lrgui run train.py --steps 50 --lr 0.02" in done.stdout


def test_a_check_of_a_notebook_and_of_a_module(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    cells = [{"cell_type": "code", "source": text.splitlines(keepends=True)} for text in ("%time\n", SCRIPT)]
    (tmp_path / "train.ipynb").write_text(json.dumps({"cells": cells, "nbformat": 4}))
    done = command("check", "train.ipynb", "--", "--steps", "50")
    assert done.returncode == 0, done.stderr
    assert "train.ipynb can run: SGD steps after each backward pass" in done.stdout
    assert "Sweep it: lrgui run train.ipynb --steps 50" in done.stdout
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "train.py").write_text(f"from . import size\n{SCRIPT}")
    (tmp_path / "mine" / "__init__.py").write_text("size = 4\n")
    done = command("check", "-m", "mine.train", "--", "--steps", "50")
    assert done.returncode == 0, done.stderr
    assert "Sweep it: lrgui run -m mine.train --steps 50" in done.stdout


def test_a_check_does_not_train_a_script_whose_names_come_by_a_star(command: Command, tmp_path: Path) -> None:
    (tmp_path / "common.py").write_text("import torch\nweight = torch.nn.Parameter(torch.ones(2))\n")
    file, left = tmp_path / "train.py", tmp_path / "left"
    loop = "for _ in range(9):\n    (weight**2).sum().backward()\n    optimizer.step()\n"
    made = "optimizer = torch.optim.SGD([weight], lr=0.1)\n"
    file.write_text(f"from common import *\n{made}{loop}open({str(left)!r}, 'w')\n")
    done = command("check", file)
    assert done.returncode == 0, done.stderr
    assert "train.py can run: SGD steps after each backward pass" in done.stdout
    assert not left.exists(), "three steps, and nothing behind them"


def test_a_script_in_the_place_of_a_task_is_recognised(command: Command, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SCRIPT)
    done = command("find", tmp_path / "train.py")
    assert done.returncode == 1
    assert "If it trains by itself, “lrgui run train.py” runs it as it is." in done.stderr


def test_watched_as_it_is(tmp_path: Path) -> None:
    file, log = tmp_path / "train.py", tmp_path / "watch.lrrun"
    file.write_text(SCRIPT)
    command = [sys.executable, "-W", "error", "-m", "lrgui", "watch", "--json", "--log", str(log), str(file)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(
        [*command, "--steps", "30"], capture_output=True, text=True, env=environment, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found["steps"]["lr"]) == {0.05}
    assert {len(values) for values in found["steps"].values()} == {30}
    assert min(found["steps"]["gradient_norm"]) > 0
    assert found["end"]["reason"] == "completed"
    assert "step 29" in done.stderr
    read = read_log(log)
    assert (read.job.kind, read.warnings) == ("train", [])
    assert sum(isinstance(event, BatchEvent) for event in read.events) == 30


def test_steps_in_a_line() -> None:
    task = TaskEvent("train.py · SGD", "", 0, 0, 5, None, "cpu", 0, 0, metric_name="gradient norm")
    steps = [BatchEvent(0, step, 3.2e-4, 0.5, 0.01 * step, None, 1.25) for step in range(50)]
    words = "step 50 · loss 0.500 · LR 3.2e-4 · gradient norm 1.25 · 100 steps/s"
    assert step_words(steps, task) == words
    assert step_words([BatchEvent(0, 0, 1e-2, 0.5, 0.0)], None) == "step 1 · loss 0.500 · LR 1e-2"


def test_of_a_script_that_trains_in_two_parts_the_other_one_is_named(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pretraining of its own before the training: the rate that is found is the first one's."""
    monkeypatch.chdir(tmp_path)
    loop = SCRIPT[SCRIPT.index("for step in") :]
    head = "optimizer = torch.optim.Adam(model[-1].parameters())\n"
    (tmp_path / "train.py").write_text(f"{SCRIPT}{head}{loop}")
    done = command("run", "--to", "10", "train.py", "--steps", "90")
    assert (
        "Its optimizer 0 (SGD) makes 90 steps, before its loss fell, and another one trains after it (--optimizer 1): "
        "running it again, with so many." in done.stderr
    )
    assert "Swept: optimizer 0 of 2 (SGD), which trained alone. --optimizer 1 sweeps the next." in done.stdout


def test_a_script_with_few_steps_runs_again_with_as_many(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(SCRIPT)
    done = command("run", "--to", "10", "--json", "train.py", "--steps", "90")
    assert (
        "The script ended itself after 90 steps, before its loss fell: running it again, with so many." in done.stderr
    )
    found = json.loads(done.stdout)
    assert found["sweep"]["steps"] == 90
    assert done.returncode == 0 and 1e-2 < found["lr"] < 1
    raced = command(
        "run",
        "--verify",
        "--trainings",
        "3",
        "--verify-steps",
        "60",
        "--to",
        "10",
        "--json",
        "train.py",
        "--steps",
        "90",
    )
    assert "The script ended itself after 90 steps" in raced.stderr, "its race begins with such a sweep, too"
    assert raced.returncode == 0 and json.loads(raced.stdout)["around"] > 1e-2

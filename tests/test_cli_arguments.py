"""What stands behind “--” is the command line of the task's own code; and settings that have an option of their own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lrgui.runs.log import read_log

pytestmark = pytest.mark.usefixtures("warm_processes")

Command = Callable[..., subprocess.CompletedProcess[str]]

SCRIPT = """\
import argparse
import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser()
parser.add_argument("--width", type=int, required=True)
parser.add_argument("--name", default="")
options = parser.parse_args()


def model():
    assert sys.argv[1:3] == ["--width", str(options.width)], "also while it runs"
    print("name:", options.name)
    return nn.Sequential(nn.Linear(20, options.width), nn.ReLU(), nn.Linear(options.width, 4))


def train_loader(batch_size):
    return DataLoader(TensorDataset(torch.randn(128, 20), torch.randint(0, 4, (128,))), batch_size)


def loss(output, target):
    return nn.functional.cross_entropy(output, target)
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    return path


def test_a_scripts_own_arguments_reach_it(command: Command, script: Path) -> None:
    done = command("check", script, "--json", "--device", "cpu", "--", "--width", 8, "--name", "a b")
    assert done.returncode == 0, done.stderr
    assert "204 parameters" in json.loads(done.stdout)["steps"][0]["detail"]  # 20·8 + 8 + 8·4 + 4
    assert "name: a b" in done.stderr


def test_arguments_are_kept_with_the_run(command: Command, script: Path, tmp_path: Path) -> None:
    log = tmp_path / "run.lrrun"
    done = command("find", script, "--steps", 10, "--log", log, "--json", "--", "--width", 8, "--name", "it's")
    assert done.returncode in (0, 3), done.stderr
    assert read_log(log).job.task.argv == ["--width", "8", "--name", "it's"]


def test_a_script_that_gets_none_says_where_they_go(command: Command, script: Path) -> None:
    done = command("check", script)
    assert done.returncode == 1
    assert "script.py, line 11: The task's code parses a command line: pass its arguments" in done.stderr


def test_data_without_code_takes_no_arguments(command: Command) -> None:
    done = command("find", "digits", "--", "--width", 8)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "lrgui: digits takes no arguments. Only your own code reads them: remove them.\n"


@pytest.mark.parametrize(
    ("setting", "option"),
    [
        ("batch_size=32", "--batch-size 32"),
        ("batch-size=32", "--batch-size 32"),
        ("num_workers=2", "--loader-workers 2"),
        ("steps=5", "--steps 5"),
        ("seed=1", "--seed 1"),
    ],
)
def test_a_setting_with_an_option_of_its_own_names_it(command: Command, setting: str, option: str) -> None:
    done = command("find", "digits", "--set", setting)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"lrgui: --set {setting}: use its own option: {option}\n"

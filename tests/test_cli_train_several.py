"""`lrgui train` at several rates, with several seeds."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lrgui.cli.training import told_epochs
from lrgui.core.events import EpochEvent

Command = Callable[..., subprocess.CompletedProcess[str]]
QUICK = ("train", "digits", "--max-lr", "1e-2", "--epochs", "1", "--subset", "128", "--threads", "1")


def test_rates_and_seeds_are_compared(command: Command, own_folders: Path) -> None:
    done = command(*QUICK, "--compare-lr", "1e-1", "--seeds", "2", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [(run["lr"], run["differs"]["Seed"]) for run in found["runs"]] == [
        (1e-2, "0"), (1e-2, "1"), (1e-1, "0"), (1e-1, "1"),
    ]  # fmt: skip
    assert [mean["run"] for mean in found["seeds"]] == [f"max LR {lr} · mean of 2 seeds" for lr in ("1e-2", "1e-1")]
    assert "Training 4 of 4: 1e-1, seed 1" in done.stderr
    assert len(list((own_folders / "runs").glob("*.lrrun"))) == 4 and all(
        Path(run["file"]).exists() for run in found["runs"]
    )


def test_in_words_with_the_command_that_draws_them(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    done = command(*QUICK, "--compare-lr", "3e-2")
    assert done.returncode == 0, done.stderr
    assert "max LR 3e-2" in done.stdout and "Draw them: lrgui compare" in done.stderr


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--compare-lr", "fast"], "--compare-lr: “fast” is not a number"),
        (["--compare-lr", "-1"], "--compare-lr: A learning rate must be above 0"),
        (["--seeds", "0"], "--seeds cannot be “0”. Use 1 to 100."),
        (["--seeds", "2", "--log", "one.lrrun"], "--log keeps one training"),
    ],
)
def test_what_cannot_be(command: Command, more: list[str], words: str) -> None:
    done = command(*QUICK, *more)
    assert done.returncode == 2 and words in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (30, list(range(1, 31))),
        (31, [1, *range(2, 31, 2), 17, 31]),
        (400, [1, 17, *range(20, 401, 20)]),
        (5_003, [1, 17, *range(200, 5_001, 200), 5_003]),
    ],
)
def test_of_many_epochs_those_are_told_that_show_the_course(count: int, shown: list[int]) -> None:
    epochs = [EpochEvent(n, 1.0, abs(n - 17) + 1.0, None, None, 0.1, 1.0) for n in range(1, count + 1)]
    assert [epoch.epoch for epoch in told_epochs(epochs)] == sorted(shown)


def test_a_long_training_says_that_there_are_more(command: Command) -> None:
    done = command(*QUICK, "--epochs", "40")
    assert done.returncode == 0, done.stderr
    assert "of 40 epochs, the best among them (" in done.stdout and "; --json has them all." in done.stdout
    assert len(re.findall(r"^│ +\d+ ", done.stdout, re.MULTILINE)) < 30

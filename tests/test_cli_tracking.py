"""`--track` and `--to`: runs of commands in trackers, without any tracker's package."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest
from kept_logs import write_logs

from lrgui.cli import tracking
from lrgui.cli.running import Journals
from lrgui.export.trackers import Target
from lrgui.runs.log_reader import LogReader

Command = Callable[..., "subprocess.CompletedProcess[str]"]


class Fake:
    """In the place of `Following`."""

    every: ClassVar[list[Fake]] = []
    trouble: ClassVar[str] = ""

    def __init__(self, targets: Callable[[], list[Target]], said: Callable[[str], object]) -> None:
        self.targets, self.said = targets(), said
        self.logs: list[Path] = []
        self.waited = False
        Fake.every.append(self)

    def follow(self, log: Path) -> None:
        assert not self.waited and log.exists(), "a run that is beginning"
        self.logs.append(log)

    def wait(self) -> None:
        self.waited = True
        if Fake.trouble:
            self.said(Fake.trouble)


@pytest.fixture(autouse=True)
def _fake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking, "Following", Fake)
    monkeypatch.setattr(Fake, "every", [])


def kinds(fake: Fake) -> list[str]:
    """What was followed."""
    found = []
    for log in fake.logs:
        with LogReader(log) as reader:
            found.append(reader.job.kind)
    return found


@pytest.mark.parametrize(
    ("words", "followed"),
    [
        (("find", "digits", "--steps", "20"), ["sweep"]),
        (("train", "digits", "--max-lr", "0.05", "--epochs", "1"), ["train"]),
        (("verify", "digits", "--steps", "12", "--around", "0.05"), ["race"]),
        (("compare", "digits", "--steps", "20", "--optimizers", "sgd,adam"), ["sweep", "sweep"]),
    ],
    ids=["find", "train", "verify", "compare"],
)
def test_each_run_of_a_command_is_followed(
    command: Command, words: tuple[str, ...], followed: list[str], tmp_path: Path
) -> None:
    command(*words, "--track", f"tensorboard={tmp_path}", "--track", "wandb")
    (fake,) = Fake.every
    assert [target.row.key for target in fake.targets] == ["tensorboard", "wandb"]
    assert fake.targets[0].place == str(tmp_path)
    assert kinds(fake) == followed and fake.waited
    assert tracking.Recording.now is None, "the next command records nothing"


def test_a_training_that_goes_on_is_followed_in_its_own_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = write_logs(tmp_path)["train"]
    fake = Fake(list, str)
    monkeypatch.setattr(tracking.Recording, "now", fake)
    with LogReader(log) as reader:
        job = reader.job
    with Journals(job, None, continues=log):
        assert fake.logs == [log]


def test_without_it_nothing_is_followed(command: Command) -> None:
    command("find", "digits", "--steps", "20")
    assert Fake.every == []


def test_a_tracker_that_fails_costs_the_run_nothing(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Fake, "trouble", "MLflow could not record the run.")
    done = command("train", "digits", "--max-lr", "0.05", "--epochs", "1", "--track", "mlflow")
    assert done.returncode == 0 and "MLflow could not record the run." in done.stderr
    assert "All 1 epochs" in done.stdout or "epoch" in done.stdout


def test_an_unknown_tracker_is_refused_before_anything_runs(command: Command) -> None:
    done = command("find", "digits", "--track", "aim")
    assert done.returncode == 2 and "Choose one of: tensorboard, mlflow, wandb." in done.stderr
    assert Fake.every == []


def test_a_kept_run_is_recorded(command: Command, tmp_path: Path) -> None:
    log = write_logs(tmp_path)["sweep"]
    done = command("export", log, "--to", f"tensorboard={tmp_path / 'tb'}", "--to", f"wandb={tmp_path / 'w'}")
    assert done.returncode == 0
    assert [(each.targets[0].row.key, each.logs) for each in Fake.every] == [("tensorboard", [log]), ("wandb", [log])]
    assert f"Recorded with TensorBoard: tensorboard --logdir {tmp_path / 'tb'}" in done.stderr


def test_a_kept_run_that_is_not_recorded_is_a_failure(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Fake, "trouble", "The disk is full.")
    table = tmp_path / "points.csv"
    done = command("export", write_logs(tmp_path)["sweep"], "--to", "mlflow", "--csv", table)
    assert done.returncode == 1 and "The disk is full." in done.stderr and "Recorded" not in done.stderr
    assert table.exists(), "the files are written all the same"

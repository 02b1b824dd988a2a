"""`lrgui compare`: optimizers on the same task."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from lrgui.core.events import BatchEvent, EndEvent, EpochEvent, TaskEvent
from lrgui.core.run_settings import TrainSettings
from lrgui.runs.job import Job
from lrgui.runs.log import LogWriter
from lrgui.tasks.spec import TaskSpec

pytestmark = pytest.mark.usefixtures("warm_processes")

Command = Callable[..., subprocess.CompletedProcess[str]]
HEADLESS = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}


def compare(*words: object) -> subprocess.CompletedProcess[str]:
    """Run `lrgui compare` without a display."""
    environment = {
        **HEADLESS,
        **{k: os.environ[k] for k in ("LRGUI_RUNS", "LRGUI_CONFIG")},
        "OMP_NUM_THREADS": "1",
        "COLUMNS": "200",
    }
    command = [sys.executable, "-W", "error", "-m", "lrgui", "compare", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=240, check=False)


def test_json_and_picture(tmp_path: Path, own_folders: Path) -> None:
    png = tmp_path / "compared.png"
    done = compare("digits", "--optimizers", "sgd, adam", "--json", "--png", png)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [each["optimizer"] for each in found["optimizers"]] == ["sgd", "adam"]
    sgd, adam = found["optimizers"]
    assert sgd["lr"] > adam["lr"] and sgd["confidence"] in ("high", "medium", "low")
    assert sgd["curve"]["loss"][0] == adam["curve"]["loss"][0]  # same weights, same batch
    assert len(found["sentences"]) == 2 and "SGD's recommended rate" in found["sentences"][0]
    assert found["end"]["reason"] == "completed"
    with Image.open(png) as picture:
        assert picture.size == (2400, 1500)
    assert len(list((own_folders / "runs").glob("*.lrrun"))) == 2


def test_words(command: Command) -> None:
    done = command("compare", "--optimizers", "sgd,adam", "--steps", 60)
    assert done.returncode in (0, 3), done.stderr
    assert "SGD, momentum" in done.stdout and "Adam" in done.stdout and "shapes show how wide" in done.stdout


def test_one_optimizer_is_no_comparison(command: Command) -> None:
    done = command("compare", "--optimizers", "sgd")
    assert done.returncode == 2 and "at least two optimizers" in done.stderr


def test_an_unknown_optimizer(command: Command) -> None:
    done = command("compare", "--optimizers", "sgd,nonsense")
    assert done.returncode == 2 and "Unknown optimizer “nonsense”" in done.stderr


@pytest.fixture
def kept(tmp_path: Path) -> list[Path]:
    """A sweep, and a training with two seeds."""
    jobs = [Job(), *(Job("train", TaskSpec(seed=seed), train=TrainSettings(1, 1e-2)) for seed in (0, 1))]
    paths = []
    for number, job in enumerate(jobs):
        paths.append(tmp_path / f"{number}.lrrun")
        with LogWriter(paths[-1], job) as log:
            log.write([TaskEvent("digits", "", 640, 0, 100, 10, "cpu", 10, 30)])
            log.write([BatchEvent(0, i, 10 ** (i / 6 - 6), 2.3 - 0.05 * i, 0.1 * i) for i in range(30)])
            log.write([EpochEvent(1, 1.0 + number, None, None, None, 1e-2, 3.0)] if job.kind == "train" else [])
            log.write([EndEvent("completed", "Done.")])
    return paths


def test_saved_runs_of_any_kinds(kept: list[Path], tmp_path: Path) -> None:
    files = [word for key in ("svg", "csv", "html") for word in (f"--{key}", str(tmp_path / f"out.{key}"))]
    done = compare(*kept, "--by", "epoch", "--loss", "first", *files)
    assert done.returncode == 0, done.stderr
    words = " ".join(done.stdout.split())
    assert "1 sweep, 2 trainings compared." in words and "mean of 2" in words
    table = (tmp_path / "out.csv").read_text().splitlines()
    assert table[0] == "run,curve,epoch,loss ÷ first" and len(table) == 91
    assert table[1].startswith("Sweep") and table[1].endswith(",1.0")
    assert "mean of 2 seeds" in (tmp_path / "out.html").read_text()


def test_saved_runs_as_json(kept: list[Path], command: Command) -> None:
    done = command("compare", *map(str, kept[1:]), "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [run["differs"] for run in found["runs"]] == [{"Seed": "0"}, {"Seed": "1"}]
    assert [run["final_loss"] for run in found["runs"]] == [2.0, 3.0] and found["shown"]["by"] == "step"
    assert found["seeds"][0]["final loss"] == "2.5000 ± 0.7071"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--by", "weight"], "--by cannot be “weight”. Choose one of: lr, step, epoch, time."),
        (["--steps", "20"], "leave the settings of a sweep out"),
        (["--batch-size", "8"], "--batch-size belongs to a task"),
        (["digits"], "digits is not a saved run (.lrrun)"),
    ],
)
def test_what_saved_runs_do_not_take(kept: list[Path], command: Command, more: list[str], words: str) -> None:
    done = command("compare", str(kept[0]), str(kept[1]), *more)
    assert done.returncode == 2 and words in " ".join(done.stderr.split())


def test_one_saved_run_is_no_comparison(kept: list[Path], command: Command) -> None:
    done = command("compare", str(kept[0]))
    assert done.returncode == 2 and "at least two saved runs" in done.stderr


def test_what_does_not_apply_is_said(kept: list[Path], command: Command) -> None:
    done = command("compare", str(kept[1]), str(kept[2]), "--show", "metric")
    assert done.returncode == 0 and "--show metric does not apply to these runs: loss is shown." in done.stderr

"""`lrgui find`: how sure it is, the range mended, repeats."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lrgui.runs.log import read_log

pytestmark = pytest.mark.usefixtures("warm_processes")

Command = Callable[..., subprocess.CompletedProcess[str]]
HEADLESS = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}


def find(*words: object) -> subprocess.CompletedProcess[str]:
    """Run `lrgui find` without a display."""
    environment = {**HEADLESS, **{k: os.environ[k] for k in ("LRGUI_RUNS", "LRGUI_CONFIG")}, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "error", "-m", "lrgui", "find", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=240, check=False)


def test_a_range_that_is_wrong_is_mended(command: Command, tmp_path: Path, own_folders: Path) -> None:
    log, csv = tmp_path / "run.lrrun", tmp_path / "points.csv"
    done = command("find", "--to", "1e-3", "--steps", 120, "--auto-range", "--json", "--log", log, "--csv", csv)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["confidence"] in ("high", "medium", "low") and found["factor"] >= 1
    assert 1 <= done.stderr.count("Sweeping again, from 1e-6 to") <= 2
    config = read_log(log).job.sweep
    assert config.end_lr > 1e-3 and found["sweep"]["end_lr"] == config.end_lr
    assert float(csv.read_text().splitlines()[-1].split(",")[1]) > 1e-2  # of the last sweep
    assert len(list((own_folders / "runs").glob("*.lrrun"))) == 1 + done.stderr.count("Sweeping again")


def test_without_it_the_range_stays_and_the_verdict_says_what_to_change(command: Command) -> None:
    done = command("find", "--to", "1e-4", "--steps", 60, "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 3 and "Sweeping again" not in done.stderr
    assert found["confidence"] == "none" and found["factor"] is None
    assert found["range_advice"]["end_lr"] > 1e-4 and found["range_advice"]["why"] in found["reason"]


def test_repeats_in_words_and_files(tmp_path: Path) -> None:
    log, png = tmp_path / "run.lrrun", tmp_path / "curve.png"
    done = find("--repeats", 2, "--steps", 80, "--log", log, "--png", png)
    assert done.returncode == 0, done.stderr
    assert "over the repeats" in done.stdout and "mean of 2" in " ".join(done.stdout.split())
    assert "confidence" in done.stdout and "within ×" in done.stdout
    assert read_log(log).job.sweep.repeats == 2 and png.stat().st_size > 10_000


def test_too_many_repeats_are_refused(command: Command) -> None:
    done = command("find", "--repeats", 51)
    assert done.returncode == 2 and "Use 1 to 50" in done.stderr


def test_the_planned_training_is_an_option(command: Command, tmp_path: Path) -> None:
    log = tmp_path / "run.lrrun"
    both = command("find", "--steps", 60, "--log", log)
    assert "As OneCycle's maximum " in both.stdout and "; as a constant rate " in both.stdout
    steady = command("find", "--steps", 60, "--planned-schedule", "constant", "--planned-steps", 4800, "--json")
    found = json.loads(steady.stdout)
    assert found["lr"] == found["by_schedule"]["constant"] < found["by_schedule"]["onecycle"]
    assert (found["planned_schedule"], found["planned_steps"]) == ("constant", 4800)
    assert "for a training of 4,800 steps at a constant rate." in found["reason"]
    odd = command("find", "--planned-schedule", "wild")
    assert odd.returncode == 2 and "onecycle, warmup, decay, constant, step" in odd.stderr


def test_a_budget_measures_what_the_sweep_is_not_sure_of(command: Command) -> None:
    done = command("find", "--to", "3e-3", "--steps", 60, "--budget", "400 steps", "--json", "--device", "cpu")
    found = json.loads(done.stdout)
    assert found["read"]["confidence"] != "high" and "Measuring around" in done.stderr
    assert found["race"]["steps"]["made"] <= 340 and found["measured"] is True
    assert done.returncode == (0 if found["lr"] is not None else 3)


def test_a_wrong_budget_is_refused(command: Command) -> None:
    done = command("find", "--budget", "soon")
    assert done.returncode == 2 and "30s, 2m or 500 steps" in done.stderr

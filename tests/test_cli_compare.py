"""`lrgui compare`: optimizers on the same task."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from PIL import Image

Command = Callable[..., subprocess.CompletedProcess[str]]
HEADLESS = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}


def compare(*words: object) -> subprocess.CompletedProcess[str]:
    """Run `lrgui compare` without a display."""
    environment = {**HEADLESS, **{k: os.environ[k] for k in ("LRGUI_RUNS", "LRGUI_CONFIG")}, "OMP_NUM_THREADS": "1"}
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
    assert len(found["sentences"]) == 2 and "SGD's pick" in found["sentences"][0]
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

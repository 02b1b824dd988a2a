"""The command line, as a person or a script uses it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lrgui import __version__
from lrgui.core.curve.rules import RULES
from lrgui.core.events import BatchEvent
from lrgui.core.run_settings import SweepSettings
from lrgui.runs.log import read_log

pytestmark = pytest.mark.usefixtures("warm_processes")

Command = Callable[..., subprocess.CompletedProcess[str]]
HEADLESS = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}


def lrgui(*words: object, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command without a display, in a process of its own."""
    environment = {**HEADLESS, **{k: os.environ[k] for k in ("LRGUI_RUNS", "LRGUI_CONFIG")}, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "error", "-m", "lrgui", *map(str, words)]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=folder, timeout=120, check=False
    )


def test_version() -> None:
    done = lrgui("--version")
    assert (done.returncode, done.stdout) == (0, f"lrgui {__version__}\n")


@pytest.mark.cold
def test_find_as_json_with_all_files(tmp_path: Path, own_folders: Path) -> None:
    files = {kind: tmp_path / f"out.{kind}" for kind in ("csv", "png", "lrrun")}
    done = lrgui(
        *(
            "find",
            "digits",
            "--json",
            "--seed",
            3,
            "--csv",
            files["csv"],
            "--png",
            files["png"],
            "--log",
            files["lrrun"],
        )
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert 1e-3 < found["lr"] < 1
    assert found["best_guess"] == found["lr"]
    for key in ("reason", "interpretation"):
        assert found[key]
    assert set(found["suggestions"]) == {rule.key for rule in RULES}
    assert found["suggestions"]["steepest"]["lr"] > 10 * found["suggestions"]["steepest_div10"]["lr"] * 0.99
    assert all(set(s) == {"lr", "reason"} for s in found["suggestions"].values())
    assert found["zones"]["too_low"][1] == found["zones"]["optimal"][0]
    assert len(found["checklist"]) == 5
    lengths = {len(found["curve"][name]) for name in ("lr", "loss", "smoothed")}
    assert len(lengths) == 1
    assert set(found["end"]) == {"reason", "detail"}
    assert len(files["csv"].read_text().splitlines()) == lengths.pop() + 1
    with Image.open(files["png"]) as image:
        assert image.size == (2400, 1500)
    logged = read_log(files["lrrun"])
    assert [e.loss for e in logged.events if isinstance(e, BatchEvent)] == found["curve"]["loss"]
    assert len(list((own_folders / "runs").glob("*.lrrun"))) == 1


def test_no_reliable_pick_is_status_3(command: Command) -> None:
    done = command("find", "digits", "--model", "simplenet", "--to", 0.1, "--json")
    assert done.returncode == 3
    found = json.loads(done.stdout)
    assert found["lr"] is None
    assert found["best_guess"] > 0
    assert "No reliable pick" in found["reason"]


def test_words_for_people(command: Command) -> None:
    done = command("find", "digits", "--seed", 3)
    assert done.returncode == 0
    assert "★ recommended" in done.stdout
    assert "The loss begins to fall at" in done.stdout
    assert "Learning rate: " in done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("find", "nothing"), "There is no file and no data set “nothing”"),
        (("find", "digits", "--from", "1", "--to", "0.1"), "is not above the first"),
        (("find", "digits", "--momentum", "2"), "momentum of 2 is out of range"),
        (("find", "digits", "--optimizer", "magic"), "Unknown optimizer “magic”"),
        (("find", "digits", "--steps", "many"), "valid integer"),
        (("find", "digits", "--batch-size", "5000"), "A batch of 5,000 cannot be made from 1,347 training examples."),
        (("find", "digits", "--subset", "5000"), "A subset of 5,000 examples is not possible. Use 2 to 1,347, or all."),
        (
            ("find", "digits", "--schedule", "cosine"),
            "Schedule cannot be “cosine”. Choose one of: exponential, linear;",
        ),
        (("find", "digits", "--batches-per-lr", "0"), "Steps per rate cannot be “0”"),
        (("find", "digits", "--accumulation", "-1"), "Accumulation cannot be “-1”"),
        (("find", "digits", "--clip-grad-norm", "nan"), "The norm that gradients are clipped to cannot be “NaN”"),
        (("find", "digits", "--amp", "int8"), "Precision cannot be “int8”. Choose one of: bf16, fp16."),
        (("find", "digits", "--unknown"), "--unknown"),
        (("train", "digits"), "--max-lr"),
        (
            ("train", "digits", "--max-lr", "1", "--schedule", "constant", "--gamma", "0.5"),
            "--gamma has no effect with --schedule constant. Only with --schedule step or plateau.",
        ),
        (("train", "digits", "--max-lr", "1", "--base-momentum", "0.99"), "is above the highest (0.95)"),
        (("train", "digits", "--max-lr", "1", "--accumulation", "0"), "Accumulation cannot be “0”"),
        (
            ("train", "digits", "--max-lr", "1", "--steps", "0"),
            "Steps cannot be “0”. Use 1 to 1,000,000, or whole passes.",
        ),
    ],
)
def test_bad_arguments_are_status_2(command: Command, words: tuple[str, ...], says: str) -> None:
    done = command(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert says in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr


def test_a_failure_is_status_1_and_one_sentence(command: Command, tmp_path: Path) -> None:
    done = command("find", "digits", "--steps", 30, "--csv", tmp_path / "none" / "x.csv")
    assert done.returncode == 1
    assert "could not be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_loop_of_a_sweep_is_set_by_options_and_told(command: Command, tmp_path: Path) -> None:
    log = tmp_path / "run.lrrun"
    options = ("--schedule", "linear", "--batches-per-lr", 2, "--accumulation", 3, "--clip-grad-norm", 0.5)
    done = command("find", "digits", "--steps", 6, "--amp", "bf16", *options, "--json", "--log", log)
    assert done.returncode in (0, 3), done.stderr
    found = json.loads(done.stdout)
    sweep = SweepSettings(steps=6, schedule="linear", batches_per_lr=2, accumulation=3, clip_grad_norm=0.5, amp="bf16")
    assert found["sweep"] == asdict(sweep)
    assert found["curve"]["lr"] == pytest.approx(np.linspace(1e-6, 1, 6)[: len(found["curve"]["lr"])])
    assert read_log(log).job.sweep == sweep


def test_the_options_of_the_loop_change_what_is_measured(command: Command) -> None:
    def losses(*options: object) -> list[float]:
        done = command("find", "digits", "--steps", 12, "--from", 1e-2, "--device", "cpu", "--json", *options)
        return list(json.loads(done.stdout)["curve"]["loss"])

    plain = losses()
    assert losses("--batch-size", 32, "--accumulation", 2) == pytest.approx(plain, rel=1e-4)
    assert losses("--clip-grad-norm", 1e-6) != pytest.approx(plain, rel=1e-3)
    assert losses("--batches-per-lr", 2) != pytest.approx(plain, rel=1e-3)


@pytest.mark.parametrize("words", [("find", "digits", "--steps", 30), ("train", "digits", "--max-lr", 0.05)])
def test_a_log_that_cannot_be_written_is_said_and_status_1(
    command: Command, words: tuple[object, ...], tmp_path: Path
) -> None:
    log = tmp_path / "none" / "run.lrrun"
    more = ("--epochs", 1) if words[0] == "train" else ()
    done = command(*words, *more, "--json", "--log", log)
    assert done.returncode == 1
    assert json.loads(done.stdout)["end"]["reason"] in ("completed", "diverged"), "results are printed all the same"
    said = done.stderr.splitlines()
    assert f"cannot be saved to {log}" in said[0]
    assert said[-1] == f"lrgui: {log} is incomplete: it could not be written."
    assert "Traceback" not in done.stderr


def test_a_runs_folder_that_cannot_be_written_is_said_only(command: Command, own_folders: Path) -> None:
    (own_folders / "runs").write_text("a file where the folder should be")
    done = command("train", "digits", "--max-lr", 0.05, "--epochs", 1)
    assert done.returncode == 0
    assert "cannot be saved" in done.stderr
    assert done.stderr.strip().endswith("is incomplete: it could not be written.")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_log_on_a_full_disk_is_said_and_status_1(command: Command) -> None:
    done = command("train", "digits", "--max-lr", 0.05, "--epochs", 1, "--log", "/dev/full")
    assert done.returncode == 1
    assert "No space left" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_an_answer_onto_a_full_disk_is_one_sentence(own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "lrgui", "--version"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "The disk is full" in done.stderr


def test_train_as_json(command: Command) -> None:
    done = command("train", "digits", "--max-lr", 0.05, "--epochs", 8, "--json")
    assert done.returncode == 0, done.stderr
    trained = json.loads(done.stdout)
    assert len(trained["epochs"]) == 8
    assert trained["epochs"][-1]["val_accuracy"] > 0.9
    assert trained["end"]["reason"] == "completed"
    assert len(trained["batches"]["loss"]) == 8 * 21


def test_train_with_the_loop_of_ones_own(command: Command, tmp_path: Path) -> None:
    log = tmp_path / "run.lrrun"
    loop = ("--accumulation", 2, "--clip-grad-norm", 1, "--amp", "bf16")
    done = command("train", "digits", "--max-lr", 0.05, "--epochs", 1, "--json", "--log", log, *loop)
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["batches"]["loss"]) == 11, "21 batches, two a step and one that is left"
    job = read_log(log).job
    assert (job.train.accumulation, job.train.clip_grad_norm, job.train.amp) == (2, 1.0, "bf16")


def test_train_on_another_schedule(command: Command) -> None:
    done = command("train", "digits", "--max-lr", 0.01, "--epochs", 2, "--schedule", "step", "--step-size", 1, "--json")
    assert done.returncode == 0, done.stderr
    trained = json.loads(done.stdout)
    assert trained["batches"]["lr"] == pytest.approx([0.01] * 21 + [0.001] * 21)
    assert "a rate that drops in steps, max LR 1e-2" in trained["end"]["detail"]
    flags = command("train", "digits", "--max-lr", 0.01, "--epochs", 1, "--no-cycle-momentum", "--three-phase")
    assert flags.returncode == 0, flags.stderr


ENDLESS = """\
import torch


def model():
    return torch.nn.Linear(4, 2)


def train_loader(batch_size):
    while True:
        yield torch.randn(batch_size, 4), torch.randint(0, 2, (batch_size,))


def loss(output, target):
    return torch.nn.functional.cross_entropy(output, target)
"""


def test_a_loader_without_an_end_is_trained_on_for_so_many_steps(command: Command, tmp_path: Path) -> None:
    task = tmp_path / "endless.py"
    task.write_text(ENDLESS)
    done = command("train", task, "--max-lr", 0.01, "--steps", 10, "--epochs", 3, "--json")
    assert done.returncode == 0, done.stderr
    trained = json.loads(done.stdout)
    assert len(trained["batches"]["loss"]) == 10 and len(trained["epochs"]) == 3
    assert trained["end"]["detail"].startswith("All 10 steps were trained")


def test_a_diverged_training_is_status_1_with_advice(command: Command) -> None:
    done = command("train", "digits", "--max-lr", 300, "--epochs", 6)
    assert done.returncode == 1
    assert "Lower max LR to 30, a tenth" in done.stdout


def test_results_that_no_terminal_shows_are_not_broken_into_lines(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    done = command("find", "digits", "--steps", 40)
    rows = [line for line in done.stdout.splitlines() if line.startswith("│")]
    assert len(rows) > 5 and all(row.split("│")[1].strip() for row in rows), "each row is one line"
    monkeypatch.setenv("COLUMNS", "60")
    narrow = command("find", "digits", "--steps", 40)
    assert len(narrow.stdout.splitlines()) > len(done.stdout.splitlines())


@pytest.mark.parametrize("words", [("-h",), ("find", "-h"), ("export", "-h"), ("scenarios", "-h"), ("new", "-h")])
def test_help_shows_no_types_for_flags(
    command: Command, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    done = command(*words)
    assert done.returncode == 0 and "--help" in done.stdout
    assert "bool" not in done.stdout


def test_the_window_without_a_display_is_one_sentence() -> None:
    done = lrgui()
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "no display" in done.stderr


def test_the_package_loads_neither_torch_nor_qt() -> None:
    code = "import sys, lrgui; print([m for m in ('torch', 'PySide6', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_help_waits_for_neither_numpy_nor_torch_nor_qt() -> None:
    code = "import sys, lrgui.cli; print([m for m in ('torch', 'PySide6', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_window_never_loads_torch() -> None:
    code = "import sys, lrgui.gui.window, lrgui.gui.app, lrgui.export.pictures; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_an_encoding_without_stars_is_no_failure(tmp_path: Path) -> None:
    """Windows gives a pipe such an encoding; and a file's name need not be a text."""
    code = (
        "import sys; sys.argv = ['lrgui', 'find', '\\udcff\\x1b[31m.py']\n"
        "import lrgui.cli\n"
        "try: lrgui.cli.main()\nfinally: print('\u2605')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**HEADLESS, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == "?\n"
    assert "There is no file or folder" in done.stderr and "\\x1b[31m.py" in done.stderr and "\x1b" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a folder in use cannot be deleted")
def test_a_current_folder_that_was_deleted_is_said_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    done = subprocess.run([sys.executable, "-m", "lrgui", "find"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "lrgui: The current folder was deleted. Change to another folder (cd) and try again.\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
@pytest.mark.parametrize("kept", [True, False])
def test_a_full_disk_says_where_the_run_is_only_if_it_is_there(tmp_path: Path, kept: bool) -> None:
    (tmp_path / "file").touch()
    runs = tmp_path / ("runs" if kept else "file/runs")
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "lrgui", "find", "digits", "--steps", "5", "--device", "cpu"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env={**os.environ, "LRGUI_RUNS": str(runs)},
        )
    assert done.returncode == 1 and "The disk is full; the output could not be written." in done.stderr
    assert ("The measurements are in " in done.stderr) == kept
    if kept:
        assert str(next(runs.iterdir())) in done.stderr.replace("\n", "")

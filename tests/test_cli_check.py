"""`lrgui check`, as a person or a script uses it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lrgui.cli.check import Checked, _run
from lrgui.core.events import CheckEvent, EndEvent
from lrgui.runs.job import Job
from lrgui.tasks.checks.step import STEPS
from lrgui.tasks.spec import TaskSpec

pytestmark = pytest.mark.usefixtures("warm_processes")

TASK = """\
import os
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

X, Y = torch.rand(128, 20) * 255, torch.randint(0, 4, (128,))


def model(width=16):
    print("building")
    return nn.Sequential(nn.Linear(20, width), nn.ReLU(), nn.Linear(width, 4))


def train_loader(batch_size):
    return DataLoader(TensorDataset(X, Y), batch_size)


def loss(output, target):
    return nn.functional.cross_entropy(output, target)
"""


def lrgui(*words: object) -> subprocess.CompletedProcess[str]:
    """Run the command without a display."""
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    environment = {**{k: v for k, v in os.environ.items() if k not in hidden}, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "error", "-m", "lrgui", "check", *map(str, words)]
    return subprocess.run(
        command, capture_output=True, text=True, env={**environment, "COLUMNS": "200"}, timeout=120, check=False
    )


def test_a_task_with_a_doubt_as_json_keeps_status_0_and_leaves_nothing(tmp_path: Path, own_folders: Path) -> None:
    file = tmp_path / "task.py"
    file.write_text(TASK)
    done = lrgui(file, "--json", "--set", "width=8", "--device", "cpu")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["ready"] is True and found["warnings"] >= 1
    assert [step["step"] for step in found["steps"]] == list(STEPS)
    assert [step["label"] for step in found["steps"]] == list(STEPS.values())
    states = {step["step"]: step["state"] for step in found["steps"]}
    assert states["batch"] == "warning" and states["forward"] == "good" and states["validation"] == "skipped"
    assert "204 parameters" in found["steps"][0]["detail"]  # 20·8 + 8 + 8·4 + 4: the width was heard
    assert found["end"]["reason"] == "completed"
    assert "building" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["task.py"]
    assert not (own_folders / "runs").exists() or not list((own_folders / "runs").iterdir())


def test_a_task_that_fails_names_the_line(tmp_path: Path) -> None:
    file = tmp_path / "task.py"
    file.write_text(TASK.replace("nn.Linear(20, width)", "nn.Linear(12, width)"))
    done = lrgui(file, "--device", "cpu")
    assert done.returncode == 1
    lines = {label: next(line for line in done.stdout.splitlines() if label in line) for label in STEPS.values()}
    assert "✓" in lines[STEPS["task"]] and "!" in lines[STEPS["batch"]]
    assert "✗" in lines[STEPS["forward"]] and "–" in lines[STEPS["loss"]]
    assert "expects 12 features per example but gets 20" in done.stderr
    assert "Traceback" in done.stderr and "lrgui/tasks" not in done.stderr


def test_a_task_that_ends_the_process_is_bad_at_that_step(tmp_path: Path) -> None:
    file = tmp_path / "task.py"
    file.write_text(TASK.replace("    return nn.functional", "    os._exit(3)\n    return nn.functional"))
    found = _run(Job("check", TaskSpec(source="task", path=str(file))), True, None).document()
    assert found["ready"] is False and "exit status 3" in found["end"]["detail"]
    assert [step["state"] for step in found["steps"]] == ["good", "warning", "good", "bad"]
    assert "calls exit" in found["steps"][-1]["detail"]


def test_bad_arguments_are_refused_before_anything_runs(tmp_path: Path) -> None:
    done = lrgui(tmp_path / "nowhere.py")
    assert done.returncode == 2 and "nowhere.py" in done.stderr and not done.stdout


def test_a_step_that_was_cancelled_is_no_failure_of_its_own() -> None:
    found = Checked()
    assert found.document()["end"]["reason"] == "killed"
    found.add(CheckEvent("task", "running"))
    found.add(EndEvent("cancelled", "Stopped."))
    assert found.steps["task"].state == "skipped" and found.document()["ready"] is False
    assert found.table().row_count == len(STEPS)

"""The real worker in a folder full of files that nobody asked for: none of them runs, and the run is whole."""

from __future__ import annotations

import importlib.util
import marshal
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from neighbours import put_evil, ran
from processes import batches_of, end_of, read

from lrgui.core.run_settings import SweepSettings
from lrgui.runs.failures import explain
from lrgui.runs.job import Job
from lrgui.runs.launch import ChildProcess
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.user.code import load_code
from lrgui.tasks.user.target import Target

SWEEP = SweepSettings(steps=6, stop_factor=0)

TASK = """
import os
import random
import statistics
import torch
from torch.utils.data import DataLoader
import helper

assert os.path.dirname(__file__) not in os.environ["TORCH_CUSTOM_PYTHONPATH"].split(os.pathsep)

def model(): return torch.nn.Linear(3, 2)
def loss(output, target): return torch.nn.functional.cross_entropy(output, target)

class Data(torch.utils.data.Dataset):
    def __len__(self): return 32
    def __getitem__(self, index):
        import helper
        return torch.randn(3) + helper.x, random.randrange(1) + index % 2

def train_loader():
    return DataLoader(Data(), batch_size=8, num_workers=1, multiprocessing_context={method!r})
"""


def compiled_otherwise(source: Path, code: str) -> None:
    """Put a compiled file beside `source` that Python takes for its own."""
    place = Path(importlib.util.cache_from_source(str(source)))
    place.parent.mkdir(exist_ok=True)
    facts = source.stat()
    head = importlib.util.MAGIC_NUMBER + struct.pack("<III", 0, int(facts.st_mtime), facts.st_size)
    place.write_bytes(head + marshal.dumps(compile(code, str(source), "exec")))


@pytest.mark.parametrize(
    "method",
    [
        None if sys.platform == "win32" else "fork",
        pytest.param("spawn", marks=pytest.mark.slow),  # without torch: test_children.py
    ],
)
def test_beside_a_task(tmp_path: Path, method: str | None) -> None:
    put_evil(tmp_path)
    (tmp_path / "task.py").write_text(TASK.format(method=method))
    (tmp_path / "helper.py").write_text("x = 0.0\n")
    compiled_otherwise(tmp_path / "helper.py", f"open({str(tmp_path / 'ran-compiled')!r}, 'w').close()\nx = 0.0\n")
    events = read(ChildProcess(Job(task=TaskSpec(source="task", path=str(tmp_path / "task.py")), sweep=SWEEP)))
    assert ran(tmp_path) == []
    assert end_of(events).reason == "completed", end_of(events)
    assert len(batches_of(events)) == 6


@pytest.mark.slow  # test_children.py without torch, and test_python_command.py for the worker's start
def test_in_the_current_folder_of_a_run_without_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_evil(tmp_path)
    monkeypatch.chdir(tmp_path)
    events = read(ChildProcess(Job(task=TaskSpec(loader_workers=1), sweep=SWEEP)))
    assert ran(tmp_path) == []
    assert end_of(events).reason == "completed", end_of(events)


@pytest.mark.parametrize(
    "words", [["runs", "--json"], pytest.param(["find", "--steps", "6"], marks=pytest.mark.slow)], ids=" ".join
)
def test_in_the_current_folder_of_the_command_line(tmp_path: Path, words: list[str]) -> None:
    put_evil(tmp_path, ("tabulate", "socket", "random", "tempfile", "torch", "numpy", "typer", "rich", "platformdirs"))
    command = [sys.executable, "-m", "lrgui", *words]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode in (0, 3), done.stderr  # 3: nothing to recommend after so few steps
    assert ran(tmp_path) == []


def test_a_package_that_asks_for_a_file_beside_the_task_is_told(tmp_path: Path) -> None:
    """As configurations do that name classes: nobody was shown the file."""
    (tmp_path / "mine_nets.py").write_text("def build(): ...\n")
    (tmp_path / "mine_task.py").write_text("import pkgutil\npkgutil.resolve_name('mine_nets:build')\n")
    with pytest.raises(ModuleNotFoundError) as caught:
        load_code(Target.parse(str(tmp_path / "mine_task.py")))
    sentence = explain(caught.value)
    assert "mine_nets.py is next to the task" in sentence and "write “import mine_nets” in the task" in sentence
    (tmp_path / "mine_task.py").write_text("import pkgutil, mine_nets\npkgutil.resolve_name('mine_nets:build')\n")
    load_code(Target.parse(str(tmp_path / "mine_task.py")))

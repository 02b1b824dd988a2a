"""The real worker with torch: slow to start, so few tests with much in each."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from other_python import OtherPython
from processes import batches_of, end_of, long_job, read

from lrgui.core.control import rate_request
from lrgui.core.events import EpochEvent, Event, RateEvent, StateEvent, TaskEvent
from lrgui.core.run_settings import SweepSettings, TrainSettings
from lrgui.runs.in_process import run_job
from lrgui.runs.job import Job
from lrgui.runs.launch import ChildProcess
from lrgui.runs.spare_pool import SparePool
from lrgui.runs.worker import heavy_imports
from lrgui.tasks.spec import TaskSpec

pytestmark = pytest.mark.usefixtures("warm_processes")


def test_a_sweep_in_the_child_measures_what_a_sweep_here_measures() -> None:
    job = Job(task=TaskSpec(device="cpu"), sweep=SweepSettings(steps=30, stop_factor=0))
    child = ChildProcess(job)
    there, here = read(child), list(run_job(job))
    assert [(e.step, e.lr) for e in batches_of(there)] == [(e.step, e.lr) for e in batches_of(here)]
    # The number of threads may differ, and with it the last digits.
    losses = [e.loss for e in batches_of(here)]
    assert [e.loss for e in batches_of(there)] == pytest.approx(losses, rel=1e-3)
    assert end_of(there) == end_of(here)
    assert [e for e in there if isinstance(e, TaskEvent)] == [e for e in here if isinstance(e, TaskEvent)]
    assert set(child.facts) == {"torch", "python", "threads"}


def test_a_warm_worker_trains_at_once() -> None:
    pool = SparePool()
    pool.warm()
    time.sleep(0.1)
    child = pool.take()
    child.submit(Job("train", TaskSpec(device="cpu"), train=TrainSettings(epochs=1)))
    events = read(child)
    pool.close()
    assert end_of(events).reason == "completed"
    (epoch,) = (event for event in events if isinstance(event, EpochEvent))
    assert epoch.val_accuracy is not None and epoch.val_accuracy > 0.2


def test_a_factor_of_the_rate_and_stopping_after_the_epoch_reach_the_engine() -> None:
    train = TrainSettings(epochs=10_000, max_lr=1e-2, schedule="constant")
    child = ChildProcess(Job("train", TaskSpec(device="cpu"), train=train))
    events: list[Event] = []
    asked = False
    for chunk in child.chunks():
        events += chunk
        if not asked and len(batches_of(events)) > 5:
            asked = True
            child.ask("nonsense")
            child.ask(rate_request(0.5))
            child.ask("finish")
    (change,) = [event for event in events if isinstance(event, RateEvent)]
    assert (change.factor, change.total, change.why) == (0.5, 0.5, "by hand")
    lrs = [event.lr for event in batches_of(events)]
    assert lrs == pytest.approx([1e-2] * change.step + [5e-3] * (len(lrs) - change.step))
    last = [event for event in events if isinstance(event, EpochEvent)][-1].epoch
    assert last < 10_000 and len(lrs) == 21 * last
    assert end_of(events).reason == "cancelled" and f"Stopped after epoch {last} of 10" in end_of(events).detail
    assert ", as asked" in end_of(events).detail


def test_pause_resume_and_cancel_reach_the_engine() -> None:
    child = ChildProcess(long_job())
    events: list[Event] = []
    asked = []
    for chunk in child.chunks():
        events += chunk
        states = [event.state for event in events if isinstance(event, StateEvent)]
        if not asked and len(batches_of(events)) > 5:
            asked.append("pause")
            child.pause()
        elif asked == ["pause"] and states[-1] == "paused":
            asked.append("resume")
            child.resume()
        elif asked == ["pause", "resume"] and states[-1] == "running":
            asked.append("cancel")
            child.cancel()
    assert [event.state for event in events if isinstance(event, StateEvent)][-3:] == [
        "running",
        "paused",
        "running",
    ]
    assert end_of(events).reason == "cancelled" and "Stopped after" in end_of(events).detail


def test_a_job_with_problems_is_refused_with_their_sentences() -> None:
    events = read(ChildProcess(Job(task=TaskSpec(model="transformer"))))
    assert "no model “transformer”" in end_of(events).detail


def test_nothing_heavy_is_imported_before_the_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    import subprocess

    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)  # measuring imports much

    code = "import lrgui.runs.worker, sys; print([m for m in ('torch', 'numpy', 'json') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


TASK = """
import json
import os
import sys

import helper
import torch
from torch import nn


def model():
    nn.Linear(2, 2)
    with open(os.environ["SEEN"], "w") as file:
        modules = ("PySide6", "typer", "rich", "platformdirs", "torchvision")
        json.dump({
            "folder": os.getcwd(),
            "first": sys.path[0],
            "python": sys.prefix,
            "absent": [name for name in modules if not can_import(name)],
            "words": open("words.txt").read(),
        }, file)
    return helper.model()


def can_import(name):
    try:
        __import__(name)
    except ImportError:
        return False
    return True


def train_loader(batch_size):
    x = torch.rand(8 * batch_size, 2)
    return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, x.sum(1, keepdim=True)), batch_size)


def loss(output, target):
    return nn.functional.mse_loss(output, target)
"""


def test_a_task_in_a_second_python_is_at_home(
    other_python: OtherPython, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "task.py").write_text(TASK)
    (folder / "helper.py").write_text("from torch import nn\ndef model(): return nn.Linear(2, 1)\n")
    (folder / "words.txt").write_text("beside the task")
    (folder / "random.py").write_text("raise RuntimeError('the wrong module')")
    monkeypatch.setenv("SEEN", str(tmp_path / "seen.json"))
    spec = TaskSpec(source="task", model="", path=str(folder / "task.py"), batch_size=4, device="cpu")
    events = read(ChildProcess(Job(task=spec, sweep=SweepSettings(steps=20)), python=other_python.path))
    assert end_of(events).reason in ("completed", "diverged", "exploded"), end_of(events)
    assert len(batches_of(events)) > 5
    assert json.loads((tmp_path / "seen.json").read_text()) == {
        "folder": str(folder),
        "first": str(folder),
        "python": str(other_python.folder),
        "absent": ["PySide6", "typer", "rich", "platformdirs", "torchvision"],
        "words": "beside the task",
    }


def test_a_task_file_that_is_gone_ends_the_run_with_a_sentence(tmp_path: Path) -> None:
    spec = TaskSpec(source="task", model="", path=str(tmp_path / "gone.py"), device="cpu")
    assert "There is no file" in end_of(read(ChildProcess(Job(task=spec)))).detail


def test_streams_that_a_site_replaced_or_closed_are_made_anew() -> None:
    """Some sites put a writer of their own in the place of the streams."""
    code = (
        "import sys; from lrgui.runs import worker; sys.stdout.close(); sys.stderr = object();"
        "worker.Channel(); print('out'); print('err', file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=True
    )
    assert (done.stdout, done.stderr) == ("", "out\nerr\n")


@pytest.fixture
def thaw(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What this test process has made is not to stay in it for good."""
    frozen: list[str] = []
    monkeypatch.setattr(gc, "freeze", lambda: frozen.append("frozen" if not gc.isenabled() else "too late"))
    return frozen


def test_nobody_collects_inside_and_what_was_made_is_left_alone_afterwards(thaw: list[str]) -> None:
    assert gc.isenabled()
    with heavy_imports():
        assert not gc.isenabled()
        assert not thaw
    assert gc.isenabled()
    assert thaw == ["frozen"]


def test_a_failed_import_leaves_all_as_it_was(thaw: list[str]) -> None:
    with pytest.raises(ImportError), heavy_imports():
        raise ImportError("libtorch.so")
    assert gc.isenabled()


def test_who_collects_nothing_goes_on_so(thaw: list[str]) -> None:
    gc.disable()
    try:
        with heavy_imports():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()

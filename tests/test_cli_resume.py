"""`lrgui resume` and `lrgui weights`."""

from __future__ import annotations

import runpy
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lrgui.core.control import Control
from lrgui.core.events import BatchEvent, OutputEvent, Stream
from lrgui.core.run_settings import TrainSettings
from lrgui.core.tensor_file import read
from lrgui.runs.checkpoints import folder_of, with_checkpoints
from lrgui.runs.in_process import run_job
from lrgui.runs.job import Job
from lrgui.runs.library import start_log
from lrgui.runs.log import read_log
from lrgui.runs.opened import open_run
from lrgui.runs.remote.address import Address
from lrgui.runs.remote.whereabouts import where_words
from lrgui.tasks.spec import TaskSpec

Command = Callable[..., subprocess.CompletedProcess[str]]


def stopped(at: int) -> Path:
    """A training of the digits among the runs that was stopped."""
    job, control = Job("train", TaskSpec(device="cpu"), train=TrainSettings(epochs=2, checkpoints=60.0)), Control()
    with start_log(job) as log:
        for event in run_job(with_checkpoints(job, log.path), control):
            log.write([event])
            if isinstance(event, BatchEvent) and event.step == at:
                control.cancel()
    return log.path


def test_a_stopped_training_goes_on_and_gets_more_epochs(command: Command) -> None:
    log = stopped(10)
    listed = command("runs").stdout
    assert "kB" in listed
    done = command("resume", log.name)
    assert done.returncode == 0 and "All 2 epochs were trained" in done.stdout, done.stderr
    whole = [e.loss for e in run_job(open_run(log).job) if isinstance(e, BatchEvent)]
    assert open_run(log).record.loss.tolist() == whole
    again = command("resume", log.stem)
    assert again.returncode == 2 and "complete: say how many more epochs" in again.stderr
    more = command("resume", str(log), "--more-epochs", 1)
    assert more.returncode == 0 and "begins again, from its first rate" in more.stderr
    assert open_run(log).job.train.epochs == 3 and len(open_run(log).record) == 63


def test_weights_and_the_code_that_loads_them(command: Command, tmp_path: Path) -> None:
    log, out = stopped(30), tmp_path / "model.safetensors"
    done = command("weights", log.name, "-o", out)
    assert done.returncode == 0 and "weights of the best epoch (1, loss" in done.stderr
    last = command("weights", log.name, "--last", "-o", tmp_path / "last.safetensors")
    assert "after 31 steps" in last.stderr
    assert list(read(out).tensors) == list(read(tmp_path / "last.safetensors").tensors)
    pytest.importorskip("safetensors")
    (tmp_path / "load.py").write_text(done.stdout)
    model = runpy.run_path(str(tmp_path / "load.py"))["model"]
    names = {name: tuple(one.shape) for name, one in model.state_dict().items()}
    assert names == {name: one.shape for name, one in read(out).tensors.items()} and not model.training


def test_weights_of_a_training_on_a_target_are_brought_and_it_goes_on_here(command: Command, tmp_path: Path) -> None:
    there = stopped(10)
    moved = tmp_path / "there"
    moved.mkdir()
    folder_of(there).rename(moved / "run.checkpoints")
    with start_log(open_run(there).job) as log:
        log.write([OutputEvent(where_words("box", Address(str(moved / "run.lrrun"))), Stream.NOTE)])
        log.write(read_log(there).events)
    done = command("weights", log.path.name, "--last", "-o", tmp_path / "model.safetensors")
    assert done.returncode == 0 and "weights after 11 steps" in done.stderr
    again = command("resume", log.path.name, "--on", "here")  # where its log was is gone
    assert again.returncode == 0 and "All 2 epochs were trained" in again.stdout, again.stderr
    assert "Going on from the checkpoint that is here" in " ".join(again.stderr.split())


def test_runs_without_weights_say_so(command: Command) -> None:
    with start_log(Job("sweep")) as log:
        pass
    done = command("weights", log.path.name)
    assert done.returncode == 2 and "has no weights" in done.stderr
    assert "is not a training" in command("resume", log.path.name).stderr
    assert command("resume", "nowhere.lrrun").returncode == 1


def test_training_without_checkpoints_keeps_none(command: Command, own_folders: Path) -> None:
    done = command("train", "digits", "--max-lr", "0.01", "--epochs", 1, "--checkpoints", 0)
    assert done.returncode == 0
    assert not list((own_folders / "runs").glob("*.checkpoints"))

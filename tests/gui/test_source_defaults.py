"""What comes with a data source goes with it; what the person set stays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from bench import Bench
from pytestqt.qtbot import QtBot

from lrgui.gui.workspace import Workspace
from lrgui.runs.job import Job

CODE = """
defaults = {"batch_size": 16, "start_lr": 1e-5, "steps": 100, "epochs": 3, "optimizer": "adam"}

def model(): ...
def train_loader(batch_size): ...
def loss(output, target): ...
"""


@pytest.fixture
def workspace(bench: Bench) -> Workspace:
    return bench.workspace


@pytest.fixture
def task(tmp_path: Path) -> str:
    (tmp_path / "task.py").write_text(CODE)
    return str(tmp_path / "task.py")


def plain(job: Job) -> Job:
    """Without what `switched` always resets, so that jobs can be compared."""
    return replace(job, task=replace(job.task, source="digits", model="cnn", path="", subset=None))


def test_a_source_takes_its_optimizer_along(workspace: Workspace) -> None:
    before = workspace.job
    sgd = replace(before.task, optimizer_options={"nesterov": True})
    workspace.edit(task=sgd)
    workspace.choose_source("text")
    assert (workspace.job.task.optimizer, workspace.job.task.optimizer_options) == ("adamw", {})
    assert [problem.field for problem in workspace.job.validate()] == ["path"]
    workspace.choose_source("mnist")
    assert workspace.job.task.optimizer == "sgd"
    assert workspace.job.task.optimizer_options == {"nesterov": True}
    assert workspace.job.task.subset == 2048
    workspace.choose_source("digits")
    assert workspace.job == replace(before, task=sgd)


def test_what_the_person_changed_stays(workspace: Workspace) -> None:
    workspace.choose_source("text")
    workspace.edit(task=replace(workspace.job.task, optimizer="radam", batch_size=8))
    workspace.edit(sweep=replace(workspace.job.sweep, steps=50))
    workspace.choose_source("digits")
    assert workspace.job.task.optimizer == "radam"
    assert workspace.job.sweep.steps == 50


def test_a_task_takes_its_defaults_along(workspace: Workspace, task: str) -> None:
    before = workspace.job
    workspace.use(task)
    job = workspace.job
    assert (job.task.optimizer, job.sweep.start_lr, job.sweep.steps, job.train.epochs) == ("adam", 1e-5, 100, 3)
    workspace.use(task)  # opened once more
    workspace.choose_source("digits")
    assert plain(workspace.job) == before


def test_also_in_the_next_session(workspace: Workspace, task: str, qtbot: QtBot) -> None:
    before = workspace.job
    workspace.use(task)
    later = Bench(qtbot)
    later.workspace.set_job(workspace.job)
    later.workspace.choose_source("digits")
    assert plain(later.workspace.job) == before
    later.workspace.close()

"""What comes with a data source goes with it; what the person set stays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from bench import Bench
from pytestqt.qtbot import QtBot

from lrgui.gui.session import Session
from lrgui.runs.job import Job

CODE = """
defaults = {"batch_size": 16, "start_lr": 1e-5, "steps": 100, "epochs": 3, "optimizer": "adam"}

def model(): ...
def train_loader(batch_size): ...
def loss(output, target): ...
"""


@pytest.fixture
def session(bench: Bench) -> Session:
    return bench.session


@pytest.fixture
def task(tmp_path: Path) -> str:
    (tmp_path / "task.py").write_text(CODE)
    return str(tmp_path / "task.py")


def plain(job: Job) -> Job:
    """Without what `switched` always resets, so that jobs can be compared."""
    return replace(job, task=replace(job.task, source="digits", model="cnn", path="", subset=None))


def test_a_source_takes_its_optimizer_along(session: Session) -> None:
    before = session.job
    sgd = replace(before.task, optimizer_options={"nesterov": True})
    session.edit(task=sgd)
    session.choose_source("text")
    assert (session.job.task.optimizer, session.job.task.optimizer_options) == ("adamw", {})
    assert [problem.field for problem in session.job.validate()] == ["path"]
    session.choose_source("mnist")
    assert session.job.task.optimizer == "sgd"
    assert session.job.task.optimizer_options == {"nesterov": True}
    assert session.job.task.subset == 2048
    session.choose_source("digits")
    assert session.job == replace(before, task=sgd)


def test_what_the_person_changed_stays(session: Session) -> None:
    session.choose_source("text")
    session.edit(task=replace(session.job.task, optimizer="radam", batch_size=8))
    session.edit(sweep=replace(session.job.sweep, steps=50))
    session.choose_source("digits")
    assert session.job.task.optimizer == "radam"
    assert session.job.sweep.steps == 50


def test_a_task_takes_its_defaults_along(session: Session, task: str) -> None:
    before = session.job
    session.use(task)
    job = session.job
    assert (job.task.optimizer, job.sweep.start_lr, job.sweep.steps, job.train.epochs) == ("adam", 1e-5, 100, 3)
    session.use(task)  # opened once more
    session.choose_source("digits")
    assert plain(session.job) == before


def test_also_in_the_next_session(session: Session, task: str, qtbot: QtBot) -> None:
    before = session.job
    session.use(task)
    later = Bench(qtbot)
    later.session.set_job(session.job)
    later.session.choose_source("digits")
    assert plain(later.session.job) == before
    later.session.close()

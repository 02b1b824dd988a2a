"""A job's settings for something else to train."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lrgui.runs.change_source import switched
from lrgui.runs.job import Job
from lrgui.tasks.catalog import SOURCES
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.user.rows import OWN

BEFORE = Job(
    task=replace(
        TaskSpec(),
        source="task",
        model="",
        path="/home/me/task.py",
        optimizer=OWN,
        options={"width": 3},
        model_options={"depth": 2},
        subset=7,
        batch_size=100_000,
        seed=5,
    )
)


@pytest.mark.parametrize("key", [key for key, row in SOURCES.items() if row.path is None or row.path.default])
def test_every_source_that_needs_no_file_can_be_trained_at_once(key: str) -> None:
    job = switched(BEFORE, key)
    assert [problem for problem in job.validate() if problem.field != "batch_size"] == []
    assert job.task.path == ""
    assert job.task.options == {}
    assert job.task.model_options == {}
    assert job.task.optimizer == "sgd"
    assert job.task.model == next(iter(SOURCES[key].models))
    assert job.task.seed == 5
    assert job.sweep == BEFORE.sweep
    for name, value in SOURCES[key].defaults.items():
        assert getattr(job.task, name) == value


def test_a_batch_is_never_larger_than_the_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SOURCES, "digits", replace(SOURCES["digits"], defaults={}))
    assert switched(BEFORE, "digits").task.batch_size == 1347


def test_code_keeps_its_own_optimizer_and_has_no_model() -> None:
    job = switched(BEFORE, "task", "/home/me/other.py")
    assert (job.task.optimizer, job.task.model, job.task.path) == (OWN, "", "/home/me/other.py")


def test_a_model_can_be_named() -> None:
    assert switched(BEFORE, "digits", model="mlp").task.model == "mlp"

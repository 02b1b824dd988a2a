"""A study's plan in its folder."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from conftest_of_studies import Scripted, events_of

from lrgui.studies.driver import Watch
from lrgui.studies.execution import ExecutionSettings
from lrgui.studies.executor import LocalPool
from lrgui.studies.folder import PLAN, StudyFolder
from lrgui.studies.opened import open_study
from lrgui.studies.plan import planned
from lrgui.studies.plan_file import read_plan, write_plan
from lrgui.studies.spec import StudySpec
from lrgui.studies.start import described, driver_of

TASK = """
from torch import nn


def model(width=8):
    return nn.Linear(4, width)


def train_loader(batch_size):
    return []


def loss(output, target):
    return output.sum()
"""


@pytest.mark.parametrize("measure", ["find", "prove", "train"])
def test_it_is_the_same_when_read(tmp_path: Path, measure: str) -> None:
    spec = StudySpec(
        "digits",
        measure,
        {"model": "mlp", "race.trainings": 3},
        {"optimizer": ("sgd", "adamw"), "width": (16, 32), "train.epochs": (1, 2), "sweep.end_lr": (0.5, 0.9)},
        seeds=(0, 4),
    )
    plan = planned(spec)
    write_plan(plan, tmp_path / PLAN)
    assert read_plan(tmp_path / PLAN, plan.spec) == replace(plan, notes=())
    assert read_plan(tmp_path / PLAN, StudySpec("digits")) is None, "that of another study"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"study": 1}', "null"])
def test_a_damaged_one_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / PLAN).write_text(text)
    assert read_plan(tmp_path / PLAN, StudySpec("digits")) is None
    assert read_plan(tmp_path, StudySpec("digits")) is None


def run(what: str) -> None:
    spec, how, place = described(what)
    pool = LocalPool(2, lambda job: Scripted(events_of(job)))
    assert not driver_of(planned(spec), how, place, pool, Watch()).run().missing


def test_a_folder_is_opened_where_its_task_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was copied from the cluster, or the task was changed since: table and rules are those of then."""
    there = tmp_path / "project"
    there.mkdir()
    (there / "task.py").write_text(TASK)
    monkeypatch.chdir(there)
    spec = StudySpec("task.py", grid={"optimizer": ("sgd", "adamw"), "batch_size": (32, 64, 128)})
    pool = LocalPool(2, lambda job: Scripted(events_of(job)))
    found = driver_of(planned(spec), ExecutionSettings(), Path("task.study"), pool, Watch()).run()
    assert not found.missing and len(found.rules) == 2
    shutil.copytree(there / "task.study", tmp_path / "copy.study")
    shutil.rmtree(there)
    monkeypatch.chdir(tmp_path)
    copy = open_study(tmp_path / "copy.study")
    assert [line[:-1] for line in copy.records()] == [line[:-1] for line in found.records()]
    assert copy.sentences() == found.sentences() and copy.heat_map().columns == ("32", "64", "128")
    assert copy.rows[0].log.exists()


def test_a_study_goes_on_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the whole project was moved: what was measured stays measured."""
    there = tmp_path / "project"
    there.mkdir()
    (there / "task.py").write_text(TASK)
    monkeypatch.chdir(there)
    run("task.py")
    monkeypatch.chdir(tmp_path)
    folder = StudyFolder(there / "task.study")
    spec, _, _ = folder.read()
    assert spec.task == str(there / "task.py")
    before = {stage.key for each in planned(spec).runs for stage in each.stages}
    there.rename(tmp_path / "moved")
    moved = planned(StudySpec(str(tmp_path / "moved" / "task.py")))
    assert {stage.key for each in moved.runs for stage in each.stages} == before


def test_old_folders_without_a_plan_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run("digits")
    (tmp_path / "digits.study" / PLAN).unlink()
    assert len(open_study(Path("digits.study")).rows) == 1


def test_a_large_one_stays_small(tmp_path: Path) -> None:
    spec = StudySpec("digits", grid={"batch_size": tuple(range(1, 101))}, seeds=tuple(range(5)))
    plan = planned(spec)
    write_plan(plan, tmp_path / PLAN)
    assert (tmp_path / PLAN).stat().st_size < 400 * len(plan.runs)
    assert json.loads((tmp_path / PLAN).read_text())["runs"][1]["changed"] == {"task": {"seed": 1}}

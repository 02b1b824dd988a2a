"""A study around what is set in the window, and the file that is written of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lrgui.core.run_settings import RaceSettings, SweepSettings, TrainSettings
from lrgui.runs.job import Job, switched
from lrgui.studies.execution import ExecutionSettings
from lrgui.studies.of_job import spec_of_job
from lrgui.studies.plan import planned
from lrgui.studies.spec import StudySpec, read_spec
from lrgui.studies.spec_file import toml_of, write_spec
from lrgui.tasks.spec import TaskSpec

TASK = """
from torch import nn

defaults = {"batch_size": 16}


def model(width=8, name="a"):
    return nn.Linear(4, width)


def train_loader(batch_size):
    return []


def loss(output, target):
    return output.sum()
"""
GRID = {"optimizer": ("sgd", "adamw"), "batch_size": (32, 64)}


def test_the_settings_of_the_form_are_those_of_each_run() -> None:
    task = TaskSpec(model="mlp", model_options={"width": 32}, subset=500, weight_decay=0.01, threads=1)
    job = Job(
        task=task,
        sweep=SweepSettings(steps=77, beta=0.9, accumulation=2, end_lr=0.5, end_chosen=True),
        train=TrainSettings(epochs=3),
        race=RaceSettings(trainings=4),
    )
    spec = spec_of_job(job, GRID, (0, 1), "prove")
    assert spec.fixed["model"] == "mlp" and spec.fixed["width"] == 32 and spec.fixed["sweep.steps"] == 77
    for run in planned(spec).runs:
        swept, raced = run.stages[0].job, run.stages[1].job
        assert replace(swept.task, optimizer="sgd", batch_size=64, seed=0) == replace(task, optimizer="sgd")
        assert swept.sweep == job.sweep
        assert raced.race.trainings == 4 and raced.race.accumulation == 2


def test_usual_settings_are_not_written() -> None:
    assert spec_of_job(Job(), GRID).fixed == {}


def test_of_code_its_own_defaults_count(tmp_path: Path) -> None:
    file = tmp_path / "task.py"
    file.write_text(TASK)
    job = switched(Job(), "task", str(file))
    job = replace(job, task=replace(job.task, batch_size=16, options={"width": 24, "name": "a"}, momentum=0.5))
    spec = spec_of_job(job, {"optimizer": ("sgd", "adamw")})
    assert spec.task == str(file) and spec.fixed == {"momentum": 0.5, "width": 24}
    assert planned(spec).runs[0].stages[0].job.task.options["width"] == 24


def test_what_no_study_can_make_is_said() -> None:
    with pytest.raises(ValueError, match="A training script cannot be studied"):
        spec_of_job(switched(Job(), "script", "train.py"), GRID)


def test_the_file_says_the_same(tmp_path: Path) -> None:
    pytest.importorskip("tomllib")
    spec = StudySpec(
        "digits",
        "train",
        {"model": "mlp", "sweep.beta": 0.9, "threads": None, "pin_memory": True, "note": 'a "word"\\ü\n'},
        {"optimizer": ("sgd", "adamw"), "batch_size": (32, 64), "weight_decay": (0.0, 1e-05)},
        ({"momentum": 0.5}, {"momentum": 0.9}),
        (0, 7),
        2,
    )
    how = ExecutionSettings(workers=3, on="box")
    write_spec(tmp_path / "a.toml", spec, how)
    read, told = read_spec(tmp_path / "a.toml")
    assert told == how
    assert read == replace(spec, fixed={**spec.fixed, "threads": "none"}), toml_of(spec, how)
